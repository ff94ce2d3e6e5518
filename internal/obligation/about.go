package obligation

import (
	"time"

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

// Remove deletes the clocks of a drill, which nothing was ever owed by. The ledger keeps what became of them.
func (e *Engine) Remove(tx *db.Tx, about string) error {
	_, err := tx.Exec(`DELETE FROM clocks WHERE tenant_id = $1 AND about = $2`, tx.Tenant(), about)
	return fault.Wrap("obligation.Remove", err)
}
