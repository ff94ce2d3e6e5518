package obligation

import (
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// Extend moves a clock's limit by a span, for a reason. How often that may be done, and by how much, is
// for the caller to know: the engine refuses only what would hide that a limit was missed.
func (e *Engine) Extend(tx *db.Tx, id, reason string, by policy.Term) error {
	const op = "obligation.Extend"
	c, err := e.change(tx, id, Running, Paused)
	if err != nil {
		return fault.Wrap(op, err)
	}
	switch {
	case reason == "":
		return fault.New(op, fault.Invalid, "a limit is moved only for a reason")
	case c.Due.IsZero():
		return fault.New(op, fault.Conflict, "the clock awaits an event and has no limit yet")
	case c.Late(tx.Now()):
		return fault.New(op, fault.Conflict, "the clock was missed already: a later limit would hide it")
	}
	due, ok := e.Calendar.Later(c.Due.In(e.Zone), by)
	if !ok {
		return fault.New(op, fault.Invalid, "%q is no span to move a limit by", by).WithHint("name one in the policy, such as 2 months")
	}
	c.Due = due
	c.stage = min(c.stage, targeted) // its owner is reminded of the new limit
	return fault.Wrap(op, e.save(tx, c, "clock.extended", reason))
}

// Bind sets the end of one clock that awaits an event to a time, or moves it there if that is earlier: what
// is owed before an event of its own. One that was missed stays so.
func (e *Engine) Bind(tx *db.Tx, id string, at time.Time) error {
	const op = "obligation.Bind"
	c, err := e.change(tx, id, Running, Paused)
	switch {
	case err != nil:
		return fault.Wrap(op, err)
	case c.Awaits == "":
		return fault.New(op, fault.Conflict, "the clock awaits no event")
	case c.stage >= missed || !c.Due.IsZero() && !at.Before(c.Due):
		return nil
	}
	c.Due = at
	return fault.Wrap(op, e.save(tx, c, "clock.bound", ""))
}

// Clock returns a clock as the transaction sees it.
func (e *Engine) Clock(tx *db.Tx, id string) (*Clock, error) {
	c, err := byID(tx, id)
	return c, fault.Wrap("obligation.Clock", err)
}

// Kind returns the tenant's clocks of a kind that are running or paused, the oldest first.
func (e *Engine) Kind(tx *db.Tx, kind string) ([]Clock, error) {
	all, err := clocks(tx, `kind = $2 AND state IN ('running', 'paused') ORDER BY opened_at, clock_id`, kind)
	return all, fault.Wrap("obligation.Kind", err)
}
