package check

import (
	"cmp"
	"fmt"
	"time"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/law"
)

func deadlineRules() []Rule {
	return []Rule{{
		Code: "deadline-laxer-than-law", Severity: Error,
		Title: "a promise gives more time than a law that the policy names",
		Explanation: "Who keeps such a promise to the day breaks the law, and the text says so to everybody. The times are those of the law's file " +
			"in internal/policy/law; where a law leaves a time to regulations that are not there, nothing is compared. " +
			"A month is taken to be as long as a month can be, so 30 days pass for one.",
		Remedy: "promise the law's time or less",
		find:   func(v *view, found func(hit)) { v.laxer(found) },
	}}
}

// promised is a time that a clause promises for something that laws set a time for.
type promised struct {
	bound
	param   string
	subject string      // a key of law.Subjects
	term    policy.Term // the time, or the extension
	longest bool        // the law's time with its extension is the measure
}

func (v *view) laxer(found func(hit)) {
	all := v.promisedTimes()
	for _, l := range inHand(v.Policy).laws {
		for _, p := range all {
			d, ok := l.Deadline(p.subject)
			if !ok && p.subject == "erasure" {
				d, ok = l.Deadline("answer")
			}
			if !ok || !d.Confirmed {
				continue
			}
			if allowed, lax := p.laxerThan(d); lax {
				found(p.against(l, d, allowed, v.on))
			}
		}
	}
}

func (v *view) promisedTimes() (all []promised) {
	add := func(b bound, param, subject string) {
		if t := b.term(param); t.Form != "" {
			all = append(all, promised{bound: b, param: param, subject: subject, term: t})
		}
	}
	for _, b := range v.keeps["data-subject-rights"] {
		add(b, "within", "answer")
		if t := b.term("extend"); t.Form != "" {
			all = append(all, promised{bound: b, param: "extend", subject: "answer", term: t})
		}
	}
	for _, b := range v.keeps["breach-notice"] {
		add(b, "authority", "breach-authority")
		add(b, "people", "breach-people")
	}
	for _, b := range v.keeps["clock"] {
		duty, _ := b.keep.Params["duty"].(string)
		if subject := law.OfDuty(duty); subject != "" {
			add(b, "within", subject)
		}
	}
	for _, b := range v.keeps["erasure"] {
		// Within is until the last backup has lost what could be read at once no more, so the longest time
		// that the law ever grants is the measure.
		if d, ok := b.keep.Params["within"].(time.Duration); ok {
			t := policy.Term{Form: policy.Within, Count: int((d + 24*time.Hour - 1) / (24 * time.Hour)), Unit: policy.Day}
			all = append(all, promised{bound: b, param: "within", subject: "erasure", term: t, longest: true})
		}
	}
	return all
}

// laxerThan compares the promise with the law, and returns what the law allows.
func (p promised) laxerThan(d *law.Deadline) (allowed string, lax bool) {
	within, sure := longest(d.Within)
	if !sure {
		return "", false // no figure: only "without undue delay"
	}
	if p.param == "extend" {
		extend, _ := longest(d.Extend)
		mine, ok := longest(p.term)
		allowed = cmp.Or(d.Extend.String(), "no extension")
		return allowed, !ok && p.term.Form == policy.Before || mine > extend
	}
	allowed = d.Within.String()
	if p.longest && d.Extend.Form != "" {
		extend, _ := longest(d.Extend)
		within += extend
		allowed += " and " + d.Extend.String() + " more"
	}
	mine, ok := longest(p.term)
	return allowed, !ok && p.term.Form == policy.Before || mine > within
}

// longest is the most time under a term. Business days are counted with their week-ends but
// without feasts, as else ten of them would never fit into a month.
func longest(t policy.Term) (time.Duration, bool) {
	if t.Unit == policy.BusinessDay && t.Form == policy.Within {
		const week = 5
		n := t.Count/week*7 + t.Count%week
		if t.Count%week > 0 {
			n += 2
		}
		return time.Duration(n) * 24 * time.Hour, true
	}
	return t.Longest()
}

// against is the finding that a law allows less.
func (p promised) against(l *law.Law, d *law.Deadline, allowed string, on time.Time) hit {
	what := law.SubjectTitle(p.subject)
	if p.param == "extend" {
		what = "an extension of " + what
	}
	h := p.at(fmt.Sprintf("%s promises %s for %s, the %s allows %s", p.keep.Control, p.term, what, l.Short, allowed))
	h.restsOn = fmt.Sprintf("%s: %s", l.Cite(d.Article), d.Says)
	if l.InForce > on.Format(time.DateOnly) {
		h.restsOn += fmt.Sprintf(" (in force from %s)", l.InForce)
	}
	return h
}
