package control

import (
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
			all = append(all, problem("retention", "data", "data set %s is kept for a time of its own, the clause says while the account is active", id))
		}
		if set.Storage == policy.Memory {
			all = append(all, problem("retention", "data", "data set %s is in memory only and gone at a restart, it cannot be retained", id))
		}
	}
	return errors.Join(all...)
}

// Plan has refusals of erased people's data name the clause.
func (c *Retention) Plan(p *Plan) {
	p.ground(decision.StepErased)
}
