package keyring

import (
	"crypto/cipher"

	"clause.dev/clause/internal/fault"
)

// TenantKey is a tenant's key of one epoch. It is safe for concurrent use. Once its id or its epoch is
// destroyed everything but Lookup fails with Erased, though the value is still in memory.
type TenantKey struct {
	ring   *Ring
	id     ID
	epoch  int64
	tenant string
	wraps  cipher.AEAD // over subject keys
	data   cipher.AEAD // over small data of the tenant itself
	values lookups
}

// NewTenantKey makes a tenant's key under the newest epoch. wrapped is for the store, 61 bytes.
func (r *Ring) NewTenantKey(tenant string) (key *TenantKey, wrapped []byte, err error) {
	const op = "keyring.NewTenantKey"
	if tenant == "" {
		return nil, nil, fault.New(op, fault.Invalid, "a tenant key needs a tenant")
	}
	number := r.Epoch().Number
	epoch, err := r.epochKey(op, number)
	if err != nil {
		return nil, nil, err
	}
	raw := newKey()
	defer clear(raw[:])
	id := NewID()
	wrapped = wrap(epoch.tenants, r.boundTenant(tenant, id, number), &raw)
	return r.tenantKey(tenant, id, number, &raw), wrapped, nil
}

// OpenTenantKey opens what NewTenantKey wrapped. It is Erased if the id or the epoch was destroyed,
// Unavailable if another server began the epoch and this one has not refreshed, and Other if wrapped
// was altered or belongs to another tenant, id, epoch or store.
func (r *Ring) OpenTenantKey(tenant string, id ID, epoch int64, wrapped []byte) (*TenantKey, error) {
	const op = "keyring.OpenTenantKey"
	if r.destroyed.has(id) {
		return nil, fault.New(op, fault.Erased, "the tenant's key was destroyed")
	}
	over, err := r.epochKey(op, epoch)
	if err != nil {
		return nil, err
	}
	raw, ok := unwrap(over.tenants, r.boundTenant(tenant, id, epoch), wrapped)
	if !ok {
		return nil, fault.New(op, fault.Other, "the tenant's wrapped key was altered, or is not of this place")
	}
	defer clear(raw[:])
	return r.tenantKey(tenant, id, epoch, &raw), nil
}

func (r *Ring) tenantKey(tenant string, id ID, epoch int64, raw *[keySize]byte) *TenantKey {
	return &TenantKey{
		ring: r, id: id, epoch: epoch, tenant: tenant,
		wraps:  deriveAEAD(raw[:], "clause tenant key: subject keys v1"),
		data:   deriveAEAD(raw[:], "clause tenant key: tenant data v1"),
		values: lookups{root: [keySize]byte(derive(raw[:], "clause tenant key: look-up v1"))},
	}
}

func (r *Ring) boundTenant(tenant string, id ID, epoch int64) []byte {
	bound := make([]byte, 0, 64+len(tenant))
	bound = append(bound, "clause tenant key v1"...)
	bound = append(bound, r.store[:]...)
	bound = append(bound, id[:]...)
	bound = appendNumber(bound, epoch)
	return append(bound, tenant...)
}

// ID returns the key's random id, which Ring.Destroy takes.
func (k *TenantKey) ID() ID { return k.id }

// Epoch returns the number of the epoch the key is under.
func (k *TenantKey) Epoch() int64 { return k.epoch }

// Seal encrypts a small piece of the tenant's own data (none of one subject's) and binds it.
func (k *TenantKey) Seal(bound, plain []byte) ([]byte, error) {
	if err := k.usable("keyring.TenantKey.Seal"); err != nil {
		return nil, err
	}
	return k.data.Seal(nil, nil, plain, bound), nil
}

// Open decrypts what Seal returned for the same bound data; Other if it was altered or is bound elsewhere.
func (k *TenantKey) Open(bound, sealed []byte) ([]byte, error) {
	const op = "keyring.TenantKey.Open"
	if err := k.usable(op); err != nil {
		return nil, err
	}
	plain, err := k.data.Open(nil, nil, sealed, bound)
	if err != nil {
		return nil, notAuthentic(op)
	}
	return plain, nil
}

// usable refuses a key that was destroyed after it was opened. An epoch's end matters too: a subject
// key wrapped now under a destroyed epoch could never be opened again.
func (k *TenantKey) usable(op string) error {
	if k.ring.destroyed.has(k.id) {
		return fault.New(op, fault.Erased, "the tenant's key was destroyed")
	}
	_, err := k.ring.epochKey(op, k.epoch)
	return err
}

func notAuthentic(op string) error {
	return fault.New(op, fault.Other, "sealed data was altered, or is not of this place")
}
