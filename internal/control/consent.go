package control

import (
	"context"

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

// Probe uses data before consent, with it, after its withdrawal, and with it again.
func (c *ConsentBasis) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.eachUse(ctx, t, c.Purposes, func(p *person, purpose *policy.Purpose, k kept) {
		for _, given := range []bool{false, true, false, true} {
			if err := p.consent(ctx, purpose.ID, given); err != nil {
				if t.hurdle("%v", err); given {
					return
				}
			}
			a, _, err := p.use(ctx, purpose, k)
			if !given {
				t.mustForbid("Using "+k.set.ID+" for "+purpose.ID+" without consent", a, err)
			} else if t.mustShow("using "+k.set.ID+" for "+purpose.ID+" with consent", a, err) {
				t.good("Purpose %s uses %s once consent is given.", purpose.ID, k.set.ID)
			}
		}
	})
	return t.finding("Without consent " + list(c.Purposes) + " is refused, and the very next request after a withdrawal is too.")
}
