package main

import (
	"os"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/password"
)

// leakedCmd makes the list of passwords that nobody may choose.
type leakedCmd struct {
	List  string `arg:"" placeholder:"LIST" help:"A list of Have I Been Pwned: lines of a SHA-1 in 40 hexadecimal digits, a colon, and how often it was seen."`
	To    string `required:"" placeholder:"FILE" help:"Where to write it. It must not exist."`
	Count int    `required:"" placeholder:"N" help:"How many passwords the list has, or more: wc -l LIST."`
	Least int    `default:"1" placeholder:"N" help:"Leave out passwords that were seen less often. Default: ${default}."`
}

// Help is the rest of what --help shows.
func (*leakedCmd) Help() string {
	return `The file has some 15 bits for each password, none of which can be read out of it. clause serve --leaked-passwords FILE refuses them, and one good password in a thousand with them. docs/accounts.md tells where lists are had.`
}

// Run makes the list.
func (c *leakedCmd) Run(e *env) error {
	const op = "clause.leaked"
	from, err := os.Open(c.List)
	if err != nil {
		return unreadable(c.List, err)
	}
	defer from.Close()
	list, kept, err := password.BuildLeaked(from, c.Least, c.Count)
	if err != nil {
		return err
	}
	to, err := os.OpenFile(c.To, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fault.New(op, fault.Invalid, "%q cannot be written: %v", c.To, rootCause(err))
	}
	_, err = list.WriteTo(to)
	if err == nil {
		err = to.Sync()
	}
	if e := to.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fault.New(op, fault.Unavailable, "%q cannot be written: %v", c.To, rootCause(err))
	}
	e.printf("%s\n", e.paint(good, "Written."))
	e.printf("  passwords   %d\n  file        %s\n", kept, c.To)
	return nil
}
