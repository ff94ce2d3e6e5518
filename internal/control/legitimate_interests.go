package control

import (
	"context"

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

// Probe uses data before an objection, after it, and once it is lifted.
func (c *LegitimateInterests) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.eachUse(ctx, t, c.Purposes, func(p *person, purpose *policy.Purpose, k kept) {
		for _, objected := range []bool{false, true, false} {
			if err := p.object(ctx, purpose.ID, objected); err != nil {
				t.hurdle("%v", err)
				return
			}
			a, _, err := p.use(ctx, purpose, k)
			if objected {
				t.mustForbid("Using "+k.set.ID+" for "+purpose.ID+" against an objection", a, err)
			} else if t.mustShow("using "+k.set.ID+" for "+purpose.ID+" without an objection", a, err) {
				t.good("Purpose %s uses %s where nobody objects.", purpose.ID, k.set.ID)
			}
		}
	})
	return t.finding("A person who objects to " + list(c.Purposes) + " is left out of it from the next request on.")
}
