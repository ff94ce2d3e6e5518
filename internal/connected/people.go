package connected

import (
	"encoding/json"
	"fmt"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/vault"
)

// person is somebody whom an erasure has still to reach, and how far it came with them.
type person struct {
	Ref   string              `json:"ref"`
	IDs   map[string][]string `json:"ids"`
	Lines connect.Report      `json:"lines,omitempty"`
}

// newKey gives a walk a key of its own, under the newest epoch.
func (d *Desk) newKey(tx *db.Tx, w *walk) (*keyring.TenantKey, error) {
	key, wrapped, err := d.Vault.Ring.NewTenantKey(keyName(tx, w))
	if err != nil {
		return nil, err
	}
	w.key, w.epoch, w.wrapped = key.ID().String(), key.Epoch(), wrapped
	return key, nil
}

// keyName is what a walk's key is bound to: no tenant has such an id.
func keyName(tx *db.Tx, w *walk) string { return "walk\x00" + tx.Tenant() + "\x00" + w.id }

// openKey opens a walk's key. It is Erased once the walk has ended, and where its epoch did before it was
// wrapped anew: the server was down for longer than the backup horizon.
func (d *Desk) openKey(tx *db.Tx, w *walk) (*keyring.TenantKey, error) {
	id, err := keyring.ParseID(w.key)
	if err != nil {
		return nil, err
	}
	return d.Vault.Ring.OpenTenantKey(keyName(tx, w), id, w.epoch, w.wrapped)
}

// dropKey destroys a walk's key, and notes that the store knows of it. It may be repeated.
func (d *Desk) dropKey(tx *db.Tx, w *walk) error {
	if w.key == "" {
		return nil
	}
	id, err := keyring.ParseID(w.key)
	if err != nil {
		return err
	}
	if err := d.Vault.Ring.Destroy([]keyring.ID{id}, d.Vault.Now()); err != nil {
		return err
	}
	return vault.MarkDestroyed(tx, id)
}

// put seals people into a part of a walk.
func put(tx *db.Tx, key *keyring.TenantKey, w *walk, part string, people []person) error {
	const op = "connected.put"
	plain, err := json.Marshal(people)
	if err != nil {
		return fault.As(op, fault.Other, err)
	}
	sealed, err := key.Seal(bound(w, part), plain)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO walk_people (tenant_id, walk_id, part, sealed) VALUES ($1, $2, $3, $4)
 ON CONFLICT (tenant_id, walk_id, part) DO UPDATE SET sealed = excluded.sealed`, tx.Tenant(), w.id, part, sealed)
	return fault.Wrap(op, err)
}

func bound(w *walk, part string) []byte { return []byte("clause walk v1\x00" + w.id + "\x00" + part) }

// take opens a part of a walk; none are left of one that is gone.
func take(tx *db.Tx, key *keyring.TenantKey, w *walk, part string) (people []person, sealed []byte, err error) {
	const op = "connected.take"
	err = tx.One(`SELECT sealed FROM walk_people WHERE tenant_id = $1 AND walk_id = $2 AND part = $3`, []any{tx.Tenant(), w.id, part}, &sealed)
	if fault.Is(err, fault.NotFound) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	plain, err := key.Open(bound(w, part), sealed)
	if err != nil {
		return nil, nil, err
	}
	return people, sealed, fault.As(op, fault.Other, json.Unmarshal(plain, &people))
}

// partsAfter are parts of a walk, in order.
func partsAfter(tx *db.Tx, w *walk, after string, most int) (parts []string, err error) {
	err = tx.Each(`SELECT part FROM walk_people WHERE tenant_id = $1 AND walk_id = $2 AND part > $3 ORDER BY part LIMIT $4`,
		[]any{tx.Tenant(), w.id, after, most}, func(scan func(...any) error) error {
			var part string
			err := scan(&part)
			parts = append(parts, part)
			return err
		})
	return parts, err
}

func partName(n int) string { return fmt.Sprintf("%08d", n) }

// renew seals what a walk keeps under a key of the newest epoch, so that the end of the older one takes
// nothing from it, and what backups hold of it ends with that.
func (d *Desk) renew(tx *db.Tx, w *walk) error {
	if w.key == "" || w.epoch == d.Vault.Ring.Epoch().Number {
		return nil
	}
	old, err := d.openKey(tx, w)
	if err != nil {
		return err
	}
	key, err := d.newKey(tx, w)
	if err != nil {
		return err
	}
	for after := ""; ; {
		parts, err := partsAfter(tx, w, after, 1000)
		if err != nil {
			return err
		}
		for _, part := range parts {
			people, _, err := take(tx, old, w, part)
			if err != nil {
				return err
			}
			if err := put(tx, key, w, part, people); err != nil {
				return err
			}
			after = part
		}
		if len(parts) < 1000 {

			return update(tx, w)
		}
	}
}
