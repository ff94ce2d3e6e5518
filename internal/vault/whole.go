package vault

import (
	"context"
	"io"
	"sort"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// Whole reads all that is stored of one person, whatever the purpose it is stored for: what the right of
// access is about (GDPR art. 15). It reads a page at a time, each as the store is then, and ends with
// Erased when the person is erased meanwhile.
type Whole struct {
	Standing
	Since time.Time // when the person was made
	v     *Vault
	t     Target
}

// wholePage is how many records are read at a time.
const wholePage = 200

// Whole decides on handing out all of a person, and records the answer before it returns.
func (v *Vault) Whole(ctx context.Context, c Caller, tenant, subject string) (*Whole, error) {
	w := &Whole{v: v, t: Target{Tenant: tenant, Subject: subject}}
	q := v.ask("subject.export", &c, decision.Manage, &w.t, nil)
	if err := v.admit(ctx, &q); err != nil {
		return nil, err
	}
	err := v.changeFor(ctx, tenant, &q, func(tx *db.Tx) (no, err error) {
		s, no, err := v.manage(tx, &q)
		if s == nil {
			return no, err
		}
		w.Standing = s.stands()
		var since int64
		err = tx.One(`SELECT created_at FROM subjects WHERE tenant_id = $1 AND subject_id = $2`, []any{tenant, subject}, &since)
		w.Since = fromMicros(since)
		return nil, err
	})
	if err != nil {
		return nil, err
	}
	return w, nil
}

// DataSets returns the data sets of which the person may have records: those of the policy, in its order,
// then those it no longer declares.
func (w *Whole) DataSets(ctx context.Context) (all []string, err error) {
	for i := range w.v.Policy.Data {
		all = append(all, w.v.Policy.Data[i].ID)
	}
	declared := len(all)
	err = w.v.DB.Read(ctx, w.t.Tenant, func(tx *db.Tx) error {
		all = all[:declared]
		return tx.Each(`SELECT DISTINCT data_set FROM records WHERE tenant_id = $1 AND subject_id = $2 ORDER BY data_set`,
			[]any{w.t.Tenant, w.t.Subject}, func(scan func(...any) error) error {
				var id string
				err := scan(&id)
				if w.v.sets[id] == nil {
					all = append(all, id)
				}
				return err
			})
	})
	return all, fault.Wrap("vault.Whole.DataSets", err)
}

// Records calls fn with each record of a data set, in order of creation, with all its fields: also those
// that the policy no longer declares. A blob is shown by its size and type.
func (w *Whole) Records(ctx context.Context, dataSet string, fn func(*Record) error) error {
	const op = "vault.Whole.Records"
	if set := w.v.sets[dataSet]; set != nil && set.Storage == policy.Memory {
		return w.memory(ctx, dataSet, fn)
	}
	t := w.t
	t.DataSet = dataSet
	for after := ""; ; {
		var page []Record
		err := w.v.DB.Read(ctx, t.Tenant, func(tx *db.Tx) error {
			page = page[:0]
			s, err := w.v.load(tx, t.Tenant, t.Subject)
			if err != nil {
				return err
			}
			rows, err := readRows(tx, &t, after, wholePage)
			for i := range rows {
				out, err := wholeRecord(s, dataSet, &rows[i])
				if err != nil {
					return err
				}
				page = append(page, out)
			}
			return err
		})
		if err != nil {
			return fault.Wrap(op, err)
		}
		for i := range page {
			if err := fn(&page[i]); err != nil {
				return err
			}
		}
		if len(page) < wholePage {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

func wholeRecord(s *subject, dataSet string, r *row) (Record, error) {
	plain, err := s.key.Open(nil, bindRecord(s.tenant, s.id, dataSet, r.id, r.version), r.sealed)
	if err != nil {
		return Record{}, err
	}
	fields, err := wholeFields(plain)
	return Record{
		ID: r.id, Subject: s.id, DataSet: dataSet, Version: r.version,
		Created: fromMicros(r.created), Updated: fromMicros(r.updated), Fields: fields,
	}, err
}

// wholeFields is a record's plaintext as a JSON object. The only values that are objects are references
// to blobs, whose keys are for nobody: also where the policy has dropped the field.
func wholeFields(plain []byte) ([]byte, error) {
	out := append(make([]byte, 0, len(plain)+32), '{')
	err := eachItem(plain, func(name, value []byte) (err error) {
		if len(value) > 0 && value[0] == '{' {
			if value, err = publicBlob(value); err != nil {
				return err
			}
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(append(out, '"'), name...), '"', ':'), value...)
		return nil
	})
	return append(out, '}'), err
}

// memory is Records for a data set that is held in memory only.
func (w *Whole) memory(ctx context.Context, dataSet string, fn func(*Record) error) error {
	const op = "vault.Whole.memory"
	if _, err := w.v.standingOf(ctx, &w.t); err != nil { // another server may have erased the person
		return fault.Wrap(op, err)
	}
	rows := w.v.memory.rowsOf(person{w.t.Tenant, w.t.Subject}, dataSet)
	ids := make([]string, 0, len(rows))
	for id := range rows {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	for _, id := range ids {
		r := rows[id]
		plain, err := w.v.memory.aead.Open(nil, nil, r.sealed, bindRecord(w.t.Tenant, w.t.Subject, dataSet, id, r.version))
		if err != nil {
			return fault.As(op, fault.Other, err)
		}
		fields, err := wholeFields(plain)
		if err != nil {
			return err
		}
		err = fn(&Record{
			ID: id, Subject: w.t.Subject, DataSet: dataSet, Version: r.version,
			Created: fromMicros(r.created), Updated: fromMicros(r.updated), Fields: fields,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rowsOf returns what is held of a person in one data set, by record.
func (m *memory) rowsOf(p person, dataSet string) map[string]memoryRow {
	m.mu.RLock()
	defer m.mu.RUnlock()
	rows := map[string]memoryRow{}
	if h := m.people[p]; h != nil {
		for at, r := range h.rows {
			if at.dataSet == dataSet {
				rows[at.record] = r
			}
		}
	}
	return rows
}

// Blob opens a blob of a record.
func (w *Whole) Blob(ctx context.Context, set, record, field string) (BlobInfo, io.ReadCloser, error) {
	const op = "vault.Whole.Blob"
	t := w.t
	t.DataSet, t.Record = set, record
	var s *subject
	var ref *blobRef
	err := w.v.DB.Read(ctx, t.Tenant, func(tx *db.Tx) error {
		found, r, err := w.v.loadRecord(tx, &t)
		if err != nil {
			return err
		}
		s = found
		ref, err = w.v.blobOf(s, &dataSet{DataSet: &policy.DataSet{ID: t.DataSet}}, r, field)
		return err
	})
	if err != nil {
		return BlobInfo{}, nil, fault.Wrap(op, err)
	}
	return w.v.openBlob(ctx, s, &t, field, ref)
}
