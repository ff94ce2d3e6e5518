package vault

import (
	"context"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
)

// held is a tenant as one transaction sees it: its region, and its keys, the newest first: one, or two
// while an epoch turns.
type held struct {
	loaded bool
	region string
	keys   []*keyring.TenantKey
	ids    []string
	err    error
}

// heldKey is the scope of a tenant's held in a transaction.
type heldKey struct{ tenant string }

// held reads the tenant once for a whole physical transaction, which many requests share. The rows
// vouch for keys parsed earlier: once they are deleted, by whichever server, no later transaction gets
// past here. It is Erased if the tenant was; a tenant that never was has no keys.
func (v *Vault) held(tx *db.Tx, tenant string) (*held, error) {
	h := tx.Scope(heldKey{tenant}, func() any { return &held{} }, nil).(*held)
	if !h.loaded {
		*h = held{loaded: true}
		h.err = v.readHeld(tx, tenant, h)
	}
	return h, h.err
}

// changed makes the rest of the transaction read the tenant again: its keys' rows were changed.
func (v *Vault) changed(tx *db.Tx, tenant string) {
	tx.Scope(heldKey{tenant}, func() any { return &held{} }, nil).(*held).loaded = false
}

func (v *Vault) readHeld(tx *db.Tx, tenant string, h *held) error {
	return tx.Each(`SELECT t.region, k.key_id, k.epoch, k.wrapped FROM tenant_keys k JOIN tenants t ON t.tenant_id = k.tenant_id
 WHERE k.tenant_id = $1 ORDER BY k.epoch DESC, k.key_id`, []any{tenant},
		func(scan func(...any) error) error {
			var id string
			var epoch int64
			var wrapped []byte
			if err := scan(&h.region, &id, &epoch, &wrapped); err != nil {
				return err
			}
			key, err := v.tenantKey(tenant, id, epoch, wrapped)
			if err == nil {
				h.keys, h.ids = append(h.keys, key), append(h.ids, id)
			}
			// A key whose epoch is over is passed over if there is a newer one: a store restored from a
			// backup may still have its row.
			if fault.Is(err, fault.Erased) && len(h.keys) > 0 && v.epochOver(epoch) {
				return nil
			}
			return err
		})
}

// key returns the key with the id, under which a person's is wrapped.
func (h *held) key(id string) (*keyring.TenantKey, error) {
	for i := range h.ids {
		if h.ids[i] == id {
			return h.keys[i], nil
		}
	}
	if len(h.keys) == 0 {
		return nil, errNobody()
	}
	return nil, fault.New("vault.key", fault.Erased, "the key above the subject's is gone")
}

// liveKeys returns the tenant's keys, the newest first.
func (v *Vault) liveKeys(tx *db.Tx, tenant string) ([]*keyring.TenantKey, error) {
	h, err := v.held(tx, tenant)
	return h.keys, err
}

// newestKey returns the tenant's current key and region; no if there is no such tenant or it was
// erased.
func (v *Vault) newestKey(tx *db.Tx, tenant string) (region string, key *keyring.TenantKey, no, err error) {
	h, err := v.held(tx, tenant)
	if err != nil {
		return "", nil, nil, err
	}
	if len(h.keys) == 0 {
		return "", nil, fault.New("vault.newestKey", fault.NotFound, "no such tenant"), nil
	}
	return h.region, h.keys[0], nil, nil
}

func (v *Vault) epochOver(number int64) bool {
	for _, e := range v.Ring.Epochs() {
		if e.Number == number {
			return !e.Destroyed.IsZero()
		}
	}
	return false
}

// tenantKey returns the parsed key of a row, from memory if it was parsed before.
func (v *Vault) tenantKey(tenant, id string, epoch int64, wrapped []byte) (*keyring.TenantKey, error) {
	v.mu.RLock()
	key := v.keys[keyOf{tenant, id}]
	v.mu.RUnlock()
	if key != nil && !v.Ring.Destroyed(key.ID()) {
		return key, nil
	}
	keyID, err := keyring.ParseID(id)
	if err != nil {
		return nil, err
	}
	key, err = v.Ring.OpenTenantKey(tenant, keyID, epoch, wrapped)
	if fault.Is(err, fault.Unavailable) { // another server began the epoch: hear of it now
		if err := v.Ring.Refresh(context.Background()); err != nil {
			return nil, err
		}
		key, err = v.Ring.OpenTenantKey(tenant, keyID, epoch, wrapped)
	}
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	v.keys[keyOf{tenant, id}] = key
	v.mu.Unlock()
	return key, nil
}

func (v *Vault) forgetKey(tenant, id string) {
	v.mu.Lock()
	delete(v.keys, keyOf{tenant, id})
	v.mu.Unlock()
}
