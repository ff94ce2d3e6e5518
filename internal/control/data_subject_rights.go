package control

import (
	"context"
	"errors"
	"time"

	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/law"
	"clause.dev/clause/internal/rights"
)

// DataSubjectRights keeps clauses that say which rights people can use, and how soon they are answered:
// GDPR art. 12 and 15 to 21.
type DataSubjectRights struct {
	Rights      []string    `param:"rights" values:"access|rectification|erasure|portability|withdrawal|objection|restriction" doc:"the rights: access, rectification, erasure, portability, withdrawal, objection, restriction"`
	Within      policy.Term `param:"within,optional" doc:"by when a request is answered, such as 30 days; the law's time where it is left out"`
	Acknowledge policy.Term `param:"acknowledge,optional" doc:"by when its receipt is confirmed, such as 5 business days"`
	Extend      policy.Term `param:"extend,optional" doc:"how much longer a complex request may take, such as 2 months"`
	Free        bool        `param:"free,optional" doc:"using a right costs nothing"`
}

// Check finds times that no clock can run to.
func (c *DataSubjectRights) Check(p *policy.Policy) error {
	const name = "data-subject-rights"
	var all []error
	for _, t := range []struct {
		param string
		term  policy.Term
	}{{"within", c.Within}, {"acknowledge", c.Acknowledge}, {"extend", c.Extend}} {
		prompt := t.param == "within" && (t.term.Form == policy.Prompt || t.term.Form == policy.Instant)
		if t.term.Form != "" && t.term.Form != policy.Within && !prompt {
			all = append(all, problem(name, t.param, "a request has a time to be answered in, and %q is none", t.term).WithHint("write one such as 30 days"))
		}
	}
	within, known := c.terms(p)
	longest, ok := within.Longest()
	if acknowledge, also := c.Acknowledge.Longest(); known && ok && also && c.Acknowledge.Form != "" && acknowledge > longest {
		all = append(all, problem(name, "acknowledge", "the receipt may be confirmed after all is done: %s, and %s", c.Acknowledge, within))
	}
	return errors.Join(all...)
}

// terms are by when a request is answered; where the clause gives no figure (promptly), by the strictest of
// the laws the policy names, and where it names none with a figure, by the strictest there is a file of.
func (c *DataSubjectRights) terms(p *policy.Policy) (within policy.Term, known bool) {
	if c.Within.Form == policy.Within {
		return c.Within, true
	}
	if d := strictest(named(p)); d != nil {
		return d.Within, true
	}
	if d := strictest(law.All()); d != nil {
		return d.Within, true
	}
	return policy.Term{}, false
}

// extension is how much longer a complex request may take: what the clause says, and where it leaves the
// time to the law, what that allows.
func (c *DataSubjectRights) extension(p *policy.Policy) policy.Term {
	if c.Within.Form != "" || c.Extend.Form != "" {
		return c.Extend
	}
	d := strictest(named(p))
	if d == nil {
		d = strictest(law.All())
	}
	if d == nil {
		return policy.Term{}
	}
	return d.Extend
}

// named are the laws of a policy, and those that detail them.
func named(p *policy.Policy) (all []*law.Law) {
	for i := range p.Laws {
		l, ok := law.Of(p.Laws[i].Citation)
		if !ok {
			l, ok = law.Of(p.Laws[i].Title)
		}
		if ok {
			all = append(all, law.Under(l)...)
		}
	}
	return all
}

// strictest is the shortest confirmed time that laws set for an answer, nil if none sets one.
func strictest(laws []*law.Law) (best *law.Deadline) {
	shortest := time.Duration(0)
	for _, l := range laws {
		d, ok := l.Deadline("answer")
		if !ok || !d.Confirmed || d.Within.Form != policy.Within {
			continue
		}
		if longest, ok := d.Within.Longest(); ok && (best == nil || longest < shortest) {
			best, shortest = d, longest
		}
	}
	return best
}

// Plan has requests of these rights answered in time.
func (c *DataSubjectRights) Plan(p *Plan) {
	within, ok := c.terms(p.policy)
	if !ok {
		return
	}
	for _, right := range c.Rights {
		promise := rights.Promise{Answer: owed("request."+right, within, evidenceAnswer), Extend: c.extension(p.policy)}
		promise.Answer.Clause = p.clause
		if c.Acknowledge.Form != "" {
			promise.Acknowledge = owed("request."+right+".acknowledge", c.Acknowledge, evidenceReceipt)
			promise.Acknowledge.Clause = p.clause
		}
		p.Rights[rights.Right(right)] = append(p.Rights[rights.Right(right)], promise)
	}
}

// duties are those of one right.
func (c *DataSubjectRights) duties(p *policy.Policy, right rights.Right) (all []obligation.Duty) {
	within, _ := c.terms(p)
	if c.Acknowledge.Form != "" {
		all = append(all, owed("request."+string(right)+".acknowledge", c.Acknowledge, evidenceReceipt))
	}
	return append(all, owed("request."+string(right), within, evidenceAnswer))
}

// Probe has one canary person use every right, from the request to what the next access shows. A second
// person's data must be in nothing that the first is given.
func (c *DataSubjectRights) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Now == nil || s.Policy == nil {
		t.hurdle("the time cannot be seen.")
		return t.finding("")
	}
	s.with(ctx, t, s.Canary.A, func(neighbour *person) {
		neighbour.fill(ctx, t, stored(s.Policy, nil))
		s.with(ctx, t, s.Canary.A, func(p *person) {
			x := &exercise{DataSubjectRights: c, t: t, s: s, person: p, neighbour: neighbour}
			x.records = p.fill(ctx, t, dataSets(s.Policy, func(*policy.DataSet) bool { return true }))
			if len(x.records) == 0 {
				t.hurdle("no canary data could be stored.")
				return
			}
			x.run(ctx)
		})
	})
	return t.finding("One canary person used " + list(c.Rights) + ": each was carried out and felt by the next access, in time by its clock, and is in the ledger.")
}
