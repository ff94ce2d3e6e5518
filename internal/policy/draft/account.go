package draft

import "fmt"

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
