package obligation

import (
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
