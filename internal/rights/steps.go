package rights

import (
	"context"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// Acknowledge confirms the receipt of a request to the person. Again it does nothing.
func (d *Desk) Acknowledge(ctx context.Context, c vault.Caller, tenant, id string) (Request, error) {
	return d.step(ctx, c, "request.acknowledge", tenant, id, func(tx *db.Tx, r *Request) error {
		if !r.Acknowledged.IsZero() {
			return nil
		}
		if err := r.mustBeOpen(); err != nil {
			return err
		}
		if r.State == Received {
			r.State = InProgress
		}
		return d.acknowledge(tx, r, c.Credential.ID)
	})
}

// acknowledge discharges what is owed as a receipt, and tells the person.
func (d *Desk) acknowledge(tx *db.Tx, r *Request, who string) error {
	r.Acknowledged = tx.Now()
	if err := d.discharge(tx, r, evidenceReceipt); err != nil {
		return err
	}
	if err := d.clocks(tx, r); err != nil {
		return err
	}
	if err := d.tell(tx, r, "received", "due", day(r.Due, d.Clocks.Zone)); err != nil {
		return err
	}
	if err := d.note(tx, r, who, "request.acknowledged", ""); err != nil {
		return err
	}
	return update(tx, r)
}

// day is a moment that is too late as the last day that is not.
func day(due time.Time, zone *time.Location) string {
	if due.IsZero() {
		return ""
	}
	return due.Add(-time.Microsecond).In(zone).Format(time.DateOnly)
}

// AskIdentity pauses the clocks of a request until the person has proven who they are, at most for a limit
// such as "14 days" (GDPR art. 12(6)): once, and for no longer than an answer may take.
func (d *Desk) AskIdentity(ctx context.Context, c vault.Caller, tenant, id, limit string) (Request, error) {
	const op = "rights.AskIdentity"
	term, ok := policy.ParseTerm(limit)
	if !ok || term.Form != policy.Within {
		return Request{}, fault.New(op, fault.Invalid, "a check of identity has a limit such as 14 days").WithField("limit")
	}
	return d.step(ctx, c, "request.identity", tenant, id, func(tx *db.Tx, r *Request) error {
		return d.askIdentity(tx, r, c.Credential.ID, term)
	})
}

// askIdentity pauses what runs for an answer, and tells the person.
func (d *Desk) askIdentity(tx *db.Tx, r *Request, who string, term policy.Term) error {
	if err := r.mustBe(Received, InProgress); err != nil {
		return err
	}
	if !r.Asked.IsZero() {
		return fault.New("rights.AskIdentity", fault.Conflict, "proof of identity was asked for already: asking again would put off the answer")
	}
	if err := d.mustFit(r, term); err != nil {
		return err
	}
	r.State, r.Asked = IdentityCheck, tx.Now()
	until, _ := d.Clocks.Calendar.Due(tx.Now().In(d.Clocks.Zone), term)
	err := d.eachClock(tx, r, func(clock *obligation.Clock) error {
		if clock.Duty.Evidence != evidenceAnswer {
			return nil
		}
		return d.Clocks.Pause(tx, clock.ID, string(IdentityCheck), term)
	})
	if err != nil {
		return err
	}
	if err := d.tell(tx, r, "identity", "until", day(until, d.Clocks.Zone)); err != nil {
		return err
	}
	if err := d.note(tx, r, who, "request.identity-asked", ""); err != nil {
		return err
	}
	return update(tx, r)
}

// mustFit refuses a pause that is longer than what it pauses.
func (d *Desk) mustFit(r *Request, pause policy.Term) error {
	longest, _ := pause.Longest()
	for _, p := range d.Promises[r.Right] {
		if within, ok := p.Answer.Limit.Longest(); ok && longest > within {
			return fault.New("rights.AskIdentity", fault.Invalid, "a check of identity may not take longer than the answer, which is promised within %s", p.Answer.Limit).
				WithField("limit").WithClause(p.Answer.Clause)
		}
	}
	return nil
}

// ProveIdentity ends the check: the clocks run on. Again it does nothing.
func (d *Desk) ProveIdentity(ctx context.Context, c vault.Caller, tenant, id string) (Request, error) {
	return d.step(ctx, c, "request.identity", tenant, id, func(tx *db.Tx, r *Request) error {
		if r.State == InProgress && !r.Asked.IsZero() {
			return nil
		}
		if err := r.mustBe(IdentityCheck); err != nil {
			return err
		}
		r.State = InProgress
		err := d.eachClock(tx, r, func(clock *obligation.Clock) error {
			if clock.State != obligation.Paused { // its pause was over
				return nil
			}
			return d.Clocks.Resume(tx, clock.ID)
		})
		if err != nil {
			return err
		}
		if err := d.note(tx, r, c.Credential.ID, "request.identity-proven", ""); err != nil {
			return err
		}
		return update(tx, r)
	})
}

// Extend gives a complex request more time, once, where the clauses that promise the right say how much;
// the person is told, with the reason (GDPR art. 12(3)).
func (d *Desk) Extend(ctx context.Context, c vault.Caller, tenant, id, reason string) (Request, error) {
	const op = "rights.Extend"
	why, ok := extensionOf(reason)
	if !ok {
		return Request{}, fault.New(op, fault.Invalid, "a request takes longer only for a reason that the law knows").WithField("reason").
			WithHint("complexity, or number-of-requests")
	}
	return d.step(ctx, c, "request.extend", tenant, id, func(tx *db.Tx, r *Request) error {
		if err := r.mustBe(Received, IdentityCheck, InProgress); err != nil {
			return err
		}
		if !r.Extended.IsZero() {
			return fault.New(op, fault.Conflict, "the request was given more time already, and that is done once")
		}
		extended := 0
		err := d.eachClock(tx, r, func(clock *obligation.Clock) error {
			if clock.Duty.Evidence != evidenceAnswer {
				return nil
			}
			by := d.extension(r, clock.Duty.Clause)
			if by.Form == "" {
				return fault.New(op, fault.Conflict, "the clause promises an answer in time, and no longer").WithClause(clock.Duty.Clause)
			}
			extended++
			return d.Clocks.Extend(tx, clock.ID, reason, by)
		})
		if err == nil && extended == 0 {
			err = fault.New(op, fault.Conflict, "no clock of the request runs")
		}
		if err != nil {
			return err
		}
		r.Extended, r.Reason = tx.Now(), reason
		if err := d.clocks(tx, r); err != nil {
			return err
		}
		if err := d.tell(tx, r, "extended", "reason", title(r.details.Language, why.Title, why.Titles), "due", day(r.Due, d.Clocks.Zone)); err != nil {
			return err
		}
		if err := d.note(tx, r, c.Credential.ID, "request.extended", reason); err != nil {
			return err
		}
		return update(tx, r)
	})
}

// Refuse ends a request by a legal ground of [Grounds], which the person is told: that is an answer, and
// owed in time (GDPR art. 12(4)). Again with the same ground it does nothing.
func (d *Desk) Refuse(ctx context.Context, c vault.Caller, tenant, id, ground string) (Request, error) {
	const op = "rights.Refuse"
	g, ok := groundOf(ground)
	if !ok {
		return Request{}, fault.New(op, fault.Invalid, "a right is refused only on a legal ground").WithField("ground").WithHint("the grounds are listed in docs/api.md")
	}
	return d.step(ctx, c, "request.refuse", tenant, id, func(tx *db.Tx, r *Request) error {
		if r.State == Refused && r.Ground == ground {
			return nil
		}
		if err := r.mustBe(Received, IdentityCheck, InProgress); err != nil {
			return err
		}
		if !slices.Contains(g.Rights, r.Right) {
			return fault.New(op, fault.Invalid, "no law lets %s be refused on this ground", r.Right).WithField("ground").WithHint("one of %s", groundsFor(r.Right))
		}
		r.State, r.Ground, r.Ended = Refused, ground, tx.Now()
		if err := d.dischargeAll(tx, r); err != nil {
			return err
		}
		if err := d.tell(tx, r, "refused", "ground", g.cited(), "reason", strings.TrimSuffix(title(r.details.Language, g.Title, g.Titles), ".")); err != nil {
			return err
		}
		if err := d.note(tx, r, c.Credential.ID, "request.refused", ground); err != nil {
			return err
		}
		return update(tx, r)
	})
}

// Withdraw ends a request that the person has taken back. What was overdue by then stays late.
func (d *Desk) Withdraw(ctx context.Context, c vault.Caller, tenant, id string) (Request, error) {
	return d.step(ctx, c, "request.withdraw", tenant, id, func(tx *db.Tx, r *Request) error {
		if r.State == Withdrawn {
			return nil
		}
		if err := r.mustBe(Received, IdentityCheck, InProgress); err != nil {
			return err
		}
		r.State, r.Ended = Withdrawn, tx.Now()
		if err := d.cancelAll(tx, r, "request-withdrawn"); err != nil {
			return err
		}
		if err := d.tell(tx, r, "withdrawn"); err != nil {
			return err
		}
		if err := d.note(tx, r, c.Credential.ID, "request.withdrawn", ""); err != nil {
			return err
		}
		return update(tx, r)
	})
}

// mustBeOpen refuses what is at its end.
func (r *Request) mustBeOpen() error { return r.mustBe(openStates()...) }

func (r *Request) mustBe(states ...State) error {
	if slices.Contains(states, r.State) {
		return nil
	}
	return fault.New("rights.step", fault.Conflict, "the request is %s", r.State)
}

// eachClock calls fn with every clock of the request that is running or paused.
func (d *Desk) eachClock(tx *db.Tx, r *Request, fn func(*obligation.Clock) error) error {
	all, err := d.Clocks.Of(tx, r.ID)
	if err != nil {
		return err
	}
	for i := range all {
		if !all[i].Live() {
			continue
		}
		if err := fn(&all[i]); err != nil {
			return err
		}
	}
	return nil
}

// discharge ends the clocks that a kind of evidence ends: the request itself is it.
func (d *Desk) discharge(tx *db.Tx, r *Request, kind string) error {
	return d.eachClock(tx, r, func(clock *obligation.Clock) error {
		if clock.Duty.Evidence != kind {
			return nil
		}
		return d.Clocks.Discharge(tx, clock.ID, kind, r.ID)
	})
}

// dischargeAll ends all clocks: who has the answer needs no receipt.
func (d *Desk) dischargeAll(tx *db.Tx, r *Request) error {
	if err := d.discharge(tx, r, evidenceReceipt); err != nil {
		return err
	}
	return d.discharge(tx, r, evidenceAnswer)
}

// cancelAll ends all clocks as no longer owed. One that was missed is discharged late instead: it stays so.
func (d *Desk) cancelAll(tx *db.Tx, r *Request, reason string) error {
	return d.eachClock(tx, r, func(clock *obligation.Clock) error {
		if clock.Late(tx.Now()) {
			return d.Clocks.Discharge(tx, clock.ID, clock.Duty.Evidence, r.ID)
		}
		return d.Clocks.Cancel(tx, clock.ID, reason)
	})
}
