package vault

import (
	"context"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// Erasure destroys a key, at once and whatever the volume, and sweeps rows later. The key's id goes
// on the list of destroyed keys first: that list outlives the store. If the server dies right after,
// Reconcile finishes at the next start what was begun; nobody was told yet that it was done.

// EraseSubject erases a person (GDPR art. 17): unreadable on return, here and in every backup as
// long as the list of destroyed keys lives, and in any case once the epoch is destroyed.
func (v *Vault) EraseSubject(ctx context.Context, c Caller, tenant, subject string) error {
	t := Target{Tenant: tenant, Subject: subject}
	q := v.ask("subject.erase", &c, decision.Manage, &t, nil)
	if err := v.admit(ctx, &q); err != nil {
		return err
	}
	s, err := v.standingOf(ctx, &t)
	if fault.Is(err, fault.Erased) { // a call before this one got no further than the key
		return v.finishErasure(ctx, &q)
	}
	if err != nil {
		return v.absent(ctx, &q, err)
	}
	a := v.decide(&q, s)
	if !a.Allow {
		return v.refuse(ctx, &q, a)
	}
	if err := v.keepHeld(ctx, s); err != nil {
		return err
	}
	if err := v.Ring.Destroy([]keyring.ID{s.key.ID()}, v.Now()); err != nil {
		return err
	}
	v.forgetMemory(tenant, subject)
	return v.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		if err := v.dropSubject(tx, tenant, subject); err != nil {
			return err
		}
		if err := MarkDestroyed(tx, s.key.ID()); err != nil {
			return err
		}
		return v.tell(tx, v.entry(&q, a))
	})
}

// finishErasure drops the row of a person whose key is destroyed already. Their alias went with it.
func (v *Vault) finishErasure(ctx context.Context, q *question) error {
	v.forgetMemory(q.target.Tenant, q.target.Subject)
	return v.DB.Write(ctx, q.target.Tenant, func(tx *db.Tx) error {
		var text string
		err := tx.One(`SELECT key_id FROM subjects WHERE tenant_id = $1 AND subject_id = $2`, []any{q.target.Tenant, q.target.Subject}, &text)
		if fault.Is(err, fault.NotFound) { // another call was quicker
			return nil
		}
		if err != nil {
			return err
		}
		id, err := keyring.ParseID(text)
		if err != nil {
			return err
		}
		if err := v.dropSubject(tx, q.target.Tenant, q.target.Subject); err != nil {
			return err
		}
		if v.Ring.Destroyed(id) { // else it is the tenant's that was
			if err := MarkDestroyed(tx, id); err != nil {
				return err
			}
		}
		return v.tell(tx, v.entry(q, decision.Answer{Allow: true}))
	})
}

// dropSubject deletes the person's wrapped key and asks for the sweep. It may be repeated.
func (v *Vault) dropSubject(tx *db.Tx, tenant, subject string) error {
	const op = "vault.dropSubject"
	v.forget(tx, tenant, subject)
	var keys []string
	err := tx.Each(`DELETE FROM subjects WHERE tenant_id = $1 AND subject_id = $2 RETURNING key_id`, []any{tenant, subject}, func(scan func(...any) error) error {
		var key string
		err := scan(&key)
		keys = append(keys, key)
		return err
	})
	if err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, askSweep(tx, tenant, subject, keys...))
}

// EraseTenant erases a tenant and all its people: their keys hang from the tenant's, so one is
// enough, whatever the number of records.
func (v *Vault) EraseTenant(ctx context.Context, c Caller, tenant string) error {
	const op = "vault.EraseTenant"
	if err := v.Administer(ctx, c, "tenant.erase"); err != nil {
		return err
	}
	if !tenantPattern.MatchString(tenant) {
		return fault.New(op, fault.NotFound, "no such tenant")
	}
	state, keys, err := v.tenantKeyIDs(ctx, tenant)
	if err != nil {
		return err
	}
	if state == "" || (state == tenantErased && len(keys) == 0) {
		return fault.New(op, fault.NotFound, "no such tenant")
	}
	if state == tenantActive {
		if err := v.DB.Read(ctx, tenant, v.MayLeave); err != nil {
			return fault.Wrap(op, err)
		}
	}
	if err := v.Ring.Destroy(keys, v.Now()); err != nil {
		return err
	}
	return v.dropTenant(ctx, tenant, "tenant.erase", c.Credential.ID, keys...)
}

// MayLeave refuses the erasure of the transaction's tenant if there is none, or a legal hold stands on somebody.
func (v *Vault) MayLeave(tx *db.Tx) error {
	const op = "vault.MayLeave"
	var state string
	err := tx.One(`SELECT state FROM tenants WHERE tenant_id = $1`, []any{tx.Tenant()}, &state)
	if fault.Is(err, fault.NotFound) || err == nil && state != tenantActive {
		return fault.New(op, fault.NotFound, "no such tenant")
	}
	if err != nil {
		return err
	}
	held, err := v.holdsStand(tx)
	if err == nil && held > 0 {
		return fault.New(op, fault.Conflict, "%d legal holds stand on people of the tenant", held).WithClause(v.Retained.Clause).
			WithHint("release them, or wait for their end")
	}
	return err
}

// Lives is NotFound unless the transaction's tenant has the person, whom no erasure has reached.
func (v *Vault) Lives(tx *db.Tx, subject string) error {
	s, err := v.load(tx, tx.Tenant(), subject)
	if err == nil && s.state.kept {
		return errNobody()
	}
	return err
}

// tenantKeyIDs returns the ids of all the tenant's keys, opened or not, and the tenant's state, "" if
// there is none.
func (v *Vault) tenantKeyIDs(ctx context.Context, tenant string) (state string, ids []keyring.ID, err error) {
	err = v.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		err := tx.One(`SELECT state FROM tenants WHERE tenant_id = $1`, []any{tenant}, &state)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		ids, err = keyIDs(tx, tenant)
		return err
	})
	return state, ids, err
}

func keyIDs(tx *db.Tx, tenant string) (ids []keyring.ID, err error) {
	err = tx.Each(`SELECT key_id FROM tenant_keys WHERE tenant_id = $1`, []any{tenant}, func(scan func(...any) error) error {
		var text string
		if err := scan(&text); err != nil {
			return err
		}
		id, err := keyring.ParseID(text)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

func idTexts(ids []keyring.ID) (texts []string) {
	for _, id := range ids {
		texts = append(texts, id.String())
	}
	return texts
}

// dropTenant marks the tenant, deletes its wrapped keys, asks for the sweep, and notes last that the
// store knows of the destroyed keys: where a crash comes between, Reconcile does it again. It may be
// repeated.
func (v *Vault) dropTenant(ctx context.Context, tenant, kind, actor string, destroyed ...keyring.ID) error {
	v.forgetMemory(tenant, "")
	err := v.DB.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		if _, err := tx.Exec(`UPDATE tenants SET state = $2 WHERE tenant_id = $1`, tenant, tenantErased); err != nil {
			return err
		}
		return ledger.Append(tx, proof.Entry{Kind: kind, Actor: actor, Answer: proof.Allow, Detail: map[string]string{"tenant": tenant}})
	})
	if err != nil {
		return err
	}
	var late []keyring.ID // made since, by an epoch that turned
	err = v.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		if late, err = keyIDs(tx, tenant); err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM tenant_keys WHERE tenant_id = $1`, tenant); err != nil {
			return err
		}
		v.changed(tx, tenant)
		v.forget(tx, tenant, "")
		if err := askSweep(tx, tenant, "", idTexts(append(destroyed, late...))...); err != nil {
			return err
		}
		return ledger.Append(tx, proof.Entry{Kind: kind, Actor: actor, Answer: proof.Allow})
	})
	if err != nil {
		return err
	}
	if err := v.Ring.Destroy(late, v.Now()); err != nil {
		return err
	}
	destroyed = append(destroyed, late...)
	for _, id := range destroyed {
		v.forgetKey(tenant, id.String())
	}
	return v.DB.Write(ctx, db.Organisation, func(tx *db.Tx) error { return MarkDestroyed(tx, destroyed...) })
}
