package vault

import (
	"context"
	"strconv"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// row is a record as stored.
type row struct {
	id               string
	version          int64
	sealed           []byte
	created, updated int64
}

const selectRecord = `SELECT ` + subjectColumns + `, COALESCE(r.version, 0), r.sealed, COALESCE(r.created_at, 0), COALESCE(r.updated_at, 0) FROM subjects s
 LEFT JOIN records r ON r.tenant_id = s.tenant_id AND r.subject_id = s.subject_id AND r.data_set = $3 AND r.record_id = $4
 WHERE s.tenant_id = $1 AND s.subject_id = $2`

// Get reads one record. It returns when the entry that tells of the read is durable.
func (v *Vault) Get(ctx context.Context, c Caller, t Target) (Record, error) {
	q := v.ask("record.read", &c, decision.Read, &t, t.Fields)
	if err := v.admit(ctx, &q); err != nil {
		return Record{}, err
	}
	if q.set.Storage == policy.Memory {
		return v.getMemory(ctx, &q)
	}
	var out Record
	_, err := v.read(ctx, &q, func(s *subject, r *row, a decision.Answer) (err error) {
		out, err = v.open(s, q.set, r, a)
		return err
	})
	if err != nil {
		return Record{}, err
	}
	return out, nil
}

// read finds the record asked for, decides, has use open what the answer allows, and records it, all
// in one transaction: what was decided on is what is recorded. The writer's transaction, which the
// entry needs anyway, also saves the cost of a snapshot. Nothing of what use made may be released
// before read returns. It returns whose record it is.
func (v *Vault) read(ctx context.Context, q *question, use func(*subject, *row, decision.Answer) error) (s *subject, err error) {
	err = v.change(ctx, q.target.Tenant, func(tx *db.Tx) (no, err error) {
		var r *row
		if s, r, err = v.fetch(tx, q.target); err != nil {
			return v.absentIn(tx, q, err)
		}
		q.found = r != nil
		if err := v.lookUpTerms(tx, q); err != nil {
			return nil, err
		}
		a := v.decide(q, s)
		if !a.Allow {
			return v.refuseIn(tx, q, a)
		}
		if r == nil {
			return v.absentIn(tx, q, errNoRecord())
		}
		if err := use(s, r, a); err != nil {
			return v.absentIn(tx, q, err)
		}
		e := v.entry(q, a)
		e.Version = r.version
		return nil, v.tell(tx, e)
	})
	return s, err
}

// fetch reads a person and a record of theirs with one statement, or remembers them. The row is nil if
// there is none.
func (v *Vault) fetch(tx *db.Tx, t *Target) (*subject, *row, error) {
	if !isID(subjectPrefix, t.Subject) {
		return nil, nil, errNobody()
	}
	if !isRecordID(t.Record) {
		s, err := v.load(tx, t.Tenant, t.Subject)
		return s, nil, err
	}
	if s, r, err := v.recall(tx, t); r != nil || err != nil {
		return s, r, err
	}
	var r subjectRow
	rec := row{id: t.Record}
	err := tx.One(selectRecord, []any{t.Tenant, t.Subject, t.DataSet, t.Record},
		append(r.dest(), &rec.version, &rec.sealed, &rec.created, &rec.updated)...)
	if err != nil {
		return nil, nil, nobodyIf(err)
	}
	s, err := v.unseal(tx, t.Tenant, t.Subject, &r)
	if err != nil || rec.version == 0 {
		return s, nil, err
	}
	v.memorise(tx, s, t.DataSet, &rec)
	return s, &rec, nil
}

// absent records that something allowed was looked for and is not there, or was erased; guessing
// leaves a trace. Any other error is returned as it is.
func (v *Vault) absent(ctx context.Context, q *question, err error) error {
	return v.change(ctx, v.logOf(q), func(tx *db.Tx) (no, failure error) { return v.absentIn(tx, q, err) })
}

// absentIn is absent in a transaction that changed nothing.
func (v *Vault) absentIn(tx *db.Tx, q *question, err error) (no, failure error) {
	if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Erased) {
		return nil, err
	}
	q.told = true
	return err, v.nothing(tx, q, err)
}

func errNoRecord() error {
	return fault.New("vault.record", fault.NotFound, "the subject has no such record")
}

// open decrypts a row and projects it to what the answer allows.
func (v *Vault) open(s *subject, set *dataSet, r *row, a decision.Answer) (Record, error) {
	plain, err := s.key.Open(nil, bindRecord(s.tenant, s.id, set.ID, r.id, r.version), r.sealed)
	if err != nil {
		return Record{}, fault.Wrap("vault.open", err)
	}
	fields, err := set.project(plain, a.Fields)
	if err != nil {
		return Record{}, err
	}
	return Record{
		ID: r.id, Subject: s.id, DataSet: set.ID, Version: r.version,
		Created: fromMicros(r.created), Updated: fromMicros(r.updated), Fields: fields, Clauses: a.Clauses,
	}, nil
}

// project copies the visible fields of a record's plaintext into a JSON object. A field that the
// policy no longer declares is not visible to anyone.
func (set *dataSet) project(plain []byte, visible decision.Fields) ([]byte, error) {
	out := append(make([]byte, 0, len(plain)+32), '{')
	err := eachItem(plain, func(name, value []byte) error {
		at, ok := set.index[string(name)]
		if !ok || !visible.Has(at) {
			return nil
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, '"'), name...), '"', ':')
		if set.Fields[at].Type == policy.Blob {
			public, err := publicBlob(value)
			out = append(out, public...)
			return err
		}
		out = append(out, value...)
		return nil
	})
	return append(out, '}'), err
}

const maxList = 100

// List reads a page of a person's records of one data set, in order of creation, after the record
// named. next is empty at the end.
func (v *Vault) List(ctx context.Context, c Caller, t Target, after string, limit int) (page []Record, next string, err error) {
	q := v.ask("record.list", &c, decision.Read, &t, t.Fields)
	if err := v.admit(ctx, &q); err != nil {
		return nil, "", err
	}
	if after != "" && !isRecordID(after) {
		return nil, "", fault.New("vault.List", fault.Invalid, "the cursor is not one of this server's")
	}
	if limit < 1 || limit > maxList {
		limit = maxList
	}
	if q.set.Storage == policy.Memory {
		return v.listMemory(ctx, &q, after, limit)
	}
	var s *subject
	var rows []row
	err = v.DB.Read(ctx, t.Tenant, func(tx *db.Tx) error {
		if s, err = v.load(tx, t.Tenant, t.Subject); err != nil {
			return err
		}
		if rows, err = readRows(tx, &t, after, limit+1); err != nil {
			return err
		}
		return v.lookUpTerms(tx, &q)
	})
	if err != nil {
		return nil, "", v.absent(ctx, &q, err)
	}
	return v.releaseList(ctx, &q, s, rows, limit)
}

func readRows(tx *db.Tx, t *Target, after string, limit int) ([]row, error) {
	var rows []row
	err := tx.Each(`SELECT record_id, version, sealed, created_at, updated_at FROM records
 WHERE tenant_id = $1 AND subject_id = $2 AND data_set = $3 AND record_id > $4 ORDER BY record_id LIMIT $5`,
		[]any{t.Tenant, t.Subject, t.DataSet, after, limit}, func(scan func(...any) error) error {
			var r row
			err := scan(&r.id, &r.version, &r.sealed, &r.created, &r.updated)
			rows = append(rows, r)
			return err
		})
	return rows, err
}

// releaseList decides, decrypts, records one entry that says which records were shown, and returns
// the page.
func (v *Vault) releaseList(ctx context.Context, q *question, s *subject, rows []row, limit int) (page []Record, next string, err error) {
	a := v.decide(q, s)
	if !a.Allow {
		return nil, "", v.refuse(ctx, q, a)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		next = rows[limit-1].id
	}
	for i := range rows {
		out, err := v.open(s, q.set, &rows[i], a)
		if err != nil {
			return nil, "", v.absent(ctx, q, err)
		}
		page = append(page, out)
	}
	if err := v.record(ctx, q.target.Tenant, v.listEntry(q, s, page, a)); err != nil {
		return nil, "", err
	}
	return page, next, nil
}

// listEntry tells which records were shown: their ids lie between from and to, none left out.
func (v *Vault) listEntry(q *question, s *subject, page []Record, a decision.Answer) proof.Entry {
	e := v.entry(q, a)
	note(&e, "count", strconv.Itoa(len(page)))
	if len(page) > 0 {
		e.Detail["from"], e.Detail["to"] = page[0].ID, page[len(page)-1].ID
	}
	return e
}

// Delete deletes one record.
func (v *Vault) Delete(ctx context.Context, c Caller, t Target, cond Condition) error {
	q := v.ask("record.delete", &c, decision.Delete, &t, nil)
	if err := v.admit(ctx, &q); err != nil {
		return err
	}
	if q.set.Storage == policy.Memory {
		return v.deleteMemory(ctx, &q, cond)
	}
	return v.changeFor(ctx, t.Tenant, &q, func(tx *db.Tx) (no, err error) { return v.deleteIn(tx, &q, cond) })
}

func (v *Vault) deleteIn(tx *db.Tx, q *question, cond Condition) (no, err error) {
	t := q.target
	s, r, err := v.loadRecord(tx, t)
	if err != nil {
		return expected(err)
	}
	q.found = r != nil
	a := v.decide(q, s)
	if !a.Allow {
		return v.refuseIn(tx, q, a)
	}
	if r == nil {
		return errNoRecord(), nil
	}
	if no := cond.check(r.version); no != nil {
		return no, nil
	}
	if err := v.dropRecord(tx, t, q.set, s, r); err != nil {
		return nil, err
	}
	e := v.entry(q, a)
	e.Version = r.version
	return nil, v.tell(tx, e)
}

// dropRecord deletes a record's row and look-ups, and lets go of its blobs.
func (v *Vault) dropRecord(tx *db.Tx, t *Target, set *dataSet, s *subject, r *row) error {
	v.forgetRow(tx, t.Tenant, t.Subject, t.DataSet, t.Record)
	ids := []any{t.Tenant, t.Subject, t.DataSet, t.Record}
	for _, statement := range [...]string{
		`DELETE FROM records WHERE tenant_id = $1 AND subject_id = $2 AND data_set = $3 AND record_id = $4`,
		deleteLookups,
	} {
		if _, err := tx.Exec(statement, ids...); err != nil {
			return fault.Wrap("vault.dropRecord", err)
		}
	}
	return v.releaseBlobs(tx, set, s, r)
}

// loadRecord reads a person and a record of theirs in tx. The row is nil if there is none.
func (v *Vault) loadRecord(tx *db.Tx, t *Target) (*subject, *row, error) {
	s, err := v.load(tx, t.Tenant, t.Subject)
	if err != nil || !isRecordID(t.Record) {
		return s, nil, err
	}
	r := &row{id: t.Record}
	err = tx.One(`SELECT version, sealed, created_at, updated_at FROM records WHERE tenant_id = $1 AND subject_id = $2 AND data_set = $3 AND record_id = $4`,
		[]any{t.Tenant, t.Subject, t.DataSet, t.Record}, &r.version, &r.sealed, &r.created, &r.updated)
	if fault.Is(err, fault.NotFound) {
		return s, nil, nil
	}
	return s, r, err
}

// check returns why a change conditional on c does not happen to a record of the version, 0 for
// none.
func (c Condition) check(version int64) error {
	if !c.Set || c.Version == version {
		return nil
	}
	if c.Version == 0 {
		return fault.New("vault.check", fault.Stale, "the record exists already")
	}
	return fault.New("vault.check", fault.Stale, "the record has changed since").
		WithHint("read it again and repeat the change on its current version")
}
