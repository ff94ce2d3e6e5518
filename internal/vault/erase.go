package vault

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"

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
		return v.absent(ctx, &q, "", err)
	}
	a := v.decide(&q, s)
	if !a.Allow {
		return v.refuse(ctx, &q, s.state.alias, a)
	}
	if err := v.Ring.Destroy([]keyring.ID{s.key.ID()}, v.Now()); err != nil {
		return err
	}
	v.forgetMemory(tenant, subject)
	return v.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		if err := v.dropSubject(tx, tenant, subject); err != nil {
			return err
		}
		if err := markDestroyed(tx, s.key.ID()); err != nil {
			return err
		}
		return ledger.Append(tx, v.entry(&q, s.state.alias, a))
	})
}

// finishErasure drops the row of a person whose key is destroyed already. Their alias went with it.
func (v *Vault) finishErasure(ctx context.Context, q *question) error {
	return v.DB.Write(ctx, q.target.Tenant, func(tx *db.Tx) error {
		if err := v.dropSubject(tx, q.target.Tenant, q.target.Subject); err != nil {
			return err
		}
		return ledger.Append(tx, v.entry(q, "", decision.Answer{Allow: true}))
	})
}

// dropSubject deletes the person's wrapped key and asks for the sweep. It may be repeated.
func (v *Vault) dropSubject(tx *db.Tx, tenant, subject string) error {
	const op = "vault.dropSubject"
	if _, err := tx.Exec(`DELETE FROM subjects WHERE tenant_id = $1 AND subject_id = $2`, tenant, subject); err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, askSweep(tx, tenant, subject))
}

func askSweep(tx *db.Tx, tenant, subject string) error {
	_, err := tx.Exec(`INSERT INTO sweeps (tenant_id, subject_id, requested_at, done_at) VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING`,
		tenant, subject, micros(tx.Now()))
	return err
}

// EraseTenant erases a tenant and all its people: their keys hang from the tenant's, so one is
// enough, whatever the number of records.
func (v *Vault) EraseTenant(ctx context.Context, c Caller, tenant string) error {
	const op = "vault.EraseTenant"
	if err := v.administer(ctx, &c, "tenant.erase"); err != nil {
		return err
	}
	if !tenantPattern.MatchString(tenant) {
		return fault.New(op, fault.NotFound, "no such tenant")
	}
	var keys []*keyring.TenantKey
	err := v.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		keys, err = v.liveKeys(tx, tenant)
		return err
	})
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return fault.New(op, fault.NotFound, "no such tenant")
	}
	var ids []keyring.ID
	for _, k := range keys {
		ids = append(ids, k.ID())
	}
	if err := v.Ring.Destroy(ids, v.Now()); err != nil {
		return err
	}
	return v.dropTenant(ctx, tenant, "tenant.erase", c.Credential.ID, ids...)
}

// dropTenant deletes the tenant's wrapped keys, asks for the sweep, and marks the tenant. It may be
// repeated.
func (v *Vault) dropTenant(ctx context.Context, tenant, kind, actor string, destroyed ...keyring.ID) error {
	v.forgetMemory(tenant, "")
	err := v.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		if _, err := tx.Exec(`DELETE FROM tenant_keys WHERE tenant_id = $1`, tenant); err != nil {
			return err
		}
		if err := askSweep(tx, tenant, ""); err != nil {
			return err
		}
		return ledger.Append(tx, proof.Entry{Kind: kind, Actor: actor, Answer: proof.Allow})
	})
	if err != nil {
		return err
	}
	return v.DB.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		if _, err := tx.Exec(`UPDATE tenants SET state = $2 WHERE tenant_id = $1`, tenant, tenantErased); err != nil {
			return err
		}
		if err := markDestroyed(tx, destroyed...); err != nil {
			return err
		}
		return ledger.Append(tx, proof.Entry{Kind: kind, Actor: actor, Answer: proof.Allow, Detail: map[string]string{"tenant": tenant}})
	})
}

// maintenance is the actor of what the server does by itself.
const maintenance = "clause"

// sweepRows is how many rows a sweep deletes in one transaction.
const sweepRows = 1000

// Sweep removes what erased people and tenants left: rows, look-ups, idempotency records, blobs;
// then also blobs that were let go, and idempotency keys a day old. Where it deleted anything, the
// store's files are scrubbed. It may be interrupted anywhere and goes on the next time.
func (v *Vault) Sweep(ctx context.Context) error {
	tenants, err := v.tenants(ctx)
	if err != nil {
		return err
	}
	swept := false
	for _, t := range tenants {
		some, err := v.sweepTenant(ctx, t.ID)
		if err != nil {
			return fault.Wrap("vault.Sweep", err)
		}
		swept = swept || some
	}
	if !swept {
		return nil
	}
	return v.DB.Scrub(ctx)
}

func (v *Vault) sweepTenant(ctx context.Context, tenant string) (some bool, err error) {
	var pending []string
	err = v.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		pending = nil
		return tx.Each(`SELECT subject_id FROM sweeps WHERE tenant_id = $1 ORDER BY requested_at LIMIT 1000`, []any{tenant}, func(scan func(...any) error) error {
			var subject string
			err := scan(&subject)
			pending = append(pending, subject)
			return err
		})
	})
	if err != nil {
		return false, err
	}
	for _, subject := range pending {
		if err := v.sweepOne(ctx, tenant, subject); err != nil {
			return true, err
		}
	}
	expired, err := v.sweepExpired(ctx, tenant)
	return len(pending) > 0 || expired, err
}

// sweepOne removes everything of one person, or with subject "" of the tenant. The row of sweeps
// goes last, and with it the person's id.
func (v *Vault) sweepOne(ctx context.Context, tenant, subject string) error {
	if err := v.sweepBlobs(ctx, tenant, `(subject_id = $2 OR $2 = '')`, subject); err != nil {
		return err
	}
	total := int64(0)
	for _, table := range [...]struct{ name, key string }{
		{"records", "subject_id, data_set, record_id"},
		{"lookups", "data_set, field, hash, slot"},
		{"idempotency", "credential_id, key_hash"},
		{"subjects", "subject_id"},
	} {
		n, err := v.sweepTable(ctx, tenant, subject, table.name, table.key)
		if err != nil {
			return err
		}
		total += n
	}
	return v.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		if _, err := tx.Exec(`DELETE FROM sweeps WHERE tenant_id = $1 AND subject_id = $2`, tenant, subject); err != nil {
			return err
		}
		return ledger.Append(tx, proof.Entry{Kind: "erasure.swept", Actor: maintenance, Detail: map[string]string{"rows": strconv.FormatInt(total, 10)}})
	})
}

func (v *Vault) sweepTable(ctx context.Context, tenant, subject, table, key string) (total int64, err error) {
	statement := `DELETE FROM ` + table + ` WHERE tenant_id = $1 AND (` + key + `) IN (SELECT ` + key + ` FROM ` + table + ` WHERE tenant_id = $1 AND subject_id = $2 LIMIT $3)`
	args := []any{tenant, subject, sweepRows}
	if subject == "" {
		statement = `DELETE FROM ` + table + ` WHERE tenant_id = $1 AND (` + key + `) IN (SELECT ` + key + ` FROM ` + table + ` WHERE tenant_id = $1 LIMIT $2)`
		args = []any{tenant, sweepRows}
	}
	for {
		var n int64
		err := v.DB.Write(ctx, tenant, func(tx *db.Tx) (err error) {
			n, err = tx.Exec(statement, args...)
			return err
		})
		if err != nil {
			return total, err
		}
		if total += n; n < sweepRows {
			return total, nil
		}
	}
}

// sweepBlobs removes the files, then the rows, of the blobs that match.
func (v *Vault) sweepBlobs(ctx context.Context, tenant, where string, arg any) error {
	for {
		var ids []string
		err := v.DB.Read(ctx, tenant, func(tx *db.Tx) error {
			ids = nil
			return tx.Each(`SELECT blob_id FROM blobs WHERE tenant_id = $1 AND `+where+` LIMIT 1000`, []any{tenant, arg}, func(scan func(...any) error) error {
				var id string
				err := scan(&id)
				ids = append(ids, id)
				return err
			})
		})
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			path := v.blobPath(tenant, id)
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				return fault.As("vault.sweepBlobs", fault.Unavailable, err)
			}
			_ = os.Remove(filepath.Dir(path)) // fails while other blobs are in it, as it should
		}
		err = v.DB.Write(ctx, tenant, func(tx *db.Tx) error {
			for _, id := range ids {
				if _, err := tx.Exec(`DELETE FROM blobs WHERE tenant_id = $1 AND blob_id = $2`, tenant, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// sweepExpired removes abandoned and released blobs, and old idempotency keys.
func (v *Vault) sweepExpired(ctx context.Context, tenant string) (some bool, err error) {
	if err := v.sweepBlobs(ctx, tenant, `state = $2`, blobReleased); err != nil {
		return false, err
	}
	if err := v.sweepBlobs(ctx, tenant, `state = '`+blobWriting+`' AND created_at < $2`, micros(v.Now().Add(-blobWritingFor))); err != nil {
		return false, err
	}
	before := micros(v.Now().Add(-idempotencyKept))
	var old int64
	err = v.DB.Get(ctx, tenant, `SELECT COUNT(*) FROM idempotency WHERE tenant_id = $1 AND created_at < $2`, []any{tenant, before}, &old)
	if err != nil || old == 0 {
		return false, err
	}
	return true, v.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM idempotency WHERE tenant_id = $1 AND created_at < $2`, tenant, before)
		return err
	})
}
