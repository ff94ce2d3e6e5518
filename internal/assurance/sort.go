package assurance

import (
	"context"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// sort is one sort of items: what is stored of each, and how it travels. Its kind names it in the ledger too.
type sort[I item, Out any] struct {
	*Desk
	kind  kind
	fresh func() I
	show  func(*db.Tx, I) (Out, error)
}

// in returns an item as it travels.
func (s sort[I, Out]) in(tx *db.Tx, id string) (out Out, err error) {
	one := s.fresh()
	if err := load(tx, s.kind, id, one); err != nil {
		return out, err
	}
	return s.show(tx, one)
}

// step makes a step in one transaction, and returns where the item then stands.
func (s sort[I, Out]) step(ctx context.Context, tenant, id string, do func(tx *db.Tx) error) (out Out, err error) {
	err = s.db().Write(ctx, tenant, func(tx *db.Tx) (err error) {
		if err := do(tx); err != nil {
			return err
		}
		out, err = s.in(tx, id)
		return err
	})
	return out, fault.Wrap("assurance."+string(s.kind), err)
}

// one returns an item to a caller who may see it.
func (s sort[I, Out]) one(ctx context.Context, c vault.Caller, tenant, id string) (out Out, err error) {
	if err := s.admit(ctx, c, string(s.kind)+".read", tenant); err != nil {
		return out, err
	}
	err = s.db().Read(ctx, tenant, func(tx *db.Tx) (err error) {
		out, err = s.in(tx, id)
		return err
	})
	return out, fault.Wrap("assurance."+string(s.kind), err)
}

// page returns items, the newest first, and the cursor of the next page, "" on the last.
func (s sort[I, Out]) page(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) (all []Out, next string, err error) {
	if err := s.admit(ctx, c, string(s.kind)+".list", tenant); err != nil {
		return nil, "", err
	}
	err = s.db().Read(ctx, tenant, func(tx *db.Tx) error {
		rows, more, err := page(tx, s.kind, cursor, limit)
		all, next = []Out{}, more
		for i := range rows {
			one := s.fresh()
			if err := decode(&rows[i], one); err != nil {
				return err
			}
			shown, err := s.show(tx, one)
			if err != nil {
				return err
			}
			all = append(all, shown)
		}
		return err
	})
	return all, next, fault.Wrap("assurance."+string(s.kind), err)
}
