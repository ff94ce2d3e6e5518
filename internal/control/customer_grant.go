package control

import (
	"context"
	"time"

	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// CustomerGrant keeps clauses that say staff see a customer's data only while the customer allows it.
type CustomerGrant struct {
	Longest policy.Term `param:"longest" doc:"how long a grant lasts at most"`
}

// Check finds a bound that is none.
func (c *CustomerGrant) Check(p *policy.Policy) error {
	if c.Longest.Form != policy.Within {
		return problem("customer-grant", "longest", "%q does not bound a grant", c.Longest).WithHint("write a span such as 7 days")
	}
	return countable(p, "customer-grant", "longest", c.Longest)
}

// Plan has each grant wait for the customer's leave.
func (c *CustomerGrant) Plan(p *Plan) {
	p.ground(decision.StepGrant)
	p.Staff.Customer = append(p.Staff.Customer, access.Customer{Clause: p.clause, Longest: c.Longest})
}

// Probe reads canary data as a made-up member of staff: without a grant, before the customer allows it,
// while it lives, for another purpose, after the customer ended it and after its time. The customer must see
// the use, and all steps must be in the ledger.
func (c *CustomerGrant) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.tryStaff(ctx, t, func(a *staffTrial) {
		a.data(ctx, func(x *staffSight) { c.try(ctx, x) })
	})
	return t.finding("Staff see a customer's data only under a grant of that customer, who sees each use and ends it.")
}

func (c *CustomerGrant) try(ctx context.Context, x *staffSight) {
	holder, ok := x.enrol(ctx, nil)
	approver, also := x.enrol(ctx, nil, x.approvers()...)
	if !ok || !also {
		return
	}
	got, err := x.read(ctx, holder)
	x.mustForbid("Reading as staff without a grant", got, err)
	c.alive(ctx, x, holder, approver)
	cal, zone := CalendarOf(x.s.Policy)
	if x.s.Calendar != nil {
		cal = x.s.Calendar
	}
	if end, ok := cal.Due(x.s.Now().In(zone), c.Longest); ok {
		got, err = holder.do(ctx, call{method: "POST", path: x.path() + "/grants", body: x.wanted(x.purpose, end.Add(48*time.Hour))})
		x.mustRefuse("A grant for longer than "+c.Longest.String(), got, err)
	}
	at, ok := x.give(ctx, holder, approver, x.purpose, x.s.Now().Add(-time.Minute))
	if ok {
		got, err = x.read(ctx, holder)
		x.mustForbid("Reading under a grant whose time is over", got, err)
		x.note("The grant whose time is over was made so: %s.", x.grant(ctx, at).Until.Format(time.RFC3339))
	}
}

// alive goes through the life of one grant.
func (c *CustomerGrant) alive(ctx context.Context, x *staffSight, holder, approver *hire) {
	g, at, ok := x.ask(ctx, holder, x.purpose, x.s.Now().Add(time.Hour))
	if !ok {
		return
	}
	if len(x.approvers()) > 0 {
		got, err := step(ctx, approver.door, at, "approve")
		x.mustShow("approving a grant", got, err)
	}
	got, err := x.read(ctx, holder)
	x.mustForbid("Reading before the customer allowed it", got, err)
	got, err = step(ctx, approver.door, at, "allow")
	x.mustRefuse("Allowing a grant as staff", got, err)
	got, err = step(ctx, x.s.door(x.s.Canary.B.Key), at, "allow")
	x.mustRefuse("Allowing a grant as another customer", got, err)
	got, err = step(ctx, x.own, at, "allow")
	if !x.mustShow("allowing a grant", got, err) {
		return
	}
	got, err = x.read(ctx, holder)
	if !x.mustShow("reading under a live grant", got, err) {
		return
	}
	x.good("A member of staff reads while the customer's grant lives.")
	got, err = x.read(ctx, approver)
	x.mustForbid("Reading under somebody else's grant", got, err)
	c.otherPurpose(ctx, x, holder)
	if seen := x.grant(ctx, at); seen.Uses != 1 || seen.Used == nil {
		x.breach("The customer does not see that its grant was used: %d times, it says.", seen.Uses)
	} else {
		x.good("The customer sees that its grant was used.")
	}
	got, err = step(ctx, x.own, at, "withdraw")
	if !x.mustShow("ending a grant", got, err) {
		return
	}
	got, err = x.read(ctx, holder)
	x.mustForbid("Reading after the customer ended the grant", got, err)
	steps := []string{"grant.requested", "grant.allowed", "grant.began", "record.read", "grant.withdrawn"}
	if missing := x.s.missing(ctx, x.trial, x.s.Canary.A.ID, g.ID, steps); len(missing) > 0 {
		x.breach("In the ledger there is no %s in its place.", list(missing))
	}
}

// otherPurpose reads for a purpose that was not granted.
func (c *CustomerGrant) otherPurpose(ctx context.Context, x *staffSight, holder *hire) {
	for _, other := range readers(x.p.policy, x.k.set.ID) {
		if other.ID == x.purpose || x.p.ready(ctx, other) != nil {
			continue
		}
		got, err := x.readFor(ctx, holder, other.ID)
		x.mustForbid("Reading for a purpose that was not granted", got, err)
		return
	}
}
