// Package alert tells whoever is on call what they have to know: that a clause is broken, that something
// promised is overdue, what a detector saw. A cause has one alert at a time. Until somebody acknowledges
// it, it goes to the next on call each time the time for that is over. What is stored holds ids and words of
// fixed lists.
package alert

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/vault"
)

// Answer is the kind of the duty to answer an alert: somebody acknowledges it, or it goes to the next.
const Answer = "alert.answer"

// Answered is the evidence that discharges it: the credential of who acknowledged it, or the step that the
// alert went on by.
const Answered = "acknowledged-or-passed-on"

// What the server raises itself; the other kinds come through the door.
const (
	ClauseBroken = "clause-broken"
	ClockMissed  = "clock-missed"
	ClockNear    = "clock-near"
)

// The states of an alert.
const (
	open         = "open"
	acknowledged = "acknowledged"
	resolved     = "resolved"
)

// Desk raises and answers alerts: those of a tenant for callers with the scope duties, those of the
// organisation for callers with the scope admin.
type Desk struct {
	Vault  *vault.Vault
	Engine *obligation.Engine
	Staff  notify.Staff      // who is on call
	Duties []obligation.Duty // what clauses promise: each of kind Answer
	Log    *slog.Logger
}

// Alarm is a cause to raise an alert.
type Alarm struct {
	Kind, Cause, Severity string
	Detected              time.Time // zero: now
	Drill                 bool
	Anew                  bool   // it was over meanwhile: whoever acknowledged it thought of the time before
	By                    string // who raises it, in the ledger
}

// alert is what is stored of an alert beside its columns.
type alert struct {
	row `json:"-"`

	Severity string
	Detected time.Time
	Drill    bool `json:",omitempty"`
	Times    int
	Acked    time.Time
	AckedBy  string `json:",omitempty"`
	Ended    time.Time
	Reason   string `json:",omitempty"`
	Steps    int
	Told     []step
}

// step is one on call who was told.
type step struct {
	Step int
	Role string
	At   time.Time
}

// mostTold bounds the steps that are remembered.
const mostTold = 20

func (d *Desk) db() *db.DB { return d.Engine.DB }

// admit lets callers of the scope that the alerts of a tenant, or of the organisation, need.
func (d *Desk) admit(ctx context.Context, c vault.Caller, act, tenant string) error {
	if tenant == db.Organisation {
		return d.Vault.Admit(ctx, c, act, "", vault.ScopeAdmin)
	}
	return d.Vault.Admit(ctx, c, act, tenant, vault.ScopeDuties)
}

// actor is the server itself in the ledger.
const actor = "clause"

func newID() string { return "alr_" + strings.ToLower(rand.Text()) }

func (a *alert) record(tx *db.Tx, kind, by, reason string, clauses []string, more ...string) error {
	detail := ledger.Details(append([]string{"alert", a.id, "what", a.kind, "cause", a.cause}, more...)...)
	return ledger.Append(tx, proof.Entry{Kind: kind, Actor: by, Reason: reason, Clauses: clauses, Detail: detail})
}

// clauses are those that promise an answer.
func (d *Desk) clauses() (all []string) {
	for _, owed := range d.Duties {
		if !slices.Contains(all, owed.Clause) {
			all = append(all, owed.Clause)
		}
	}
	return all
}

// Raise raises an alert in the transaction's tenant, unless its cause has one that is not over: then that
// counts once more. It returns the alert's id.
func (d *Desk) Raise(tx *db.Tx, in Alarm) (id string, err error) {
	const op = "alert.Raise"
	a, err := current(tx, in.Kind, in.Cause)
	if err != nil {
		return "", fault.Wrap(op, err)
	}
	if a != nil && in.Anew && a.state == acknowledged {
		if err := d.end(tx, a, in.By, "happened-again"); err != nil {
			return "", fault.Wrap(op, err)
		}
		a = nil
	}
	if a != nil {
		a.Times++
		return a.id, fault.Wrap(op, a.save(tx))
	}
	now := tx.Now()
	a = &alert{
		row:      row{id: newID(), kind: in.Kind, cause: in.Cause, state: open, raised: db.Micros(now)},
		Severity: in.Severity, Detected: in.Detected, Drill: in.Drill, Times: 1,
	}
	if in.Kind == ClockMissed || in.Kind == ClockNear {
		a.wake = db.Micros(now.Add(look))
	}
	if err := insert(tx, a); err != nil {
		return "", fault.Wrap(op, err)
	}
	if err := a.record(tx, "alert.raised", in.By, in.Severity, d.clauses()); err != nil {
		return "", fault.Wrap(op, err)
	}
	since := in.Detected
	if since.IsZero() {
		since = now
	}
	return a.id, fault.Wrap(op, d.tellNext(tx, a, "alert-raised", since))
}

// Escalate tells the next on call of an alert that nobody acknowledged in time. One that was answered
// meanwhile is left alone.
func (d *Desk) Escalate(tx *db.Tx, id string) error {
	const op = "alert.Escalate"
	a, err := byID(tx, id)
	if fault.Is(err, fault.NotFound) {
		return nil // a drill that was removed
	}
	if err != nil || a.state != open {
		return fault.Wrap(op, err)
	}
	if err := d.Engine.DischargeOf(tx, a.id, Answered, "passed-on"); err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, d.tellNext(tx, a, "alert-escalated", tx.Now()))
}

// tellNext tells the next on call, and starts the clocks of their answer.
func (d *Desk) tellNext(tx *db.Tx, a *alert, what string, since time.Time) error {
	roles := d.Staff.OnCall()
	a.Steps++
	for _, owed := range d.Duties {
		if _, err := d.Engine.OpenSince(tx, owed, a.id, since); err != nil {
			return err
		}
	}
	if len(roles) == 0 {
		d.Log.Warn("an alert, and nobody is on call", "what", what, "kind", a.kind, "cause", a.cause, "alert", a.id, "tenant", tx.Tenant())
		return a.save(tx)
	}
	role := roles[(a.Steps-1)%len(roles)]
	if what == "alert-escalated" {
		if err := a.record(tx, "alert.escalated", actor, "", d.clauses(), "to", role); err != nil {
			return err
		}
	}
	if before := a.Steps - len(roles); before > 0 { // they are called anew: the call before is over
		if err := d.page(tx, a, step{Step: before, Role: role}, "alert-resolved", "resolve"); err != nil {
			return err
		}
	}
	s := step{Step: a.Steps, Role: role, At: tx.Now()}
	a.Told = append(a.Told, s)
	a.Told = a.Told[max(0, len(a.Told)-mostTold):]
	if err := a.save(tx); err != nil {
		return err
	}
	for _, by := range d.Staff.Of(role).Channels() {
		if err := d.enqueue(tx, a, s, "", by, what, "trigger"); err != nil {
			return err
		}
	}
	return nil
}

// live are the last calls of those on call, at most one for each.
func (d *Desk) live(a *alert) []step {
	return a.Told[max(0, len(a.Told)-max(1, len(d.Staff.OnCall()))):]
}

// event names what is told at a step.
func event(a *alert, s step) string { return a.id + ":" + strconv.Itoa(s.Step) }

// page tells the pager what became of a call.
func (d *Desk) page(tx *db.Tx, a *alert, s step, what, action string) error {
	if !d.Staff.Of(s.Role).Pager {
		return nil
	}
	return d.enqueue(tx, a, s, ":"+action, notify.Pager, what, action)
}

func (d *Desk) enqueue(tx *db.Tx, a *alert, s step, suffix string, by notify.Channel, what, action string) error {
	details := map[string]string{
		"what": what, "kind": a.kind, "cause": a.cause, "alert": a.id, "severity": a.Severity,
		"action": action, "page": event(a, s),
	}
	if tx.Tenant() != db.Organisation {
		details["tenant"] = tx.Tenant()
	}
	return notify.Enqueue(tx, notify.Message{Event: event(a, s) + suffix, Channel: by, Owner: s.Role, Template: "alert", Language: d.Staff.Of(s.Role).Language, Details: details})
}
