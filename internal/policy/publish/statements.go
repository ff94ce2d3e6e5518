package publish

// statements are what people read: the statement, cookies, sub-processors, the record of processing.
func statements() []document { return nil }
