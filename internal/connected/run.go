package connected

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

const (
	// lease is how long a walk is one server's. Taken by two, it is done once all the same.
	lease = 15 * time.Second
	// partLease is how long a part of an off-boarding is.
	partLease = 5 * time.Minute
	// patience is how long who asks for a walk waits for it: what is left goes on by itself.
	patience = 10 * time.Second
	// slow is how long one system may take over one person before the rest of a round leaves it out.
	slow = 2 * time.Second
	// turn is how many parts of an off-boarding are walked before others have theirs.
	turn = 10
)

// Run goes on with all walks that are due. It may be interrupted anywhere. A system that does not answer is
// left out for the rest of the round, so that it holds up no other.
func (d *Desk) Run(ctx context.Context) error {
	const op = "connected.Run"
	if d.Set == nil {
		return nil
	}
	down := map[string]bool{}
	var failed error
	for after := ""; ; {
		tenants, err := wakes.Due(ctx, d.Vault.DB, d.Vault.Now(), after)
		if err != nil {
			return fault.Wrap(op, errors.Join(failed, err))
		}
		for _, tenant := range tenants {
			after = tenant
			failed = errors.Join(failed, d.runTenant(ctx, tenant, down))
			if ctx.Err() != nil {
				return fault.Wrap(op, failed)
			}
		}
		if len(tenants) < 1000 {
			return fault.Wrap(op, failed)
		}
	}
}

func (d *Desk) runTenant(ctx context.Context, tenant string, down map[string]bool) (failed error) {
	var due []walk
	err := d.Vault.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		due, err = where(tx, `next_at > 0 AND next_at <= $2 ORDER BY next_at LIMIT 1000`, db.Micros(d.Vault.Now()))
		return err
	})
	if err != nil {
		return err
	}
	for i := range due {
		failed = errors.Join(failed, d.step(ctx, tenant, due[i].id, due[i].next, down))
		if ctx.Err() != nil {
			return failed
		}
	}
	return errors.Join(failed, d.Vault.DB.Write(ctx, tenant, wakes.Settle))
}

// Advance goes on with a walk now, for as long as somebody may be let wait. What is left then goes on by itself.
func (d *Desk) Advance(ctx context.Context, tenant, id string) error {
	if !d.holds(tenant) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return d.step(ctx, tenant, id, time.Time{}, map[string]bool{})
}

// step goes on with a walk that was due at a time, unless another server has taken it since; with a zero time it
// does in any case.
func (d *Desk) step(ctx context.Context, tenant, id string, due time.Time, down map[string]bool) error {
	var w *walk
	err := d.Vault.DB.Write(ctx, tenant, func(tx *db.Tx) (err error) {
		if w, err = read(tx, id); err != nil || w == nil {
			return err
		}
		if !w.pending() || w.state == gathering || !due.IsZero() && !w.next.Equal(due) {
			w = nil
			return nil
		}
		if w.state == waiting {
			if ready, err := d.ready(tx, w); err != nil || !ready {
				w = nil
				return err
			}
		}
		if err := d.renew(tx, w); err != nil && !fault.Is(err, fault.Erased) {
			return err
		}
		w.next = tx.Now().Add(w.lease())
		return update(tx, w)
	})
	if err != nil || w == nil {
		return err
	}
	return errors.Join(d.walk(ctx, tenant, w, down), d.close(context.WithoutCancel(ctx), tenant, id))
}

func (w *walk) lease() time.Duration {
	if w.action == erasesAll {
		return partLease
	}
	return lease
}

// ready reports whether the erasure that a walk waits for has come about, and puts it off if not.
func (d *Desk) ready(tx *db.Tx, w *walk) (bool, error) {
	gone := w.subject == ""
	if !gone {
		err := d.Vault.Lives(tx, w.subject)
		if gone = fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased); err != nil && !gone {
			return false, err
		}
	}
	switch {
	case gone:
		w.state, w.subject = going, ""
		return true, nil
	case tx.Now().Sub(w.opened) > forgotten:
		return false, d.Drop(tx, w.id)
	}
	w.next = tx.Now().Add(waits)
	return false, update(tx, w)
}

// walk goes through the systems.
func (d *Desk) walk(ctx context.Context, tenant string, w *walk, down map[string]bool) error {
	switch w.action {
	case erases:
		return d.eraseOne(ctx, tenant, w, down)
	case erasesAll:
		return d.eraseMany(ctx, tenant, w, down)
	}
	var ids map[string][]string
	gone := w.subject == ""
	if !gone {
		err := d.Vault.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
			ids, err = d.Known(tx, w.subject)
			return err
		})
		if gone = fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased); err != nil && !gone {
			return err
		}
	}
	if gone { // erased meanwhile, there too
		return d.change(ctx, tenant, w.id, func(_ *db.Tx, w *walk) error {
			for i := range w.lines {
				if l := &w.lines[i]; !l.State.Final() {
					l.State, l.Why = connect.Settled, "person-erased"
				}
			}
			return nil
		})
	}
	_, err := d.take1(ctx, tenant, person{Ref: w.id, IDs: ids}, connect.PassOn(w.action, w.purposes...), d.progress(tenant, w.id), down)
	return err
}

// take1 walks for one person, and leaves out what is down, or proves to be.
func (d *Desk) take1(ctx context.Context, tenant string, p person, a connect.Action, to connect.Progress, down map[string]bool) (connect.Report, error) {
	began := d.Vault.Now()
	report, err := d.Set.Without(down).Walk(ctx, connect.Person{Ref: p.Ref, Tenant: tenant, IDs: p.IDs}, a, to)
	if d.Vault.Now().Sub(began) > slow {
		for _, l := range report {
			if l.State == connect.Failed {
				down[l.System] = true
			}
		}
	}
	return report, err
}

// part opens a part of a walk. sealed is how it is kept.
func (d *Desk) part(ctx context.Context, tenant string, w *walk, name string) (people []person, sealed []byte, err error) {
	err = d.Vault.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		key, err := d.openKey(tx, w)
		if err == nil {
			people, sealed, err = take(tx, key, w, name)
		}
		return err
	})
	return people, sealed, err
}

// lost tells that nobody can know any more whom a walk was of. It asks for staff, who settle it.
func (d *Desk) lost(ctx context.Context, tenant, id string) error {
	return d.change(ctx, tenant, id, func(_ *db.Tx, w *walk) error {
		for i := range w.lines {
			if l := &w.lines[i]; !l.State.Final() {
				l.State, l.Why = connect.Failed, "the external ids went with their key: see to it there, and settle it"
			}
		}
		return nil
	})
}

func (d *Desk) eraseOne(ctx context.Context, tenant string, w *walk, down map[string]bool) error {
	people, _, err := d.part(ctx, tenant, w, partName(0))
	if fault.Is(err, fault.Erased) {
		return d.lost(ctx, tenant, w.id)
	}
	if err != nil || len(people) == 0 {
		return err
	}
	_, err = d.take1(ctx, tenant, people[0], connect.Erase(), d.progress(tenant, w.id), down)
	return err
}

// change changes a walk in a transaction.
func (d *Desk) change(ctx context.Context, tenant, id string, do func(*db.Tx, *walk) error) error {
	return d.Vault.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		w, err := read(tx, id)
		if err != nil || w == nil {
			return err
		}
		if err := do(tx, w); err != nil {
			return err
		}
		return update(tx, w)
	})
}

// close ends a walk of which nothing is left to be done, or says when it goes on.
func (d *Desk) close(ctx context.Context, tenant, id string) error {
	return d.change(ctx, tenant, id, func(tx *db.Tx, w *walk) error {
		switch {
		case !w.pending():
			return nil
		case w.lines.Done():
			return d.end(tx, w)
		case w.action == erasesAll && w.subject != "":
			w.next = tx.Now() // there are people whom this round has not come to
		default:
			w.tries++
			w.next = tx.Now().Add(min(time.Minute<<min(w.tries-1, 6), time.Hour))
		}
		return nil
	})
}

func (d *Desk) end(tx *db.Tx, w *walk) error {
	if err := d.dropKey(tx, w); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM walk_people WHERE tenant_id = $1 AND walk_id = $2`, tx.Tenant(), w.id)
	w.state, w.ended, w.next, w.wrapped, w.key, w.epoch, w.subject = ended, tx.Now(), time.Time{}, nil, "", 0, ""
	return err
}

// progress keeps how far a walk came for one person, with an entry for each system that is done.
func (d *Desk) progress(tenant, id string) connect.Progress { return &kept{d, tenant, id} }

type kept struct {
	d          *Desk
	tenant, id string
}

// Load returns the lines kept.
func (k *kept) Load(ctx context.Context) (lines []connect.Line, err error) {
	err = k.d.Vault.DB.Read(ctx, k.tenant, func(tx *db.Tx) error {
		w, err := read(tx, k.id)
		if w != nil {
			lines = w.lines
		}
		return err
	})
	return lines, err
}

// Save replaces the lines of a system, but for what staff have settled meanwhile, and what another server that
// walked at the same time has done.
func (k *kept) Save(ctx context.Context, lines []connect.Line) error {
	return k.d.change(ctx, k.tenant, k.id, func(tx *db.Tx, w *walk) error {
		if len(lines) == 0 || w.decided(lines[0].System) {
			return nil
		}
		w.lines = ordered(k.d.Set, k.tenant, connect.Replaced(w.lines, lines))
		if !connect.Report(lines).Done() {
			return nil
		}
		return k.d.tell(tx, maintenance, "connected.done", w, lines[0].System, "rows", strconv.FormatInt(rowsOf(lines), 10), "state", string(lines[0].State))
	})
}

// decided reports whether a system is settled, or, of what is done but once, at its end.
func (w *walk) decided(system string) bool {
	some, final := false, true
	for _, l := range w.lines {
		if l.System != system {
			continue
		}
		if l.State == connect.Settled {
			return true
		}
		some, final = true, final && l.State.Final()
	}
	return some && final && w.action != copies
}

func rowsOf(lines []connect.Line) (n int64) {
	for _, l := range lines {
		n += l.Rows
	}
	return n
}

// ordered are lines in the order of the systems.
func ordered(set *connect.Set, tenant string, lines connect.Report) connect.Report {
	at := map[string]int{}
	for i, about := range set.About(tenant) {
		at[about.ID] = i
	}
	slices.SortStableFunc(lines, func(a, b connect.Line) int { return at[a.System] - at[b.System] })
	return lines
}
