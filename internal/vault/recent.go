package vault

import (
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/keyring"
)

// recent remembers people lately asked for, opened, and the rows of their records, still sealed. It is
// used only inside Writes of a store that no other process writes to: these come one after another, so
// what was read in one holds in the next unless that one changed it, which drops it here. A decision is
// made anew on each request all the same, and each has its entry.
type recent struct{ people map[person]*known }

type known struct {
	s    *subject
	rows map[place]row
}

// Bounds of what is remembered: about 8 MB with records of a kilobyte.
const (
	maxKnown = 4096
	maxRows  = 16 // of one person
)

// written holds what the physical transaction has changed: it is not remembered before the commit,
// since the transaction may yet be undone.
type written map[any]bool

type writtenKey struct{}

type personRow struct {
	person
	place
}

func (v *Vault) remembers(tx *db.Tx) bool { return v.recent != nil && tx.Writing() }

// recall returns a person, and a record of theirs if the target names one; nil for what is not
// remembered. The tenant's keys are asked for even so, and the list of destroyed keys.
func (v *Vault) recall(tx *db.Tx, t *Target) (*subject, *row, error) {
	if !v.remembers(tx) {
		return nil, nil, nil
	}
	k := v.recent.people[person{t.Tenant, t.Subject}]
	if k == nil {
		return nil, nil, nil
	}
	h, err := v.held(tx, t.Tenant)
	if err != nil {
		return nil, nil, err
	}
	if !holds(h.keys, k.s.tenantKey) || v.Ring.Destroyed(k.s.key.ID()) {
		delete(v.recent.people, person{t.Tenant, t.Subject})
		return nil, nil, nil
	}
	if r, ok := k.rows[place{t.DataSet, t.Record}]; ok {
		return k.s, &r, nil
	}
	return k.s, nil, nil
}

func holds(keys []*keyring.TenantKey, key *keyring.TenantKey) bool {
	for _, k := range keys {
		if k == key {
			return true
		}
	}
	return false
}

// memorise keeps a person, and a row of theirs if it is not nil, as they were read.
func (v *Vault) memorise(tx *db.Tx, s *subject, dataSet string, r *row) {
	if !v.remembers(tx) {
		return
	}
	p := person{s.tenant, s.id}
	changed := v.written(tx)
	if changed[p] || changed[person{tenant: s.tenant}] {
		return
	}
	k := v.recent.people[p]
	if k == nil {
		if len(v.recent.people) >= maxKnown {
			for other := range v.recent.people { // any one: the order of a map is as good as random
				delete(v.recent.people, other)
				break
			}
		}
		k = &known{s: s, rows: map[place]row{}}
		v.recent.people[p] = k
	}
	if r == nil || changed[personRow{p, place{dataSet, r.id}}] {
		return
	}
	if len(k.rows) >= maxRows {
		clear(k.rows)
	}
	k.rows[place{dataSet, r.id}] = *r
}

func (v *Vault) written(tx *db.Tx) written {
	return tx.Scope(writtenKey{}, func() any { return written{} }, nil).(written)
}

// forget drops a person whose row is changed in tx; with subject "" all people of the tenant.
func (v *Vault) forget(tx *db.Tx, tenant, subject string) {
	if !v.remembers(tx) {
		return
	}
	v.written(tx)[person{tenant, subject}] = true
	if subject != "" {
		delete(v.recent.people, person{tenant, subject})
		return
	}
	for p := range v.recent.people {
		if p.tenant == tenant {
			delete(v.recent.people, p)
		}
	}
}

// forgetRow drops a record that is changed in tx.
func (v *Vault) forgetRow(tx *db.Tx, tenant, subject, dataSet, record string) {
	if !v.remembers(tx) {
		return
	}
	p, at := person{tenant, subject}, place{dataSet, record}
	v.written(tx)[personRow{p, at}] = true
	if k := v.recent.people[p]; k != nil {
		delete(k.rows, at)
	}
}
