package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy/draft"
)

// draftCmd makes a policy skeleton of the prose that a company publishes.
type draftCmd struct {
	Text  string `arg:"" help:"The text: plain, Markdown or HTML; - for the standard input."`
	To    string `help:"Write the policy to this file, not to the standard output." placeholder:"FILE"`
	Force bool   `help:"Overwrite the file."`
	JSON  bool   `help:"Print the account of every sentence as JSON, not the policy."`
}

// Run drafts the policy. The policy goes to the standard output or the file, the account of it to
// the standard error.
func (c *draftCmd) Run(e *env) error {
	name, src, err := readText(e, c.Text)
	if err != nil {
		return err
	}
	d, err := draft.Read(name, src, control.Catalogue(), e.Now().UTC())
	if err != nil {
		return err
	}
	if c.To != "" {
		if err := writeNew(c.To, d.YAML(), c.Force); err != nil {
			return err
		}
	}
	switch {
	case c.JSON:
		err = printJSON(e, accountOf(d))
	case c.To == "":
		_, err = io.WriteString(e.Stdout, d.YAML())
	}
	if err != nil {
		return err
	}
	if !c.JSON {
		showAccount(e, d, c.To)
	}
	return nil
}

// account is what --json prints.
type account struct {
	Coverage string   `json:"coverage"`
	Unplaced []string `json:"unplaced"`
	*draft.Draft
}

func accountOf(d *draft.Draft) account {
	return account{d.Coverage(), append([]string{}, d.Unplaced()...), d}
}

// readText reads the text at path, "-" for the standard input, and no more of it than can be drafted.
func readText(e *env, path string) (name string, src []byte, err error) {
	name, from := path, e.Stdin
	if path == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return "", nil, fault.New("clause.readText", fault.Invalid, "there is no file %q", path).
				WithHint("name the text of a policy: plain text, Markdown or HTML")
		}
		if err != nil {
			return "", nil, cannotRead(path, err)
		}
		defer f.Close()
		from = f
	}
	// One byte more than allowed tells that there is more, and no more is read.
	src, err = io.ReadAll(io.LimitReader(from, draft.MaxBytes+1))
	if err != nil {
		return "", nil, cannotRead(path, err)
	}
	return name, src, nil
}

// writeNew writes a file that must not be there yet: what somebody worked on is not lost.
func writeNew(path, text string, force bool) error {
	const op = "clause.writeNew"
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(path, flags, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fault.New(op, fault.Invalid, "the file %q is there already", path).WithHint("--force overwrites it")
	case err != nil:
		return fault.New(op, fault.Invalid, "%q cannot be written: %v", path, rootCause(err)).WithHint("does its folder exist, and may you write there?")
	}
	if _, err := f.WriteString(text); err != nil {
		_ = f.Close()
		return fault.As(op, fault.Other, err)
	}
	return fault.As(op, fault.Other, f.Close())
}

// showAccount tells what was made of the text: what could not be placed first.
func showAccount(e *env, d *draft.Draft, to string) {
	say := func(format string, args ...any) { write(e.Stderr, format, args...) }
	say("%s\n", d.Coverage())
	for _, n := range d.Notes {
		say("  %s\n", n)
	}
	points := func(heading string, all []string) {
		if len(all) == 0 {
			return
		}
		say("\n%s\n", heading)
		for _, p := range all {
			say("  %s\n", p)
		}
	}
	points("Promises that no control was found for:", d.Unplaced())
	points("What the text says against itself, and no policy can hold:", d.Conflicts)
	points("Promises, and how each could be kept:", placedPromises(d))
	if to != "" {
		say("\nThe policy is in %s. What it marks as not stated is a default: look at it, then run\n  clause check %s\n", to, to)
	}
}

// placedPromises lists the promises that were placed.
func placedPromises(d *draft.Draft) []string {
	var all []string
	for i := range d.Sentences {
		s := &d.Sentences[i]
		if s.Class != draft.Promise || !s.Placed() {
			continue
		}
		var by []string
		for _, p := range s.Proposals {
			by = append(by, p.String())
		}
		all = append(all, fmt.Sprintf("line %-4d %s\n            → %s", s.Line, shorten(s.Text, 100), strings.Join(by, ", ")))
	}
	return all
}

// shorten cuts a text to a number of characters.
func shorten(s string, most int) string {
	if all := []rune(s); len(all) > most {
		return string(all[:most-1]) + "…"
	}
	return s
}
