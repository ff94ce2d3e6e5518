package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"clause.dev/clause/internal/control/osv"
	"clause.dev/clause/internal/policy"
)

// SecurityUpdates keeps clauses that say known weaknesses are patched.
type SecurityUpdates struct {
	Within policy.Term `param:"within" doc:"how old the list of known weaknesses may be"`
}

// Weaknesses is what is known of the weaknesses of programs, and of this one's parts.
type Weaknesses struct {
	List     *osv.List
	Fetched  time.Time         // when the file was written
	Assessed map[string]string // those that somebody found not to concern the program, and why
	Parts    []osv.Part        // what the program was built of
}

// ErrNoWeaknesses is that the server was given no list.
var ErrNoWeaknesses = errors.New("the server was given no list of known weaknesses")

// Check finds terms that are no age.
func (c *SecurityUpdates) Check(p *policy.Policy) error {
	var all []error
	if c.Within.Form != policy.Within {
		all = append(all, problem("security-updates", "within", "a list is of an age, and not %s", c.Within).WithHint("name a span, such as 7 days"))
	}
	return errors.Join(append(all, countable(p, "security-updates", "within", c.Within))...)
}

// Plan asks for nothing: what the program is built of is settled.
func (c *SecurityUpdates) Plan(*Plan) {}

// Probe compares the list that the server was given with what the running program says that it was built of.
func (c *SecurityUpdates) Probe(_ context.Context, s *System) Finding {
	t := &trial{}
	if s.Weaknesses == nil || s.Now == nil {
		t.hurdle("the list of known weaknesses cannot be seen.")
		return t.finding("")
	}
	known, err := s.Weaknesses()
	switch {
	case errors.Is(err, ErrNoWeaknesses):
		t.breach("Nobody looks for known weaknesses: the server was given no list of them.")
	case err != nil:
		t.hurdle("the list of known weaknesses could not be read: %v", err)
	default:
		c.age(t, s, known)
		c.compare(t, known)
	}
	return t.finding("No part of the program has a known weakness that nobody looked at, by a list that is at most " + c.Within.String() + " old.")
}

// age looks that the list is as young as is promised.
func (c *SecurityUpdates) age(t *trial, s *System, known *Weaknesses) {
	cal, zone := CalendarOf(s.Policy)
	oldest, ok := cal.Due(known.Fetched.In(zone), c.Within)
	switch {
	case !ok:
		t.hurdle("%s is no age.", c.Within)
	case known.Fetched.Sub(s.Now()) > time.Hour:
		t.breach("The list of known weaknesses is dated in the future: nobody knows how old it is.")
	case !s.Now().Before(oldest):
		t.breach("The list of known weaknesses is older than %s: it was fetched on %s.", c.Within, known.Fetched.UTC().Format("2 January 2006"))
	default:
		t.good("The list of known weaknesses was fetched on %s. It names %d, the last change on %s.",
			known.Fetched.UTC().Format("2 January 2006"), known.List.Size, known.List.Modified.Format("2 January 2006"))
	}
}

// compare looks whether the program has one that nobody looked at.
func (c *SecurityUpdates) compare(t *trial, known *Weaknesses) {
	comparable := 0
	for _, p := range known.Parts {
		if osv.Canonical(p) != "" {
			comparable++
		}
	}
	if comparable < 2 { // the standard library, and some module
		t.hurdle("the program does not say what it was built of.")
		return
	}
	weak := 0
	for _, hit := range known.List.Affecting(known.Parts) {
		if why, ok := assessed(known, hit); ok {
			t.note("%s of %s was looked at: %s.", hit.ID, hit.Part.Module, why)
			continue
		}
		weak++
		fixed := "no version mends it yet"
		if hit.Fixed != "" {
			fixed = fmt.Sprintf("version %s mends it", hit.Fixed)
		}
		t.breach("%s %s has the known weakness %s: %s.", hit.Part.Module, hit.Part.Version, hit.ID, fixed)
	}
	if weak == 0 {
		t.good("None of the %s that the program was built of has a known weakness that nobody looked at.", plural(comparable, "part"))
	}
}

// assessed reports whether somebody looked at a weakness, by any of its names.
func assessed(known *Weaknesses, hit osv.Hit) (why string, ok bool) {
	for _, id := range append([]string{hit.ID}, hit.Aliases...) {
		if why, ok := known.Assessed[id]; ok {
			return why, true
		}
	}
	return "", false
}
