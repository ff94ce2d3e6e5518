package access

import (
	"context"
	"math"
	"slices"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/vault"
)

// reviews is what the organisation's clock of reviews is about.
const reviews = "access"

// Begin has the clocks of reviews run, and ends those that no clause promises any more, but the missed.
func (d *Desk) Begin(ctx context.Context) error {
	return fault.Wrap("access.Begin", d.db().Write(ctx, db.Organisation, func(tx *db.Tx) error {
		promised := func(c *obligation.Clock) bool {
			return slices.ContainsFunc(d.Rules.Reviews, func(r obligation.Duty) bool { return r.Clause == c.Duty.Clause })
		}
		if err := d.Engine.KeepPromised(tx, Review, promised); err != nil {
			return err
		}
		found, err := d.Engine.Kind(tx, Review)
		if err != nil {
			return err
		}
		for _, duty := range d.Rules.Reviews {
			if slices.ContainsFunc(found, func(c obligation.Clock) bool { return c.Duty.Clause == duty.Clause }) {
				continue
			}
			if _, err := d.Engine.Open(tx, duty, reviews); err != nil {
				return err
			}
		}
		return nil
	}))
}

// ReviewMember keeps a member's access, until the next review is due, or ends it. Nobody reviews their own.
func (d *Desk) ReviewMember(ctx context.Context, c vault.Caller, tenant, id string, in api.AccessReview) (out api.Member, err error) {
	const op = "access.ReviewMember"
	if tenant != db.Organisation && tenant != d.Drills {
		return out, fault.New(op, fault.NotFound, "a tenant has no staff: that of the organisation serves all")
	}
	if err := d.staff(ctx, c, "staff.review", tenant); err != nil {
		return out, err
	}
	err = d.change(ctx, tenant, id, func(tx *db.Tx, m *member) error {
		if m.id == c.Credential.ID {
			return d.ownReview(op)
		}
		now := tx.Now()
		m.Reviewed, m.ReviewedBy = now, c.Credential.ID
		kind := "staff.reviewed"
		if in.Keep {
			m.reviewBy = d.reviewBy(now)
		} else {
			m.end(now, c.Credential.ID)
			kind = "staff.revoked"
		}
		out = m.show(now)
		return told(tx, kind, c.Credential.ID, m.id, "", d.Rules.reviewClauses())
	})
	return out, fault.Wrap(op, err)
}

func (d *Desk) ownReview(op string) error {
	return refused(op, first(d.Rules.reviewClauses()), "nobody reviews their own access")
}

// ReviewGrant keeps a grant, until the next review is due or its time is over, or ends it. Its holder may not.
func (d *Desk) ReviewGrant(ctx context.Context, c vault.Caller, tenant, id string, in api.AccessReview) (api.Grant, error) {
	const op = "access.ReviewGrant"
	if err := d.staff(ctx, c, "grant.review", tenant); err != nil {
		return api.Grant{}, err
	}
	return d.step(ctx, op, tenant, id, func(tx *db.Tx, g *grant) error {
		switch {
		case g.holder == c.Credential.ID:
			return d.ownReview(op)
		case g.state != live:
			return wrong(op, g)
		}
		now := tx.Now()
		g.Reviewed, g.ReviewedBy = now, c.Credential.ID
		if !in.Keep {
			return d.finish(tx, g, revoked, c.Credential.ID)
		}
		g.reviewBy = d.reviewBy(now)
		g.waken()
		return told(tx, "grant.reviewed", c.Credential.ID, g.id, "", d.Rules.reviewClauses(), "holder", g.holder)
	})
}

// State says what of the review under way is left to do.
func (d *Desk) State(ctx context.Context, c vault.Caller) (out api.ReviewState, err error) {
	if c.Has(vault.ScopeStaff) {
		err = d.staff(ctx, c, "staff.review.read", db.Organisation)
	} else {
		err = d.enroller(ctx, c, "staff.review.read", db.Organisation)
	}
	if err != nil {
		return out, err
	}
	out, err = d.state(ctx)
	return out, fault.Wrap("access.State", err)
}

func (d *Desk) state(ctx context.Context) (out api.ReviewState, err error) {
	out.Clocks, out.Members, out.Grants = []api.Clock{}, []api.Member{}, []api.TenantGrant{}
	var since time.Time
	err = d.db().Read(ctx, db.Organisation, func(tx *db.Tx) error {
		clocks, err := d.Engine.Kind(tx, Review)
		for i := range clocks {
			out.Clocks = append(out.Clocks, clocks[i].Wire(tx.Now()))
			if clocks[i].Opened.After(since) {
				since = clocks[i].Opened
			}
		}
		if err != nil {
			return err
		}
		all, err := members(tx, `state = 'active' ORDER BY created_at, member_id`)
		for _, m := range all {
			if m.Reviewed.Before(since) || m.Reviewed.IsZero() {
				out.Members = append(out.Members, m.show(tx.Now()))
			}
		}
		return err
	})
	if err != nil {
		return out, err
	}
	for after := ""; ; {
		tenants, err := wakes.Due(ctx, d.db(), time.UnixMicro(math.MaxInt64), after)
		if err != nil || len(tenants) == 0 {
			return out, err
		}
		for _, tenant := range tenants {
			if err := d.unreviewed(ctx, tenant, since, &out); err != nil {
				return out, err
			}
		}
		after = tenants[len(tenants)-1]
	}
}

// mostLeft bounds the grants that are listed as left to review.
const mostLeft = 1000

func (d *Desk) unreviewed(ctx context.Context, tenant string, since time.Time, out *api.ReviewState) error {
	if tenant == d.Drills {
		return nil
	}
	return d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		all, err := grants(tx, `state = 'live' ORDER BY asked_at, grant_id`)
		for _, g := range all {
			if (g.Reviewed.Before(since) || g.Reviewed.IsZero()) && tx.Now().Before(g.until) && len(out.Grants) < mostLeft {
				out.Grants = append(out.Grants, api.TenantGrant{Tenant: tenant, Grant: g.show()})
			}
		}
		return err
	})
}

// Close discharges the clock of the review under way, once every member and every live grant was reviewed in it.
func (d *Desk) Close(ctx context.Context, c vault.Caller) (out api.ReviewState, err error) {
	const op = "access.Close"
	if err := d.staff(ctx, c, "staff.review.close", db.Organisation); err != nil {
		return out, err
	}
	if out, err = d.state(ctx); err != nil {
		return out, fault.Wrap(op, err)
	}
	if left := len(out.Members) + len(out.Grants); left > 0 {
		return out, fault.New(op, fault.Conflict, "%d members and grants were not reviewed", left).WithHint("GET /v1/staff/review lists them")
	}
	if len(out.Clocks) == 0 {
		return out, fault.New(op, fault.Conflict, "no clause of the policy asks for reviews")
	}
	id := newID("rev_")
	err = d.db().Write(ctx, db.Organisation, func(tx *db.Tx) error {
		clocks, err := d.Engine.Kind(tx, Review)
		if err != nil {
			return err
		}
		for _, clock := range clocks {
			if err := d.Engine.Discharge(tx, clock.ID, Reviewed, id); err != nil {
				return err
			}
		}
		return told(tx, "staff.review.closed", c.Credential.ID, id, "", d.Rules.reviewClauses())
	})
	if err != nil {
		return api.ReviewState{}, fault.Wrap(op, err)
	}
	out, err = d.state(ctx)
	return out, fault.Wrap(op, err)
}
