package evidence

import (
	"fmt"
	"slices"

	"clause.dev/clause/internal/control"
)

// deriving is a control that keeps a clause as far as others are kept.
type deriving interface{ From() []string }

// derive gives clauses that rest on others the worst state of those: what holds only if all of them do
// is never better than any of them.
func derive(all []Status) {
	done := map[string]bool{}
	for i := range all {
		settle(all, i, done)
	}
}

// settle derives one clause, after those it rests on. That none rests on itself the control sees to.
func settle(all []Status, i int, done map[string]bool) {
	s := &all[i]
	if done[s.Clause.ID] {
		return
	}
	done[s.Clause.ID] = true
	for k := range s.Controls {
		c, _, err := control.Of(s.Controls[k].Keep)
		on, ok := c.(deriving)
		if err != nil || !ok {
			continue
		}
		for _, id := range on.From() {
			j := slices.IndexFunc(all, func(o Status) bool { return o.Clause.ID == id })
			if j < 0 {
				continue
			}
			settle(all, j, done)
			s.lower(&s.Controls[k], &all[j])
		}
	}
}

// lower makes a control of the clause, and so the clause, no better than a clause it rests on.
func (s *Status) lower(c *ControlStatus, on *Status) {
	if !worse(on.State, c.State) {
		return
	}
	c.State, c.Since, c.Reason = on.State, on.Since, fmt.Sprintf("Rests on %s, which is %s.", on.Clause.ID, on.State)
	if worse(c.State, s.State) {
		s.State, s.Since, s.Reasons = c.State, c.Since, nil
	}
	if c.State == s.State {
		s.Reasons = append(s.Reasons, c.Reason)
	}
}
