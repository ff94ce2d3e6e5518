package control

import (
	"context"
	"errors"

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
	return t.finding("Data is there while the account is active; when the account is closed it is refused at once and its rows go.")
}
