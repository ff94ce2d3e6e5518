package check

import (
	"fmt"
	"slices"

	"clause.dev/clause/internal/policy"
)

func knownRules() []Rule { return []Rule{unusedKnown()} }

func unusedKnown() Rule {
	return Rule{
		Code: "known-unused", Severity: Warning,
		Title:       "a finding is marked as known that is not there",
		Explanation: "A mark that outlives what it excused would hide the next finding of its kind.",
		RestsOn:     "the policy's own list of known findings",
		Remedy:      "take the entry out of known, or correct its code and ids",
	}
}

// markKnown gives findings the reason of the entry of known that names them, and returns the
// entries that name none. What the parser refuses stays refused, whoever knows of it.
func (v *view) markKnown(all, refused []Finding, codes []string) (unused []hit) {
	for i := range v.Policy.Known {
		known, used := &v.Policy.Known[i], false
		for j := range all {
			if excuses(known, &all[j]) {
				all[j].Known, used = known.Reason, true
			}
		}
		if used || slices.ContainsFunc(refused, func(f Finding) bool { return excuses(known, &f) }) {
			continue
		}
		unused = append(unused, v.unused(known, codes))
	}
	return unused
}

func (v *view) unused(known *policy.Known, codes []string) hit {
	h := hit{pos: known.Pos, width: len("finding"), about: known.About}
	switch {
	case !slices.Contains(codes, known.Finding):
		h.msg = fmt.Sprintf("there is no finding of the code %s", known.Finding)
		h.remedy = policy.Advise(known.Finding, codes) + " clause check --list shows all codes"
	case len(known.About) > 0:
		h.msg = fmt.Sprintf("nothing of the code %s is found about %s", known.Finding, join(known.About))
	default:
		h.msg = fmt.Sprintf("nothing of the code %s is found", known.Finding)
	}
	return h
}

func codesOf(rules []Rule) []string {
	codes := make([]string, len(rules))
	for i, r := range rules {
		codes[i] = r.Code
	}
	return codes
}

// excuses reports whether the entry names the finding: its code, and nothing that the finding is
// not about.
func excuses(known *policy.Known, f *Finding) bool {
	return known.Finding == f.Code && !slices.ContainsFunc(known.About, func(id string) bool { return !slices.Contains(f.About, id) })
}

// join lists words as people do.
func join(words []string) string {
	switch n := len(words); n {
	case 0:
		return "nothing"
	case 1:
		return words[0]
	default:
		return fmt.Sprintf("%s and %s", commas(words[:n-1]), words[n-1])
	}
}

func commas(words []string) string {
	all := words[0]
	for _, w := range words[1:] {
		all += ", " + w
	}
	return all
}
