package draft

func (d *Draft) write(title string) error { return nil }
