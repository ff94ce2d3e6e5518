package vault

import (
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
)

// A handle is a value by which a person is found beside their records: what an identity provider knows them by. It
// is kept as look-ups are: a hash keyed by the tenant's key, which turns with the epoch, and the value sealed
// under the person's own key. So once they are erased no backup says that they had it.
//
// The functions decide nothing, as DataSubject: a duty has admitted its caller.

// Handled returns the person who has a handle, NotFound if nobody who is there has.
func (v *Vault) Handled(tx *db.Tx, kind, value string) (subject string, err error) {
	const op = "vault.Handled"
	keys, err := v.liveKeys(tx, tx.Tenant())
	if err != nil {
		return "", fault.Wrap(op, err)
	}
	for _, key := range keys {
		hash := key.Lookup(handles, kind, value)
		err := tx.One(`SELECT subject_id FROM handles WHERE tenant_id = $1 AND kind = $2 AND hash = $3`, []any{tx.Tenant(), kind, hash[:]}, &subject)
		if err == nil {
			err = v.Lives(tx, subject)
		}
		if err == nil {
			return subject, nil
		}
		if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Erased) {
			return "", fault.Wrap(op, err)
		}
	}
	return "", fault.New(op, fault.NotFound, "nobody is known by that")
}

// handles stands for the data set of a handle's hash: no data set is called so.
const handles = "\x00handle"

// Handle has a person be found by a value of a kind. Conflict if somebody else is. Once more changes nothing.
func (v *Vault) Handle(tx *db.Tx, subject, kind, value string) error {
	const op = "vault.Handle"
	holder, err := v.Handled(tx, kind, value)
	switch {
	case err == nil && holder == subject:
		return nil
	case err == nil:
		return fault.New(op, fault.Conflict, "somebody else is known by that")
	case !fault.Is(err, fault.NotFound):
		return err
	}
	s, err := v.load(tx, tx.Tenant(), subject)
	if err != nil {
		return fault.Wrap(op, err)
	}
	keys, err := v.liveKeys(tx, s.tenant)
	if err != nil {
		return fault.Wrap(op, err)
	}
	for _, key := range keys { // of somebody erased, to whom the sweep has not come yet
		hash := key.Lookup(handles, kind, value)
		if _, err := tx.Exec(`DELETE FROM handles WHERE tenant_id = $1 AND kind = $2 AND hash = $3`, s.tenant, kind, hash[:]); err != nil {
			return fault.Wrap(op, err)
		}
	}
	return fault.Wrap(op, putHandle(tx, keys[0], s, kind, value, tx.Now().UnixMicro()))
}

func putHandle(tx *db.Tx, key *keyring.TenantKey, s *subject, kind, value string, made int64) error {
	hash := key.Lookup(handles, kind, value)
	sealed, err := s.key.Seal(nil, bind("handle", s.tenant, s.id, kind), []byte(value))
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO handles (tenant_id, kind, hash, subject_id, sealed, made_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		s.tenant, kind, hash[:], s.id, sealed, made)
	return err
}

// Handles are a person's handles of a kind, the oldest first.
func (v *Vault) Handles(tx *db.Tx, subject, kind string) (values []string, err error) {
	const op = "vault.Handles"
	s, err := v.load(tx, tx.Tenant(), subject)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	all, err := handlesOf(tx, s)
	for _, h := range all {
		if h.kind == kind {
			values = append(values, h.value)
		}
	}
	return values, fault.Wrap(op, err)
}

// DropHandle takes a handle from a person; NotFound if they do not have it.
func (v *Vault) DropHandle(tx *db.Tx, subject, kind, value string) error {
	const op = "vault.DropHandle"
	keys, err := v.liveKeys(tx, tx.Tenant())
	if err != nil {
		return fault.Wrap(op, err)
	}
	for _, key := range keys {
		hash := key.Lookup(handles, kind, value)
		n, err := tx.Exec(`DELETE FROM handles WHERE tenant_id = $1 AND kind = $2 AND hash = $3 AND subject_id = $4`, tx.Tenant(), kind, hash[:], subject)
		if n > 0 || err != nil {
			return fault.Wrap(op, err)
		}
	}
	return fault.New(op, fault.NotFound, "nobody is known by that")
}

// KeptHandle is a handle as it is kept.
type KeptHandle struct {
	Kind, Value string
	Made        time.Time
}

// AllHandles are a person's handles of every kind, the oldest first.
func (v *Vault) AllHandles(tx *db.Tx, subject string) (out []KeptHandle, err error) {
	const op = "vault.AllHandles"
	s, err := v.load(tx, tx.Tenant(), subject)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	all, err := handlesOf(tx, s)
	for _, h := range all {
		out = append(out, KeptHandle{h.kind, h.value, fromMicros(h.made)})
	}
	return out, fault.Wrap(op, err)
}

type handle struct {
	kind, value string
	made        int64
}

func handlesOf(tx *db.Tx, s *subject) (all []handle, err error) {
	err = tx.Each(`SELECT kind, sealed, made_at FROM handles WHERE tenant_id = $1 AND subject_id = $2 ORDER BY made_at, hash`, []any{s.tenant, s.id},
		func(scan func(...any) error) error {
			var h handle
			var sealed []byte
			if err := scan(&h.kind, &sealed, &h.made); err != nil {
				return err
			}
			plain, err := s.key.Open(nil, bind("handle", s.tenant, s.id, h.kind), sealed)
			h.value = string(plain)
			all = append(all, h)
			return err
		})
	return all, err
}

// rehash turns the hashes of a person's handles to the newest tenant key.
func rehash(tx *db.Tx, newest *keyring.TenantKey, s *subject) error {
	all, err := handlesOf(tx, s)
	if err != nil || len(all) == 0 {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM handles WHERE tenant_id = $1 AND subject_id = $2`, s.tenant, s.id); err != nil {
		return err
	}
	for _, h := range all {
		if err := putHandle(tx, newest, s, h.kind, h.value, h.made); err != nil {
			return err
		}
	}
	return nil
}
