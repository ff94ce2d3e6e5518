package connected

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/vault"
)

const (
	sealedAs       = "external-ids" // what a person's ids are bound to
	maxIdentifiers = 20
)

// SetIDs replaces by which ids systems know a person, by identifier. An empty list says that they have none.
func (d *Desk) SetIDs(ctx context.Context, c vault.Caller, tenant, subject string, ids map[string][]string) error {
	const op = "connected.SetIDs"
	if err := d.Vault.Admit(ctx, c, "external-ids.set", tenant, vault.ScopeSubjects); err != nil {
		return err
	}
	if len(ids) == 0 || len(ids) > maxIdentifiers {
		return fault.New(op, fault.Invalid, "a person has external ids of 1 to %d identifiers", maxIdentifiers).WithField("ids").WithHint("remove them all by DELETE")
	}
	if err := connect.CheckIDs(ids); err != nil {
		return err
	}
	for kind, list := range ids {
		if list == nil { // in JSON null, which is nothing
			ids[kind] = []string{}
		}
	}
	plain, err := json.Marshal(ids)
	if err != nil {
		return fault.As(op, fault.Invalid, err)
	}
	return fault.Wrap(op, d.Vault.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		who, err := d.living(tx, subject)
		if err != nil {
			return err
		}
		leaving, err := offBoards(tx)
		if err != nil {
			return err
		}
		if leaving {
			return fault.New(op, fault.Conflict, "the tenant is being off-boarded")
		}
		sealed, err := who.Seal(sealedAs, subject, plain)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO external_ids (tenant_id, subject_id, sealed, set_at) VALUES ($1, $2, $3, $4)
 ON CONFLICT (tenant_id, subject_id) DO UPDATE SET sealed = excluded.sealed, set_at = excluded.set_at`, tenant, subject, sealed, db.Micros(tx.Now()))
		if err != nil {
			return err
		}
		return note(tx, &c, "external-ids.set", who)
	}))
}

// IDs returns by which ids systems know a person; NotFound if none were set.
func (d *Desk) IDs(ctx context.Context, c vault.Caller, tenant, subject string) (ids map[string][]string, err error) {
	const op = "connected.IDs"
	if err := d.Vault.Admit(ctx, c, "external-ids.read", tenant, vault.ScopeSubjects); err != nil {
		return nil, err
	}
	err = d.Vault.DB.Write(ctx, tenant, func(tx *db.Tx) error { // its entry is durable before they are released
		who, err := d.living(tx, subject)
		if err != nil {
			return err
		}
		if ids, err = d.idsOf(tx, who, subject); err != nil {
			return err
		}
		if ids == nil {
			return fault.New(op, fault.NotFound, "no external ids of the person were set")
		}
		return note(tx, &c, "external-ids.read", who)
	})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	return ids, nil
}

// RemoveIDs forgets by which ids systems know a person.
func (d *Desk) RemoveIDs(ctx context.Context, c vault.Caller, tenant, subject string) error {
	const op = "connected.RemoveIDs"
	if err := d.Vault.Admit(ctx, c, "external-ids.remove", tenant, vault.ScopeSubjects); err != nil {
		return err
	}
	return fault.Wrap(op, d.Vault.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		who, err := d.living(tx, subject)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM external_ids WHERE tenant_id = $1 AND subject_id = $2`, tenant, subject); err != nil {
			return err
		}
		return note(tx, &c, "external-ids.remove", who)
	}))
}

// living loads a person whom no erasure has reached.
func (d *Desk) living(tx *db.Tx, subject string) (*vault.DataSubject, error) {
	if err := d.Vault.Lives(tx, subject); err != nil {
		return nil, err
	}
	return d.Vault.DataSubject(tx, subject)
}

func note(tx *db.Tx, c *vault.Caller, kind string, who *vault.DataSubject) error {
	return ledger.Append(tx, proof.Entry{Kind: kind, Actor: c.Credential.ID, Subject: who.Alias, Answer: proof.Allow})
}

// Known returns a person's external ids to a duty that has admitted its caller; nil if none were set.
func (d *Desk) Known(tx *db.Tx, subject string) (map[string][]string, error) {
	who, err := d.Vault.DataSubject(tx, subject)
	if err != nil {
		return nil, err
	}
	return d.idsOf(tx, who, subject)
}

// KnownID are the external ids of one kind, as a person is told of them.
type KnownID struct {
	Kind string   `json:"kind"`
	IDs  []string `json:"ids"`
}

// KnownBy returns a person's external ids by kind, to a duty that has admitted its caller.
func (d *Desk) KnownBy(tx *db.Tx, subject string) (all []KnownID, err error) {
	ids, err := d.Known(tx, subject)
	for _, kind := range slices.Sorted(maps.Keys(ids)) {
		all = append(all, KnownID{kind, ids[kind]})
	}
	return all, err
}

func (d *Desk) idsOf(tx *db.Tx, who *vault.DataSubject, subject string) (ids map[string][]string, err error) {
	var sealed []byte
	err = tx.One(`SELECT sealed FROM external_ids WHERE tenant_id = $1 AND subject_id = $2`, []any{tx.Tenant(), subject}, &sealed)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return opened(who, subject, sealed)
}

func opened(who *vault.DataSubject, subject string, sealed []byte) (ids map[string][]string, err error) {
	plain, err := who.Open(sealedAs, subject, sealed)
	if err != nil {
		return nil, err
	}
	return ids, fault.As("connected.opened", fault.Other, json.Unmarshal(plain, &ids))
}
