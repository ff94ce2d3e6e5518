package control

import (
	"context"
	"errors"
	"time"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// Retention keeps clauses that say data is kept while the account is active.
type Retention struct {
	Data DataSets `param:"data,optional" doc:"the data sets the clause is about; all that are stored if absent"`
}

// Check finds data sets that are kept for a time of their own.
func (c *Retention) Check(p *policy.Policy) error {
	var all []error
	for _, id := range c.Data {
		set, ok := p.DataSet(id)
		if !ok {
			continue // the parser says so
		}
		if set.Keep != 0 {
			all = append(all, problem("retention", "data", "data set %s is kept for a time of its own, the clause says while the account is active", id).
				WithHint("take keep: out of the data set, or the data set out of the clause"))
		}
		if set.Storage == policy.Memory {
			all = append(all, problem("retention", "data", "data set %s is in memory only and gone at a restart, it cannot be retained", id).
				WithHint("take it out of the clause"))
		}
	}
	return errors.Join(all...)
}

// Plan has refusals of erased people's data name the clause.
func (c *Retention) Plan(p *Plan) {
	p.ground(decision.StepErased)
}

// overdue is how long after its time a record may be found: the duty that removes it comes every hour.
const overdue = 3 * time.Hour

// timed counts, over the whole store, the records of data sets with a time of their own that are past it.
func (s *System) timed(ctx context.Context, t *trial) {
	for _, set := range dataSets(s.Policy, func(d *policy.DataSet) bool { return d.Keep > 0 && d.Storage != policy.Memory }) {
		if s.Aged == nil || s.Now == nil {
			t.hurdle("the ages of records cannot be seen.")
			return
		}
		n, err := s.Aged(ctx, set.ID, s.Now().Add(-set.Keep-overdue))
		switch {
		case err != nil:
			t.hurdle("the records of %s could not be counted: %v", set.ID, err)
		case n > 0:
			t.breach("The store has %s of %s that ought to have gone after %s.", plural(int(n), "record"), set.ID, days(set.Keep))
		default:
			t.good("No record of %s is older than %s.", set.ID, days(set.Keep))
		}
	}
}

// Probe keeps data of an account, closes the account, and looks for what is left.
func (c *Retention) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.with(ctx, t, s.Canary.A, func(p *person) {
		records := p.fillAndShow(ctx, t, stored(s.Policy, c.Data))
		if records == nil || !s.mustHaveRows(ctx, t, p) {
			return
		}
		p.goneAtOnce(ctx, t, records)
		s.mustBeSwept(ctx, t, p)
	})
	s.timed(ctx, t)
	return t.finding("Data is there while the account is active; when the account is closed it is refused at once and its rows go.")
}
