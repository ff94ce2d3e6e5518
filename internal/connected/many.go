package connected

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// An off-boarding's walk goes through the people a part at a time, again and again until nobody is left. Its
// lines sum up: one for each system with the rows that went, and one that counts the people whose id there is
// not known. Where a turn ended is kept in the walk's subject, which a tenant has none of.

// notKnown is what is said of people whom a system may hold under an id that nobody told.
const notKnown = "not-known"

// begun marks a line of a round under way in which nothing has failed yet.
const begun = "begun"

// toll is what a part of the people came to in one system.
type toll struct {
	rows    int64
	unknown int64
	why     string // the last failure, "" for none
}

// eraseMany goes through some parts of the people of an off-boarded tenant. What is left of a part is kept, with
// the sums, in one transaction after it was walked: cut short in between, it is walked again, which does nothing
// twice.
func (d *Desk) eraseMany(ctx context.Context, tenant string, w *walk, down map[string]bool) error {
	if w.subject == "" {
		if err := d.change(ctx, tenant, w.id, func(_ *db.Tx, now *walk) error { now.begin(); *w = *now; return nil }); err != nil {
			return err
		}
	}
	var parts []string
	err := d.Vault.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		parts, err = partsAfter(tx, w, w.subject, turn)
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range parts {
		people, sealed, err := d.part(ctx, tenant, w, name)
		if fault.Is(err, fault.Erased) {
			return d.lost(ctx, tenant, w.id)
		}
		if err != nil {
			return err
		}
		left, tolls := d.round(ctx, tenant, w, people, down)
		if err := d.keep(ctx, tenant, w.id, name, sealed, left, tolls); err != nil || ctx.Err() != nil {
			return err
		}
	}
	if len(parts) == turn { // there may be more
		return nil
	}
	return d.change(ctx, tenant, w.id, func(_ *db.Tx, w *walk) error { w.sum(); return nil })
}

// begin begins a round through all who are left.
func (w *walk) begin() {
	for i := range w.lines {
		if l := &w.lines[i]; l.Did == erases && l.State != connect.Settled {
			l.State, l.Why = connect.Working, begun
		}
	}
}

// sum ends a round: where nothing failed, everybody who is known there is gone.
func (w *walk) sum() {
	w.subject = ""
	for i := range w.lines {
		l := &w.lines[i]
		switch {
		case l.State != connect.Working:
		case l.Why == begun:
			l.State, l.Why = connect.Done, ""
		default:
			l.State = connect.Failed
		}
	}
}

// round walks for the people of a part, and returns those for whom something is left to be done.
func (d *Desk) round(ctx context.Context, tenant string, w *walk, people []person, down map[string]bool) (left []person, tolls map[string]*toll) {
	tolls = map[string]*toll{}
	for _, about := range d.Set.About(tenant) {
		tolls[about.ID] = &toll{}
	}
	for _, p := range people {
		over := map[string]bool{} // where there is nothing to do for them
		for _, l := range w.lines {
			over[l.System] = over[l.System] || l.State == connect.Settled
		}
		unknown := d.unknown(tenant, p.IDs)
		for _, about := range unknown {
			over[about.ID] = true
		}
		was := rowsBySystem(p.Lines)
		p.Lines = d.visit(ctx, tenant, p, over, down)
		now, rest := rowsBySystem(p.Lines), false
		for system, t := range tolls {
			t.rows += now[system] - was[system]
			if why, done := stands(p.Lines, system); !done && !over[system] {
				t.why, rest = why, true
			}
		}
		if rest {
			left = append(left, p)
			continue
		}
		for _, about := range unknown {
			tolls[about.ID].unknown++
		}
	}
	return left, tolls
}

// visit walks for one person, where it is not over and the system not down, and returns how far that came.
func (d *Desk) visit(ctx context.Context, tenant string, p person, over, down map[string]bool) connect.Report {
	memory := &connect.Memory{}
	out := maps.Clone(down)
	maps.Copy(out, over)
	skipped := maps.Clone(out)
	if memory.Save(ctx, p.Lines) != nil || ctx.Err() != nil {
		return p.Lines
	}
	// What systems failed at is in the lines; the context's end is seen by whoever called.
	_, _ = d.take1(ctx, tenant, p, connect.Erase(), memory, out)
	for system := range out {
		if !skipped[system] {
			down[system] = true
		}
	}
	lines, err := memory.Load(ctx)
	if err != nil {
		return p.Lines
	}
	return lines
}

// rowsBySystem counts the rows that are gone.
func rowsBySystem(lines connect.Report) map[string]int64 {
	out := map[string]int64{}
	for _, l := range lines {
		if l.State == connect.Done {
			out[l.System] += l.Rows
		}
	}
	return out
}

// stands reports whether lines say that a system is done, and why not.
func stands(lines connect.Report, system string) (why string, done bool) {
	why = "the system does not answer"
	for _, l := range lines {
		if l.System != system {
			continue
		}
		if !l.State.Final() {
			return l.Why, false
		}
		done = true
	}
	return why, done
}

// keep writes what is left of a part, and adds its toll up, unless another server has done so since it was read.
func (d *Desk) keep(ctx context.Context, tenant, id, part string, was []byte, left []person, tolls map[string]*toll) error {
	return d.change(context.WithoutCancel(ctx), tenant, id, func(tx *db.Tx, w *walk) error {
		var now []byte
		err := tx.One(`SELECT sealed FROM walk_people WHERE tenant_id = $1 AND walk_id = $2 AND part = $3`, []any{tenant, id, part}, &now)
		if fault.Is(err, fault.NotFound) || err == nil && !bytes.Equal(now, was) {
			return nil
		}
		if err != nil {
			return fault.Wrap("connected.keep", err)
		}
		if len(left) == 0 {
			_, err := tx.Exec(`DELETE FROM walk_people WHERE tenant_id = $1 AND walk_id = $2 AND part = $3`, tenant, id, part)
			if err != nil {
				return fault.Wrap("connected.keep", err)
			}
		} else {
			key, err := d.openKey(tx, w)
			if err != nil {
				return err
			}
			if err := put(tx, key, w, part, left); err != nil {
				return err
			}
		}
		if ctx.Err() == nil { // else the part is not at its end
			w.subject, w.next = part, tx.Now().Add(partLease)
		}
		for system, t := range tolls {
			w.add(system, t)
		}
		return nil
	})
}

// add adds a part's toll to the lines of a system.
func (w *walk) add(system string, t *toll) {
	for i := range w.lines {
		l := &w.lines[i]
		if l.System != system || l.Did != erases {
			continue
		}
		l.Rows += t.rows
		if t.why != "" && l.State == connect.Working {
			l.Why = "people are left: " + t.why
		}
	}
	if t.unknown > 0 {
		w.unknown(system, t.unknown)
	}
}

// unknown counts people whom a system may hold under an id that nobody told.
func (w *walk) unknown(system string, n int64) {
	at := slices.IndexFunc(w.lines, func(l connect.Line) bool { return l.System == system && l.Did == notKnown })
	if at < 0 {
		after := slices.IndexFunc(w.lines, func(l connect.Line) bool { return l.System == system }) + 1
		w.lines = slices.Insert(w.lines, after, connect.Line{
			System: system, Did: notKnown, State: connect.ByHand, Why: "nobody told by which id they go there: staff see to these people",
		})
		at = after
	}
	w.lines[at].Rows += n
}
