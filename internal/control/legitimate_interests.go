package control

import (
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// LegitimateInterests keeps clauses that say a purpose rests on legitimate interests, and so stops
// when the person objects: GDPR art. 6(1)(f) and 21.
type LegitimateInterests struct {
	Purposes Purposes `param:"purposes" doc:"the purposes that rest on legitimate interests"`
}

// Check finds purposes that rest on another basis.
func (c *LegitimateInterests) Check(p *policy.Policy) error {
	return checkBasis(p, "legitimate-interests", c.Purposes, policy.LegitimateInterests)
}

// Plan has refusals after an objection name the clause.
func (c *LegitimateInterests) Plan(p *Plan) {
	p.ground(decision.StepInterests, c.Purposes...)
}
