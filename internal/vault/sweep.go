package vault

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// maintenance is the actor of what the server does by itself.
const maintenance = "clause"

// Swept is what the sweep of an erased person, or with Subject "" of a tenant, has to tell when it is over.
type Swept struct {
	Subject string
	Copy    string           // what a legal hold keeps of them: it is swept under this id once that ends
	Keys    []string         // ids of the keys that were destroyed
	Removed map[string]int64 // what went, by table; records by data set, as records.calls
	Erased  time.Time        // when the keys were destroyed
}

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
		if err := (&sweep{v, tenant, subject}).run(ctx); err != nil {
			return err
		}
	}
	return v.sweepExpired(ctx, tenant)
}

// askSweep asks for a sweep, once however often it is called, and notes the keys that were destroyed.
func askSweep(tx *db.Tx, tenant, subject string, keys ...string) error {
	var noted string
	err := tx.One(`SELECT keys FROM sweeps WHERE tenant_id = $1 AND subject_id = $2`, []any{tenant, subject}, &noted)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	all := listed(noted)
	for _, key := range keys {
		if !slices.Contains(all, key) {
			all = append(all, key)
		}
	}
	_, err = tx.Exec(`INSERT INTO sweeps (tenant_id, subject_id, requested_at, done_at, keys, removed) VALUES ($1, $2, $3, 0, $4, '')
 ON CONFLICT (tenant_id, subject_id) DO UPDATE SET keys = excluded.keys`, tenant, subject, micros(tx.Now()), strings.Join(all, ","))
	return err
}

// listed takes a list apart.
func listed(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}

// sweep removes everything of one person, or with subject "" of the tenant.
type sweep struct {
	v               *Vault
	tenant, subject string
}

// run removes objects, then rows, and ends the sweep once reading back finds nothing.
func (s *sweep) run(ctx context.Context) error {
	const op = "vault.sweep"
	err := s.v.sweepBlobs(ctx, s.tenant, `state <> '`+blobWriting+`' AND (subject_id = $2 OR $2 = '')`, s.subject, s.count)
	if err != nil {
		return err
	}
	if s.subject == "" { // the folders stay otherwise: an upload may be about to use one
		if err := s.v.Objects.RemoveTenant(ctx, s.tenant); err != nil {
			return fault.Wrap(op, err)
		}
	}
	for _, table := range db.Tables() {
		if err := s.table(ctx, table); err != nil {
			return fault.Wrap(op, err)
		}
	}
	if s.subject == "" {
		left, err := s.v.Objects.Left(ctx, s.tenant)
		if err != nil || left > 0 { // an upload that was under way: the next sweep removes it
			return fault.Wrap(op, err)
		}
	}
	return fault.Wrap(op, s.v.DB.Write(ctx, s.tenant, s.end))
}

// concerns says which rows of a table go with the person or the tenant; "" for none.
func (s *sweep) concerns(t db.Table) (where string) {
	switch {
	case !t.PerTenant || t.Name == "blobs" || t.Outlives == db.EveryRow || s.subject != "" && t.Person != db.Goes:
		return ""
	case s.subject != "":
		return `subject_id = $2`
	case t.Outlives != "":
		return `NOT (` + t.Outlives + `) AND $2 = ''`
	}
	return `$2 = ''`
}

// count notes blobs that were removed.
func (s *sweep) count(tx *db.Tx, blobs int) error {
	return s.note(tx, map[string]int64{"blobs": int64(blobs)})
}

// note adds to what was removed, in the transaction that removes it: a sweep that is cut short counts right.
func (s *sweep) note(tx *db.Tx, removed map[string]int64) error {
	row, err := s.row(tx)
	if err != nil {
		return err
	}
	for label, n := range removed {
		row.Removed[label] += n
	}
	text, err := json.Marshal(row.Removed)
	if err != nil {
		return fault.As("vault.note", fault.Other, err)
	}
	_, err = tx.Exec(`UPDATE sweeps SET removed = $3 WHERE tenant_id = $1 AND subject_id = $2`, s.tenant, s.subject, string(text))
	return err
}

// row reads how far the sweep has come.
func (s *sweep) row(tx *db.Tx) (Swept, error) {
	out := Swept{Subject: s.subject, Removed: map[string]int64{}}
	var keys, removed string
	var requested int64
	err := tx.One(`SELECT requested_at, keys, removed FROM sweeps WHERE tenant_id = $1 AND subject_id = $2`, []any{s.tenant, s.subject}, &requested, &keys, &removed)
	if fault.Is(err, fault.NotFound) { // another server has ended it
		return out, nil
	}
	if err != nil {
		return out, err
	}
	out.Erased, out.Keys = fromMicros(requested), listed(keys)
	if removed == "" {
		return out, nil
	}
	return out, fault.As("vault.sweep", fault.Other, json.Unmarshal([]byte(removed), &out.Removed))
}

// Sweeping tells what the sweep of a person, or with subject "" of the transaction's tenant, has removed so far;
// nil if none is under way.
func Sweeping(tx *db.Tx, subject string) (map[string]int64, error) {
	var n int64
	err := tx.One(`SELECT COUNT(*) FROM sweeps WHERE tenant_id = $1 AND subject_id = $2`, []any{tx.Tenant(), subject}, &n)
	if err != nil || n == 0 {
		return nil, err
	}
	row, err := (&sweep{tenant: tx.Tenant(), subject: subject}).row(tx)
	return row.Removed, err
}

// end ends the sweep if nothing is left. The row of sweeps goes last, and with it the person's id.
func (s *sweep) end(tx *db.Tx) error {
	if err := s.unname(tx); err != nil {
		return err
	}
	left, err := s.left(tx)
	if err != nil || left > 0 {
		return err
	}
	done, err := s.row(tx)
	if err != nil {
		return err
	}
	n, err := tx.Exec(`DELETE FROM sweeps WHERE tenant_id = $1 AND subject_id = $2`, s.tenant, s.subject)
	if err != nil || n == 0 {
		return err
	}
	if h, err := holdIn(tx, s.tenant, s.subject); err == nil {
		done.Copy = h.Copy
	} else if !fault.Is(err, fault.NotFound) {
		return err
	}
	err = ledger.Append(tx, proof.Entry{Kind: "erasure.swept", Actor: maintenance, Detail: map[string]string{"rows": strconv.FormatInt(done.rows(), 10), "left": "0"}})
	if err != nil || s.v.Swept == nil {
		return err
	}
	return s.v.Swept(tx, done)
}

// rows is how many rows went, blobs apart.
func (s *Swept) rows() (n int64) {
	for label, some := range s.Removed {
		if label != "blobs" {
			n += some
		}
	}
	return n
}

// unname takes the person's id from the rows that stay. An upload under way could leave its object behind
// later than now: its row stays, and names nobody.
func (s *sweep) unname(tx *db.Tx) error {
	if s.subject == "" {
		return nil
	}
	_, err := tx.Exec(`UPDATE blobs SET subject_id = '' WHERE tenant_id = $1 AND subject_id = $2 AND state = $3`, s.tenant, s.subject, blobWriting)
	for _, t := range db.Tables() {
		if err == nil && t.Person == db.Unnamed {
			_, err = tx.Exec(`UPDATE `+t.Name+` SET subject_id = '' WHERE tenant_id = $1 AND subject_id = $2`, s.tenant, s.subject)
		}
	}
	return err
}

// left reads back: how many rows the sweep was to remove and has not.
func (s *sweep) left(tx *db.Tx) (left int64, err error) {
	for _, t := range db.Tables() {
		where := s.concerns(t)
		if t.Name == "blobs" {
			where = `(subject_id = $2 OR $2 = '')`
		}
		if where == "" {
			continue
		}
		var n int64
		if err := tx.One(`SELECT COUNT(*) FROM `+t.Name+` WHERE tenant_id = $1 AND `+where, []any{s.tenant, s.subject}, &n); err != nil {
			return left, err
		}
		left += n
	}
	return left, nil
}

// sweepBlobs removes the objects, then the rows, of the blobs that match: what could not be removed is
// found again. count, which may be nil, is told in the transaction.
func (v *Vault) sweepBlobs(ctx context.Context, tenant, where string, arg any, count func(*db.Tx, int) error) error {
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
			removed := 0
			for _, id := range ids {
				n, err := tx.Exec(`DELETE FROM blobs WHERE tenant_id = $1 AND blob_id = $2`, tenant, id)
				if err != nil {
					return err
				}
				removed += int(n)
			}
			if count == nil || removed == 0 {
				return nil
			}
			return count(tx, removed)
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
	if err := v.sweepBlobs(ctx, tenant, `state = '`+blobWriting+`' AND created_at < $2`, micros(v.Now().Add(-blobWritingFor)), nil); err != nil {
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
	return v.sweepBlobs(ctx, tenant, `state = $2`, blobReleased, nil)
}
