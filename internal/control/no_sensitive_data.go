package control

import (
	"errors"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// NoSensitiveData keeps clauses that say no special category of data is collected: GDPR art. 9.
type NoSensitiveData struct{}

// Check finds data sets declared sensitive.
func (c *NoSensitiveData) Check(p *policy.Policy) error {
	var all []error
	for _, set := range p.Data {
		if set.Sensitive {
			all = append(all, problem("no-sensitive-data", "", "data set %s is declared sensitive, and the clause says nothing sensitive is collected", set.ID))
		}
	}
	return errors.Join(all...)
}

// Plan has refusals of undeclared data, of which sensitive data is part, name the clause.
func (c *NoSensitiveData) Plan(p *Plan) {
	p.ground(decision.StepDeclared)
}
