package control

import (
	"context"
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
			all = append(all, problem("no-disclosure", "recipients", "recipient %s is declared and the clause does not list it", recipient.ID).
				WithHint("list it, in the clause's text too, or take the recipient out of the policy"))
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

// Probe asks to disclose canary data to everybody: unlisted, undeclared, and not of the purpose.
func (c *NoDisclosure) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.with(ctx, t, s.Canary.A, func(p *person) {
		for _, k := range p.fillAndShow(ctx, t, dataSets(s.Policy, func(*policy.DataSet) bool { return true })) {
			for i := range s.Policy.Purposes {
				purpose := &s.Policy.Purposes[i]
				if err := p.ready(ctx, purpose); err != nil {
					t.hurdle("%v", err)
					continue
				}
				c.disclose(ctx, t, p, k, purpose)
			}
		}
	})
	if len(c.Recipients) == 0 {
		return t.finding("Nobody receives data: every disclosure is refused.")
	}
	return t.finding("Data can be disclosed to " + list(c.Recipients) + ", for the purposes declared, and to nobody else.")
}

// disclose tries every recipient for one purpose.
func (c *NoDisclosure) disclose(ctx context.Context, t *trial, p *person, k kept, purpose *policy.Purpose) {
	recipients := []string{"data-broker", "advertiser"}
	for _, recipient := range p.policy.Recipients {
		recipients = append(recipients, recipient.ID)
	}
	for _, recipient := range recipients {
		a, err := p.do(ctx, call{method: "GET", path: p.path("data", k.set.ID, k.id), purpose: purpose.ID, recipient: recipient})
		allowed := may(purpose, policy.Disclose) && slices.Contains(purpose.Recipients, recipient) && slices.Contains(c.Recipients, recipient)
		switch {
		case !allowed:
			t.mustForbid("Disclosing "+k.set.ID+" for "+purpose.ID+" to "+recipient, a, err)
		case err == nil && a.ok(): // what is declared may still fail for a reason of the site's
			t.good("Purpose %s discloses %s to %s, as declared.", purpose.ID, k.set.ID, recipient)
		}
	}
}
