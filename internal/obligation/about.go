package obligation

import (
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// OpenSince begins a clock that counts from another time than now: from when something came to be known,
// or from when it comes to be owed. One that is overdue already is opened overdue.
func (e *Engine) OpenSince(tx *db.Tx, d Duty, about string, start time.Time) (Clock, error) {
	return e.open(tx, d, about, start, time.Time{})
}

// Of returns the clocks of one thing as the transaction sees them, the oldest first.
func (e *Engine) Of(tx *db.Tx, about string) ([]Clock, error) {
	all, err := clocks(tx, `about = $2 ORDER BY opened_at, clock_id`, about)
	return all, fault.Wrap("obligation.Of", err)
}

// WireOf returns the clocks of things as they travel.
func (e *Engine) WireOf(tx *db.Tx, abouts ...string) ([]api.Clock, error) {
	all := []api.Clock{}
	for _, about := range abouts {
		found, err := e.Of(tx, about)
		if err != nil {
			return nil, err
		}
		for i := range found {
			all = append(all, found[i].Wire(tx.Now()))
		}
	}
	return all, nil
}

// DischargeOf ends what of a thing is owed until evidence of the kind comes.
func (e *Engine) DischargeOf(tx *db.Tx, about, kind, evidence string) error {
	found, err := e.Of(tx, about)
	if err != nil {
		return err
	}
	for i := range found {
		if c := &found[i]; c.Live() && c.Duty.Evidence == kind {
			if err := e.Discharge(tx, c.ID, kind, evidence); err != nil {
				return err
			}
		}
	}
	return nil
}

// Void ends a live clock that is not owed after all. One that was missed meanwhile stays visible as late: the
// finding that it was not owed discharges it.
func (e *Engine) Void(tx *db.Tx, c *Clock, reason, evidence string) error {
	if c.Late(tx.Now()) {
		return e.Discharge(tx, c.ID, c.Duty.Evidence, evidence)
	}
	return e.Cancel(tx, c.ID, reason)
}

// VoidOf is Void of all that is owed of a thing.
func (e *Engine) VoidOf(tx *db.Tx, about, reason, evidence string) error {
	found, err := e.Of(tx, about)
	if err != nil {
		return err
	}
	for i := range found {
		if c := &found[i]; c.Live() {
			if err := e.Void(tx, c, reason, evidence); err != nil {
				return err
			}
		}
	}
	return nil
}

// KeepPromised ends the tenant's clocks of a kind that no clause promises any more, but those that were missed.
func (e *Engine) KeepPromised(tx *db.Tx, kind string, promised func(*Clock) bool) error {
	found, err := e.Kind(tx, kind)
	if err != nil {
		return err
	}
	for i := range found {
		c := &found[i]
		if promised(c) || c.Late(tx.Now()) {
			continue
		}
		if err := e.Cancel(tx, c.ID, "no-longer-promised"); err != nil {
			return err
		}
	}
	return nil
}

// Remove deletes the clocks of a drill, which nothing was ever owed by. The ledger keeps what became of them.
func (e *Engine) Remove(tx *db.Tx, about string) error {
	_, err := tx.Exec(`DELETE FROM clocks WHERE tenant_id = $1 AND about = $2`, tx.Tenant(), about)
	return fault.Wrap("obligation.Remove", err)
}
