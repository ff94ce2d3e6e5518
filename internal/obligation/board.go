package obligation

import (
	"context"
	"math"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// Standing is how the clocks of one clause stand.
type Standing struct {
	Running int       // running or paused, neither near nor missed
	Near    int       // running, and close to the limit
	Missed  int       // past the limit and not discharged
	Late    int       // discharged after the limit, in the time looked back over
	InTime  int       // discharged by the limit, in the time looked back over
	Next    time.Time // the earliest limit of those not missed; zero if there is none
	Overdue time.Time // the earliest limit of those missed; zero if there is none
}

// Standings tells how a tenant's clocks stand by clause, as of now. What was discharged is looked back
// at since a time. The store counts: there may be a million, and the public page asks. What it counts as
// late and near is what Late and Near say of a clock.
func (e *Engine) Standings(ctx context.Context, tenant string, now, since time.Time) (map[string]Standing, error) {
	const late = `due_at > 0 AND (stage >= $5 OR CASE state WHEN 'running' THEN $2 WHEN 'paused' THEN paused_at ELSE ended_at END >= due_at)`
	const near = `state = 'running' AND due_at > $2 AND (target_at > 0 AND target_at <= $2 OR stage >= $4)`
	const query = `SELECT clause_id, CASE WHEN state = 'done' THEN 1 ELSE 0 END, CASE WHEN ` + late + ` THEN 1 ELSE 0 END, CASE WHEN ` + near + ` THEN 1 ELSE 0 END,
		COUNT(*), COALESCE(MIN(CASE WHEN due_at > 0 THEN due_at END), 0)
		FROM clocks WHERE tenant_id = $1 AND (state IN ('running', 'paused') OR state = 'done' AND ended_at >= $3) GROUP BY 1, 2, 3, 4`
	var all map[string]Standing
	err := e.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		all = map[string]Standing{}
		return tx.Each(query, []any{tenant, db.Micros(now), db.Micros(since), int64(reminded), int64(missed)}, func(scan func(...any) error) error {
			var clause string
			var done, late, near, clocks, first int64
			if err := scan(&clause, &done, &late, &near, &clocks, &first); err != nil {
				return err
			}
			s := all[clause]
			s.count(done == 1, late == 1, near == 1, int(clocks), db.Moment(first))
			all[clause] = s
			return nil
		})
	})
	return all, fault.Wrap("obligation.Standings", err)
}

// Add adds how another tenant's clocks of the clause stand.
func (s *Standing) Add(o Standing) {
	s.Running, s.Near, s.Missed, s.Late, s.InTime = s.Running+o.Running, s.Near+o.Near, s.Missed+o.Missed, s.Late+o.Late, s.InTime+o.InTime
	s.Next, s.Overdue = earliest(s.Next, o.Next), earliest(s.Overdue, o.Overdue)
}

// count adds clocks of one kind, the first of which is due at a moment.
func (s *Standing) count(done, late, near bool, clocks int, first time.Time) {
	switch {
	case done && late:
		s.Late += clocks
	case done:
		s.InTime += clocks
	case late:
		s.Missed, s.Overdue = s.Missed+clocks, earliest(s.Overdue, first)
	case near:
		s.Near, s.Next = s.Near+clocks, earliest(s.Next, first)
	default:
		s.Running, s.Next = s.Running+clocks, earliest(s.Next, first)
	}
}

// Get returns a clock. It is fault.NotFound if there is none of the id.
func (e *Engine) Get(ctx context.Context, tenant, id string) (c *Clock, err error) {
	err = e.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		c, err = byID(tx, id)
		return err
	})
	return c, fault.Wrap("obligation.Get", err)
}

// About returns the clocks of one thing, the oldest first.
func (e *Engine) About(ctx context.Context, tenant, about string) (all []Clock, err error) {
	err = e.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		all, err = e.Of(tx, about)
		return err
	})
	return all, fault.Wrap("obligation.About", err)
}

// Opened reports whether the clause has clocks about the occasion, whatever became of them.
func (e *Engine) Opened(tx *db.Tx, clause, about string) (bool, error) {
	known, err := clocks(tx, `about = $2 AND clause_id = $3 LIMIT 1`, about, clause)
	return len(known) > 0, err
}

func (c *Clock) cursor() db.Cursor {
	if c.Due.IsZero() {
		return db.Cursor{At: math.MaxInt64, ID: c.ID}
	}
	return db.Cursor{At: db.Micros(c.Due), ID: c.ID}
}

// Tenants returns the tenants that may have clocks: the organisation, those there are, and those that were
// erased, which have the clock of their leaving.
func (e *Engine) Tenants(ctx context.Context) (all []string, err error) {
	err = e.DB.Read(ctx, "", func(tx *db.Tx) error {
		all = []string{db.Organisation}
		return tx.Each(`SELECT tenant_id FROM tenants ORDER BY tenant_id`, nil, func(scan func(...any) error) error {
			var tenant string
			err := scan(&tenant)
			all = append(all, tenant)
			return err
		})
	})
	return all, err
}
