package evidence

import (
	"context"
	"fmt"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
)

// Status says whether a clause is kept. Since is when it came into its state, as far back as
// findings are kept, Proven when all its controls had last been seen kept; both may be zero.
type Status struct {
	Clause        policy.Clause
	State         State
	Since, Proven time.Time
	Controls      []ControlStatus
	Reasons       []string // why it is in this state, in plain words
}

// ControlStatus is what is known of one control of a clause. Newest is zero if it was never probed.
type ControlStatus struct {
	Keep   policy.Keep
	Runs   bool
	State  State
	Since  time.Time
	Proven time.Time
	Newest Record
	Reason string // why it is in this state; for a kept one, what was seen
}

// Statuses returns the status of every clause at a time, in the order of the policy.
func (e *Evidence) Statuses(ctx context.Context, now time.Time) ([]Status, error) {
	const op = "evidence.Statuses"
	clocks := map[string]obligation.Standing{}
	if e.Clocks != nil {
		var err error
		if clocks, err = e.Clocks(ctx, now); err != nil {
			return nil, fault.Wrap(op, err)
		}
	}
	var all []Status
	err := e.db.Read(ctx, db.Organisation, func(tx *db.Tx) error {
		all = nil
		for _, clause := range e.policy.Clauses {
			status, err := e.status(tx, clause, now)
			if err != nil {
				return err
			}
			status.owed(clocks[clause.ID])
			all = append(all, status)
		}
		return nil
	})
	derive(all)
	return all, fault.Wrap(op, err)
}

func (e *Evidence) status(tx *db.Tx, clause policy.Clause, now time.Time) (Status, error) {
	status := Status{Clause: clause}
	for i, keep := range clause.Keep {
		_, runs, err := control.Of(keep)
		if err != nil {
			return status, err
		}
		h := history{}
		if runs {
			if h, err = historyOf(tx, clause.ID, nameOf(clause.Keep, i)); err != nil {
				return status, err
			}
		}
		status.Controls = append(status.Controls, e.judge(keep, runs, h, now))
	}
	status.weigh()
	return status, nil
}

// judge says what a control's history shows at a time.
func (e *Evidence) judge(keep policy.Keep, runs bool, h history, now time.Time) ControlStatus {
	c := ControlStatus{Keep: keep, Runs: runs, Newest: h.newest, Since: h.since, Proven: h.kept, Reason: h.newest.Finding.Summary}
	age, stale := now.Sub(h.newest.At), h.newest.At.Add(e.MaxAge)
	switch {
	case !runs:
		c.State, c.Reason = Unkept, fmt.Sprintf("The control %s is not built yet.", keep.Control)
	case h.newest.At.IsZero():
		c.State, c.Reason = Unkept, "Not yet proven: it was never probed."
	case h.newest.Finding.Outcome == control.Broken:
		c.State = Broken // however long ago: nobody has seen it mended
	case h.under != e.under(keep):
		c.State, c.Reason, c.Proven = Unkept, "Not yet proven: the policy has changed since it was last probed.", time.Time{}
		c.Since = time.Time{}
	case age > e.MaxAge:
		c.State, c.Since = AtRisk, stale
		c.Reason = fmt.Sprintf("The newest proof is older than %s.", e.MaxAge)
	case age < -e.MaxAge:
		c.State, c.Since, c.Reason = AtRisk, time.Time{}, "The newest proof is dated in the future."
	case h.newest.Finding.Outcome == control.Kept:
		c.State = Kept
	case h.newest.Finding.Outcome == control.Attested:
		c.State = Attested
	default:
		c.State = AtRisk
	}
	return c
}

// weigh makes the clause's state of its controls': the worst one's.
func (s *Status) weigh() {
	if len(s.Controls) == 0 {
		s.State, s.Reasons = Unkept, []string{"No control keeps it."}
		if s.Clause.Statement {
			s.State, s.Reasons = Stated, nil
		}
		return
	}
	s.State = Kept
	for _, c := range s.Controls {
		if worse(c.State, s.State) {
			s.State = c.State
		}
	}
	for i, c := range s.Controls {
		if i == 0 || c.Proven.Before(s.Proven) {
			s.Proven = c.Proven // zero, if one was never seen kept
		}
		if c.State == s.State {
			s.Reasons = append(s.Reasons, c.Reason)
			// A clause is kept since the last of its controls is, and otherwise since the first failed.
			if s.Since.IsZero() || c.Since.After(s.Since) == (s.State == Kept) {
				s.Since = c.Since
			}
		}
	}
}

// owed makes the clause's state worse where something it owes is overdue, or nearly: a promise that was
// missed is broken, however well its controls work.
func (s *Status) owed(c obligation.Standing) {
	const day = "2 January 2006"
	switch {
	case c.Missed > 0:
		s.State, s.Since = Broken, c.Overdue
		s.Reasons = append([]string{fmt.Sprintf("%d overdue, the first since %s.", c.Missed, c.Overdue.Format(day))}, s.Reasons...)
	case c.Near > 0 && s.State == Kept:
		s.State, s.Since = AtRisk, time.Time{}
		s.Reasons = []string{fmt.Sprintf("%d soon due, the first on %s.", c.Near, c.Next.Format(day))}
	}
}

// worse orders states: one control that is broken breaks the clause, one that is not there leaves
// it unkept.
func worse(a, b State) bool {
	rank := map[State]int{Kept: 0, Stated: 0, Attested: 1, AtRisk: 2, Unkept: 3, Broken: 4}
	return rank[a] > rank[b]
}
