package connected

import (
	"context"
	"time"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// waits is how soon a walk that waits for an erasure is looked at, and forgotten how late one that does not
// come: whoever asked for it has then been told that it did not.
const (
	waits     = time.Minute
	forgotten = 25 * time.Hour
)

// Erase puts aside, in the transaction that begins a person's erasure, what the walk through the systems must
// know of them. about is the request it is for, or "". Where a system's id of the person is not known, it is a
// Conflict: they would be left there. Where no system holds data, nothing is opened.
func (d *Desk) Erase(tx *db.Tx, id, about, subject string) error {
	const op = "connected.Erase"
	if !d.holds(tx.Tenant()) {
		return nil
	}
	ids, err := d.Known(tx, subject)
	if err != nil {
		return fault.Wrap(op, err)
	}
	if err := d.mustKnow(tx.Tenant(), ids); err != nil {
		return err
	}
	w := &walk{id: id, about: about, action: erases, state: waiting, subject: subject, opened: tx.Now(), next: tx.Now().Add(waits), people: 1}
	w.lines = d.Set.Lines(tx.Tenant(), connect.Erase())
	key, err := d.newKey(tx, w)
	if err != nil {
		return fault.Wrap(op, err)
	}
	if err := put(tx, key, w, partName(0), []person{{Ref: id, IDs: ids}}); err != nil {
		return err
	}
	return insert(tx, w)
}

// PassOn opens a walk that tells systems of a restriction, an objection or a withdrawal. Which id the person
// has there is read when it is told: what is not known yet can be set.
func (d *Desk) PassOn(tx *db.Tx, request, subject, right string, purposes []string) error {
	if !d.holds(tx.Tenant()) {
		return nil
	}
	if w, err := read(tx, request); err != nil || w != nil {
		return err
	}
	return insert(tx, &walk{
		id: request, about: request, action: right, state: going, subject: subject, purposes: purposes, people: 1,
		lines: d.Set.Lines(tx.Tenant(), connect.PassOn(right)), opened: tx.Now(), next: tx.Now(),
	})
}

// Drop forgets a walk that was not begun: what it was for did not come about.
func (d *Desk) Drop(tx *db.Tx, id string) error {
	w, err := read(tx, id)
	if err != nil || w == nil || w.state == ended {
		return err
	}
	if err := d.dropKey(tx, w); err != nil {
		return err
	}
	for _, table := range []string{"walk_people", "walks"} {
		if _, err := tx.Exec(`DELETE FROM `+table+` WHERE tenant_id = $1 AND walk_id = $2`, tx.Tenant(), id); err != nil {
			return fault.Wrap("connected.Drop", err)
		}
	}
	return nil
}

// EraseAll opens the walk of an off-boarding: from then on no external ids are set.
func (d *Desk) EraseAll(tx *db.Tx, id string) error {
	if !d.holds(tx.Tenant()) {
		return nil
	}
	w := &walk{id: id, action: erasesAll, state: gathering, opened: tx.Now()}
	for _, about := range d.Set.About(tx.Tenant()) {
		w.lines = append(w.lines, connect.Line{System: about.ID, Did: erases, State: connect.Open, Why: "not begun"})
	}
	if _, err := d.newKey(tx, w); err != nil {
		return err
	}
	return insert(tx, w)
}

// gathered is how many people a part holds. They are put aside while the tenant's keys are there, which an
// off-boarding destroys as soon as Gather returns.
const gathered = 100

// Gather puts aside what the walk of an off-boarding must know of the tenant's people. Cut short, it begins
// anew; once done it does nothing.
func (d *Desk) Gather(ctx context.Context, tenant, id string) error {
	const op = "connected.Gather"
	if !d.holds(tenant) {
		return nil
	}
	over := false
	err := d.Vault.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		w, err := read(tx, id)
		if over = err == nil && (w == nil || w.state != gathering); over || err != nil {
			return err
		}
		_, err = tx.Exec(`DELETE FROM walk_people WHERE tenant_id = $1 AND walk_id = $2`, tenant, id)
		return err
	})
	after, people := "", 0
	for n := 0; err == nil && !over; n++ {
		var some int
		some, after, err = d.gatherSome(ctx, tenant, id, partName(n), after)
		if people += some; some < gathered {
			break
		}
	}
	if err != nil || over {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, d.Vault.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		w, err := read(tx, id)
		if err != nil || w == nil || w.state != gathering {
			return err
		}
		var all int64
		if err := tx.One(`SELECT COUNT(*) FROM subjects WHERE tenant_id = $1`, []any{tenant}, &all); err != nil {
			return err
		}
		if nowhere := all - int64(people); nowhere > 0 { // people of whom no ids were ever set
			for _, about := range d.Set.About(tenant) {
				w.unknown(about.ID, nowhere)
			}
		}
		w.state, w.people, w.next = going, int64(people), tx.Now()
		return update(tx, w)
	}))
}

// gatherSome puts a part of the people aside, those after one. It returns how many, and the last.
func (d *Desk) gatherSome(ctx context.Context, tenant, id, part, after string) (n int, last string, err error) {
	err = d.Vault.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		w, err := read(tx, id)
		if err != nil || w == nil {
			return err
		}
		key, err := d.openKey(tx, w)
		if err != nil {
			return err
		}
		type row struct {
			subject string
			sealed  []byte
		}
		var rows []row
		err = tx.Each(`SELECT subject_id, sealed FROM external_ids WHERE tenant_id = $1 AND subject_id > $2 ORDER BY subject_id LIMIT $3`,
			[]any{tenant, after, gathered}, func(scan func(...any) error) error {
				var r row
				err := scan(&r.subject, &r.sealed)
				rows = append(rows, r)
				return err
			})
		if err != nil {
			return err
		}
		var people []person
		n, last = len(rows), after
		for i, r := range rows {
			last = r.subject
			who, err := d.Vault.DataSubject(tx, r.subject)
			if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased) { // erased a moment ago, with a walk of their own
				continue
			}
			if err != nil {
				return err
			}
			ids, err := opened(who, r.subject, r.sealed)
			if err != nil {
				return err
			}
			people = append(people, person{Ref: w.id + "." + part + "." + partName(i), IDs: ids})
		}
		if len(people) == 0 {
			return nil
		}
		return put(tx, key, w, part, people)
	})
	return n, last, err
}
