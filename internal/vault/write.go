package vault

import (
	"context"
	"sort"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/policy"
)

// Put creates a record (Target.Record empty) or replaces one. What the purpose may not see of an
// existing record stays as it is.
func (v *Vault) Put(ctx context.Context, c Caller, t Target, f Fields, cond Condition, idem Idempotency) (Stored, error) {
	return v.write(ctx, "record.put", c, t, f, cond, idem)
}

// Patch changes the fields given and no others; JSON null removes an optional one.
func (v *Vault) Patch(ctx context.Context, c Caller, t Target, f Fields, cond Condition, idem Idempotency) (Stored, error) {
	return v.write(ctx, "record.patch", c, t, f, cond, idem)
}

func (v *Vault) write(ctx context.Context, kind string, c Caller, t Target, f Fields, cond Condition, idem Idempotency) (Stored, error) {
	q := v.ask(kind, &c, decision.Write, &t, names(f))
	if err := v.admit(ctx, &q); err != nil {
		return Stored{}, err
	}
	if q.set.Storage == policy.Memory {
		return v.writeMemory(ctx, &q, f, cond, idem)
	}
	asked := t
	var out Stored
	err := v.changeFor(ctx, t.Tenant, &q, func(tx *db.Tx) (no, err error) {
		t = asked // the transaction may be run again: begin as the caller asked
		found, no, err := v.replay(tx, &q, idem, &out)
		if found || no != nil || err != nil {
			out.Replayed = found
			return no, err
		}
		out, no, err = v.writeIn(tx, &q, f, cond, idem)
		return no, err
	})
	if err != nil {
		return Stored{}, err
	}
	return out, nil
}

func names(f Fields) []string {
	out := make([]string, 0, len(f))
	for name := range f {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}

// writeIn puts or patches in tx. q.target.Record is set to the record written.
func (v *Vault) writeIn(tx *db.Tx, q *question, f Fields, cond Condition, idem Idempotency) (out Stored, no, err error) {
	t := q.target
	creating := t.Record == ""
	if creating && !q.set.Many {
		t.Record = single
	}
	s, r, err := v.loadRecord(tx, t)
	if err != nil {
		no, err = expected(err)
		return Stored{}, no, err
	}
	q.found = r != nil
	a := v.decide(q, s)
	if !a.Allow {
		no, err = v.refuseIn(tx, q, a)
		return Stored{}, no, err
	}
	r, no = q.row(r, creating, cond, tx.Now())
	if no != nil {
		return Stored{}, no, nil
	}
	items, no, err := v.merge(s, q, r, f)
	if no != nil || err != nil {
		return Stored{}, no, err
	}
	if no, err := v.claim(tx, s, q.set, r.id, items); no != nil || err != nil {
		return Stored{}, no, err
	}
	if err := v.store(tx, s, q.set, r, items); err != nil {
		return Stored{}, nil, err
	}
	out = Stored{Record: r.id, Version: r.version, Clauses: a.Clauses}
	q.found = true
	if err := v.remember(tx, q, s.id, idem, out); err != nil {
		return Stored{}, nil, err
	}
	e := v.entry(q, a)
	e.Version = r.version
	return out, nil, v.tell(tx, e)
}

// row says which row the write goes to, or why it may not: it returns the row with its version
// still that of the store, 0 for a new one.
func (q *question) row(r *row, creating bool, cond Condition, now time.Time) (*row, error) {
	version := int64(0)
	if r != nil {
		version = r.version
	}
	if no := cond.check(version); no != nil {
		return nil, no
	}
	t := q.target
	switch {
	case r != nil && creating:
		return nil, fault.New("vault.Put", fault.Conflict, "the subject has this record already").
			WithHint("replace it at its own address, %s", single)
	case r != nil:
		return r, nil
	case !creating && (q.kind == "record.patch" || t.Record != single || q.set.Many):
		return nil, errNoRecord()
	}
	if q.set.Many {
		t.Record = newRecordID(now)
	}
	return &row{id: t.Record, created: micros(now)}, nil
}

// merge returns the fields that the record will hold.
func (v *Vault) merge(s *subject, q *question, r *row, f Fields) (items []item, no, err error) {
	kept := map[string][]byte{}
	if r.version > 0 {
		plain, err := s.key.Open(nil, bindRecord(s.tenant, s.id, q.set.ID, r.id, r.version), r.sealed)
		if err != nil {
			return nil, nil, fault.Wrap("vault.merge", err)
		}
		if kept, err = v.keep(q, plain); err != nil {
			return nil, nil, err
		}
	}
	items, no = q.set.apply(kept, f)
	return items, no, nil
}

// keep returns what of the stored record stays: for a patch all, for a put what the purpose cannot
// see, and blobs, which have addresses of their own.
func (v *Vault) keep(q *question, plain []byte) (map[string][]byte, error) {
	visible := v.Rules.Visible(q.req.Purpose, q.req.DataSet)
	kept := map[string][]byte{}
	err := eachItem(plain, func(name, value []byte) error {
		at, declared := q.set.index[string(name)]
		if !declared { // the policy dropped the field: the next write drops the value
			return nil
		}
		if q.kind != "record.put" || !visible.Has(at) || q.set.Fields[at].Type == policy.Blob {
			kept[string(name)] = value
		}
		return nil
	})
	return kept, err
}

// apply changes the kept fields by those given, and says what is wrong with the outcome.
func (set *dataSet) apply(kept map[string][]byte, f Fields) (items []item, no error) {
	for name, raw := range f {
		field := &set.Fields[set.index[name]]
		if isNull(raw) && field.Type != policy.Blob {
			delete(kept, name)
			continue
		}
		value, err := canonical(field, raw)
		if err != nil {
			return nil, err
		}
		kept[name] = value
	}
	for i := range set.Fields {
		field := &set.Fields[i]
		if _, ok := kept[field.ID]; !ok && !field.Optional && field.Type != policy.Blob {
			return nil, fault.New("vault.apply", fault.Invalid, "the field is required").WithField("fields." + field.ID)
		}
	}
	for name, value := range kept {
		items = append(items, item{name, value})
	}
	return items, nil
}

// store seals the record as the next version and writes its row and look-ups.
func (v *Vault) store(tx *db.Tx, s *subject, set *dataSet, r *row, items []item) error {
	const op = "vault.store"
	v.forgetRow(tx, s.tenant, s.id, set.ID, r.id)
	r.version++
	r.updated = micros(tx.Now())
	sealed, err := s.key.Seal(nil, bindRecord(s.tenant, s.id, set.ID, r.id, r.version), encodeItems(nil, items))
	if err != nil {
		return fault.Wrap(op, err)
	}
	if r.version == 1 {
		_, err = tx.Exec(insertRecordRow,
			s.tenant, s.id, set.ID, r.id, r.version, sealed, r.created, r.updated)
	} else {
		_, err = tx.Exec(`UPDATE records SET version = $5, sealed = $6, updated_at = $7 WHERE tenant_id = $1 AND subject_id = $2 AND data_set = $3 AND record_id = $4`,
			s.tenant, s.id, set.ID, r.id, r.version, sealed, r.updated)
	}
	return fault.Wrap(op, err)
}

const insertRecordRow = `INSERT INTO records (tenant_id, subject_id, data_set, record_id, version, sealed, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

const deleteLookups = `DELETE FROM lookups WHERE tenant_id = $1 AND subject_id = $2 AND data_set = $3 AND record_id = $4`

// claim replaces a record's look-ups, and says no if another record holds a unique value. The look-up
// of a value is made under the tenant's newest key; while an epoch turns, others may still be under
// the one before, so each live key is asked. db runs the writes of one tenant one after the other, so
// between the question and the claim nobody else can claim.
func (v *Vault) claim(tx *db.Tx, s *subject, set *dataSet, record string, items []item) (no, err error) {
	const op = "vault.claim"
	if !set.finds {
		return nil, nil
	}
	keys, err := v.liveKeys(tx, s.tenant)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	if no, err := v.taken(tx, keys, s, set, record, items); no != nil || err != nil {
		return no, err
	}
	if _, err := tx.Exec(deleteLookups, s.tenant, s.id, set.ID, record); err != nil {
		return nil, fault.Wrap(op, err)
	}
	return nil, v.index(tx, keys[0], s, set, record, items)
}

// taken asks whether another record holds one of the unique values.
func (v *Vault) taken(tx *db.Tx, keys []*keyring.TenantKey, s *subject, set *dataSet, record string, items []item) (no, err error) {
	for _, it := range items {
		field := &set.Fields[set.index[it.name]]
		if !field.Unique {
			continue
		}
		for _, key := range keys {
			hash := key.Lookup(set.ID, field.ID, lookupValue(field, it.value))
			free, err := freeOf(tx, []any{s.tenant, set.ID, field.ID, hash[:]}, recordOf{s.id, record})
			if err != nil {
				return nil, fault.Wrap("vault.taken", err)
			}
			if free {
				continue
			}
			return fault.New("vault.taken", fault.Conflict, "another record holds this value, which must be unique").
				WithField("fields." + field.ID), nil
		}
	}
	return nil, nil
}

// recordOf names a record among a tenant's of one data set.
type recordOf struct{ subject, record string }

// freeOf reports whether nobody else holds the look-up. What an erased person held is free at once,
// though the sweep has not come yet.
func freeOf(tx *db.Tx, lookup []any, mine recordOf) (bool, error) {
	var holder, held string
	var lives int64
	err := tx.One(`SELECT l.subject_id, l.record_id, COUNT(s.subject_id) FROM lookups l
 LEFT JOIN subjects s ON s.tenant_id = l.tenant_id AND s.subject_id = l.subject_id
 WHERE l.tenant_id = $1 AND l.data_set = $2 AND l.field = $3 AND l.hash = $4 AND l.slot = '' GROUP BY l.subject_id, l.record_id`,
		lookup, &holder, &held, &lives)
	switch {
	case fault.Is(err, fault.NotFound):
		return true, nil
	case err != nil:
		return false, err
	case lives > 0:
		return recordOf{holder, held} == mine, nil
	}
	_, err = tx.Exec(`DELETE FROM lookups WHERE tenant_id = $1 AND data_set = $2 AND field = $3 AND hash = $4 AND slot = ''`, lookup...)
	return true, err
}

// index writes the look-ups of a record's values under a tenant key. The slot is what makes a unique
// value's row clash with any other of that value.
func (v *Vault) index(tx *db.Tx, key *keyring.TenantKey, s *subject, set *dataSet, record string, items []item) error {
	for _, it := range items {
		at, declared := set.index[it.name]
		if !declared || !(set.Fields[at].Find || set.Fields[at].Unique) {
			continue
		}
		field := &set.Fields[at]
		slot := s.id + "/" + record // a record id of its own is unique only within a person
		if field.Unique {
			slot = ""
		}
		hash := key.Lookup(set.ID, field.ID, lookupValue(field, it.value))
		_, err := tx.Exec(`INSERT INTO lookups (tenant_id, data_set, field, hash, slot, subject_id, record_id, tenant_key_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			s.tenant, set.ID, field.ID, hash[:], slot, s.id, record, key.ID().String())
		if err != nil {
			return fault.Wrap("vault.index", err)
		}
	}
	return nil
}
