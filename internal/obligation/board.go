package obligation

import (
	"context"
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
}

// Standings tells how a tenant's clocks stand by clause, as of now. What was discharged is looked
// back at since a time.
func (e *Engine) Standings(ctx context.Context, tenant string, now, since time.Time) (map[string]Standing, error) {
	var all map[string]Standing
	err := e.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		all = map[string]Standing{}
		live, err := clocks(tx, `(state IN ('running', 'paused') OR state = 'done' AND ended_at >= $2) ORDER BY due_at, clock_id`, micros(since))
		for i := range live {
			s := all[live[i].Duty.Clause]
			s.count(&live[i], now)
			all[live[i].Duty.Clause] = s
		}
		return err
	})
	return all, fault.Wrap("obligation.Standings", err)
}

func (s *Standing) count(c *Clock, now time.Time) {
	late := c.Late(now)
	switch {
	case c.State == Done && late:
		s.Late++
	case c.State == Done:
		s.InTime++
	case late:
		s.Missed++
	case c.Near(now):
		s.Near++
	default:
		s.Running++
	}
	if c.State != Done && !late && !c.Due.IsZero() && (s.Next.IsZero() || c.Due.Before(s.Next)) {
		s.Next = c.Due
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
		all, err = clocks(tx, `about = $2 ORDER BY opened_at, clock_id`, about)
		return err
	})
	return all, fault.Wrap("obligation.About", err)
}

// Due returns clocks that are running or paused, those due first first, up to limit of them. Clocks
// that await an event come last.
func (e *Engine) Due(ctx context.Context, tenant string, limit int) (all []Clock, err error) {
	err = e.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		all, err = clocks(tx, `state IN ('running', 'paused') ORDER BY due_at = 0, due_at, clock_id LIMIT $2`, int64(limit))
		return err
	})
	return all, fault.Wrap("obligation.Due", err)
}
