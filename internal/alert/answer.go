package alert

import (
	"context"
	"errors"
	"slices"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/vault"
)

// Report raises an alert for what a detector saw.
func (d *Desk) Report(ctx context.Context, c vault.Caller, tenant string, in api.Alarm) (out api.Alert, err error) {
	const op = "alert.Report"
	if err := d.admit(ctx, c, "alert.report", tenant); err != nil {
		return out, err
	}
	if !slices.Contains([]string{"threat", "anomaly", "outlier", "failure"}, in.Kind) {
		return out, fault.New(op, fault.Invalid, "the server alone raises that").WithField("kind")
	}
	alarm := Alarm{Kind: in.Kind, Cause: in.Cause, Severity: in.Severity, Drill: in.Drill, By: c.Credential.ID}
	return d.stepped(ctx, tenant, func(tx *db.Tx) (id string, err error) {
		if in.Detected != nil {
			alarm.Detected = in.Detected.UTC()
			if alarm.Detected.After(tx.Now()) || tx.Now().Sub(alarm.Detected) > earliest {
				return "", fault.New(op, fault.Invalid, "it was detected before now, and less than %d days ago", int(earliest/(24*time.Hour))).WithField("detected")
			}
		}
		return d.Raise(tx, alarm)
	})
}

// earliest is how long ago something may have been detected that is raised only now.
const earliest = 30 * 24 * time.Hour

// Acknowledge notes that somebody sees to an alert: it goes to nobody else. Again does nothing.
func (d *Desk) Acknowledge(ctx context.Context, c vault.Caller, tenant, id string) (api.Alert, error) {
	const op = "alert.Acknowledge"
	if err := d.admit(ctx, c, "alert.acknowledge", tenant); err != nil {
		return api.Alert{}, err
	}
	return d.stepped(ctx, tenant, func(tx *db.Tx) (string, error) {
		a, err := byID(tx, id)
		switch {
		case err != nil || a.state == acknowledged:
			return id, err
		case a.state == resolved:
			return id, fault.New(op, fault.Conflict, "the alert is over already")
		}
		a.state, a.Acked, a.AckedBy = acknowledged, tx.Now(), c.Credential.ID
		if err := d.Engine.DischargeOf(tx, a.id, Answered, "by-"+c.Credential.ID); err != nil {
			return id, err
		}
		for _, s := range d.live(a) {
			if err := d.page(tx, a, s, "alert-acknowledged", "acknowledge"); err != nil {
				return id, err
			}
		}
		if err := a.save(tx); err != nil {
			return id, err
		}
		return id, a.record(tx, "alert.acknowledged", c.Credential.ID, "", d.clauses())
	})
}

// Resolve ends an alert that came through the door. What the server raised it ends itself.
func (d *Desk) Resolve(ctx context.Context, c vault.Caller, tenant, id, reason string) (api.Alert, error) {
	const op = "alert.Resolve"
	if err := d.admit(ctx, c, "alert.resolve", tenant); err != nil {
		return api.Alert{}, err
	}
	return d.stepped(ctx, tenant, func(tx *db.Tx) (string, error) {
		a, err := byID(tx, id)
		switch {
		case err != nil:
			return id, err
		case a.state == resolved:
			return id, fault.New(op, fault.Conflict, "the alert is over already")
		case slices.Contains([]string{ClauseBroken, ClockMissed, ClockNear}, a.kind):
			return id, fault.New(op, fault.Conflict, "the server ends it when what it is about is mended").WithHint("acknowledge it")
		}
		return id, d.end(tx, a, c.Credential.ID, reason)
	})
}

// end resolves an alert and tells those who were told of it.
func (d *Desk) end(tx *db.Tx, a *alert, by, reason string) error {
	if err := d.Engine.DischargeOf(tx, a.id, Answered, "resolved"); err != nil {
		return err
	}
	a.state, a.Ended, a.Reason, a.wake = resolved, tx.Now(), reason, 0
	if err := a.save(tx); err != nil {
		return err
	}
	for _, s := range d.live(a) {
		for _, channel := range d.Staff.Of(s.Role).Channels() {
			if err := d.enqueue(tx, a, s, ":resolve", channel, "alert-resolved", "resolve"); err != nil {
				return err
			}
		}
	}
	return a.record(tx, "alert.resolved", by, reason, d.clauses())
}

// Remove deletes a drill, with its clocks and messages.
func (d *Desk) Remove(ctx context.Context, c vault.Caller, tenant, id string) error {
	const op = "alert.Remove"
	if err := d.admit(ctx, c, "alert.remove", tenant); err != nil {
		return err
	}
	return fault.Wrap(op, d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		a, err := byID(tx, id)
		if err != nil {
			return err
		}
		if !a.Drill {
			return fault.New(op, fault.Conflict, "it is no drill: what happened is not removed")
		}
		for n := 1; n <= a.Steps; n++ {
			for _, suffix := range []string{"", ":acknowledge", ":resolve"} {
				if err := notify.Withdraw(tx, event(a, step{Step: n})+suffix); err != nil {
					return err
				}
			}
		}
		return errors.Join(d.Engine.Remove(tx, a.id), remove(tx, a.id), a.record(tx, "alert.removed", c.Credential.ID, "drill", nil))
	}))
}

// Resolved ends the alert of a cause, if it has one: it is green again.
func (d *Desk) Resolved(tx *db.Tx, kind, cause, reason string) error {
	a, err := current(tx, kind, cause)
	if err != nil || a == nil {
		return fault.Wrap("alert.Resolved", err)
	}
	return fault.Wrap("alert.Resolved", d.end(tx, a, actor, reason))
}

// Causes returns the causes of a kind that have an alert which is not over.
func (d *Desk) Causes(tx *db.Tx, kind string) (causes []string, err error) {
	err = tx.Each(`SELECT cause FROM alerts WHERE tenant_id = $1 AND kind = $2 AND state <> 'resolved' ORDER BY cause`, []any{tx.Tenant(), kind}, func(scan func(...any) error) error {
		var cause string
		err := scan(&cause)
		causes = append(causes, cause)
		return err
	})
	return causes, fault.Wrap("alert.Causes", err)
}

// look is how often the server looks whether what an alert is about is over.
const look = time.Minute

// Run ends the alerts of clocks that are no longer missed, or near. It may be interrupted anywhere, and two
// servers may run it at a time. A tenant that fails keeps no other from its turn.
func (d *Desk) Run(ctx context.Context, now time.Time) (err error) {
	for after := ""; ; {
		due, failed := wakes.Due(ctx, d.db(), now, after)
		if failed != nil || len(due) == 0 {
			return fault.Wrap("alert.Run", errors.Join(err, failed))
		}
		for _, tenant := range due {
			err = errors.Join(err, d.db().Write(ctx, tenant, func(tx *db.Tx) error { return d.lookAt(tx, now) }))
		}
		after = due[len(due)-1]
	}
}

func (d *Desk) lookAt(tx *db.Tx, now time.Time) error {
	all, err := alerts(tx, `wake_at > 0 AND wake_at <= $2 ORDER BY wake_at, alert_id LIMIT 1000`+tx.LockRow(), db.Micros(now))
	if err != nil {
		return err
	}
	for _, a := range all {
		missed, near, err := d.Engine.Pressing(tx, a.cause, now)
		if err != nil {
			return err
		}
		if a.kind == ClockMissed && !missed || a.kind == ClockNear && !near {
			err = d.end(tx, a, actor, "no-longer-owed")
		} else {
			a.wake = db.Micros(now.Add(look))
			err = a.save(tx)
		}
		if err != nil {
			return err
		}
	}
	return wakes.Settle(tx)
}

// stepped makes a step in one transaction, and returns where the alert then stands.
func (d *Desk) stepped(ctx context.Context, tenant string, do func(tx *db.Tx) (string, error)) (out api.Alert, err error) {
	err = d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		id, err := do(tx)
		if err != nil {
			return err
		}
		a, err := byID(tx, id)
		if err != nil {
			return err
		}
		out, err = d.show(tx, a)
		return err
	})
	return out, fault.Wrap("alert.step", err)
}

// Get returns an alert.
func (d *Desk) Get(ctx context.Context, c vault.Caller, tenant, id string) (out api.Alert, err error) {
	if err := d.admit(ctx, c, "alert.read", tenant); err != nil {
		return out, err
	}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		a, err := byID(tx, id)
		if err == nil {
			out, err = d.show(tx, a)
		}
		return err
	})
	return out, fault.Wrap("alert.Get", err)
}

// List returns a page of the alerts, the newest first, and the cursor of the next, "" on the last.
func (d *Desk) List(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) (out []api.Alert, next string, err error) {
	if err := d.admit(ctx, c, "alert.list", tenant); err != nil {
		return nil, "", err
	}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		all, more, err := page(tx, cursor, limit)
		out, next = make([]api.Alert, 0, len(all)), more
		for _, a := range all {
			shown, err := d.show(tx, a)
			if err != nil {
				return err
			}
			out = append(out, shown)
		}
		return err
	})
	return out, next, fault.Wrap("alert.List", err)
}

// show is an alert as it travels.
func (d *Desk) show(tx *db.Tx, a *alert) (api.Alert, error) {
	out := api.Alert{
		ID: a.id, Kind: a.kind, Cause: a.cause, Severity: a.Severity, State: a.state, Drill: a.Drill, Times: a.Times,
		Raised: time.UnixMicro(a.raised).UTC(), Detected: api.Moment(a.Detected), Acknowledged: api.Moment(a.Acked), AcknowledgedBy: a.AckedBy,
		Resolved: api.Moment(a.Ended), Reason: a.Reason, Steps: a.Steps, Told: []api.AlertStep{}, Clocks: []api.Clock{},
	}
	clocks, err := d.Engine.Of(tx, a.id)
	if err != nil {
		return out, err
	}
	clocks = clocks[max(0, len(clocks)-mostTold):]
	for i := range clocks {
		c := &clocks[i]
		out.Clocks = append(out.Clocks, c.Wire(tx.Now()))
		if c.State == obligation.Running && (out.AnswerBy == nil || c.Due.Before(*out.AnswerBy)) {
			out.AnswerBy = api.Moment(c.Due)
		}
	}
	for _, s := range a.Told {
		told, err := notify.ToldStaff(tx, event(a, s))
		if err != nil {
			return out, err
		}
		one := api.AlertStep{Step: s.Step, Role: s.Role, At: s.At, Channels: []api.AlertChannel{}}
		for _, t := range told {
			one.Channels = append(one.Channels, api.AlertChannel{Channel: string(t.Channel), State: t.State, Outcome: t.Outcome})
		}
		out.Told = append(out.Told, one)
	}
	return out, nil
}
