package control

import (
	"context"
	"net/url"
	"slices"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// AllowedRecipients keeps clauses that say a third party gets data only once the customer allowed it.
type AllowedRecipients struct{}

// Check finds nothing: without recipients nobody is given anything.
func (c *AllowedRecipients) Check(*policy.Policy) error { return nil }

// Plan has every disclosure wait for the customer's leave.
func (c *AllowedRecipients) Plan(p *Plan) { p.ground(decision.StepAllowance) }

// Probe discloses canary data to each recipient: before the customer allows it, then, and after that is
// withdrawn; another customer's leave, and leave for somebody else, must not count.
func (c *AllowedRecipients) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Policy == nil {
		t.hurdle("there is no policy.")
		return t.finding("")
	}
	s.with(ctx, t, s.Canary.A, func(p *person) {
		a, err := p.allow(ctx, "data-broker", true)
		t.mustRefuse("Allowing somebody whom the policy does not name", a, err)
		s.with(ctx, t, s.Canary.B, func(other *person) { c.try(ctx, t, p, other) })
	})
	return t.finding("Nobody is given a customer's data whom that customer has not allowed, or allows no more.")
}

func (c *AllowedRecipients) try(ctx context.Context, t *trial, p, other *person) {
	sets := dataSets(p.policy, func(*policy.DataSet) bool { return true })
	own, theirs := p.fillAndShow(ctx, t, sets), other.fillAndShow(ctx, t, sets)
	tried := false
	for _, recipient := range p.policy.Recipients {
		for i := range p.policy.Purposes {
			purpose := &p.policy.Purposes[i]
			l := &leave{t: t, purpose: purpose, recipient: recipient.ID}
			if l.own = l.of(ctx, p, own); l.own == nil {
				continue
			}
			if l.theirs = l.of(ctx, other, theirs); l.theirs == nil {
				continue
			}
			tried = true
			l.try(ctx, p, other)
		}
	}
	if !tried {
		t.note("No purpose discloses anything: there is nothing to allow.")
	}
}

// leave is one disclosure that needs leave.
type leave struct {
	t           *trial
	purpose     *policy.Purpose
	recipient   string
	own, theirs *kept
}

// of is a record of the person that the purpose may disclose to the recipient, nil if there is none.
func (l *leave) of(ctx context.Context, p *person, all []kept) *kept {
	if !may(l.purpose, policy.Disclose) || !slices.Contains(l.purpose.Recipients, l.recipient) {
		return nil
	}
	for i := range all {
		if len(sight(l.purpose, all[i].set.ID)) == 0 {
			continue
		}
		if err := p.ready(ctx, l.purpose); err != nil {
			l.t.hurdle("%v", err)
			return nil
		}
		return &all[i]
	}
	return nil
}

func (l *leave) try(ctx context.Context, p, other *person) {
	what := "Disclosing " + l.own.set.ID + " for " + l.purpose.ID + " to " + l.recipient
	defer p.disallow(ctx, l.t, l.recipient)
	a, err := p.disclose(ctx, *l.own, l.purpose.ID, l.recipient)
	l.t.mustForbid(what+" before the customer allows it", a, err)
	a, err = other.allow(ctx, l.recipient, true)
	defer other.disallow(ctx, l.t, l.recipient)
	if l.t.mustShow("allowing "+l.recipient, a, err) {
		a, err = p.disclose(ctx, *l.own, l.purpose.ID, l.recipient)
		l.t.mustForbid(what+" where another customer allows it", a, err)
	}
	a, err = p.allow(ctx, l.recipient, true)
	if !l.t.mustShow("allowing "+l.recipient, a, err) {
		return
	}
	a, err = p.disclose(ctx, *l.own, l.purpose.ID, l.recipient)
	if l.t.mustShow(what+" once the customer allows it", a, err) {
		l.t.good("%s can be given data while the customer allows it.", l.recipient)
	}
	a, err = p.allow(ctx, l.recipient, false)
	if !l.t.mustShow("withdrawing the leave of "+l.recipient, a, err) {
		return
	}
	a, err = p.disclose(ctx, *l.own, l.purpose.ID, l.recipient)
	l.t.mustForbid(what+" after the customer withdrew", a, err)
}

// allow allows a recipient in the name of the person's tenant.
func (p *person) allow(ctx context.Context, recipient string, allowed bool) (answer, error) {
	return p.do(ctx, call{method: "PUT", path: p.home() + "/recipients/" + url.PathEscape(recipient), body: api.Allowance{Allowed: allowed}})
}

// disallow leaves nothing of a probe behind.
func (p *person) disallow(ctx context.Context, t *trial, recipient string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetting)
	defer cancel()
	a, err := p.allow(ctx, recipient, false)
	t.mustShow("taking back what a probe allowed", a, err)
}
