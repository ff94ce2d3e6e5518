package control

import (
	"context"
	"errors"

	"clause.dev/clause/internal/alert"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
)

// Monitoring keeps clauses that say alerts are watched: somebody on call answers in time, or the next is told.
type Monitoring struct {
	Acknowledge policy.Term `param:"acknowledge" doc:"by when an alert is acknowledged before it escalates"`
}

// Check finds terms that no clock can run to.
func (c *Monitoring) Check(p *policy.Policy) error {
	return answerable(p, "monitoring", c.Acknowledge)
}

// answerable finds terms by which nobody can answer an alert.
func answerable(p *policy.Policy, control string, term policy.Term) error {
	var all []error
	if term.Form != policy.Within {
		all = append(all, problem(control, "acknowledge", "an alert is answered within a time, and not %s", term).WithHint("name a span, such as 15 minutes"))
	}
	return errors.Join(append(all, countable(p, control, "acknowledge", term))...)
}

// Plan has every alert answered in that time.
func (c *Monitoring) Plan(p *Plan) { p.Alerts = append(p.Alerts, answering(p.clause, c.Acknowledge)) }

// answering is what a clause owes of an alert each time somebody is told of it.
func answering(clause string, within policy.Term) obligation.Duty {
	return obligation.Duty{Kind: alert.Answer, Clause: clause, Limit: within, Evidence: alert.Answered}
}

// Probe raises two canary threats: one is acknowledged, the other was detected so long ago that it must go
// to the next on call at once.
func (c *Monitoring) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	d := &alertDrill{t: t, s: s, within: c.Acknowledge}
	d.run(ctx)
	return t.finding("An alert reaches whoever is on call, and the next one unless it is acknowledged within " + c.Acknowledge.String() + ".")
}
