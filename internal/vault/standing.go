package vault

import (
	"context"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// SetConsent is [Vault.Consent] of a person who was asked in words of an application's own.
func (v *Vault) SetConsent(ctx context.Context, c Caller, tenant, subject, purpose string, given bool) error {
	_, err := v.Consent(ctx, c, tenant, subject, Expression{Purpose: purpose, Given: given})
	return err
}

// SetObjection lodges or lifts an objection (GDPR art. 21). One that is lodged refuses the purpose
// at once: the controller must stop unless and until it shows compelling grounds.
func (v *Vault) SetObjection(ctx context.Context, c Caller, tenant, subject, purpose string, objected bool) error {
	kind := "objection.lodge"
	if !objected {
		kind = "objection.lift"
	}
	return v.setStanding(ctx, kind, c, Target{Tenant: tenant, Subject: subject, Purpose: purpose}, func(p *personState) {
		p.objections = change(p.objections, purpose, objected)
	}, policy.LegitimateInterests, policy.PublicTask)
}

// SetRestriction restricts the processing of a person's data, or ends that (GDPR art. 18).
func (v *Vault) SetRestriction(ctx context.Context, c Caller, tenant, subject string, restricted bool) error {
	kind := "restriction.set"
	if !restricted {
		kind = "restriction.lift"
	}
	return v.setStanding(ctx, kind, c, Target{Tenant: tenant, Subject: subject}, func(p *personState) { p.restricted = restricted })
}

// Standing returns what a person has allowed, refused and restricted.
func (v *Vault) Standing(ctx context.Context, c Caller, tenant, subject string) (Standing, error) {
	t := Target{Tenant: tenant, Subject: subject}
	q := v.ask("standing.read", &c, decision.Manage, &t, nil)
	if err := v.admit(ctx, &q); err != nil {
		return Standing{}, err
	}
	var out Standing
	err := v.changeFor(ctx, tenant, &q, func(tx *db.Tx) (no, err error) {
		s, no, err := v.manage(tx, &q)
		if s == nil {
			return no, err
		}
		out = s.stands()
		return nil, nil
	})
	if err != nil {
		return Standing{}, err
	}
	return out, nil
}

// setStanding changes a person's standing towards a purpose, which must rest on one of the bases, or
// where no basis is given towards none.
func (v *Vault) setStanding(ctx context.Context, kind string, c Caller, t Target, set func(*personState), bases ...policy.Basis) error {
	q := v.ask(kind, &c, decision.Manage, &t, nil)
	if err := v.admit(ctx, &q); err != nil {
		return err
	}
	if err := v.needsBasis(t.Purpose, bases); err != nil {
		return err
	}
	return v.setState(ctx, &q, set)
}

// setState changes what is kept about a person, if the question is allowed.
func (v *Vault) setState(ctx context.Context, q *question, set func(*personState)) error {
	return v.changeFor(ctx, q.target.Tenant, q, func(tx *db.Tx) (no, err error) {
		s, no, err := v.manage(tx, q)
		if s == nil {
			return no, err
		}
		next := *s // the person loaded may be remembered: it must not change before the commit
		set(&next.state)
		return nil, v.saveState(tx, &next)
	})
}

// manage loads a person, decides on an act that concerns the person as such, and writes its entry.
// A nil subject means no or err says why not.
func (v *Vault) manage(tx *db.Tx, q *question) (s *subject, no, err error) {
	s, err = v.load(tx, q.target.Tenant, q.target.Subject)
	if err != nil {
		no, err = expected(err)
		return nil, no, err
	}
	a := v.decide(q, s)
	if !a.Allow {
		no, err = v.refuseIn(tx, q, a)
		return nil, no, err
	}
	return s, nil, v.tell(tx, v.entry(q, a))
}

// expected tells a failure that changed nothing, and so need not undo what shares the transaction,
// from one that must.
func expected(err error) (no, failure error) {
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Erased:
		return err, nil
	}
	return nil, err
}

func (v *Vault) needsBasis(purpose string, bases []policy.Basis) error {
	const op = "vault.standing"
	if len(bases) == 0 {
		return nil
	}
	p, ok := v.Policy.Purpose(purpose)
	if !ok {
		return fault.New(op, fault.NotFound, "the policy declares no such purpose")
	}
	for _, b := range bases {
		if p.Basis == b {
			return nil
		}
	}
	return fault.New(op, fault.Invalid, "the purpose %s rests on %s", p.ID, p.Basis).
		WithHint("consent is given to purposes that rest on consent; objections are lodged against legitimate interests")
}

func change(set []string, id string, in bool) []string {
	if in {
		return with(set, id)
	}
	return without(set, id)
}
