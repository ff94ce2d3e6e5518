package vault

import (
	"context"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

// matchPeople is how many people are looked at in one snapshot.
const matchPeople = 500

// People finds the people behind names of the ledger, for a duty that must tell them something: it goes
// through all people of the tenant, and calls page with the ids of those whose alias is meant, some
// hundred at a time. Whoever is erased has no name any more and is not found. It holds a page in memory.
// That the names were looked behind, and on what occasion, is in the tenant's ledger before it begins.
func (v *Vault) People(ctx context.Context, c Caller, tenant, occasion string, meant func(alias string) bool, page func(subjects []string) error) error {
	const op = "vault.People"
	if err := v.Admit(ctx, c, "people.match", tenant, ScopeDuties); err != nil {
		return err
	}
	e := proof.Entry{Kind: "people.match", Actor: c.Credential.ID, Answer: proof.Allow, Detail: map[string]string{"about": occasion}}
	if err := v.record(ctx, tenant, e); err != nil {
		return fault.Wrap(op, err)
	}
	for after, more := "", true; more; {
		var found []string
		err := v.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
			found, after, more, err = v.matchAfter(tx, tenant, after, meant)
			return err
		})
		if err != nil {
			return fault.Wrap(op, err)
		}
		if len(found) == 0 {
			continue
		}
		if err := page(found); err != nil {
			return err
		}
	}
	return nil
}

// matchAfter looks at some people behind one id.
func (v *Vault) matchAfter(tx *db.Tx, tenant, after string, meant func(string) bool) (found []string, last string, more bool, err error) {
	var ids []string
	var rows []subjectRow
	err = tx.Each(`SELECT s.subject_id, `+subjectColumns+` FROM subjects s WHERE s.tenant_id = $1 AND s.subject_id > $2 ORDER BY s.subject_id LIMIT $3`,
		[]any{tenant, after, matchPeople}, func(scan func(...any) error) error {
			var id string
			var r subjectRow
			err := scan(append([]any{&id}, r.dest()...)...)
			ids, rows = append(ids, id), append(rows, r)
			return err
		})
	if err != nil || len(ids) == 0 {
		return nil, after, false, err
	}
	for i := range ids {
		s, err := v.unseal(tx, tenant, ids[i], &rows[i])
		switch {
		case fault.Is(err, fault.Erased), fault.Is(err, fault.NotFound): // a moment ago
		case err != nil:
			return nil, after, false, err
		case meant(s.state.alias):
			found = append(found, ids[i])
		}
	}
	return found, ids[len(ids)-1], len(ids) == matchPeople, nil
}
