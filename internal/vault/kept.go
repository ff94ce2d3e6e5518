package vault

import (
	"context"
	"slices"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// What a legal hold keeps of somebody erased is a person of its own: a random id and alias, a key of its
// own, and records of the fields kept, which no look-up finds. So the erased person's key is destroyed as
// ever, and epochs, backups and sweeps treat the copy as any person. It can be read, for purposes that rest
// on a legal obligation and go on under restriction, and nothing else can be done with it.

// Retained is what a policy allows to be kept of people who are erased, while a legal hold stands.
type Retained struct {
	Clause  string                         // that allows it; "" if none does
	Fields  []string                       // as data-set.field, and no others
	Longest func(from time.Time) time.Time // the latest end of a hold
}

// keeps returns those of the fields that may be kept, sorted.
func (r *Retained) keeps(fields []string) (both []string) {
	for _, f := range fields {
		if slices.Contains(r.Fields, f) && !slices.Contains(both, f) {
			both = append(both, f)
		}
	}
	slices.Sort(both)
	return both
}

// decideKept decides on what was kept of somebody erased: for whatever else than it is kept for, they are
// erased.
func (v *Vault) decideKept(q *question) decision.Answer {
	q.req.Standing.Restricted = true
	p, _ := v.Policy.Purpose(v.Rules.PurposeName(q.req.Purpose))
	lawful := p != nil && p.Basis == policy.LegalObligation && p.UnderRestriction
	if !lawful || q.req.Op != decision.Read && q.req.Op != decision.Disclose {
		q.req.Standing.Erased = true
	}
	a := v.Rules.Decide(&q.req)
	if !a.Allow {
		return a
	}
	if q.odd {
		return v.Rules.Undeclared(q.req.DataSet)
	}
	if v.Retained.Clause != "" && !slices.Contains(a.Clauses, v.Retained.Clause) {
		a.Clauses = append(slices.Clone(a.Clauses), v.Retained.Clause)
	}
	return a
}

// keepHeld makes the copy that a legal hold demands, before the person's key is destroyed. An erasure that
// was cut short may have left one, which may be out of date: it is made anew.
func (v *Vault) keepHeld(ctx context.Context, s *subject) error {
	const op = "vault.keepHeld"
	h, err := v.holdRow(ctx, s.tenant, s.id)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return fault.Wrap(op, err)
	}
	stale, err := v.destroyCopy(ctx, s.tenant, h.Copy)
	if err != nil {
		return fault.Wrap(op, err)
	}
	keeps := v.Retained.keeps(h.Fields)
	if len(keeps) == 0 || !v.Now().Before(h.Until) {
		return nil
	}
	return fault.Wrap(op, v.DB.Write(ctx, s.tenant, func(tx *db.Tx) error {
		if err := v.dropCopy(tx, s.tenant, h.Copy, stale); err != nil {
			return err
		}
		copied, err := v.insertCopy(tx, s, keeps)
		if err != nil {
			return err
		}
		n, err := tx.Exec(`UPDATE holds SET copy_id = $3 WHERE tenant_id = $1 AND subject_id = $2 AND hold_id = $4`, s.tenant, s.id, copied.id, h.ID)
		if err == nil && n == 0 {
			err = fault.New(op, fault.Conflict, "the hold was released meanwhile").WithHint("try again")
		}
		if err != nil {
			return err
		}
		return ledger.Append(tx, proof.Entry{
			Kind: "hold.kept", Actor: maintenance, Subject: copied.state.alias, Clauses: v.retainedClauses(), Detail: map[string]string{"hold": h.ID},
		})
	}))
}

func (v *Vault) retainedClauses() []string {
	if v.Retained.Clause == "" {
		return nil
	}
	return []string{v.Retained.Clause}
}

// insertCopy makes the person that is the copy, and its records.
func (v *Vault) insertCopy(tx *db.Tx, s *subject, keeps []string) (*subject, error) {
	region, key, no, err := v.newestKey(tx, s.tenant)
	if no != nil || err != nil {
		return nil, orElse(err, no)
	}
	copied := &subject{tenant: s.tenant, id: newID(subjectPrefix), region: region, tenantKey: key}
	copied.state = personState{alias: newAlias(), restricted: true, kept: true}
	var wrapped []byte
	if copied.key, wrapped, err = key.NewSubjectKey(copied.id); err != nil {
		return nil, err
	}
	sealed, err := copied.key.Seal(nil, bind("subject", s.tenant, copied.id), copied.state.encode())
	if err != nil {
		return nil, err
	}
	_, err = tx.Exec(insertSubjectRow, s.tenant, copied.id, key.ID().String(), copied.key.ID().String(), wrapped, sealed, micros(tx.Now()))
	if err != nil {
		return nil, err
	}
	for _, set := range v.sets {
		fields := fieldsOfSet(set, keeps)
		if len(fields) == 0 {
			continue
		}
		if err := copyRecords(tx, s, copied, set, fields); err != nil {
			return nil, err
		}
	}
	return copied, nil
}

func orElse(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// fieldsOfSet returns the stored fields of a data set that are among those kept. A blob is bound to the
// person it was uploaded for, and memory-only data is on no disk: neither is kept.
func fieldsOfSet(set *dataSet, keeps []string) map[string]bool {
	fields := map[string]bool{}
	if set.Storage == policy.Memory {
		return fields
	}
	for _, f := range set.Fields {
		if f.Type != policy.Blob && slices.Contains(keeps, set.ID+"."+f.ID) {
			fields[f.ID] = true
		}
	}
	return fields
}

// copyRecords seals the fields of each record of a data set again, for the copy.
func copyRecords(tx *db.Tx, s, copied *subject, set *dataSet, fields map[string]bool) error {
	rows, err := allRows(tx, s, set)
	if err != nil {
		return err
	}
	for _, r := range rows {
		plain, err := s.key.Open(nil, bindRecord(s.tenant, s.id, set.ID, r.id, r.version), r.sealed)
		if err != nil {
			return err
		}
		items, err := decodeItems(plain)
		if err != nil {
			return err
		}
		items = slices.DeleteFunc(items, func(it item) bool { return !fields[it.name] })
		if len(items) == 0 {
			continue
		}
		sealed, err := copied.key.Seal(nil, bindRecord(s.tenant, copied.id, set.ID, r.id, 1), encodeItems(nil, items))
		if err != nil {
			return err
		}
		_, err = tx.Exec(insertRecordRow, s.tenant, copied.id, set.ID, r.id, 1, sealed, r.created, r.updated)
		if err != nil {
			return err
		}
	}
	return nil
}

// destroyCopy destroys the key of a copy, if there is one, and returns the key's id.
func (v *Vault) destroyCopy(ctx context.Context, tenant, copied string) (keys []keyring.ID, err error) {
	if copied == "" {
		return nil, nil
	}
	var text string
	err = v.DB.Get(ctx, tenant, `SELECT key_id FROM subjects WHERE tenant_id = $1 AND subject_id = $2`, []any{tenant, copied}, &text)
	if fault.Is(err, fault.NotFound) { // erased before, with its tenant's key or on its own
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	id, err := keyring.ParseID(text)
	if err != nil {
		return nil, err
	}
	return []keyring.ID{id}, v.Ring.Destroy([]keyring.ID{id}, v.Now())
}

// dropCopy deletes a copy whose key is destroyed.
func (v *Vault) dropCopy(tx *db.Tx, tenant, copied string, keys []keyring.ID) error {
	if copied == "" {
		return nil
	}
	if err := v.dropSubject(tx, tenant, copied); err != nil {
		return err
	}
	return MarkDestroyed(tx, keys...)
}
