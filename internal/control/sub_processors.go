package control

import (
	"context"
	"slices"

	"clause.dev/clause/internal/policy"
)

// SubProcessors keeps clauses that say who processes data on the company's behalf: GDPR art. 28(2).
type SubProcessors struct {
	Recipients Recipients `param:"recipients" doc:"every sub-processor; an empty list for none"`
}

// Check finds nothing: that somebody processes data and is not listed is a finding of its own, which a
// policy's owners may know of and live with. The probe says that it is broken.
func (c *SubProcessors) Check(*policy.Policy) error { return nil }

// Plan asks for nothing: who may be given data is decided by the purposes.
func (c *SubProcessors) Plan(*Plan) {}

// Probe compares the clause with who the policy says processes data, with the list that is published, and
// with what the front door gives to whom.
func (c *SubProcessors) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Policy == nil {
		t.hurdle("the policy cannot be seen.")
		return t.finding("")
	}
	var names []string
	for _, id := range c.Recipients {
		if r, ok := s.Policy.Recipient(id); ok {
			names = append(names, r.Name)
		}
	}
	unlisted := c.register(t, s.Policy)
	for _, lang := range editions() {
		page, same := s.asPublished(ctx, t, "/published/sub-processors.html", "sub-processors.html", lang)
		if missing := lacking(wordsOf(page), names); same && len(missing) > 0 {
			t.breach("The published list of sub-processors does not name %s.", missing[0])
		}
	}
	s.with(ctx, t, s.Canary.A, func(p *person) { c.refuse(ctx, t, p, unlisted) })
	if len(names) == 0 {
		return t.finding("Nobody is registered as a sub-processor, the published list says so, and nobody is given data as one.")
	}
	return t.finding("The register and the published list name " + list(names) + " and no other sub-processor, and nobody else is given data as one.")
}

// register compares the clause with the recipients that the policy declares, and returns those that process
// data for the company and are not listed. Whoever hosts a language model processes what it is given.
func (c *SubProcessors) register(t *trial, p *policy.Policy) (unlisted []string) {
	for _, r := range p.Recipients {
		hosts := slices.ContainsFunc(p.Models, func(m policy.Model) bool { return m.Recipient == r.ID })
		if r.Role != "processor" && !hosts || slices.Contains(c.Recipients, r.ID) {
			continue
		}
		unlisted = append(unlisted, r.ID)
		t.breach("The register of recipients holds %s as a processor, whom the clause does not list.", r.Name)
	}
	if unlisted == nil {
		t.good("The register of recipients holds no processor beside those listed (%d).", len(c.Recipients))
	}
	return unlisted
}

// refuse tries to give canary data to processors that are not listed, and to one that nobody knows.
func (c *SubProcessors) refuse(ctx context.Context, t *trial, p *person, unlisted []string) {
	for _, k := range p.fillAndShow(ctx, t, dataSets(p.policy, func(d *policy.DataSet) bool { return d.Storage != policy.Memory })) {
		for i := range p.policy.Purposes {
			purpose := &p.policy.Purposes[i]
			if err := p.ready(ctx, purpose); err != nil {
				t.hurdle("%v", err)
				continue
			}
			for _, recipient := range append([]string{"canary-processor"}, unlisted...) {
				a, err := p.do(ctx, call{method: "GET", path: p.path("data", k.set.ID, k.id), purpose: purpose.ID, recipient: recipient})
				t.mustForbid("Disclosing "+k.set.ID+" for "+purpose.ID+" to "+recipient, a, err)
			}
		}
	}
}
