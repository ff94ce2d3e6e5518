package draft

import (
	"slices"
	"strings"
)

// thoughts are the parts of a sentence in which it goes on to something else, "traffic is encrypted
// with TLS, and stored data with AES-256", with the controls that each names by itself.
type thoughts []thought

type thought struct {
	tokens   []token
	controls []string
}

// minThought is the fewest words that promise something by themselves.
const minThought = 5

// thoughts proposes what a part of the sentence promises and the whole does not seem to: there the
// words of the other parts stood in its way.
func (s *Sentence) thoughts(r *reading, lead, section found, own []token) thoughts {
	all := split(s.Text, own)
	if len(all) < 2 {
		return nil
	}
	parts := make([][]Proposal, len(all))
	for i := range all {
		parts[i] = r.controls(r.find(all[i].tokens), lead, section)
		for _, p := range parts[i] {
			all[i].controls = append(all[i].controls, p.Control)
		}
	}
	whole := s.Proposals
	for _, part := range parts {
		for _, p := range part {
			spoken := func(q Proposal) bool { // the whole says it more narrowly, by words of several parts
				return isNarrower(q.Control, p.Control) && !all.name(q.Control)
			}
			rest := p.Control == "clock" && len(whole) > 0 // what any figure is, where nothing else is said
			if !rest && !proposes(s.Proposals, p.Control) && !slices.ContainsFunc(whole, spoken) {
				s.Proposals = append(s.Proposals, p)
			}
		}
	}
	for i := range all { // what the sentence does not promise after all takes no figure
		all[i].controls = slices.DeleteFunc(all[i].controls, func(c string) bool { return !s.proposes(c) })
	}
	return all
}

func (t thoughts) name(control string) bool {
	return slices.ContainsFunc(t, func(x thought) bool { return slices.Contains(x.controls, control) })
}

// of are the words that may hold the figures of a control: those of all parts but the ones that
// promise something else.
func (t thoughts) of(control string, own []token) []token {
	if !t.name(control) {
		return own
	}
	var all []token
	for _, x := range t {
		if len(x.controls) == 0 || slices.Contains(x.controls, control) {
			all = append(all, x.tokens...)
		}
	}
	return all
}

// split parts a sentence at semicolons and at words that join. A part of a few words is no thought.
func split(text string, own []token) thoughts {
	var all thoughts
	from := 0
	for i := 1; i < len(own); i++ {
		if i-from >= minThought && len(own)-i >= minThought && joint(text, own, i) {
			all = append(all, thought{tokens: own[from:i]})
			from = i
		}
	}
	return append(all, thought{tokens: own[from:]})
}

func joint(text string, own []token, i int) bool {
	between := text[own[i-1].to:own[i].from]
	switch own[i].text {
	case "and", "while", "whereas", "but":
		if n := slices.Index(texts(own[max(0, i-6):i]), "between"); n >= 0 { // "between you and us"
			return false
		}
		return strings.Contains(between, ",") || acts(own[i+1:])
	}
	return strings.Contains(between, ";")
}

// acts reports whether words begin with who or what does something: "… and passwords are hashed". "… and
// are encrypted" goes on about the same.
func acts(after []token) bool {
	for i, t := range after[:min(4, len(after))] {
		switch t.text {
		case "we", "you", "they", "it", "nobody":
			return true
		case "is", "are", "be", "has", "have", "will", "shall", "must", "can", "may":
			return i > 0
		}
	}
	return false
}
