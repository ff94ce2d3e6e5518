package draft

import (
	"fmt"
	"strings"
)

// Unplaced lists the promises that no control was found for, and the sentences that were not read,
// each with its line.
func (d *Draft) Unplaced() []string {
	var all []string
	for i := range d.Sentences {
		s := &d.Sentences[i]
		if s.Class == Promise && !s.Placed() || s.Class == Unread {
			all = append(all, fmt.Sprintf("line %d: %s", s.Line, clip(s.Whole(), 200)))
		}
	}
	return all
}

// String is the control with what the text states of its parameters, and the names of those that
// it needs and the text does not state.
func (p Proposal) String() string {
	var stated, guessed []string
	for _, q := range p.Params {
		switch {
		case !q.Stated:
			guessed = append(guessed, q.Name)
		case q.Name != "duty":
			stated = append(stated, q.Name+": "+yamlValue(q.Value))
		}
	}
	said := p.Control
	if len(stated) > 0 {
		said += " {" + strings.Join(stated, ", ") + "}"
	}
	if len(guessed) > 0 {
		said += " (not stated: " + strings.Join(guessed, ", ") + ")"
	}
	return said
}
