package obligation

import (
	"context"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// Filter says which of the clocks that are running or paused are looked for.
type Filter struct {
	Clause string // "" for all
	Only   string // OnlyNear, OnlyMissed, OnlyPaused; "" for all
}

// What a filter may say. Near and missed are as Near and Late say of a clock.
const (
	OnlyNear   = "near"
	OnlyMissed = "missed"
	OnlyPaused = "paused"
)

// conditions are what a filter demands of a row beside the clause, with what stands for $6 to $8 in them.
func (f *Filter) conditions(now time.Time) (where string, args []any, err error) {
	switch f.Only {
	case "":
		return `TRUE`, nil, nil
	case OnlyNear:
		return `state = 'running' AND stage < $8 AND due_at > $6 AND (target_at > 0 AND target_at <= $6 OR stage >= $7)`, []any{db.Micros(now), int64(reminded), int64(missed)}, nil
	case OnlyMissed:
		return `due_at > 0 AND (stage >= $7 OR CASE state WHEN 'running' THEN $6 ELSE paused_at END >= due_at)`, []any{db.Micros(now), int64(missed)}, nil
	case OnlyPaused:
		return `state = 'paused'`, nil, nil
	}
	return "", nil, fault.New("obligation.Filter", fault.Invalid, "clocks are near, missed or paused").WithField("only")
}

// Find returns the clocks that are running or paused and pass a filter as of now, those due first first, and the
// cursor of the next page, "" on the last. Clocks that await an event come last.
func (e *Engine) Find(ctx context.Context, tenant string, by Filter, now time.Time, cursor string, limit int) (page []Clock, next string, err error) {
	const op = "obligation.Find"
	after, err := db.ParseCursor(cursor, db.Oldest)
	if err != nil {
		return nil, "", fault.Wrap(op, err)
	}
	where, more, err := by.conditions(now)
	if err != nil {
		return nil, "", err
	}
	const order = `CASE WHEN due_at = 0 THEN 9223372036854775807 ELSE due_at END`
	args := append([]any{by.Clause, after.At, after.ID, int64(limit + 1)}, more...)
	err = e.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		page, err = clocks(tx, `state IN ('running', 'paused') AND ($2 = '' OR clause_id = $2) AND (`+where+`) AND (`+order+`, clock_id) > ($3, $4) ORDER BY `+order+`, clock_id LIMIT $5`, args...)
		return err
	})
	if err == nil && len(page) > limit {
		page = page[:limit]
		next = page[limit-1].cursor().String()
	}
	return page, next, fault.Wrap(op, err)
}
