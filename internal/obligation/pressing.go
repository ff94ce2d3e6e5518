package obligation

import (
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// Pressing reports whether a clause has clocks in the transaction's tenant that were missed, and any that
// are near, as Late and Near say of a clock. It looks at what runs, by an index.
func (e *Engine) Pressing(tx *db.Tx, clause string, now time.Time) (late, near bool, err error) {
	one := func(where string, args ...any) (found bool) {
		if err == nil {
			var some []Clock
			some, err = clocks(tx, `clause_id = $2 AND `+where+` LIMIT 1`, append([]any{clause}, args...)...)
			found = len(some) > 0
		}
		return found
	}
	at, told, over := db.Micros(now), int64(reminded), int64(missed)
	late = one(`state = 'running' AND due_at > 0 AND (due_at <= $3 OR stage >= $4)`, at, over) || one(`state = 'paused' AND due_at > 0 AND (paused_at >= due_at OR stage >= $3)`, over)
	near = one(`state = 'running' AND stage < $5 AND due_at > $3 AND (target_at > 0 AND target_at <= $3 OR stage >= $4)`, at, told, over)
	return late, near, fault.Wrap("obligation.Pressing", err)
}
