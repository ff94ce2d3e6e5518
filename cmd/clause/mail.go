package main

import (
	"errors"
	"io"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
)

// mailCmd holds what a mail server has to do with this one.
type mailCmd struct {
	Bounce mailBounceCmd `cmd:"" help:"Hand in a mail that came back, from the standard input: for the pipe of a mail server."`
}

// mailBounceCmd reads a report of RFC 3464.
type mailBounceCmd struct {
	Server server `embed:""`
}

// Help is the rest of what --help shows.
func (*mailBounceCmd) Help() string {
	return `Reads one mail, the report of a mail server on a mail that could not be delivered (RFC 3464). Of it, the server is told which of its mails it was, and why, and nothing else: the report's text and addresses stay here. The key needs the scope bounces alone.

The exit status is 0 also for mail that is no such report, or on none of this server's, which is said and left alone; and 75, at which mail servers try again later, if the server cannot be asked now.`
}

// tryLater is EX_TEMPFAIL of sysexits.h: a mail server keeps the mail and runs the command again.
const tryLater status = 75

// Run hands the report in.
func (c *mailBounceCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	src, err := io.ReadAll(io.LimitReader(e.Stdin, notify.MaxReport))
	if err != nil {
		return later(e, fault.New("clause.mail", fault.Unavailable, "the mail cannot be read: %v", rootCause(err)))
	}
	if _, err := io.Copy(io.Discard, e.Stdin); err != nil { // so that whoever writes it does not fail
		return later(e, fault.New("clause.mail", fault.Unavailable, "the mail cannot be read: %v", rootCause(err)))
	}
	b, err := notify.ParseBounce(src)
	switch {
	case err != nil:
		msg, _ := message(err)
		e.printf("left alone: %s\n", msg)
		return nil
	case b.Action != "failed":
		e.printf("left alone: the mail is %s\n", b.Action)
		return nil
	}
	noted, err := s.NoteBounce(e.Context, api.Bounce{Message: b.Token, Status: b.Status})
	var p *client.Problem
	switch {
	case err == nil && noted:
		e.printf("noted: a mail came back, %s\n", b.Status)
	case err == nil:
		e.printf("left alone: it is known already\n")
	case errors.As(err, &p) && p.Status == 404:
		e.printf("left alone: it is on no mail of this server's\n")
	case !errors.As(err, &p) || p.Status >= 500 || p.Status == 429 || p.Status == 401 || p.Status == 403:
		return later(e, told(err)) // a key can be put right while the mail waits
	default:
		return told(err)
	}
	return nil
}

// later tells of an error and has the mail server try again.
func later(e *env, err error) error {
	report(e, err)
	return tryLater
}
