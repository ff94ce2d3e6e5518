package control

import (
	"fmt"
	"strings"
)

// Outcome is what a probe says of a promise.
type Outcome string

// The outcomes. Not having been able to look is never Kept.
const (
	Kept     Outcome = "kept"
	Broken   Outcome = "broken"
	Unable   Outcome = "unable"
	Attested Outcome = "attested" // somebody signed that it is so: what no program can see
)

// Finding is what a probe saw, in words for the people the promise was made to. It holds no
// personal data and no secret.
type Finding struct {
	Outcome Outcome
	Summary string
	Facts   []string // what was tried, and what came of it
}

// maxFacts bounds a finding: policies of any size make readable ones.
const maxFacts = 40

// trial gathers what one probe sees.
type trial struct {
	saw      []string // in favour
	breaches []string
	hurdles  []string // what could not be tried, and why
	notes    []string // what is outside of the probe, and says nothing for or against
}

// good notes something that is as promised.
func (t *trial) good(format string, args ...any) { t.saw = append(t.saw, fmt.Sprintf(format, args...)) }

// breach notes something that breaks the promise.
func (t *trial) breach(format string, args ...any) {
	t.breaches = append(t.breaches, fmt.Sprintf(format, args...))
}

// hurdle notes something that could not be tried. What errors say is put plainly.
func (t *trial) hurdle(format string, args ...any) {
	for i := range args {
		if err, ok := args[i].(error); ok {
			args[i] = plain(err)
		}
	}
	t.hurdles = append(t.hurdles, fmt.Sprintf(format, args...))
}

// note says what the probe left out.
func (t *trial) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// finding weighs what was seen: one breach breaks the promise; without any, one hurdle, or nothing
// seen at all, leaves it unproven.
func (t *trial) finding(kept string) Finding {
	switch {
	case len(t.breaches) > 0:
		return Finding{Broken, t.breaches[0], bounded(t.breaches, t.hurdles, t.notes, t.saw)}
	case len(t.hurdles) > 0:
		return Finding{Unable, "Could not be checked: " + t.hurdles[0], bounded(t.hurdles, t.notes, t.saw)}
	case len(t.saw) == 0:
		return Finding{Unable, "Could not be checked: the policy leaves nothing to try.", bounded(t.notes)}
	}
	return Finding{Kept, kept, bounded(t.notes, t.saw)}
}

// bounded joins the lists, each fact once, and says how many it left out.
func bounded(lists ...[]string) []string {
	var facts []string
	seen, more := map[string]bool{}, 0
	for _, list := range lists {
		for _, fact := range list {
			if seen[fact] {
				continue
			}
			if seen[fact] = true; len(facts) == maxFacts {
				more++
				continue
			}
			facts = append(facts, fact)
		}
	}
	if more > 0 {
		facts = append(facts, "and "+plural(more, "more fact"))
	}
	return facts
}

// list joins words as a sentence does.
func list(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}
