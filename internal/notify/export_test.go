package notify

// TokenOf is what a message's mail bears.
func TokenOf(d *Dispatch) string { return d.token() }
