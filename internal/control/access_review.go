package control

import (
	"context"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
)

// AccessReview keeps clauses that say how often access is reviewed.
type AccessReview struct {
	Every policy.Term `param:"every" doc:"how often, such as every quarter"`
}

// Check finds a term that is no rhythm.
func (c *AccessReview) Check(p *policy.Policy) error {
	return rhythmic(p, "access-review", c.Every)
}

func (c *AccessReview) duty() obligation.Duty {
	return owed(access.Review, c.Every, access.Reviewed)
}

// Plan has a clock run, and what is not reviewed by then lapse.
func (c *AccessReview) Plan(p *Plan) {
	d := c.duty()
	d.Clause = p.clause
	p.Staff.Reviews = append(p.Staff.Reviews, d)
}

// Probe looks that the organisation's clock runs. A made-up member's access has to end by the next review
// unless somebody else reviews it; one whose time is over opens nothing; a grant that a review ends is over.
func (c *AccessReview) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.tryAssurance(t, clauseOf(s.Policy, c), func(a *assuranceTrial) { a.rhythm(ctx, "reviews", "access", c.duty()) })
	s.tryStaff(ctx, t, func(a *staffTrial) {
		a.data(ctx, func(x *staffSight) { c.try(ctx, x) })
	})
	return t.finding("Access is reviewed " + c.Every.String() + ", by somebody else than its holder, and lapses if it is not.")
}

func (c *AccessReview) try(ctx context.Context, x *staffSight) {
	past := x.s.Now().Add(-time.Minute).UTC()
	holder, ok := x.enrol(ctx, nil)
	reviewer, also := x.enrol(ctx, nil, x.approvers()...)
	late, too := x.enrol(ctx, &past)
	if !ok || !also || !too {
		return
	}
	c.bounded(x, &holder.Member)
	keep := api.AccessReview{Keep: true}
	of := func(h *hire) string { return x.path() + "/staff/" + h.ID + "/review" }
	got, err := holder.do(ctx, call{method: "POST", path: of(holder), body: keep})
	x.mustRefuse("Reviewing one's own access", got, err)
	if kept, ok := post[api.Member](ctx, x.trial, "reviewing somebody's access", reviewer.door, of(holder), keep); ok {
		if kept.ReviewedBy != reviewer.ID {
			x.breach("Nobody can see who reviewed an access.")
		}
		c.bounded(x, &kept)
	}
	got, err = late.do(ctx, call{method: "GET", path: x.path() + "/grants"})
	x.mustForbid("Using an access that nobody reviewed in time", got, err)
	if _, ok := post[api.Member](ctx, x.trial, "reviewing an access that lapsed", reviewer.door, of(late), keep); ok {
		got, err = late.do(ctx, call{method: "GET", path: x.path() + "/grants"})
		x.mustShow("using an access that was reviewed", got, err)
	}
	at, ok := x.give(ctx, holder, reviewer, x.purpose, x.s.Now().Add(time.Hour))
	if !ok {
		return
	}
	got, err = holder.do(ctx, call{method: "POST", path: at + "/review", body: keep})
	x.mustRefuse("Reviewing one's own grant", got, err)
	if _, ok := post[api.Grant](ctx, x.trial, "ending a grant in a review", reviewer.door, at+"/review", api.AccessReview{}); ok {
		got, err = x.read(ctx, holder)
		x.mustForbid("Reading under a grant that a review ended", got, err)
	}
	got, err = reviewer.do(ctx, call{method: "POST", path: of(late), body: api.AccessReview{}})
	if x.mustShow("ending an access in a review", got, err) {
		got, err = late.do(ctx, call{method: "GET", path: x.path() + "/grants"})
		if err == nil && got.ok() {
			x.breach("An access that a review ended was used.")
		}
	}
}

// bounded looks that a member's access ends by when the next review is due.
func (c *AccessReview) bounded(x *staffSight, m *api.Member) {
	cal, zone := CalendarOf(x.s.Policy)
	if x.s.Calendar != nil {
		cal = x.s.Calendar
	}
	end, ok := cal.Due(x.s.Now().In(zone), c.Every)
	if m.ReviewBy == nil || ok && m.ReviewBy.After(end) {
		x.breach("An access does not lapse where it is not reviewed %s.", c.Every)
		return
	}
	x.good("An access lapses unless it is reviewed %s.", c.Every)
}
