package vault

import (
	"context"
	"errors"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// expireRows is how many records one transaction deletes for their age.
const expireRows = 200

// Expire deletes the records of data sets that are kept for a time of their own, once that has passed since
// they were last changed, without anyone asking. What a legal hold stands on is left until it ends. It may
// be interrupted anywhere and goes on the next time.
func (v *Vault) Expire(ctx context.Context) error {
	const op = "vault.Expire"
	var timed []*dataSet
	for _, set := range v.sets {
		if set.Keep > 0 {
			timed = append(timed, set)
		}
	}
	if len(timed) == 0 {
		return nil
	}
	tenants, err := v.tenants(ctx)
	if err != nil {
		return fault.Wrap(op, err)
	}
	var failed error
	for _, set := range timed {
		if set.Storage == policy.Memory {
			failed = errors.Join(failed, v.expireMemory(ctx, set))
			continue
		}
		for _, t := range tenants {
			if t.State == tenantActive && ctx.Err() == nil {
				failed = errors.Join(failed, v.expireSet(ctx, t.ID, set))
			}
		}
	}
	return fault.Wrap(op, failed)
}

// tooOld is the time at which a record of the set was last changed that is now too old.
func (v *Vault) tooOld(set *dataSet) int64 { return micros(v.Now().Add(-set.Keep)) }

// unheld are the records, as r, of people on whom no hold stands that names the data set. What a hold keeps
// of somebody erased goes when the hold ends.
const unheldRecords = ` NOT EXISTS (SELECT 1 FROM holds h WHERE h.tenant_id = r.tenant_id AND
 (h.copy_id = r.subject_id OR h.subject_id = r.subject_id AND h.fields LIKE '%"' || r.data_set || '.%'))`

// Aged counts the records of a data set, over all tenants, that were last changed before a time and on which no
// hold stands.
func Aged(ctx context.Context, d *db.DB, tenants []string, dataSet string, before time.Time) (aged int64, err error) {
	for _, tenant := range tenants {
		var n int64
		err := d.Get(ctx, tenant, `SELECT COUNT(*) FROM records r WHERE r.tenant_id = $1 AND r.data_set = $2 AND r.updated_at < $3 AND`+unheldRecords,
			[]any{tenant, dataSet, micros(before)}, &n)
		if err != nil {
			return aged, fault.Wrap("vault.Aged", err)
		}
		aged += n
	}
	return aged, nil
}

func (v *Vault) expireSet(ctx context.Context, tenant string, set *dataSet) error {
	for {
		found, gone := 0, 0
		err := v.DB.Write(ctx, tenant, func(tx *db.Tx) error {
			found, gone = 0, 0
			old, err := recordsBefore(tx, tenant, set.ID, v.tooOld(set))
			if err != nil {
				return err
			}
			found = len(old)
			for _, at := range old {
				dropped, err := v.expireRecord(tx, set, &Target{Tenant: tenant, Subject: at.subject, DataSet: set.ID, Record: at.record})
				if err != nil {
					return err
				}
				if dropped {
					gone++
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if gone > 0 {
			v.unscrubbed.Store(true)
		}
		if found < expireRows || gone == 0 { // those left belong to people who were just erased
			return nil
		}
	}
}

func recordsBefore(tx *db.Tx, tenant, dataSet string, before int64) (old []recordOf, err error) {
	err = tx.Each(`SELECT r.subject_id, r.record_id FROM records r WHERE r.tenant_id = $1 AND r.data_set = $2 AND r.updated_at < $3 AND`+unheldRecords+` LIMIT $4`,
		[]any{tenant, dataSet, before, expireRows}, func(scan func(...any) error) error {
			var at recordOf
			err := scan(&at.subject, &at.record)
			old = append(old, at)
			return err
		})
	return old, err
}

// expireRecord deletes a record that is too old. It does not if its person is gone: the sweep will.
func (v *Vault) expireRecord(tx *db.Tx, set *dataSet, t *Target) (dropped bool, err error) {
	s, r, err := v.loadRecord(tx, t)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased) || err == nil && r == nil {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if err := v.dropRecord(tx, t, set, s, r); err != nil {
		return false, err
	}
	return true, ledger.Append(tx, expired(s, set, r.id, r.version))
}

func expired(s *subject, set *dataSet, record string, version int64) proof.Entry {
	return proof.Entry{
		Kind: "record.expire", Actor: maintenance, Subject: s.state.alias, DataSet: set.ID, Record: record, Version: version, Answer: proof.Allow,
	}
}

// expireMemory is expireSet for a data set that is held in memory only.
func (v *Vault) expireMemory(ctx context.Context, set *dataSet) error {
	for p, places := range v.memory.before(set.ID, v.tooOld(set)) {
		s, err := v.standingOf(ctx, &Target{Tenant: p.tenant, Subject: p.subject})
		if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased) {
			continue // the sweep sees to it
		}
		if err != nil {
			return err
		}
		for _, at := range places {
			if err := v.expirePlace(ctx, p, at, s, set); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *Vault) expirePlace(ctx context.Context, p person, at place, s *subject, set *dataSet) error {
	lock := v.memory.lock(p)
	lock.Lock()
	defer lock.Unlock()
	r, ok := v.memory.get(p, at)
	if !ok || r.updated >= v.tooOld(set) {
		return nil
	}
	if err := v.record(ctx, p.tenant, expired(s, set, at.record, r.version)); err != nil {
		return err
	}
	v.memory.remove(p, at)
	return nil
}

// before returns where rows of a data set lie that were last changed before a time, by person.
func (m *memory) before(dataSet string, at int64) map[person][]place {
	m.mu.RLock()
	defer m.mu.RUnlock()
	old := map[person][]place{}
	for p, h := range m.people {
		for where, r := range h.rows {
			if where.dataSet == dataSet && r.updated < at {
				old[p] = append(old[p], where)
			}
		}
	}
	return old
}
