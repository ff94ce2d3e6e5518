package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

func twoPeriods() Rule {
	return Rule{
		Code: "two-retention-periods", Severity: Error,
		Title:       "one data set has two retention periods",
		Explanation: "Data is kept for one period. Whoever reads the other is told something untrue, and whoever runs the system has to guess.",
		RestsOn:     "GDPR art. 5(1)(e) and 13(2)(a); the policy's own figures",
		Remedy:      "give the data set one period, in its keep and in every clause about it",
		find: func(v *view, found func(hit)) {
			v.retainedDespiteKeep(found)
			v.twoTerms(found)
			titles := make([][]string, len(v.Data))
			for i := range v.Data {
				titles[i] = telling(v.Data[i].Title)
			}
			for i := range v.Clauses {
				v.saysOtherwise(i, titles, found)
			}
		},
	}
}

// retainedDespiteKeep finds clauses that keep all data while the account is active, and data sets with
// a time of their own.
func (v *view) retainedDespiteKeep(found func(hit)) {
	for _, b := range v.keeps["retention"] {
		if len(b.names("data")) > 0 {
			continue // the control's own check finds those it names
		}
		for _, set := range v.Data {
			if set.Keep != 0 && set.Storage == policy.Stored {
				h := b.at(fmt.Sprintf("clause %s keeps all data while the account is active, data set %s is kept for %s", b.clause.ID, set.ID, days(set.Keep)))
				h.about, h.remedy = []string{set.ID}, "name the data sets that the clause is about, or take keep: out of the data set"
				found(h)
			}
		}
	}
}

// twoTerms finds a second clause that gives the same thing another term.
func (v *view) twoTerms(found func(hit)) {
	first := map[string]bound{}
	compare := func(b bound, param, key, what string) {
		before, ok := first[b.keep.Control+key]
		if !ok {
			first[b.keep.Control+key] = b
			return
		}
		if one, other := before.keep.Params[param], b.keep.Params[param]; one != other {
			h := b.at(fmt.Sprintf("%s: clause %s says %s, clause %s %s", what, before.clause.ID, put(one), b.clause.ID, put(other)))
			h.clauses = []string{before.clause.ID, b.clause.ID}
			if set, _, ok := strings.Cut(key, "."); ok {
				h.about = []string{set}
			}
			found(h)
		}
	}
	for _, b := range v.keeps["erasure"] {
		compare(b, "within", "", "what was erased is gone by two times")
	}
	for _, b := range v.keeps["off-boarding"] {
		compare(b, "within", "", "a customer's data is gone by two times")
	}
	for _, b := range v.keeps["retained-copies"] {
		for _, field := range b.names("fields") {
			compare(b, "longest", field, field+" is kept after erasure for two times")
		}
	}
}

// put is how a term or a span is put.
func put(v any) string {
	if d, ok := v.(time.Duration); ok {
		return days(d)
	}
	return fmt.Sprint(v)
}

// saysOtherwise finds sentences such as "visits are kept for 90 days" about a data set that is kept
// for another time.
func (v *view) saysOtherwise(clause int, titles [][]string, found func(hit)) {
	c := &v.Clauses[clause]
	if has(c, "retained-copies", "erasure", "off-boarding") {
		return // about what remains after the data goes
	}
	for _, s := range v.prose[clause] {
		at, period, phrase := keptFor(s)
		if at < 0 {
			continue
		}
		for i, set := range v.Data {
			if set.Storage != policy.Stored || !s.mentions(titles[i]) || within(period, set.Keep) {
				continue
			}
			kept := "for " + days(set.Keep)
			if set.Keep == 0 {
				if s.holds("account", "active", "after") {
					continue // a time that begins when the account ends
				}
				kept = "while the account is active"
			}
			h := v.find(clause, phrase, fmt.Sprintf("clause %s says %s for %s, the data set is kept %s", c.ID, strings.Join(phrase, " "), set.ID, kept))
			h.about = []string{set.ID}
			found(h)
		}
	}
}

// keptFor finds a period of keeping in a sentence: a verb of keeping, then "for" and a figure.
func keptFor(s sentence) (at int, period policy.Term, phrase []string) {
	verb := slices.IndexFunc(s, func(w word) bool {
		switch w.text {
		case "keep", "keeps", "kept", "retain", "retains", "retained", "store", "stores", "stored", "hold", "held":
			return true
		}
		return false
	})
	if verb < 0 || s.negated(verb) {
		return -1, policy.Term{}, nil
	}
	for i := verb + 1; i+1 < len(s); i++ {
		if c := s[i].text[0]; c < '1' || c > '9' {
			continue
		}
		term, ok := policy.ParseTerm(s[i].text + " " + s[i+1].text)
		if ok && slices.ContainsFunc(s[verb:i], func(w word) bool { return w.text == "for" }) {
			return i, term, sentence(s[i : i+2]).texts()
		}
	}
	return -1, policy.Term{}, nil
}

// telling are the words of a title that say something.
func telling(title string) (all []string) {
	for _, w := range words(title) {
		if len(w) > 2 && !slices.Contains([]string{"the", "your", "you", "our", "what", "who", "how", "are", "and", "for", "use", "data", "details", "information"}, w) {
			all = append(all, w)
		}
	}
	return all
}

// mentions reports whether the sentence has all the telling words of a title.
func (s sentence) mentions(telling []string) bool {
	return len(telling) > 0 && !slices.ContainsFunc(telling, func(w string) bool { return !s.holds(w) })
}

// within reports whether a span is of the term's length. A month and a year have no fixed one.
func within(t policy.Term, d time.Duration) bool {
	longest, ok := t.Longest()
	slack := time.Duration(0)
	switch day := 24 * time.Hour; t.Unit {
	case policy.Month:
		slack = 3 * day * time.Duration(t.Count)
	case policy.Quarter:
		slack = 3 * day * time.Duration(t.Count)
	case policy.Year:
		slack = day * time.Duration(t.Count)
	}
	return ok && d <= longest && d >= longest-slack
}
