package vault

import (
	"context"
	"strings"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// destroyedMark begins the meta keys that say which destroyed keys this store knows of.
const destroyedMark = keyring.StoreMark

// MarkDestroyed notes in the transaction of an erasure that the store knows of it. A copy of the
// store from before lacks the note, and so is found out by Reconcile.
func MarkDestroyed(tx *db.Tx, ids ...keyring.ID) error {
	for _, id := range ids {
		_, err := tx.Exec(`INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, destroyedMark+id.String(), []byte{})
		if err != nil {
			return fault.Wrap("vault.MarkDestroyed", err)
		}
	}
	return nil
}

// Reconcile makes the store agree with the list of destroyed keys, before anything is served: an
// erasure that a crash cut short is finished, and one that a restored copy of the store does not
// know of is done again. It returns how many people and tenants it erased. Where the store knows of
// every destroyed key, which is the rule, it costs one query.
func (v *Vault) Reconcile(ctx context.Context) (people, tenants int, err error) {
	const op = "vault.Reconcile"
	unknown, err := v.unknownDestroyed(ctx)
	if err != nil || len(unknown) == 0 {
		return 0, 0, fault.Wrap(op, err)
	}
	all, err := v.tenants(ctx)
	if err != nil {
		return 0, 0, fault.Wrap(op, err)
	}
	for _, t := range all {
		gone, n, err := v.reconcileTenant(ctx, t.ID, unknown)
		if err != nil {
			return people, tenants, fault.Wrap(op, err)
		}
		people += n
		if gone {
			tenants++
		}
	}
	err = v.DB.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		for id := range unknown {
			if err := MarkDestroyed(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
	return people, tenants, fault.Wrap(op, err)
}

// unknownDestroyed returns the destroyed keys that the store does not know of.
func (v *Vault) unknownDestroyed(ctx context.Context) (map[keyring.ID]bool, error) {
	unknown := map[keyring.ID]bool{}
	for _, id := range v.Ring.DestroyedAll() {
		unknown[id] = true
	}
	err := v.DB.Read(ctx, "", func(tx *db.Tx) error {
		return eachDestroyedMark(tx, func(_ string, id keyring.ID) { delete(unknown, id) })
	})
	return unknown, err
}

// prune forgets destroyed keys of which no copy can open any more, since the epochs that they lived in
// are destroyed: first the list, which is the one that counts, then the store's notes of it.
func (v *Vault) prune(ctx context.Context) error {
	if err := v.Ring.Prune(v.Now()); err != nil {
		return err
	}
	return v.DB.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		var over []string
		err := eachDestroyedMark(tx, func(key string, id keyring.ID) {
			if !v.Ring.Destroyed(id) {
				over = append(over, key)
			}
		})
		if err != nil {
			return err
		}
		for _, key := range over {
			if _, err := tx.Exec(`DELETE FROM meta WHERE key = $1`, key); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachDestroyedMark visits the keys that the store knows to be destroyed.
func eachDestroyedMark(tx *db.Tx, visit func(key string, id keyring.ID)) error {
	return tx.Each(`SELECT key FROM meta WHERE key >= $1 AND key < $2`, []any{destroyedMark, destroyedMark + "g"}, func(scan func(...any) error) error {
		var key string
		if err := scan(&key); err != nil {
			return err
		}
		id, err := keyring.ParseID(strings.TrimPrefix(key, destroyedMark))
		if err == nil {
			visit(key, id)
		}
		return err
	})
}

// reconcileTenant erases what of a tenant hangs from a destroyed key: all of it, or people.
func (v *Vault) reconcileTenant(ctx context.Context, tenant string, destroyed map[keyring.ID]bool) (gone bool, people int, err error) {
	keys, err := v.heldUnder(ctx, tenant, destroyed, `SELECT key_id, key_id FROM tenant_keys WHERE tenant_id = $1`)
	if err != nil {
		return false, 0, err
	}
	if len(keys) > 0 { // all of them are, or will be: a tenant is not erased by halves
		return true, 0, v.dropTenant(ctx, tenant, "tenant.erase-again", maintenance)
	}
	subjects, err := v.heldUnder(ctx, tenant, destroyed, `SELECT key_id, subject_id FROM subjects WHERE tenant_id = $1`)
	if err != nil {
		return false, 0, err
	}
	for _, subject := range subjects {
		err := v.DB.Write(ctx, tenant, func(tx *db.Tx) error {
			if err := v.dropSubject(tx, tenant, subject); err != nil {
				return err
			}
			return ledger.Append(tx, proof.Entry{Kind: "subject.erase-again", Actor: maintenance, Answer: proof.Allow})
		})
		if err != nil {
			return false, people, err
		}
		people++
	}
	return false, people, nil
}

// heldUnder returns the second column of the rows whose first is a destroyed key's id.
func (v *Vault) heldUnder(ctx context.Context, tenant string, destroyed map[keyring.ID]bool, query string) (held []string, err error) {
	err = v.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		held = nil
		return tx.Each(query, []any{tenant}, func(scan func(...any) error) error {
			var key, what string
			if err := scan(&key, &what); err != nil {
				return err
			}
			id, err := keyring.ParseID(key)
			if destroyed[id] {
				held = append(held, what)
			}
			return err
		})
	})
	return held, err
}
