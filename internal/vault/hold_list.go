package vault

import (
	"context"

	"clause.dev/clause/internal/db"
)

// Holds returns a page of the holds that stand in a tenant, by subject, and the cursor of the next, "" on the
// last. It tells ids and what is kept, and nothing that is.
func (v *Vault) Holds(ctx context.Context, c Caller, tenant, cursor string, limit int) (all []Hold, next string, err error) {
	if err := v.Admit(ctx, c, "hold.list", tenant, ScopeSubjects, ScopeAudit); err != nil {
		return nil, "", err
	}
	err = v.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		all = nil
		return tx.Each(`SELECT `+holdColumns+` FROM holds WHERE tenant_id = $1 AND subject_id > $2 ORDER BY subject_id LIMIT $3`, []any{tenant, cursor, int64(limit + 1)}, func(scan func(...any) error) error {
			var r holdScan
			if err := scan(r.dest()...); err != nil {
				return err
			}
			h, err := r.hold()
			h.Keeps = v.Retained.keeps(h.Fields)
			all = append(all, h)
			return err
		})
	})
	if len(all) > limit {
		all = all[:limit]
		next = all[limit-1].Subject
	}
	return all, next, err
}
