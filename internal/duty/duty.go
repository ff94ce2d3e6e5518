// Package duty is the desk at which what clauses owe by a time is opened, paused and discharged.
package duty

import (
	"context"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// Desk opens and discharges clocks for callers with the scope duties. Each call is admitted, and that
// recorded, before it does anything.
type Desk struct {
	Vault  *vault.Vault
	Engine *obligation.Engine
	Duties map[string][]obligation.Duty // what each clause owes when its occasion arises
	// Elsewhere reports kinds of duties that another desk alone ends, by evidence that it has looked at; nil: none.
	Elsewhere func(kind string) bool
}

// Open begins the clocks of everything that a clause owes on an occasion. A clause that owes nothing by
// a time is NotFound. The same occasion of a clause is opened once: again it is a Conflict.
func (d *Desk) Open(ctx context.Context, c vault.Caller, tenant, clause, about string) (opened []obligation.Clock, err error) {
	const op = "duty.Open"
	if err := d.admit(ctx, c, "clock.open", tenant); err != nil {
		return nil, err
	}
	duties := d.Duties[clause]
	if len(duties) == 0 {
		return nil, fault.New(op, fault.NotFound, "the policy has no clause of that id that owes anything by a time")
	}
	err = d.Engine.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		opened = nil
		if known, err := d.Engine.Opened(tx, clause, about); err != nil || known {
			return conflict(op, err)
		}
		for _, owed := range duties {
			clock, err := d.Engine.Open(tx, owed, about)
			if err != nil {
				return err
			}
			opened = append(opened, clock)
		}
		return nil
	})
	return opened, fault.Wrap(op, err)
}

func conflict(op string, err error) error {
	if err != nil {
		return err
	}
	return fault.New(op, fault.Conflict, "the clocks of this occasion are open already")
}

// Discharge ends a clock by evidence of the kind that it demands.
func (d *Desk) Discharge(ctx context.Context, c vault.Caller, tenant, clock, kind, evidence string) (obligation.Clock, error) {
	return d.change(ctx, c, "clock.discharge", tenant, clock, func(tx *db.Tx) error {
		if err := d.mine(tx, clock); err != nil {
			return err
		}
		return d.Engine.Discharge(tx, clock, kind, evidence)
	})
}

// Pause stops a clock for a reason, at most for a limit such as "14 days".
func (d *Desk) Pause(ctx context.Context, c vault.Caller, tenant, clock, reason, limit string) (obligation.Clock, error) {
	term, ok := policy.ParseTerm(limit)
	if !ok || term.Form != policy.Within {
		return obligation.Clock{}, fault.New("duty.Pause", fault.Invalid, "a pause has a limit such as 14 days").WithField("limit")
	}
	return d.change(ctx, c, "clock.pause", tenant, clock, func(tx *db.Tx) error { return d.Engine.Pause(tx, clock, reason, term) })
}

// Resume lets a paused clock run on.
func (d *Desk) Resume(ctx context.Context, c vault.Caller, tenant, clock string) (obligation.Clock, error) {
	return d.change(ctx, c, "clock.resume", tenant, clock, func(tx *db.Tx) error { return d.Engine.Resume(tx, clock) })
}

// Void ends a clock that is no longer owed.
func (d *Desk) Void(ctx context.Context, c vault.Caller, tenant, clock, reason string) (obligation.Clock, error) {
	return d.change(ctx, c, "clock.cancel", tenant, clock, func(tx *db.Tx) error {
		if err := d.mine(tx, clock); err != nil {
			return err
		}
		return d.Engine.Cancel(tx, clock, reason)
	})
}

// mine finds a clock that another desk alone may end: nobody talks past what it looks at.
func (d *Desk) mine(tx *db.Tx, clock string) error {
	if d.Elsewhere == nil {
		return nil
	}
	c, err := d.Engine.Clock(tx, clock)
	if err != nil || !d.Elsewhere(c.Duty.Kind) {
		return err
	}
	return fault.New("duty.mine", fault.Refused, "%s is discharged where it is worked on, and not by hand", c.Duty.Kind).WithClause(c.Duty.Clause)
}

func (d *Desk) change(ctx context.Context, c vault.Caller, act, tenant, clock string, do func(*db.Tx) error) (obligation.Clock, error) {
	if err := d.admit(ctx, c, act, tenant); err != nil {
		return obligation.Clock{}, err
	}
	if err := d.Engine.DB.Write(ctx, tenant, do); err != nil {
		return obligation.Clock{}, fault.Wrap("duty."+act, err)
	}
	now, err := d.Engine.Get(ctx, tenant, clock)
	if err != nil {
		return obligation.Clock{}, err
	}
	return *now, nil
}

// Get returns a clock.
func (d *Desk) Get(ctx context.Context, c vault.Caller, tenant, clock string) (obligation.Clock, error) {
	if err := d.admit(ctx, c, "clock.read", tenant); err != nil {
		return obligation.Clock{}, err
	}
	got, err := d.Engine.Get(ctx, tenant, clock)
	if err != nil {
		return obligation.Clock{}, err
	}
	return *got, nil
}

// List returns a page of the clocks that are running or paused, those due first first, and the cursor
// of the next page, "" on the last.
func (d *Desk) List(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]obligation.Clock, string, error) {
	return d.Find(ctx, c, tenant, obligation.Filter{}, cursor, limit)
}

// Find is List of the clocks that pass a filter.
func (d *Desk) Find(ctx context.Context, c vault.Caller, tenant string, by obligation.Filter, cursor string, limit int) ([]obligation.Clock, string, error) {
	if err := d.admit(ctx, c, "clock.list", tenant); err != nil {
		return nil, "", err
	}
	return d.Engine.Find(ctx, tenant, by, d.Vault.Now(), cursor, limit)
}

func (d *Desk) admit(ctx context.Context, c vault.Caller, act, tenant string) error {
	return d.Vault.Admit(ctx, c, act, tenant, vault.ScopeDuties)
}
