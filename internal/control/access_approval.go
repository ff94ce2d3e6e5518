package control

import (
	"context"
	"time"

	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// AccessApproval keeps clauses that say staff get access by need to know and approval.
type AccessApproval struct {
	By []string `param:"by" doc:"who approves, such as the manager"`
}

// Check finds nothing: whoever is named approves.
func (c *AccessApproval) Check(*policy.Policy) error { return nil }

// Plan has each grant wait for somebody with one of the roles, other than its holder.
func (c *AccessApproval) Plan(p *Plan) {
	p.ground(decision.StepGrant)
	p.Staff.Approvals = append(p.Staff.Approvals, access.Approval{Clause: p.clause, By: c.By})
}

// Probe asks for canary data as a made-up member of staff who could approve, and tries to read before
// anybody approved it, after approving it themselves, and after somebody without the role did.
func (c *AccessApproval) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.tryStaff(ctx, t, func(a *staffTrial) {
		a.data(ctx, func(x *staffSight) { c.try(ctx, x) })
	})
	return t.finding("Staff get access only after " + list(c.By) + " approved it, and nobody approves their own.")
}

func (c *AccessApproval) try(ctx context.Context, x *staffSight) {
	holder, ok := x.enrol(ctx, nil, x.approvers()...)
	approver, also := x.enrol(ctx, nil, x.approvers()...)
	colleague, too := x.enrol(ctx, nil)
	if !ok || !also || !too {
		return
	}
	g, at, ok := x.ask(ctx, holder, x.purpose, x.s.Now().Add(time.Hour))
	if !ok {
		return
	}
	got, err := step(ctx, x.own, at, "allow")
	x.mustShow("allowing a grant", got, err)
	got, err = x.read(ctx, holder)
	x.mustForbid("Reading before anybody approved it", got, err)
	got, err = step(ctx, holder.door, at, "approve")
	x.mustRefuse("Approving one's own request", got, err)
	got, err = step(ctx, colleague.door, at, "approve")
	x.mustRefuse("Approving without being "+list(c.By), got, err)
	got, err = step(ctx, x.own, at, "approve")
	x.mustRefuse("Approving as the customer's application", got, err)
	got, err = x.read(ctx, holder)
	x.mustForbid("Reading after nobody else approved it", got, err)
	got, err = step(ctx, approver.door, at, "approve")
	if !x.mustShow("approving a grant", got, err) {
		return
	}
	got, err = x.read(ctx, holder)
	if x.mustShow("reading once it was approved", got, err) {
		x.good("A member of staff reads once another approved it.")
	}
	if seen := x.grant(ctx, at); seen.ApprovedBy != approver.ID {
		x.breach("The grant does not say who approved it.")
	}
	if missing := x.s.missing(ctx, x.trial, x.s.Canary.A.ID, g.ID, []string{"grant.requested", "grant.approved", "grant.began"}); len(missing) > 0 {
		x.breach("In the ledger there is no %s in its place.", list(missing))
	}
}
