// Package connected is the desk of the systems outside the vault that hold copies of people's data: by which
// ids those know a person, and the walks through them that rights and off-boardings ask for.
//
// A walk outlives whoever asked for it. What an erasure needs to know of a person is sealed, in the transaction
// that opens the walk, under a key of the walk's own, so that the person's key is destroyed at once however long
// a system hangs; the walk's key goes when the walk ends. A walk that was cut short goes on, and what is done is
// not done twice (package connect). Its lines say of each system what was done, and name nobody.
package connected

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// Desk keeps external ids, and walks. A Set of nil has no systems: ids can be kept all the same.
type Desk struct {
	Vault  *vault.Vault
	Set    *connect.Set
	Except func(tenant string) bool // tenants of nobody real, which no system knows; nil: none
	Checks *Checks
}

// maintenance is the actor of what the server does by itself.
const maintenance = "clause"

// Checks remembers what the last check of each system found. The zero value has seen none.
type Checks struct {
	mu      sync.Mutex
	at      time.Time
	remarks []connect.Remark
}

// Note keeps what a check found.
func (c *Checks) Note(at time.Time, remarks []connect.Remark) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.remarks = at, remarks
}

func (c *Checks) of(system string) (at time.Time, remarks []connect.Remark) {
	if c == nil {
		return time.Time{}, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.remarks {
		if r.System == system {
			remarks = append(remarks, r)
		}
	}
	return c.at, remarks
}

// System is one that holds data of a tenant's people.
type System struct {
	connect.About
	Checked time.Time // zero: not yet, since the server started
	Works   bool      // what the last check found
	Remarks []connect.Remark
}

// Systems returns those that hold data of a tenant's people, in the order of walks, and what their last check found.
func (d *Desk) Systems(ctx context.Context, c vault.Caller, tenant string) (all []System, err error) {
	if err := d.admit(ctx, c, "connected.list", tenant, vault.ScopeSubjects, vault.ScopeRights, vault.ScopeAudit); err != nil {
		return nil, err
	}
	if !d.holds(tenant) {
		return nil, nil
	}
	for _, about := range d.Set.About(tenant) {
		s := System{About: about}
		s.Checked, s.Remarks = d.Checks.of(about.ID)
		s.Works = !s.Checked.IsZero() && !slices.ContainsFunc(s.Remarks, func(r connect.Remark) bool { return r.Fails })
		all = append(all, s)
	}
	return all, nil
}

// admit lets in who has one of the scopes in the tenant, and who administers tenants.
func (d *Desk) admit(ctx context.Context, c vault.Caller, act, tenant string, scopes ...string) error {
	if c.Has(vault.ScopeAdmin) {
		return d.Vault.Admit(ctx, c, act, "", vault.ScopeAdmin)
	}
	return d.Vault.Admit(ctx, c, act, tenant, scopes...)
}

// holds reports whether there is a system that holds data of the tenant's people.
func (d *Desk) holds(tenant string) bool {
	return d != nil && d.Set != nil && (d.Except == nil || !d.Except(tenant)) && len(d.Set.About(tenant)) > 0
}

// unknown are the systems that go by an identifier of which nothing is known.
func (d *Desk) unknown(tenant string, ids map[string][]string) (all []connect.About) {
	for _, about := range d.Set.About(tenant) {
		if _, ok := ids[about.Identifier]; !ok {
			all = append(all, about)
		}
	}
	return all
}

// mustKnow refuses what would leave a system out unseen.
func (d *Desk) mustKnow(tenant string, ids map[string][]string) error {
	missing := d.unknown(tenant, ids)
	if len(missing) == 0 {
		return nil
	}
	var names []string
	for _, m := range missing {
		names = append(names, m.ID+" ("+m.Identifier+")")
	}
	return fault.New("connected.mustKnow", fault.Conflict, "it is not known by which id the person goes in %s", strings.Join(names, ", ")).
		WithHint("set the person's external ids; an empty list says that they are not known there")
}

// Settle says that a system needs no more for a request or a certificate: staff have seen to it there, or it
// may not be done. The reason is an id of theirs, which whoever reads the request's systems is told.
func (d *Desk) Settle(ctx context.Context, c vault.Caller, tenant, about, system, reason string) (lines connect.Report, err error) {
	const op = "connected.Settle"
	if err := d.admit(ctx, c, "connected.settle", tenant, vault.ScopeRights, vault.ScopeSubjects); err != nil {
		return nil, err
	}
	if !vault.IsReference(reason) {
		return nil, fault.New(op, fault.Invalid, "it is settled for a reason: an id of yours, and no name or text").WithField("reason")
	}
	var id string
	err = d.Vault.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		all, err := d.of(tx, about)
		if err != nil {
			return err
		}
		for i := range all {
			w := &all[i]
			if !w.settle(system, reason) {
				continue
			}
			if w.action != erasesAll { // a round of many goes on by itself, with one server at a time
				id = w.id
			}
			if w.pending() {
				w.next = tx.Now()
			}
			if err := update(tx, w); err != nil {
				return err
			}
			return d.tell(tx, c.Credential.ID, "connected.settled", w, system, "reason", reason)
		}
		return fault.New(op, fault.NotFound, "nothing of %s is left to be done there", system)
	})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	if err := d.Advance(ctx, tenant, id); err != nil && !fault.Is(err, fault.Unavailable) {
		return nil, err
	}
	err = d.Vault.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		lines, _, err = d.Of(tx, about)
		return err
	})
	return lines, err
}

// settle settles what is left of a system, and reports whether there was anything.
func (w *walk) settle(system, reason string) (any bool) {
	for i := range w.lines {
		l := &w.lines[i]
		if l.System == system && !l.State.Final() {
			l.State, l.Why, any = connect.Settled, reason, true
		}
	}
	return any
}
