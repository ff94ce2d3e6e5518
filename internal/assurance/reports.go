package assurance

import (
	"context"
	"errors"
	"slices"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// change changes a report that is in one of the states.
func (d *Desk) change(ctx context.Context, c vault.Caller, act, tenant, id string, from []string, step func(tx *db.Tx, r *report) error) (out api.Report, err error) {
	if err := d.admit(ctx, c, act, tenant); err != nil {
		return out, err
	}
	err = d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		r := &report{}
		if err := load(tx, reportKind, id, r); err != nil {
			return err
		}
		if !slices.Contains(from, r.state) {
			return wrong("assurance.change", r.state, "that cannot be done to it now")
		}
		if err := step(tx, r); err != nil {
			return err
		}
		if err := save(tx, r); err != nil {
			return err
		}
		out, err = d.showReport(tx, r)
		return err
	})
	return out, fault.Wrap("assurance.report", err)
}

// ReadReport returns a report with what the researcher wrote. That it was read is in the ledger first.
func (d *Desk) ReadReport(ctx context.Context, c vault.Caller, tenant, id string) (out api.Report, err error) {
	if err := d.admit(ctx, c, "report.read", tenant); err != nil {
		return out, err
	}
	err = d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		r := &report{}
		if err := load(tx, reportKind, id, r); err != nil {
			return err
		}
		if out, err = d.showReport(tx, r); err != nil || len(r.sealed) == 0 {
			return err
		}
		said, err := d.unseal(tenant, &r.row)
		if err != nil {
			return err
		}
		out.Summary, out.Text, out.Contact = said.Summary, said.Text, said.Contact
		return told(tx, "report.read", c.Credential.ID, r.id, "", nil)
	})
	if err != nil {
		return api.Report{}, fault.Wrap("assurance.ReadReport", err)
	}
	return out, nil
}

// Reports returns a page of the reports, the newest first, without what was written, and the cursor of the
// next, "" on the last.
func (d *Desk) Reports(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Report, string, error) {
	return sort[*report, api.Report]{d, reportKind, func() *report { return &report{} }, d.showReport}.page(ctx, c, tenant, cursor, limit)
}

// RemoveReport deletes a drill with its clocks.
func (d *Desk) RemoveReport(ctx context.Context, c vault.Caller, tenant, id string) error {
	return d.remove(ctx, c, tenant, id, &report{}, reportKind)
}

func (d *Desk) showReport(tx *db.Tx, r *report) (api.Report, error) {
	out := api.Report{
		ID: r.id, State: r.state, Drill: drill(tx.Tenant()), Received: r.openedAt(), Assessed: api.Moment(r.Assessed), Closed: api.Moment(r.Closed),
		Verdict: r.Verdict, Severity: r.Severity, Finding: r.Finding, Reward: r.Reward, Reference: r.Rewarded, Forgotten: r.Forgotten,
	}
	var err error
	out.Clocks, err = d.Engine.WireOf(tx, r.id)
	return out, err
}

// Run does what is due by now: seals reports anew in each epoch, and forgets what was written once a report
// has long been closed. It may be interrupted anywhere, and two servers may run it.
func (d *Desk) Run(ctx context.Context, now time.Time) error {
	var failed error
	for after := ""; ; {
		tenants, err := wakes.Due(ctx, d.db(), now, after)
		if err != nil || len(tenants) == 0 {
			return errors.Join(failed, err)
		}
		for _, tenant := range tenants {
			failed = errors.Join(failed, d.runTenant(ctx, tenant, now))
			after = tenant
		}
	}
}

// batch is how many reports one transaction looks at.
const batch = 100

func (d *Desk) runTenant(ctx context.Context, tenant string, now time.Time) error {
	for {
		looked := 0
		err := d.db().Write(ctx, tenant, func(tx *db.Tx) error {
			var due []*report
			err := each(tx, `wake_at > 0 AND wake_at <= $2 ORDER BY wake_at, item_id LIMIT $3`, []any{db.Micros(now), int64(batch)}, func(r *row) error {
				one := &report{}
				due = append(due, one)
				return decode(r, one)
			})
			looked = len(due)
			for _, r := range due {
				if err == nil {
					err = d.look(tx, r, now)
				}
			}
			if err != nil || looked == batch {
				return err
			}
			return wakes.Settle(tx)
		})
		if err != nil || looked < batch {
			return fault.Wrap("assurance.Run", err)
		}
	}
}

// look keeps one report readable, or forgets it.
func (d *Desk) look(tx *db.Tx, r *report, now time.Time) error {
	if err := d.reseal(tx, &r.row); err != nil {
		return err
	}
	r.wake = db.Micros(now.Add(resealed))
	if r.state == closed && !now.Before(r.Closed.Add(kept)) || len(r.sealed) == 0 {
		r.sealed, r.epoch, r.wake, r.Forgotten = []byte{}, 0, 0, true
		if err := told(tx, "report.forgotten", actor, r.id, "", nil); err != nil {
			return err
		}
	}
	return save(tx, r)
}
