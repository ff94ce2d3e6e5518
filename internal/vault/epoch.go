package vault

import (
	"context"
	"strconv"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/ledger/proof"
)

// RunKeys does what is due for the keys: begins a new epoch when the newest is as old as the policy
// says, wraps every key anew under it, and destroys the keys of epochs whose backup horizon has
// passed. It may be interrupted at any point: where it stands is in the store and the key folder,
// and the next call goes on from there.
func (v *Vault) RunKeys(ctx context.Context) error {
	const op = "vault.RunKeys"
	if err := v.Ring.Refresh(ctx); err != nil {
		return fault.Wrap(op, err)
	}
	if now := v.Now(); !now.Before(v.Ring.Epoch().Began.Add(v.Policy.Backups.Epoch)) {
		if err := v.turn(ctx, now); err != nil {
			return fault.Wrap(op, err)
		}
	}
	if err := v.rewrapAll(ctx); err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, v.destroyEpochs(ctx))
}

// turn begins an epoch. Another server may have been quicker, which is as good.
func (v *Vault) turn(ctx context.Context, now time.Time) error {
	epoch, err := v.Ring.Turn(ctx, now)
	if fault.Is(err, fault.Conflict) {
		return v.Ring.Refresh(ctx)
	}
	if err != nil {
		return err
	}
	return v.record(ctx, db.Organisation, epochEntry("epoch.begin", epoch.Number))
}

func epochEntry(kind string, number int64) proof.Entry {
	return proof.Entry{Kind: kind, Actor: maintenance, Detail: map[string]string{"epoch": strconv.FormatInt(number, 10)}}
}

// rewrapAll brings every tenant under the newest epoch.
func (v *Vault) rewrapAll(ctx context.Context) error {
	tenants, err := v.tenants(ctx)
	if err != nil {
		return err
	}
	for _, t := range tenants {
		if t.State != tenantActive {
			continue
		}
		if err := v.rewrapTenant(ctx, t.ID); err != nil && !fault.Is(err, fault.Erased) {
			return err
		}
	}
	return nil
}

// rewrapTenant is Erased if the tenant was, a moment ago.
func (v *Vault) rewrapTenant(ctx context.Context, tenant string) error {
	if err := v.insertTenantKey(ctx, tenant); err != nil {
		return err
	}
	for {
		done, err := v.rewrapSome(ctx, tenant)
		if done || err != nil {
			return err
		}
	}
}

// rewrapSubjects is how many people are wrapped anew in one transaction: few enough that requests
// hardly wait for it.
const rewrapSubjects = 50

// rewrapSome moves some people of a tenant from an older key to the newest, and drops older keys
// that nobody is left under and nobody asks for. done says that there is nothing to do for now.
func (v *Vault) rewrapSome(ctx context.Context, tenant string) (done bool, err error) {
	err = v.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		keys, err := v.liveKeys(tx, tenant)
		if err != nil || len(keys) < 2 {
			done = true
			return err
		}
		newest, oldest := keys[0], keys[len(keys)-1]
		subjects, err := subjectsUnder(tx, tenant, oldest.ID().String())
		if err != nil {
			return err
		}
		if len(subjects) == 0 {
			if done, err = v.keyAsked(tx, tenant, oldest); done || err != nil {
				return err
			}
			v.forgetKey(tenant, oldest.ID().String())
			v.changed(tx, tenant)
			_, err := tx.Exec(`DELETE FROM tenant_keys WHERE tenant_id = $1 AND key_id = $2`, tenant, oldest.ID().String())
			return err
		}
		for _, id := range subjects {
			if err := v.rewrap(tx, newest, tenant, id); err != nil {
				return err
			}
		}
		return nil
	})
	return done, err
}

// keyAsked reports whether requests may still be repeated whose idempotency keys were hashed under an
// older key: it stays for them, though nobody's data is under it, at most until its epoch's horizon.
func (v *Vault) keyAsked(tx *db.Tx, tenant string, key *keyring.TenantKey) (bool, error) {
	keep := min(idempotencyKept, v.Policy.Backups.Horizon)
	var began int64
	err := tx.One(`SELECT MIN(created_at) FROM tenant_keys WHERE tenant_id = $1 AND epoch > $2`, []any{tenant, key.Epoch()}, &began)
	if err != nil || began <= micros(v.Now().Add(-keep)) {
		return false, err
	}
	var n int64
	err = tx.One(`SELECT COUNT(*) FROM idempotency WHERE tenant_id = $1 AND created_at <= $2 AND created_at > $3`,
		[]any{tenant, began, micros(v.Now().Add(-keep))}, &n)
	return n > 0, err
}

func subjectsUnder(tx *db.Tx, tenant, tenantKey string) (ids []string, err error) {
	err = tx.Each(`SELECT subject_id FROM subjects WHERE tenant_id = $1 AND tenant_key_id = $2 LIMIT $3`,
		[]any{tenant, tenantKey, rewrapSubjects}, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}

// rewrap wraps a person's key anew, and turns the keyed hashes of their look-ups with it. A person
// whose key was destroyed a moment ago cannot be wrapped: their row is dropped, as the erasure under
// way would.
func (v *Vault) rewrap(tx *db.Tx, newest *keyring.TenantKey, tenant, id string) error {
	const op = "vault.rewrap"
	s, err := v.load(tx, tenant, id)
	if fault.Is(err, fault.Erased) {
		return v.dropSubject(tx, tenant, id)
	}
	if err != nil {
		return fault.Wrap(op, err)
	}
	wrapped, err := newest.Rewrap(id, s.key)
	if err != nil {
		return fault.Wrap(op, err)
	}
	v.forget(tx, tenant, id)
	_, err = tx.Exec(`UPDATE subjects SET tenant_key_id = $3, wrapped = $4 WHERE tenant_id = $1 AND subject_id = $2`,
		tenant, id, newest.ID().String(), wrapped)
	if err != nil {
		return fault.Wrap(op, err)
	}
	if s.state.kept { // it can be looked up by nothing
		return nil
	}
	if err := rehash(tx, newest, s); err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, v.reindex(tx, newest, s))
}

// reindex writes a person's look-ups again under the newest tenant key.
func (v *Vault) reindex(tx *db.Tx, newest *keyring.TenantKey, s *subject) error {
	for _, set := range v.sets {
		if !set.finds || set.Storage != "stored" {
			continue
		}
		rows, err := allRows(tx, s, set)
		if err != nil {
			return err
		}
		for i := range rows {
			plain, err := s.key.Open(nil, bindRecord(s.tenant, s.id, set.ID, rows[i].id, rows[i].version), rows[i].sealed)
			if err != nil {
				return err
			}
			items, err := decodeItems(plain)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(deleteLookups, s.tenant, s.id, set.ID, rows[i].id); err != nil {
				return err
			}
			if err := v.index(tx, newest, s, set, rows[i].id, items); err != nil {
				return err
			}
		}
	}
	return nil
}

func allRows(tx *db.Tx, s *subject, set *dataSet) ([]row, error) {
	t := &Target{Tenant: s.tenant, Subject: s.id, DataSet: set.ID}
	var all []row
	for after := ""; ; {
		page, err := readRows(tx, t, after, maxList)
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) < maxList {
			return all, nil
		}
		after = page[len(page)-1].id
	}
}

// destroyEpochs destroys the keys of epochs that ended longer ago than the backup horizon, unless a
// tenant's key is still under one: that would lose live data, and is an error instead.
func (v *Vault) destroyEpochs(ctx context.Context) error {
	now := v.Now()
	for _, e := range v.Ring.Epochs() {
		if e.Ended.IsZero() || !e.Destroyed.IsZero() || now.Before(e.Ended.Add(v.Policy.Backups.Horizon)) {
			continue
		}
		held, err := v.epochHeld(ctx, e.Number)
		if err != nil {
			return err
		}
		if held != "" {
			return fault.New("vault.destroyEpochs", fault.Conflict, "epoch %d cannot be destroyed: tenant %s still has a key under it", e.Number, held)
		}
		if err := v.Ring.DestroyEpoch(ctx, e.Number, now); err != nil {
			return err
		}
		if err := v.record(ctx, db.Organisation, epochEntry("epoch.destroy", e.Number)); err != nil {
			return err
		}
		if err := v.prune(ctx); err != nil {
			return err
		}
	}
	return nil
}

// epochHeld returns a tenant with a key under the epoch, "" if there is none.
func (v *Vault) epochHeld(ctx context.Context, epoch int64) (string, error) {
	tenants, err := v.tenants(ctx)
	if err != nil {
		return "", err
	}
	for _, t := range tenants {
		var n int64
		err := v.DB.Get(ctx, t.ID, `SELECT COUNT(*) FROM tenant_keys WHERE tenant_id = $1 AND epoch = $2`, []any{t.ID, epoch}, &n)
		if err != nil || n > 0 {
			return t.ID, err
		}
	}
	return "", nil
}
