package diff

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/calendar"
)

// disclosures are the kinds of changes by which somebody gets data who did not: a promise to
// announce new disclosures is about them.
var disclosures = []Kind{"recipient-new", "recipient-name", "purpose-recipients-more", "model-new", "model-host"}

// notice says how people must be told. The old policy's promises count: they are what people have.
func (d *differ) notice(on time.Time) Notice {
	n := Notice{Promises: []Promise{}, First: Day{on}}
	material, disclosing := 0, 0
	for _, c := range d.changes {
		if c.Material {
			material++
			if slices.Contains(disclosures, c.Kind) {
				disclosing++
			}
		}
	}
	n.Needed = material > 0
	for _, c := range d.old.Clauses {
		for _, k := range c.Keep {
			about := map[string]int{"change-notice": material, "disclosure-notice": disclosing}[k.Control]
			if about > 0 {
				n.Promises = append(n.Promises, d.promise(c.ID, k, about, on))
			}
		}
	}
	for _, p := range n.Promises {
		if p.First.IsZero() {
			n.First = Day{}
			break
		}
		if p.First.After(n.First.Time) {
			n.First = p.First
		}
	}
	return n
}

func (d *differ) promise(clause string, k policy.Keep, changes int, on time.Time) Promise {
	ahead, _ := k.Params["ahead"].(policy.Term)
	channels, _ := k.Params["channels"].([]string)
	optOut, _ := k.Params["opt-out"].(bool)
	p := Promise{Clause: clause, Control: k.Control, Ahead: ahead.String(), Channels: append([]string{}, channels...), OptOut: optOut, Changes: changes}
	if first, ok := firstDay(on, ahead, d.old.Calendar); ok {
		p.First = Day{first}
	}
	return p
}

// problems are why the new policy cannot take effect as it is dated.
func (d *differ) problems(r Report) (all []Warning) {
	effective := d.new.Effective
	switch {
	case effective.IsZero() || !r.Notice.Needed:
	case r.Notice.First.IsZero():
		all = append(all, Warning{Code: "notice-without-figure", About: r.Notice.clauses(),
			Says: fmt.Sprintf("Nothing shows that %s is late enough: the first day cannot be counted from %q.", Day{effective}, r.Notice.uncounted()),
			Hint: "take effective out of the new policy and date it by hand; for the next time, promise days or months, or name a calendar that is known (" + list(calendar.Countries()) + ")"})
	case effective.Before(r.Notice.First.Time):
		all = append(all, Warning{Code: "too-early", About: r.Notice.clauses(),
			Says: fmt.Sprintf("It is dated %s, and cannot take effect before %s.", Day{effective}, r.Notice.First),
			Hint: "write effective: " + r.Notice.First.String() + ", or a later day"})
	}
	for _, c := range r.Consents {
		if c.Lacking && !c.Asked {
			all = append(all, Warning{Code: "consent-lacking", About: []string{c.ID},
				Says: fmt.Sprintf("The consents given to %s %s do not cover what it is now, and would count for it.", c.Sort, c.ID),
				Hint: "give it a new id, so that only new consents count, or ask again and then say --asked " + c.ID})
		}
	}
	return all
}

// clauses are the clauses that promise the notice.
func (n Notice) clauses() []string {
	ids := []string{}
	for _, p := range n.Promises {
		ids = append(ids, p.Clause)
	}
	return ids
}

// uncounted is the term from which no day can be counted.
func (n Notice) uncounted() string {
	for _, p := range n.Promises {
		if p.First.IsZero() {
			return p.Ahead
		}
	}
	return ""
}

// warnings are what a person should look at.
func (d *differ) warnings(r Report) (all []Warning) {
	say := func(code string, about []string, hint, format string, args ...any) {
		all = append(all, Warning{code, append([]string{}, about...), fmt.Sprintf(format, args...), hint})
	}
	for _, c := range d.changes {
		d.warnOf(c, say)
	}
	o, n := d.old, d.new
	if len(d.changes) > 0 && o.Version == n.Version {
		say("same-version", nil, "give the new policy a version of its own", "Both policies call themselves version %s, and they differ.", n.Version)
	}
	if !n.Effective.IsZero() && n.Effective.Before(o.Effective) {
		say("earlier-than-old", nil, "are the two files in the right order?", "The new policy is dated %s, before the old one, %s.", Day{n.Effective}, Day{o.Effective})
	}
	if !r.Notice.Needed {
		return all
	}
	if len(r.Notice.Promises) == 0 {
		say("no-notice-clause", nil, "tell people well before it takes effect: WP260 rev.01 para. 30; a clause with change-notice makes it a figure",
			"No clause of the old policy says how long before a change people are told.")
	}
	if n.Effective.IsZero() && !r.Notice.First.IsZero() {
		say("undated", nil, "write effective: "+r.Notice.First.String()+", or a later day", "The new policy does not say when it takes effect.")
	}
	for _, p := range r.Notice.Promises {
		d.warnOfFeasts(p, r.On.Time, say)
	}
	return all
}

// warnOfFeasts says which feasts a count of business days rests on that may still be moved.
func (d *differ) warnOfFeasts(p Promise, on time.Time, say sayer) {
	if !strings.Contains(p.Ahead, string(policy.BusinessDay)) || p.First.IsZero() {
		return
	}
	names, known := unsettled(on, p.First.Time, d.old.Calendar)
	if len(names) > 0 {
		say("feasts-expected", []string{p.Clause}, "look again when they are announced", "The first day counts on %s, which may still be moved.", list(names))
	}
	if !known {
		say("feasts-unknown", []string{p.Clause}, "add a day for each feast that falls into the time", "The holidays of that year are not known: week-ends alone are counted.")
	}
}

// sayer records a warning.
type sayer func(code string, about []string, hint, format string, args ...any)

// warnOf says what a change asks a person to look at.
func (d *differ) warnOf(c Change, say sayer) {
	switch c.Kind {
	case "renamed":
		say("renamed", c.About, "keep the old id, or see to what names it", "%s Ids are for ever: records, consents and the ledger name the old one.", c.Says)
	case "purpose-basis":
		if c.Old == string(policy.Consent) {
			say("basis-swapped", c.About, "who refused or withdrew consent must not be overruled: EDPB guidelines 05/2020, para. 123",
				"%s Data of people who never consented would be used from then on.", c.Says)
		}
	case "document-content", "document-gone":
		say("document", c.About, "read it: a named document can promise something too", "%s", c.Says)
	case "clause-text":
		if !d.controlsChanged(c.About[0]) {
			say("wording", c.About, "read it: prose can promise what no control keeps", "The text of clause %s changed, its controls did not.", c.About[0])
		}
	}
}

// controlsChanged reports whether a clause's controls or their figures changed.
func (d *differ) controlsChanged(clause string) bool {
	return slices.ContainsFunc(d.changes, func(c Change) bool {
		return c.control != "" && slices.Contains(c.About, clause)
	})
}
