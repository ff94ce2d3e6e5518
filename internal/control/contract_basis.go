package control

import (
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// ContractBasis keeps clauses that say data is processed to perform a contract: GDPR art. 6(1)(b).
type ContractBasis struct {
	Purposes Purposes `param:"purposes" doc:"the purposes that deliver what was signed up for"`
}

// Check finds purposes that rest on another basis.
func (c *ContractBasis) Check(p *policy.Policy) error {
	return checkBasis(p, "contract-basis", c.Purposes, policy.Contract)
}

// Plan has refusals without an account name the clause.
func (c *ContractBasis) Plan(p *Plan) {
	p.ground(decision.StepContract, c.Purposes...)
}
