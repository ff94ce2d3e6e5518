package vault

import (
	"context"
	"slices"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
)

// Beside what the policy declares, a disclosure hangs on what people were told, on what the tenant allows
// and on what the person says of its recipient. All three are looked up in the transaction that reads, so
// that a withdrawal is felt by the next disclosure, of whichever server.

// lookUpTerms looks up what holds of the recipient of a disclosure. Whether the person opted out is known with
// the person.
func (v *Vault) lookUpTerms(tx *db.Tx, q *question) error {
	const op = "vault.lookUpTerms"
	q.req.Release = decision.Release{}
	if q.req.Op != decision.Disclose || q.req.Recipient == 0 {
		return nil
	}
	var begins, one int64
	err := tx.One(`SELECT begins_at FROM disclosures WHERE purpose = $1 AND recipient = $2`, []any{q.target.Purpose, q.target.Recipient}, &begins)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return fault.Wrap(op, err)
	}
	q.req.Release.Announced = begins > 0 && !q.req.Now.Before(fromMicros(begins))
	err = tx.One(`SELECT 1 FROM allowed_recipients WHERE tenant_id = $1 AND recipient = $2`, []any{q.target.Tenant, q.target.Recipient}, &one)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return fault.Wrap(op, err)
	}
	q.req.Release.Allowed = err == nil
	return nil
}

// Recipient is where a recipient of the policy stands with a tenant.
type Recipient struct {
	ID          string
	Allowed     time.Time // since when the tenant allows it; zero: it does not
	Disclosures []Disclosure
}

// Disclosure is a purpose's disclosure to a recipient.
type Disclosure struct {
	Purpose string
	Begins  time.Time // zero: people were not told yet
}

// AllowRecipient records that the tenant allows a recipient, or no longer does. The next disclosure feels it.
func (v *Vault) AllowRecipient(ctx context.Context, c Caller, tenant, recipient string, allowed bool) error {
	kind := "recipient.allow"
	if !allowed {
		kind = "recipient.disallow"
	}
	t := Target{Tenant: tenant}
	q := v.ask(kind, &c, decision.Manage, &t, nil)
	if err := v.admit(ctx, &q); err != nil {
		return err
	}
	if v.Rules.Recipient(recipient) == 0 {
		return errNoRecipient()
	}
	q.party = recipient
	return v.changeFor(ctx, tenant, &q, func(tx *db.Tx) (no, err error) {
		region, _, no, err := v.newestKey(tx, tenant)
		if no != nil || err != nil {
			return no, err
		}
		q.req.Home = v.Rules.Region(region)
		a := v.Rules.Decide(&q.req)
		if !a.Allow {
			return v.refuseIn(tx, &q, a)
		}
		if allowed {
			_, err = tx.Exec(`INSERT INTO allowed_recipients (tenant_id, recipient, allowed_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, tenant, recipient, micros(tx.Now()))
		} else {
			_, err = tx.Exec(`DELETE FROM allowed_recipients WHERE tenant_id = $1 AND recipient = $2`, tenant, recipient)
		}
		if err != nil {
			return nil, fault.Wrap("vault.AllowRecipient", err)
		}
		return nil, v.tell(tx, v.entry(&q, a))
	})
}

func errNoRecipient() error {
	return fault.New("vault.recipient", fault.NotFound, "the policy declares no such recipient")
}

// Recipients returns where the policy's recipients stand with a tenant, in the policy's order.
func (v *Vault) Recipients(ctx context.Context, c Caller, tenant string) (all []Recipient, err error) {
	if err := v.Admit(ctx, c, "recipient.list", tenant, ScopeSubjects); err != nil {
		return nil, err
	}
	since, begins := map[string]time.Time{}, map[[2]string]time.Time{}
	err = v.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		err := tx.Each(`SELECT recipient, allowed_at FROM allowed_recipients WHERE tenant_id = $1`, []any{tenant}, func(scan func(...any) error) error {
			var id string
			var at int64
			err := scan(&id, &at)
			since[id] = fromMicros(at)
			return err
		})
		if err != nil {
			return err
		}
		return tx.Each(`SELECT purpose, recipient, begins_at FROM disclosures WHERE begins_at > 0`, nil, func(scan func(...any) error) error {
			var purpose, recipient string
			var at int64
			err := scan(&purpose, &recipient, &at)
			begins[[2]string{purpose, recipient}] = fromMicros(at)
			return err
		})
	})
	if err != nil {
		return nil, fault.Wrap("vault.Recipients", err)
	}
	for _, to := range v.Policy.Recipients {
		r := Recipient{ID: to.ID, Allowed: since[to.ID]}
		for _, p := range v.Policy.Purposes {
			if slices.Contains(p.Recipients, to.ID) {
				r.Disclosures = append(r.Disclosures, Disclosure{p.ID, begins[[2]string{p.ID, to.ID}]})
			}
		}
		all = append(all, r)
	}
	return all, nil
}

// SetOptOut records that a person wants nothing disclosed to a recipient, or no longer says so. Known are
// recipients beside those of the policy: of a version that people were told of, and that is still to come.
func (v *Vault) SetOptOut(ctx context.Context, c Caller, tenant, subject, recipient string, out bool, known ...string) error {
	kind := "recipient.opt-out"
	if !out {
		kind = "recipient.opt-in"
	}
	t := Target{Tenant: tenant, Subject: subject}
	q := v.ask(kind, &c, decision.Manage, &t, nil)
	if err := v.admit(ctx, &q); err != nil {
		return err
	}
	if v.Rules.Recipient(recipient) == 0 && !slices.Contains(known, recipient) {
		return errNoRecipient()
	}
	q.party = recipient
	return v.setState(ctx, &q, func(p *personState) { p.optOuts = change(p.optOuts, recipient, out) })
}

// SetElectronicNotice records that a person consents to notice by electronic means, or withdraws that.
func (v *Vault) SetElectronicNotice(ctx context.Context, c Caller, tenant, subject string, consented bool) error {
	kind := "electronic-notice.give"
	if !consented {
		kind = "electronic-notice.withdraw"
	}
	t := Target{Tenant: tenant, Subject: subject}
	q := v.ask(kind, &c, decision.Manage, &t, nil)
	if err := v.admit(ctx, &q); err != nil {
		return err
	}
	return v.setState(ctx, &q, func(p *personState) { p.electronic = consented })
}
