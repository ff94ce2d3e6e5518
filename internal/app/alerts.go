package app

import (
	"context"
	"slices"

	"clause.dev/clause/internal/alert"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/evidence"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/vault"
)

// alerts is the desk for what somebody on call has to know, in the store of a vault.
func (a *App) alerts(v *vault.Vault) *alert.Desk {
	return &alert.Desk{Vault: v, Engine: a.engine(v), Staff: a.Notify.Staff, Duties: a.Plan.Alerts, Log: a.Log}
}

// watchClauses raises an alert for each clause whose own controls were last seen broken, and ends those of
// clauses that are mended. What is overdue has alerts of its own.
func (a *App) watchClauses(ctx context.Context) error {
	const op = "app.watchClauses"
	statuses, err := a.Evidence.Statuses(ctx, a.Now())
	if err != nil {
		return fault.Wrap(op, err)
	}
	desk := a.alerts(a.Vault)
	return fault.Wrap(op, a.DB.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		known, err := desk.Causes(tx, alert.ClauseBroken)
		if err != nil {
			return err
		}
		still := map[string]bool{} // in doubt an alert stays
		for i := range statuses {
			id := statuses[i].Clause.ID
			broken, green := seen(&statuses[i])
			still[id] = !green
			if broken && !slices.Contains(known, id) {
				if _, err := desk.Raise(tx, alert.Alarm{Kind: alert.ClauseBroken, Cause: id, Severity: "error", By: "clause"}); err != nil {
					return err
				}
			}
		}
		for _, id := range known {
			if !still[id] {
				if err := desk.Resolved(tx, alert.ClauseBroken, id, "kept-again"); err != nil {
					return err
				}
			}
		}
		return nil
	}))
}

// seen weighs what was last seen of a clause's own controls: one that broke, or all as they should be.
func seen(s *evidence.Status) (broken, green bool) {
	green = true
	for _, c := range s.Controls {
		if !c.Runs {
			continue
		}
		outcome := c.Newest.Finding.Outcome
		broken = broken || outcome == control.Broken
		green = green && (outcome == control.Kept || outcome == control.Attested)
	}
	return broken, green
}

// alarm raises an alert for a clause that owes something which is late, or nearly: one for the clause in
// each tenant, however many clocks it has.
func (a *App) alarm(tx *db.Tx, e obligation.Event) error {
	in := alert.Alarm{Kind: alert.ClockMissed, Cause: e.Clock.Duty.Clause, Severity: "error", By: "clause"}
	switch e.What {
	case obligation.PauseEnded:
		return nil
	case obligation.TargetPassed, obligation.LimitNear:
		in.Kind, in.Severity = alert.ClockNear, "warning"
	}
	_, err := a.alerts(a.Vault).Raise(tx, in)
	return err
}
