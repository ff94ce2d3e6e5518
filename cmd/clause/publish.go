package main

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/check"
	"clause.dev/clause/internal/policy/publish"
)

// publishCmd publishes a policy.
type publishCmd struct {
	Policy string    `arg:"" optional:"" help:"The policy file; - for the standard input."`
	To     string    `placeholder:"FOLDER" help:"The folder the files go to; public if it is left out, or with --only the standard output."`
	Only   string    `placeholder:"NAME" help:"This file alone, by its name in --list."`
	Lang   string    `placeholder:"en|ar" help:"One language alone. Left out: the policy's own and, in a folder beneath, those it is translated into."`
	On     time.Time `format:"2006-01-02" placeholder:"DATE" help:"The day of publishing, such as 2026-02-01; today if it is not given."`
	List   bool      `help:"Tell which files there are, and which of them the policy has something for."`
	Anyway bool      `help:"Publish although clause check finds errors that are not marked as known, or defaults of a draft are not filled in."`
	Force  bool      `help:"Publish into a folder that holds other files too."`
}

// edition is the policy as published in one language.
type edition struct {
	folder string // "", or that of a language with a slash
	files  []publish.File
}

// Run publishes. Everything is made before the first file is written.
func (c *publishCmd) Run(e *env) error {
	if c.Policy == "" && c.List {
		listFiles(e, nil)
		return nil
	}
	if c.Policy == "" {
		return fault.New("clause.publish", fault.Invalid, "a policy file is needed").WithHint("clause publish policy.yaml --to public")
	}
	on := e.day(c.On)
	p, err := readPolicy(e, c.Policy)
	if err != nil {
		return err
	}
	if !c.List {
		if err := c.sound(e, p, on); err != nil {
			return err
		}
	}
	editions, err := c.editions(p, on)
	if err != nil {
		return err
	}
	switch {
	case c.List:
		listFiles(e, editions)
		return nil
	case c.Only != "" && c.To == "":
		_, err := e.Stdout.Write(editions[0].files[0].Bytes)
		return fault.As("clause.publish", fault.Other, err)
	}
	return c.into(e, p, on, editions)
}

// sound refuses a policy that contradicts itself or the law, unless its owners know: what is published
// is held against them.
func (c *publishCmd) sound(e *env, p *policy.Policy, on time.Time) error {
	if stale := p.Security.Expires; !stale.IsZero() && stale.Before(on) {
		write(e.Stderr, "security.txt has expired on %s, and nobody may rely on it (RFC 9116, section 2.5.5): set security.expires anew\n", stale.Format(time.DateOnly))
	}
	errors, defaults := 0, false
	for _, f := range check.Run(p, control.Catalogue(), on) {
		unlooked := f.Code == "not-stated" // what a draft made up is not published as a fact
		if f.Known == "" && (f.Severity == check.Error || unlooked) {
			if defaults = defaults || unlooked; !unlooked {
				errors++
			}
			write(e.Stderr, "%s:%d:%d: %s: %s\n", f.File, f.Pos.Line, f.Pos.Column, f.Code, f.Message)
		}
	}
	switch {
	case errors == 0 && !defaults || c.Anyway:
		return nil
	case errors == 0:
		return fault.New("clause.publish", fault.Invalid, "the policy is not published: it holds defaults that nobody has looked at, and would claim them as facts").
			WithHint("put in what is so, and take the marks (" + policy.Unstated + ") away; --anyway publishes nevertheless")
	}
	return fault.New("clause.publish", fault.Invalid, "the policy is not published: clause check finds %s in it", amount(errors, "error")).
		WithHint("mend them, or mark them under known with a reason; --anyway publishes nevertheless")
}

// editions makes the files in each language. A file that reads the same in two is there once.
func (c *publishCmd) editions(p *policy.Policy, on time.Time) ([]edition, error) {
	var all []edition
	for i, lang := range c.languages(p) {
		o := publish.Options{Language: lang, On: on, Controls: control.Catalogue()}
		files, err := publish.All(p, o)
		if c.Only != "" {
			var f publish.File
			f, err = publish.One(p, c.Only, o)
			files = []publish.File{f}
		}
		if err != nil {
			return nil, err
		}
		if i == 0 {
			all = append(all, edition{files: files})
			continue
		}
		files = slices.DeleteFunc(files, func(f publish.File) bool {
			return slices.ContainsFunc(all[0].files, func(g publish.File) bool { return f.Name == g.Name && bytes.Equal(f.Bytes, g.Bytes) })
		})
		all = append(all, edition{lang + "/", files})
	}
	return all, nil
}

// publishable are the languages there are fixed phrases in.
var publishable = []string{"en", "ar"}

// languages are those to publish in: the policy's own first, then those it is translated into.
func (c *publishCmd) languages(p *policy.Policy) []string {
	if c.Lang != "" {
		return []string{c.Lang}
	}
	own, all := "en", []string{}
	for _, lang := range publishable {
		if spoken(p.Language, lang) {
			own = lang
		} else if slices.ContainsFunc(p.Clauses, func(cl policy.Clause) bool {
			return slices.ContainsFunc(cl.Translations, func(t policy.Translation) bool { return spoken(t.Language, lang) })
		}) {
			all = append(all, lang)
		}
	}
	return append([]string{own}, slices.DeleteFunc(all, func(l string) bool { return l == own })...)
}

// spoken reports whether a tag such as ar-AE is of the language.
func spoken(tag, lang string) bool { return tag == lang || strings.HasPrefix(tag, lang+"-") }

// listFiles tells which files there are; of editions, which there are now.
func listFiles(e *env, editions []edition) {
	names, docs := publish.Names()
	for i, name := range names {
		doc := docs[i]
		if editions != nil && !slices.ContainsFunc(editions[0].files, func(f publish.File) bool { return f.Name == name }) {
			doc = e.paint(faint, "nothing: "+doc)
		}
		e.printf("  %-26s %s\n", name, doc)
	}
}
