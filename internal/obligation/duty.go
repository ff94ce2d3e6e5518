// Package obligation is the clock engine: what is owed by a time, to whom it is told when that nears,
// and what discharges it. Figures come from the policy as it was when a clock began.
package obligation

import (
	"encoding/json"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// Duty is what a clause owes each time its occasion arises.
type Duty struct {
	Kind   string      `json:"kind"`             // such as privacy-mail.answer
	Clause string      `json:"clause"`           // the clause that promised it
	Limit  policy.Term `json:"limit"`            // by when it is done
	Target policy.Term `json:"target,omitzero"`  // by when it ought to be
	Remind policy.Term `json:"remind,omitzero"`  // how long before the limit the owner is reminded
	Again  policy.Term `json:"again,omitzero"`   // once the limit has passed, how often the next owner is told
	Owners []string    `json:"owners,omitempty"` // who answers for it, in order of escalation
	// Evidence is the only kind of evidence that discharges it, such as answer-sent.
	Evidence string `json:"evidence"`
}

// recurs reports whether the duty begins anew each time it is done.
func (d *Duty) recurs() bool { return d.Limit.Form == policy.Every || d.Limit.Form == policy.PerUnit }

// check finds a duty that could never be kept or told of.
func (d *Duty) check() error {
	const op = "obligation.Duty"
	spans := []policy.TermForm{"", policy.Within}
	switch {
	case d.Kind == "" || d.Clause == "" || d.Evidence == "":
		return fault.New(op, fault.Invalid, "a duty needs a kind, a clause and the evidence that discharges it")
	case d.Limit.Form == "":
		return fault.New(op, fault.Invalid, "the duty %s has no limit", d.Kind)
	case d.Target.Form != spans[0] && d.Target.Form != spans[1],
		d.Remind.Form != spans[0] && d.Remind.Form != spans[1],
		d.Again.Form != spans[0] && d.Again.Form != spans[1]:
		return fault.New(op, fault.Invalid, "target, remind and again of %s are spans, such as 20 days", d.Kind)
	}
	return nil
}

// State is where a clock stands.
type State string

// The states.
const (
	Running State = "running"
	Paused  State = "paused" // for a reason, and for a time
	Done    State = "done"   // discharged; late if after the limit
	Void    State = "void"   // no longer owed
)

// Clock is one thing owed.
type Clock struct {
	Tenant string
	ID     string
	Duty   Duty
	About  string // id of what it is about: a request, an incident, a finding; never of a person
	State  State

	Opened time.Time
	Target time.Time // zero where the duty has none
	Due    time.Time // the first moment that is too late; zero while it awaits an event
	Awaits string    // the event that sets Due, such as the next penetration test

	PausedAt    time.Time
	PausedUntil time.Time
	PauseReason string

	Ended        time.Time // when it was discharged or became void
	EvidenceKind string    // of what discharged it; why it is void
	Evidence     string    // id of what discharged it

	stage stage
	wake  time.Time
}

// Live reports whether something is still owed by the clock: it runs, or is paused.
func (c *Clock) Live() bool { return c.State == Running || c.State == Paused }

// Late reports whether the clock was missed as of now: not discharged by its limit. That it was
// discharged later does not change it, nor that the server's time was set back.
func (c *Clock) Late(now time.Time) bool {
	if c.Due.IsZero() || c.State == Void {
		return false
	}
	if c.stage >= missed {
		return true
	}
	if c.State == Paused {
		return !c.PausedAt.Before(c.Due)
	}
	end := now
	if c.State == Done {
		end = c.Ended
	}
	return !end.Before(c.Due)
}

// Near reports whether a running clock is close to its limit: its target has passed, or its owner was
// reminded.
func (c *Clock) Near(now time.Time) bool {
	if c.State != Running || c.Due.IsZero() || c.Late(now) {
		return false
	}
	return !c.Target.IsZero() && !now.Before(c.Target) || c.stage >= reminded
}

// stage is how far a clock has come. Each stage is told of once.
type stage int64

const (
	begun    stage = iota
	targeted       // the target has passed
	reminded       // the limit is near
	missed         // the limit has passed; every further stage is one more escalation
)

// Event is something to tell the owner of a clock.
type Event struct {
	Clock Clock
	What  What
	Owner string // whom to tell; "" where the duty names nobody
}

// What is what an event is about.
type What string

// What owners are told.
const (
	TargetPassed What = "target-passed"
	LimitNear    What = "limit-near"
	LimitPassed  What = "limit-passed"
	Escalated    What = "escalated"
	PauseEnded   What = "pause-ended"
)

// owner is who is told of an event of a stage: the first until the limit, then each in turn, and the
// last for ever.
func (d *Duty) owner(s stage) string {
	if len(d.Owners) == 0 {
		return ""
	}
	return d.Owners[min(max(0, int(s-missed)), len(d.Owners)-1)]
}

func (d *Duty) encode() string {
	out, err := json.Marshal(d)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return string(out)
}

func decodeDuty(src string) (d Duty, err error) {
	if err := json.Unmarshal([]byte(src), &d); err != nil {
		return d, fault.New("obligation.decode", fault.Other, "a clock's duty is damaged")
	}
	return d, nil
}

// earliest is the first of the moments that are set.
func earliest(all ...time.Time) time.Time {
	first := time.Time{}
	for _, t := range all {
		if first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	return first
}
