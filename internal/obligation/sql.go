package obligation

import (
	"time"

	"clause.dev/clause/internal/db"
)

const columns = `clock_id, about, duty, state, opened_at, target_at, due_at, wake_at, stage, awaits, paused_at, paused_until, pause_reason, ended_at, evidence_kind, evidence`

func insert(tx *db.Tx, c *Clock) error {
	_, err := tx.Exec(`INSERT INTO clocks (tenant_id, kind, clause_id, `+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		append([]any{c.Tenant, c.Duty.Kind, c.Duty.Clause, c.ID, c.About, c.Duty.encode()}, c.state()...)...)
	if err != nil {
		return err
	}
	return wakes.By(tx, db.Micros(c.wake))
}

// state is what changes of a clock, in the order of columns from state on.
func (c *Clock) state() []any {
	return []any{string(c.State), db.Micros(c.Opened), db.Micros(c.Target), db.Micros(c.Due), db.Micros(c.wake), int64(c.stage), c.Awaits,
		db.Micros(c.PausedAt), db.Micros(c.PausedUntil), c.PauseReason, db.Micros(c.Ended), c.EvidenceKind, c.Evidence}
}

func update(tx *db.Tx, c *Clock) error {
	_, err := tx.Exec(`UPDATE clocks SET state = $3, opened_at = $4, target_at = $5, due_at = $6, wake_at = $7, stage = $8, awaits = $9,
		paused_at = $10, paused_until = $11, pause_reason = $12, ended_at = $13, evidence_kind = $14, evidence = $15
		WHERE tenant_id = $1 AND clock_id = $2`, append([]any{c.Tenant, c.ID}, c.state()...)...)
	if err != nil {
		return err
	}
	return wakes.By(tx, db.Micros(c.wake))
}

// wakes says when each tenant's clocks are to be looked at.
var wakes = db.Wakes{Kind: "clocks", Table: "clocks", Column: "wake_at"}

func dueClocks(tx *db.Tx, now time.Time) ([]Clock, error) {
	return clocks(tx, `wake_at > 0 AND wake_at <= $2 ORDER BY wake_at, clock_id LIMIT $3`+tx.LockRow(), db.Micros(now), int64(batch))
}

func awaiting(tx *db.Tx, event string) ([]Clock, error) {
	return clocks(tx, `awaits = $2 AND state IN ('running', 'paused') ORDER BY clock_id`+tx.LockRow(), event)
}

func byID(tx *db.Tx, id string) (*Clock, error) {
	c := Clock{Tenant: tx.Tenant()}
	var r row
	err := tx.One(`SELECT `+columns+` FROM clocks WHERE tenant_id = $1 AND clock_id = $2`+lock(tx), []any{tx.Tenant(), id}, r.dest(&c)...)
	if err != nil {
		return nil, err
	}
	return &c, r.into(&c)
}

// lock is for a row that will be changed: a Read changes none.
func lock(tx *db.Tx) string {
	if tx.Writing() {
		return tx.LockRow()
	}
	return ""
}

func clocks(tx *db.Tx, where string, args ...any) (all []Clock, err error) {
	err = tx.Each(`SELECT `+columns+` FROM clocks WHERE tenant_id = $1 AND `+where, append([]any{tx.Tenant()}, args...), func(scan func(...any) error) error {
		c := Clock{Tenant: tx.Tenant()}
		var r row
		if err := scan(r.dest(&c)...); err != nil {
			return err
		}
		err := r.into(&c)
		all = append(all, c)
		return err
	})
	return all, err
}

// row is what of a clock is stored in another form: times in microseconds, 0 for none.
type row struct {
	duty, state                                                  string
	opened, target, due, wake, stage, pausedAt, pausedUntil, end int64
}

func (r *row) dest(c *Clock) []any {
	return []any{&c.ID, &c.About, &r.duty, &r.state, &r.opened, &r.target, &r.due, &r.wake, &r.stage, &c.Awaits,
		&r.pausedAt, &r.pausedUntil, &c.PauseReason, &r.end, &c.EvidenceKind, &c.Evidence}
}

func (r *row) into(c *Clock) (err error) {
	c.State, c.stage = State(r.state), stage(r.stage)
	c.Opened, c.Target, c.Due, c.wake = db.Moment(r.opened), db.Moment(r.target), db.Moment(r.due), db.Moment(r.wake)
	c.PausedAt, c.PausedUntil, c.Ended = db.Moment(r.pausedAt), db.Moment(r.pausedUntil), db.Moment(r.end)
	c.Duty, err = decodeDuty(r.duty)
	return err
}
