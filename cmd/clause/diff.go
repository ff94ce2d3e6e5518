package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/diff"
)

// diffCmd tells what changed in meaning between two versions of a policy.
type diffCmd struct {
	Old   string    `arg:"" help:"The policy that people were promised; - for the standard input."`
	New   string    `arg:"" help:"The policy that is to follow it; - for the standard input."`
	On    time.Time `format:"2006-01-02" placeholder:"DATE" help:"The day the change is announced, such as 2026-02-01; today if it is not given."`
	Asked []string  `placeholder:"ID" help:"Purposes and cookies for which people have been asked again."`
	JSON  bool      `help:"Print the outcome as JSON."`
}

// Run compares the two. The exit status is 1 if the new policy cannot take effect as it is dated, 2
// if one of them is not a sound policy.
func (c *diffCmd) Run(e *env) error {
	const op = "clause.diff"
	if c.Old == "-" && c.New == "-" {
		return fault.New(op, fault.Invalid, "both policies cannot come from the standard input").WithHint("name a file for one of them")
	}
	old, err := readPolicy(e, c.Old)
	if err != nil {
		return err
	}
	new, err := readPolicy(e, c.New)
	if err != nil {
		return err
	}
	for _, id := range c.Asked {
		_, purpose := new.Purpose(id)
		if !purpose && !slices.ContainsFunc(new.Cookies, func(k policy.Cookie) bool { return k.ID == id }) {
			return fault.New(op, fault.Invalid, "%s has no purpose and no cookie %q", new.File, id).WithHint("--asked names what people were asked about: an id of the new policy")
		}
	}
	r := diff.Of(old, new, control.Catalogue(), e.day(c.On), c.Asked...)
	if c.JSON {
		err = printJSON(e, r)
	} else {
		showDiff(e, r)
	}
	if err == nil && !r.CanTakeEffect() {
		return notKept
	}
	return err
}

// day is the day given, or else today.
func (e *env) day(given time.Time) time.Time {
	if !given.IsZero() {
		return given
	}
	y, m, d := e.Now().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func showDiff(e *env, r diff.Report) {
	e.printf("%s → %s\n", e.paint(strong, versionLine(r.Old)), e.paint(strong, versionLine(r.New)))
	material, rest := r.Material(true), r.Material(false)
	if len(r.Changes) == 0 {
		if r.Old.Digest != r.New.Digest {
			e.printf("Nothing changed in meaning: comments, layout or order alone.\n")
		} else {
			e.printf("The two are the same, byte for byte.\n")
		}
	}
	showChanges(e, material, warn, "material: people must be told")
	showConsents(e, r.Consents)
	if r.Notice.Needed {
		showNotice(e, r)
	}
	showWarnings(e, "to look at", warn, r.Warnings)
	showChanges(e, rest, faint, "not material")
	switch {
	case !r.CanTakeEffect():
		showWarnings(e, "in the way", bad, r.Problems)
	case r.Notice.Needed && !r.Notice.First.IsZero():
		e.printf("\n%s\n", e.paint(good, "It can take effect on "+r.Notice.First.String()+", or later."))
	case !r.Notice.Needed:
		e.printf("\n%s\n", e.paint(good, "It can take effect at once: no notice is needed."))
	}
}

func versionLine(v diff.Version) string {
	line := v.File + " (version " + v.Version
	if !v.Effective.IsZero() {
		line += ", effective " + v.Effective.String()
	}
	return line + ")"
}

func heading(e *env, n int, colour, says string) {
	e.printf("\n%s\n", e.paint(colour, fmt.Sprintf("%d %s", n, says)))
}

func showChanges(e *env, changes []diff.Change, colour, says string) {
	if len(changes) == 0 {
		return
	}
	heading(e, len(changes), colour, says)
	for _, c := range gathered(e, changes) {
		e.printf("  %s %s\n", e.paint(effectColour(c.Effect), fmt.Sprintf("%-8s", c.Effect)), c.Says)
		if text := wordsLine(e, c.Words); text != "" {
			e.printf("           %s\n", text)
		}
		if !c.Material {
			continue
		}
		about := "for " + strings.Join(c.For, ", ")
		if len(c.Clauses) > 0 {
			about += "; clauses " + strings.Join(c.Clauses, ", ")
		}
		e.printf("           %s\n           %s\n", about, e.paint(faint, "why: "+c.Why))
	}
}

// quiet are the kinds of changes of which many come together: four or more are told in one line.
func quiet(k diff.Kind) bool { return k == "translation" || k == "clause-plain" }

// gathered prints, of quiet changes that are many, how many, and returns the rest.
func gathered(e *env, changes []diff.Change) (rest []diff.Change) {
	about, told := map[diff.Kind][]string{}, map[diff.Kind]bool{}
	for _, c := range changes {
		if quiet(c.Kind) {
			about[c.Kind] = append(about[c.Kind], c.About...)
		}
	}
	const few = 3
	for _, c := range changes {
		ids := about[c.Kind]
		switch {
		case len(ids) <= few:
			rest = append(rest, c)
		case !told[c.Kind]:
			told[c.Kind] = true
			e.printf("  %s %d of kind %s: %s, … (--json tells each)\n", e.paint(faint, fmt.Sprintf("%-8s", c.Effect)), len(ids), c.Kind, strings.Join(ids[:few], ", "))
		}
	}
	return rest
}

func effectColour(effect diff.Effect) string {
	switch effect {
	case diff.Widens:
		return warn
	case diff.Narrows:
		return good
	}
	return faint
}

// wordsLine shows what went and came in a text, as git diff --word-diff does.
func wordsLine(e *env, words []diff.Word) string {
	var parts []string
	for i, w := range words {
		switch w.Is {
		case diff.Gone:
			parts = append(parts, e.paint(bad, "[-"+w.Text+"-]"))
		case diff.Added:
			parts = append(parts, e.paint(good, "{+"+w.Text+"+}"))
		default:
			parts = append(parts, nearby(w.Text, i > 0, i < len(words)-1))
		}
	}
	return strings.Join(parts, " ")
}

// nearby shortens words that did not change to those next to words that did.
func nearby(text string, before, after bool) string {
	const near = 6
	words := strings.Fields(text)
	head, tail := 0, 0
	if before {
		head = near
	}
	if after {
		tail = near
	}
	if len(words) <= head+tail+1 {
		return text
	}
	return strings.TrimSpace(strings.Join(words[:head], " ") + " … " + strings.Join(words[len(words)-tail:], " "))
}

func showConsents(e *env, consents []diff.Consent) {
	if len(consents) == 0 {
		return
	}
	heading(e, len(consents), warn, "to ask consent for")
	for _, c := range consents {
		state := ""
		switch {
		case c.Asked:
			state = ": has been asked"
		case c.Lacking:
			state = ": the consents there are do not cover it"
		}
		e.printf("  %s %s (%s)%s\n", c.Sort, e.paint(strong, c.ID), c.Title, state)
		for _, reason := range c.Reasons {
			e.printf("           %s\n", reason)
		}
	}
}

func showNotice(e *env, r diff.Report) {
	e.printf("\n%s\n", e.paint(strong, "Notice, announced on "+r.On.String()))
	for _, p := range r.Notice.Promises {
		line := fmt.Sprintf("  clause %s (%s): %s ahead", p.Clause, p.Control, p.Ahead)
		if len(p.Channels) > 0 {
			line += ", by " + strings.Join(p.Channels, " and ")
		}
		if p.OptOut {
			line += ", with a way to opt out"
		}
		first := "no day can be counted from that"
		if !p.First.IsZero() {
			first = "first day " + p.First.String()
		}
		e.printf("%s: %s, for %d of the changes\n", line, first, p.Changes)
	}
	if len(r.Notice.Promises) == 0 {
		e.printf("  The old policy promises none by a figure.\n")
	}
}

func showWarnings(e *env, says, colour string, all []diff.Warning) {
	if len(all) == 0 {
		return
	}
	heading(e, len(all), colour, says)
	for _, w := range all {
		e.printf("  %s\n", w.Says)
		if w.Hint != "" {
			e.printf("    → %s\n", w.Hint)
		}
	}
}
