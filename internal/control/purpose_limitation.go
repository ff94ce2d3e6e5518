package control

import (
	"errors"
	"slices"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// PurposeLimitation keeps clauses that list what data is used for.
type PurposeLimitation struct {
	Purposes   Purposes   `param:"purposes" doc:"every purpose data is processed for"`
	Categories Categories `param:"categories,optional" doc:"the data that is limited; all if absent"`
}

// Check finds purposes that reach the data and are not listed.
func (c *PurposeLimitation) Check(p *policy.Policy) error {
	var all []error
	for _, purpose := range p.Purposes {
		if slices.Contains(c.Purposes, purpose.ID) {
			continue
		}
		for _, sight := range purpose.Sees {
			if c.covers(p, sight.DataSet) {
				all = append(all, problem("purpose-limitation", "purposes", "purpose %s sees data set %s and is not listed", purpose.ID, sight.DataSet))
			}
		}
	}
	return errors.Join(all...)
}

// covers reports whether the clause limits what the data set is used for.
func (c *PurposeLimitation) covers(p *policy.Policy, dataSet string) bool {
	set, ok := p.DataSet(dataSet)
	return ok && (len(c.Categories) == 0 || slices.Contains(c.Categories, set.Category))
}

// Plan has refusals of other purposes name the clause.
func (c *PurposeLimitation) Plan(p *Plan) {
	p.groundFor(decision.StepPurpose, c.Categories)
}
