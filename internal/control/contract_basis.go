package control

import (
	"context"

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

// Probe uses the data of a person with an account, of nobody, and of a person whose account ended.
func (c *ContractBasis) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.eachUse(ctx, t, c.Purposes, func(p *person, purpose *policy.Purpose, k kept) {
		a, _, err := p.use(ctx, purpose, k)
		if !t.mustShow("using "+k.set.ID+" of a person with an account for "+purpose.ID, a, err) {
			return
		}
		t.good("Purpose %s uses %s of a person with an account.", purpose.ID, k.set.ID)
		stranger := *p
		stranger.id = "sub_" + token()
		a, _, err = stranger.use(ctx, purpose, k)
		t.mustForbid("Using "+k.set.ID+" of somebody without an account for "+purpose.ID, a, err)
	})
	c.ended(ctx, t, s)
	return t.finding("For " + list(c.Purposes) + " data of people with an account is used, and of nobody else.")
}

// ended closes an account, after which its purposes are over.
func (c *ContractBasis) ended(ctx context.Context, t *trial, s *System) {
	closed := false
	s.eachUse(ctx, t, c.Purposes[:min(1, len(c.Purposes))], func(p *person, purpose *policy.Purpose, k kept) {
		if closed { // one record is enough
			return
		}
		closed = true
		a, _, err := p.use(ctx, purpose, k)
		if !t.mustShow("using "+k.set.ID+" before the account ends", a, err) {
			return
		}
		if a, err = p.erase(ctx); !t.mustShow("closing an account", a, err) {
			return
		}
		a, _, err = p.use(ctx, purpose, k)
		t.mustForbid("Using "+k.set.ID+" after the account ended for "+purpose.ID, a, err)
	})
}
