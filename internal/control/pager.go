package control

import (
	"context"

	"clause.dev/clause/internal/policy"
)

// Pager keeps clauses that say who is called when something is wrong.
type Pager struct {
	Acknowledge policy.Term `param:"acknowledge" doc:"by when a page is acknowledged before it escalates"`
}

// Check finds terms that no clock can run to.
func (c *Pager) Check(p *policy.Policy) error { return answerable(p, "pager", c.Acknowledge) }

// Plan has every alert answered in that time.
func (c *Pager) Plan(p *Plan) { p.Alerts = append(p.Alerts, answering(p.clause, c.Acknowledge)) }

// Probe does what that of Monitoring does, and wants each on call to be called by the pager, whose service
// must take the call's like.
func (c *Pager) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	d := &alertDrill{t: t, s: s, within: c.Acknowledge, paged: true}
	d.run(ctx)
	return t.finding("An alert calls whoever is on call by the pager, and the next one unless it is acknowledged within " + c.Acknowledge.String() + ".")
}
