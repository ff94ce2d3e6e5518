package vault

import (
	"context"
	"errors"
	"strconv"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

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
	if err := v.sweepMemory(ctx); err != nil {
		return fault.Wrap("vault.Sweep", err)
	}
	var failed error // the first: one tenant's object that cannot be removed must not keep what is another's
	for _, t := range tenants {
		if err := v.sweepTenant(ctx, t.ID); err != nil && failed == nil {
			failed = fault.Wrap("vault.Sweep", err)
		}
		if ctx.Err() != nil {
			return failed
		}
	}
	if !v.unscrubbed.Load() {
		return failed
	}
	v.unscrubbed.Store(false) // first: what another call deletes while this one scrubs counts again
	if err := v.DB.Scrub(ctx); err != nil {
		v.unscrubbed.Store(true)
		return errors.Join(failed, fault.Wrap("vault.Sweep", err))
	}
	return failed
}

func (v *Vault) sweepTenant(ctx context.Context, tenant string) error {
	var pending []string
	err := v.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		pending = nil
		return tx.Each(`SELECT subject_id FROM sweeps WHERE tenant_id = $1 ORDER BY requested_at LIMIT 1000`, []any{tenant}, func(scan func(...any) error) error {
			var subject string
			err := scan(&subject)
			pending = append(pending, subject)
			return err
		})
	})
	if err != nil {
		return err
	}
	for _, subject := range pending {
		v.unscrubbed.Store(true)
		if err := v.sweepOne(ctx, tenant, subject); err != nil {
			return err
		}
	}
	return v.sweepExpired(ctx, tenant)
}

// sweepOne removes everything of one person, or with subject "" of the tenant. The row of sweeps
// goes last, and with it the person's id.
func (v *Vault) sweepOne(ctx context.Context, tenant, subject string) error {
	if err := v.sweepBlobs(ctx, tenant, `state <> '`+blobWriting+`' AND (subject_id = $2 OR $2 = '')`, subject); err != nil {
		return err
	}
	if subject == "" { // the folders stay otherwise: an upload may be about to use one
		if err := v.Objects.RemoveTenant(ctx, tenant); err != nil {
			return fault.Wrap("vault.sweepOne", err)
		}
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
		// An upload under way could leave its object behind later than now: its row stays, and names nobody.
		_, err := tx.Exec(`UPDATE blobs SET subject_id = '' WHERE tenant_id = $1 AND subject_id = $2 AND state = $3`, tenant, subject, blobWriting)
		if err != nil {
			return err
		}
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

// sweepBlobs removes the objects, then the rows, of the blobs that match: what could not be removed is
// found again.
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
		if err := v.Objects.Remove(ctx, tenant, ids...); err != nil {
			return fault.Wrap("vault.sweepBlobs", err)
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
func (v *Vault) sweepExpired(ctx context.Context, tenant string) error {
	if err := v.sweepReleased(ctx, tenant); err != nil {
		return err
	}
	if err := v.sweepBlobs(ctx, tenant, `state = '`+blobWriting+`' AND created_at < $2`, micros(v.Now().Add(-blobWritingFor))); err != nil {
		return err
	}
	before := micros(v.Now().Add(-idempotencyKept))
	var old int64
	err := v.DB.Get(ctx, tenant, `SELECT COUNT(*) FROM idempotency WHERE tenant_id = $1 AND created_at < $2`, []any{tenant, before}, &old)
	if err != nil || old == 0 {
		return err
	}
	v.unscrubbed.Store(true)
	return v.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM idempotency WHERE tenant_id = $1 AND created_at < $2`, tenant, before)
		return err
	})
}

// sweepReleased removes blobs that no record holds any more, unless a backup is being made: the records
// in it may still hold them.
func (v *Vault) sweepReleased(ctx context.Context, tenant string) error {
	if !v.copying.TryLock() {
		return nil
	}
	defer v.copying.Unlock()
	return v.sweepBlobs(ctx, tenant, `state = $2`, blobReleased)
}
