package obligation

import (
	"context"
	"errors"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// batch is how many clocks one transaction moves.
const batch = 256

// RunDue does what is due by now: reminds, marks what was missed, escalates, ends pauses. What was due
// while no server ran is done now, each thing once, in the transaction that records it; so it may be
// interrupted anywhere, and two servers may run it at a time. It returns how many events there were. A
// tenant that fails keeps no other from its turn.
func (e *Engine) RunDue(ctx context.Context, now time.Time) (events int, err error) {
	const op = "obligation.RunDue"
	after := ""
	for {
		due, failed := wakes.Due(ctx, e.DB, now, after)
		if failed != nil || len(due) == 0 {
			return events, fault.Wrap(op, errors.Join(err, failed))
		}
		for _, tenant := range due {
			n, failed := e.runTenant(ctx, tenant, now)
			events, err = events+n, errors.Join(err, failed)
		}
		after = due[len(due)-1]
	}
}

// runTenant moves a tenant's clocks until none is due.
func (e *Engine) runTenant(ctx context.Context, tenant string, now time.Time) (events int, err error) {
	for {
		moved, told := 0, 0
		err := e.DB.Write(ctx, tenant, func(tx *db.Tx) error {
			moved, told = 0, 0
			due, err := dueClocks(tx, now)
			if err != nil {
				return err
			}
			moved = len(due)
			for i := range due {
				n, err := e.advance(tx, &due[i], now)
				told += n
				if err != nil {
					return err
				}
			}
			if moved < batch {
				return wakes.Settle(tx)
			}
			return nil
		})
		events += told
		if err != nil || moved < batch {
			return events, err
		}
	}
}

// advance moves one clock through every mark it has passed. Marks that were passed together, while no
// server ran, are told of together by the last of them.
func (e *Engine) advance(tx *db.Tx, c *Clock, now time.Time) (events int, err error) {
	if c.State == Paused {
		if now.Before(c.PausedUntil) {
			return 0, update(tx, c)
		}
		e.resume(c, now)
		if err := e.event(tx, c, PauseEnded); err != nil {
			return 0, err
		}
		events++
	}
	before, what := c.stage, What("")
	for at := e.next(c); !at.IsZero() && !at.After(now); at = e.next(c) {
		c.stage, what = e.pass(c, at)
	}
	c.wake = e.next(c)
	if err := update(tx, c); err != nil || c.stage == before {
		return events, err
	}
	return events + 1, e.event(tx, c, what)
}

// pass is the stage that the clock reaches at a moment when it has something to do.
func (e *Engine) pass(c *Clock, at time.Time) (stage, What) {
	switch {
	case c.stage >= missed:
		return c.stage + 1, Escalated
	case !c.Due.IsZero() && !at.Before(c.Due):
		return missed, LimitPassed
	case c.stage < targeted && !c.Target.IsZero() && !at.Before(c.Target) && e.reminds(c).After(at):
		return targeted, TargetPassed
	case c.stage < targeted && !c.Target.IsZero() && !at.Before(c.Target) && c.Duty.Remind.Form == "":
		return targeted, TargetPassed
	}
	return reminded, LimitNear
}

// reminds is when the owner is reminded, far away if never.
func (e *Engine) reminds(c *Clock) time.Time {
	if c.Duty.Remind.Form == "" || c.Due.IsZero() {
		return time.Unix(1<<40, 0)
	}
	at, _ := e.Calendar.Lead(c.Due.In(e.Zone), c.Duty.Remind)
	return at
}

// event records something and tells the owner.
func (e *Engine) event(tx *db.Tx, c *Clock, what What) error {
	if err := e.record(tx, c, "clock."+string(what), ""); err != nil {
		return err
	}
	if e.Tell == nil {
		return nil
	}
	return e.Tell(tx, Event{Clock: *c, What: what, Owner: c.Duty.owner(c.stage)})
}
