package vault

import (
	"context"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// hit is a record found by a value, and the person it belongs to.
type hit struct {
	s *subject
	r *row
}

// Find returns the records of a data set whose field has exactly the value, at most 100 of them.
// The target names no subject. People who may not be read for the purpose are left out, which
// the ledger says.
func (v *Vault) Find(ctx context.Context, c Caller, t Target, field, value string) ([]Record, error) {
	const op = "vault.Find"
	q := v.ask("record.find", &c, decision.Read, &t, append([]string{field}, t.Fields...))
	if err := v.admit(ctx, &q); err != nil {
		return nil, err
	}
	if len(t.Fields) == 0 {
		q.req.Want = 0 // the field searched by must be visible, and was; show all that is
	}
	f := &q.set.Fields[q.set.index[field]]
	if !(f.Find || f.Unique) || q.set.Storage == policy.Memory {
		return nil, fault.New(op, fault.Invalid, "the field cannot be looked up").WithField("field").
			WithHint("the policy must say find: true")
	}
	sought, err := canonical(f, appendJSONText(nil, value))
	if err != nil && (f.Type == policy.Integer || f.Type == policy.Bool) {
		sought, err = canonical(f, []byte(value))
	}
	if err != nil {
		return nil, err
	}
	hits, err := v.lookUp(ctx, &q, f, lookupValue(f, sought))
	if err != nil {
		return nil, v.absent(ctx, &q, err)
	}
	return v.releaseHits(ctx, &q, hits)
}

// lookUp asks for the value's keyed hash under each live tenant key.
func (v *Vault) lookUp(ctx context.Context, q *question, f *policy.Field, value string) (hits []hit, err error) {
	tenant := q.target.Tenant
	err = v.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		hits = nil
		if err := v.lookUpTerms(tx, q); err != nil {
			return err
		}
		keys, err := v.liveKeys(tx, tenant)
		if err != nil {
			return err
		}
		for _, key := range keys {
			hash := key.Lookup(q.set.ID, f.ID, value)
			found, err := foundBy(tx, tenant, q.set.ID, f.ID, hash[:])
			if err != nil {
				return err
			}
			for _, at := range found {
				s, r, err := v.loadRecord(tx, &Target{Tenant: tenant, Subject: at[0], DataSet: q.set.ID, Record: at[1]})
				if fault.Is(err, fault.Erased) { // erased a moment ago
					continue
				}
				if err != nil {
					return err
				}
				if r != nil {
					hits = append(hits, hit{s, r})
				}
			}
		}
		return nil
	})
	return hits, err
}

// foundBy returns pairs of subject and record.
func foundBy(tx *db.Tx, tenant, dataSet, field string, hash []byte) (found [][2]string, err error) {
	err = tx.Each(`SELECT l.subject_id, l.record_id FROM lookups l JOIN subjects s ON s.tenant_id = l.tenant_id AND s.subject_id = l.subject_id
 WHERE l.tenant_id = $1 AND l.data_set = $2 AND l.field = $3 AND l.hash = $4 ORDER BY l.slot LIMIT $5`,
		[]any{tenant, dataSet, field, hash, maxList}, func(scan func(...any) error) error {
			var at [2]string
			err := scan(&at[0], &at[1])
			found = append(found, at)
			return err
		})
	return found, err
}

// releaseHits decides for each person, records each answer in one transaction, and returns what
// may be seen.
func (v *Vault) releaseHits(ctx context.Context, q *question, hits []hit) ([]Record, error) {
	if len(hits) == 0 {
		err := v.absent(ctx, q, errNoRecord())
		if fault.Is(err, fault.NotFound) {
			err = nil // nothing found is an answer
		}
		return nil, err
	}
	var out []Record
	answers := make([]decision.Answer, len(hits))
	for i, h := range hits {
		answers[i] = v.decide(q, h.s)
		if !answers[i].Allow {
			continue
		}
		found, err := v.open(h.s, q.set, h.r, answers[i])
		if fault.Is(err, fault.Erased) {
			answers[i] = decision.Answer{Reason: decision.Erased}
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, found)
	}
	err := v.DB.Write(ctx, q.target.Tenant, func(tx *db.Tx) error {
		for i, h := range hits {
			q.target.Record, q.found, q.alias = h.r.id, true, h.s.state.alias
			e := v.entry(q, answers[i])
			e.Version = h.r.version
			if err := v.tell(tx, e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
