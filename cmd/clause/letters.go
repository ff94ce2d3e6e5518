package main

import (
	"errors"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/fault"
)

// lettersCmd holds what staff do with letters: the server tells people by them, somebody prints and posts them.
type lettersCmd struct {
	List   lettersListCmd   `cmd:"" help:"List the letters that are to be printed or posted."`
	Print  lettersPrintCmd  `cmd:"" help:"Print letters into a folder, as PDF where there is a Chromium and as pages for a browser where there is none."`
	Posted lettersPostedCmd `cmd:"" help:"Say that letters were posted: this proves that people were told."`
}

// lettersListCmd lists letters.
type lettersListCmd struct {
	Tenant string `required:"" placeholder:"ID" help:"The tenant whose people they are for."`
	Server server `embed:""`
	JSON   bool   `help:"Print them as JSON."`
}

// Run lists the letters.
func (c *lettersListCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	all, err := openLetters(e, s, c.Tenant)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(e, api.Letters{Letters: all})
	}
	if len(all) == 0 {
		e.printf("No letter is to be printed or posted.\n")
		return nil
	}
	rows := [][]string{{"LETTER", "STATE", "SINCE", "KIND", "ABOUT"}}
	for _, l := range all {
		rows = append(rows, []string{l.ID, l.State, l.At.UTC().Format(time.RFC3339), l.Kind, l.About})
	}
	showTable(e, rows)
	return nil
}

// openLetters are a tenant's letters that are to be printed or posted.
func openLetters(e *env, s *client.Client, tenant string) ([]api.Letter, error) {
	all := []api.Letter{}
	for l, err := range s.Letters(e.Context, tenant) {
		if err != nil {
			return nil, told(err)
		}
		all = append(all, l)
	}
	return all, nil
}

// lettersPostedCmd marks letters as posted.
type lettersPostedCmd struct {
	Letter []string `arg:"" help:"A letter that was posted."`
	Tenant string   `required:"" placeholder:"ID" help:"The tenant whose people they are for."`
	Server server   `embed:""`
}

// Run marks each, and goes on where one cannot be.
func (c *lettersPostedCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	return eachLetter(e, c.Letter, func(id string) (string, error) {
		l, err := s.MarkPosted(e.Context, c.Tenant, id)
		return "posted   " + l.ID, err
	})
}

// eachLetter does something with each letter, says what, and goes on where one fails for a reason of its own.
func eachLetter(e *env, letters []string, do func(id string) (string, error)) error {
	failed := false
	for _, id := range letters {
		said, err := do(id)
		var p *client.Problem
		switch {
		case err == nil:
			e.printf("%s\n", said)
		case errors.As(err, &p) && (p.Status == 403 || p.Status == 404 || p.Status == 409):
			failed = true
			msg, _ := message(problem(p))
			write(e.Stderr, "%s: %s\n", id, msg)
		case fault.KindOf(err) == fault.Other:
			return told(err)
		default:
			return err
		}
	}
	if failed {
		return notKept
	}
	return nil
}
