package control

import (
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// ConsentBasis keeps clauses that say data is processed by consent: GDPR art. 6(1)(a) and 7(3).
type ConsentBasis struct {
	Purposes Purposes `param:"purposes" doc:"the purposes that rest on consent"`
}

// Check finds purposes that rest on another basis.
func (c *ConsentBasis) Check(p *policy.Policy) error {
	return checkBasis(p, "consent", c.Purposes, policy.Consent)
}

// Plan has refusals without consent name the clause.
func (c *ConsentBasis) Plan(p *Plan) {
	p.ground(decision.StepConsent, c.Purposes...)
}
