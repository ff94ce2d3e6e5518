package obligation

import (
	"crypto/rand"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/calendar"
)

// Engine keeps clocks. All its methods but RunDue work in a transaction of the tenant, whose time is
// now; a clock is there if and only if what caused it is.
type Engine struct {
	DB       *db.DB
	Calendar *calendar.Calendar
	Zone     *time.Location // whose days count
	// Tell is told of every event in the transaction that makes it, so that a message is sent if and
	// only if the event happened, and once. It may be nil.
	Tell func(*db.Tx, Event) error
}

// actor is the engine in the ledger.
const actor = "clause"

// Open begins a clock. A duty that waits for an event (before the next …) has no end until Happens
// names the event's time.
func (e *Engine) Open(tx *db.Tx, d Duty, about string) (Clock, error) {
	return e.open(tx, d, about, tx.Now(), time.Time{})
}

// OpenAhead begins a clock for what is owed at least the limit ahead of an event.
func (e *Engine) OpenAhead(tx *db.Tx, d Duty, about string, event time.Time) (Clock, error) {
	const op = "obligation.OpenAhead"
	due, ok := e.Calendar.Lead(event.In(e.Zone), d.Limit)
	if !ok {
		return Clock{}, fault.New(op, fault.Invalid, "%s cannot be ahead of anything", d.Limit)
	}
	return e.open(tx, d, about, tx.Now(), due)
}

// open begins a clock that counts from start; a due that is given is not counted.
func (e *Engine) open(tx *db.Tx, d Duty, about string, start, due time.Time) (Clock, error) {
	const op = "obligation.Open"
	if err := d.check(); err != nil {
		return Clock{}, err
	}
	c := Clock{Tenant: tx.Tenant(), ID: "clk_" + strings.ToLower(rand.Text()), Duty: d, About: about, State: Running, Opened: tx.Now(), Due: due}
	local := start.In(e.Zone)
	switch {
	case !due.IsZero():
	case d.Limit.Form == policy.Before:
		c.Awaits = d.Limit.Event
	default:
		var ok bool
		if c.Due, ok = e.Calendar.Due(local, d.Limit); !ok {
			return Clock{}, fault.New(op, fault.Invalid, "%q is no figure that a clock can run to", d.Limit).
				WithHint("name a figure in the policy, such as 72 hours")
		}
	}
	if d.Target.Form != "" {
		c.Target, _ = e.Calendar.Due(local, d.Target)
	}
	c.wake = e.next(&c)
	if err := insert(tx, &c); err != nil {
		return Clock{}, fault.Wrap(op, err)
	}
	return c, fault.Wrap(op, e.record(tx, &c, "clock.opened", ""))
}

// next is when the clock has something to do.
func (e *Engine) next(c *Clock) time.Time {
	switch {
	case c.State == Paused:
		return c.PausedUntil
	case c.State != Running:
		return time.Time{}
	}
	var target, remind, due time.Time
	if c.stage < targeted {
		target = c.Target
	}
	if c.stage < reminded && c.Duty.Remind.Form != "" && !c.Due.IsZero() {
		remind, _ = e.Calendar.Lead(c.Due.In(e.Zone), c.Duty.Remind)
	}
	switch {
	case c.Due.IsZero():
	case c.stage < missed:
		due = c.Due
	case c.Duty.Again.Form != "":
		due = c.Due
		for range c.stage - missed + 1 {
			due, _ = e.Calendar.Later(due.In(e.Zone), c.Duty.Again)
		}
	}
	return earliest(target, remind, due)
}

// Pause stops a clock for a reason, such as waiting for proof of identity, at most for a limit: then
// it runs again by itself. A clock that was missed cannot be paused.
func (e *Engine) Pause(tx *db.Tx, id, reason string, limit policy.Term) error {
	const op = "obligation.Pause"
	c, err := e.change(tx, id, Running)
	if err != nil {
		return fault.Wrap(op, err)
	}
	until, ok := e.Calendar.Due(tx.Now().In(e.Zone), limit)
	switch {
	case !ok || reason == "":
		return fault.New(op, fault.Invalid, "a pause needs a reason and a limit such as 14 days")
	case c.Late(tx.Now()):
		return fault.New(op, fault.Conflict, "the clock was missed already, and a pause would hide it")
	}
	c.State, c.PausedAt, c.PausedUntil, c.PauseReason = Paused, tx.Now(), until, reason
	return fault.Wrap(op, e.save(tx, c, "clock.paused", reason))
}

// Resume lets a paused clock run on: its marks are later by as long as it was paused.
func (e *Engine) Resume(tx *db.Tx, id string) error {
	const op = "obligation.Resume"
	c, err := e.change(tx, id, Paused)
	if err != nil {
		return fault.Wrap(op, err)
	}
	e.resume(c, tx.Now())
	return fault.Wrap(op, e.save(tx, c, "clock.resumed", ""))
}

// resume moves the marks by the pause, of which no more than its limit counts.
func (e *Engine) resume(c *Clock, now time.Time) {
	end := now
	if end.After(c.PausedUntil) {
		end = c.PausedUntil
	}
	shift := max(0, end.Sub(c.PausedAt))
	if !c.Due.IsZero() {
		c.Due = c.Due.Add(shift)
	}
	if !c.Target.IsZero() {
		c.Target = c.Target.Add(shift)
	}
	c.State, c.PausedAt, c.PausedUntil, c.PauseReason = Running, time.Time{}, time.Time{}, ""
}

// Discharge ends a clock by evidence of the kind that its duty demands. Evidence of another kind is
// Invalid. A duty that recurs begins anew: a rhythm from now on, a share of a calendar unit from the
// share that was due.
func (e *Engine) Discharge(tx *db.Tx, id, kind, evidence string) error {
	const op = "obligation.Discharge"
	c, err := e.change(tx, id, Running, Paused)
	if err != nil {
		return fault.Wrap(op, err)
	}
	if kind != c.Duty.Evidence || evidence == "" {
		return fault.New(op, fault.Invalid, "%s is discharged by %s alone, and it must be named", c.Duty.Kind, c.Duty.Evidence).WithClause(c.Duty.Clause)
	}
	if c.State == Paused {
		e.resume(c, tx.Now())
	}
	c.State, c.Ended, c.EvidenceKind, c.Evidence = Done, tx.Now(), kind, evidence
	if err := e.save(tx, c, "clock.discharged", punctuality(c)); err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, e.again(tx, c))
}

func punctuality(c *Clock) string {
	if c.Late(c.Ended) {
		return "late"
	}
	return "in-time"
}

// again opens the next clock of a duty that recurs.
func (e *Engine) again(tx *db.Tx, c *Clock) error {
	if !c.Duty.recurs() {
		return nil
	}
	start := c.Ended
	if c.Duty.Limit.Form == policy.PerUnit {
		start = c.Due
	}
	_, err := e.open(tx, c.Duty, c.About, start, time.Time{})
	return err
}

// Cancel ends a clock that is no longer owed, for a reason such as request-withdrawn. It does not
// wash off that a clock was missed: such a clock can only be discharged.
func (e *Engine) Cancel(tx *db.Tx, id, reason string) error {
	const op = "obligation.Cancel"
	c, err := e.change(tx, id, Running, Paused)
	switch {
	case err != nil:
		return fault.Wrap(op, err)
	case reason == "":
		return fault.New(op, fault.Invalid, "a clock is void only for a reason")
	case c.Late(tx.Now()):
		return fault.New(op, fault.Conflict, "the clock was missed: it can be discharged late, not cancelled")
	}
	c.State, c.Ended, c.EvidenceKind = Void, tx.Now(), reason
	return fault.Wrap(op, e.save(tx, c, "clock.void", reason))
}

// Happens sets the end of every clock that awaits the event to its time, or moves it there if the
// event is set again before it was reached.
func (e *Engine) Happens(tx *db.Tx, event string, at time.Time) error {
	const op = "obligation.Happens"
	waiting, err := awaiting(tx, event)
	if err != nil {
		return fault.Wrap(op, err)
	}
	for i := range waiting {
		c := &waiting[i]
		if c.stage >= missed {
			continue // what was missed stays missed
		}
		c.Due = at
		if err := e.save(tx, c, "clock.bound", ""); err != nil {
			return fault.Wrap(op, err)
		}
	}
	return nil
}

// change reads a clock to be changed, which must be in one of the states.
func (e *Engine) change(tx *db.Tx, id string, states ...State) (*Clock, error) {
	c, err := byID(tx, id)
	if err != nil {
		return nil, err
	}
	for _, s := range states {
		if c.State == s {
			return c, nil
		}
	}
	return nil, fault.New("obligation.change", fault.Conflict, "the clock is %s", c.State)
}

func (e *Engine) save(tx *db.Tx, c *Clock, kind, reason string) error {
	c.wake = e.next(c)
	if err := update(tx, c); err != nil {
		return err
	}
	return e.record(tx, c, kind, reason)
}

func (e *Engine) record(tx *db.Tx, c *Clock, kind, reason string) error {
	detail := map[string]string{"clock": c.ID, "duty": c.Duty.Kind, "about": c.About}
	if c.Evidence != "" {
		detail["evidence"] = c.Evidence
	}
	return ledger.Append(tx, proof.Entry{Kind: kind, Actor: actor, Reason: reason, Clauses: []string{c.Duty.Clause}, Detail: detail})
}
