package control

import (
	"errors"
	"slices"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// NoDisclosure keeps clauses that list who receives data.
type NoDisclosure struct {
	Recipients Recipients `param:"recipients" doc:"everybody who receives data; an empty list for nobody"`
}

// Check finds recipients that the policy declares and the clause does not list.
func (c *NoDisclosure) Check(p *policy.Policy) error {
	var all []error
	for _, recipient := range p.Recipients {
		if !slices.Contains(c.Recipients, recipient.ID) {
			all = append(all, problem("no-disclosure", "recipients", "recipient %s is declared and the clause does not list it", recipient.ID))
		}
	}
	for _, id := range c.Recipients {
		if _, ok := p.Recipient(id); !ok {
			all = append(all, problem("no-disclosure", "recipients", "recipient %s is not declared", id))
		}
	}
	return errors.Join(all...)
}

// Plan has refusals of other recipients name the clause.
func (c *NoDisclosure) Plan(p *Plan) {
	p.ground(decision.StepRecipient)
}
