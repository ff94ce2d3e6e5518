package check

import (
	"fmt"
	"slices"
	"strings"

	"clause.dev/clause/internal/policy"
)

func wordingRules() []Rule {
	return []Rule{{
		Code: "vague-wording", Severity: Warning,
		Title:       "a promise in words that nobody can measure",
		Explanation: "Words such as generally or reasonable sound like a promise and commit to nothing. People cannot tell what they are owed, and nobody can show that it was kept.",
		RestsOn:     "GDPR art. 12(1): clear and plain language; Guidelines on transparency, WP260 rev.01, para. 12 and 13",
		Remedy:      "put a figure or a fact in its place",
		find: func(v *view, found func(hit)) {
			vague := phrases(table(vagueFile), 0)
			for i := range v.Clauses {
				if c := &v.Clauses[i]; !c.Statement && !measured(c) {
					v.vague(i, vague, found)
				}
			}
		},
	}}
}

// measured reports whether a figure or a fact stands behind the words: a parameter of one of the
// clause's controls (an empty list is one too: nobody), or other clauses of which it is the sum.
func measured(c *policy.Clause) bool {
	return slices.ContainsFunc(c.Keep, func(k policy.Keep) bool { return len(k.Params) > 0 })
}

// vague tells of the vague words of a clause, in one finding: sentences with a figure say what they
// mean.
func (v *view) vague(clause int, l lexicon, found func(hit)) {
	var all, remedies []string
	var first phrase
	for _, s := range v.prose[clause] {
		if s.figure() {
			continue
		}
		for _, m := range l.in(s) {
			if len(all) == 0 {
				first = m.phrase
			}
			all = append(all, `"`+strings.Join(m.words, " ")+`"`)
			remedies = append(remedies, m.row[1])
		}
	}
	if len(all) > 0 {
		h := v.find(clause, first.words, fmt.Sprintf("clause %s promises in words that nothing measures: %s", v.Clauses[clause].ID, join(unique(all))))
		h.remedy = strings.Join(unique(remedies), "; ")
		found(h)
	}
}
