package control

import (
	"context"
	"errors"
	"slices"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// PurposeLimitation keeps clauses that list what data is used for.
type PurposeLimitation struct {
	Purposes   Purposes   `param:"purposes" doc:"every purpose data is processed for"`
	Categories Categories `param:"categories,optional" doc:"the data that is limited; all if absent"`
}

// Check finds purposes that reach the data and are not listed.
func (c *PurposeLimitation) Check(p *policy.Policy) error {
	var all []error
	for _, purpose := range p.Purposes {
		if slices.Contains(c.Purposes, purpose.ID) {
			continue
		}
		for _, sight := range purpose.Sees {
			if c.covers(p, sight.DataSet) {
				all = append(all, problem("purpose-limitation", "purposes", "purpose %s sees data set %s and is not listed", purpose.ID, sight.DataSet).
					WithHint("list the purpose, in the clause's text too, or take the data set out of what it sees"))
			}
		}
	}
	return errors.Join(all...)
}

// covers reports whether the clause limits what the data set is used for.
func (c *PurposeLimitation) covers(p *policy.Policy, dataSet string) bool {
	set, ok := p.DataSet(dataSet)
	return ok && (len(c.Categories) == 0 || slices.Contains(c.Categories, set.Category))
}

// Plan has refusals of other purposes name the clause.
func (c *PurposeLimitation) Plan(p *Plan) {
	p.groundFor(decision.StepPurpose, c.Categories)
}

// strangers are purposes that no policy of this promise declares.
func strangers() []string { return []string{"marketing", "profiling", "resale"} }

// Probe reads canary data for every purpose, declared or not.
func (c *PurposeLimitation) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.with(ctx, t, s.Canary.A, func(p *person) {
		limited := dataSets(s.Policy, func(d *policy.DataSet) bool { return c.covers(s.Policy, d.ID) })
		for _, k := range p.fill(ctx, t, limited) {
			for i := range s.Policy.Purposes {
				c.declared(ctx, t, p, k, &s.Policy.Purposes[i])
			}
			for _, stranger := range strangers() {
				if _, declared := s.Policy.Purpose(stranger); declared {
					continue
				}
				all := &policy.Purpose{ID: stranger, Sees: []policy.Sight{{DataSet: k.set.ID, Fields: fieldIDs(k.set)}}}
				for _, w := range p.ways(all, k) {
					a, err := p.do(ctx, w.call)
					t.mustForbid(w.what+" for the undeclared purpose "+stranger, a, err)
				}
			}
		}
	})
	return t.finding("Data is given for " + list(c.Purposes) + ", each seeing its own part only, and for no other purpose.")
}

// declared reads a record for one of the policy's purposes: one that the clause lists sees the
// fields the policy gives it, and any other is refused.
func (c *PurposeLimitation) declared(ctx context.Context, t *trial, p *person, k kept, purpose *policy.Purpose) {
	if purpose.When != "" {
		return // what it may see hangs on the site
	}
	if err := p.ready(ctx, purpose); err != nil {
		t.hurdle("%v", err)
		return
	}
	a, err := p.read(ctx, purpose.ID, k.set.ID, k.id)
	sees := sight(purpose, k.set.ID)
	if !slices.Contains(c.Purposes, purpose.ID) || len(sees) == 0 || !may(purpose, policy.Read) {
		t.mustForbid("Reading "+k.set.ID+" for "+purpose.ID, a, err)
		return
	}
	if t.mustShow("reading "+k.set.ID+" for "+purpose.ID, a, err) {
		t.mustSee(purpose.ID, k, sees, a)
	}
}

// mustSee notes whether an answered record has the fields that may be seen and no other.
func (t *trial) mustSee(purpose string, k kept, sees []string, a answer) {
	fields, err := fieldsOf(a)
	if err != nil {
		t.hurdle("%s for %s: %v", k.set.ID, purpose, err)
		return
	}
	whole := true
	for field := range fields {
		if !slices.Contains(sees, field) {
			t.breach("Purpose %s was shown %s of %s, which it may not see.", purpose, field, k.set.ID)
			whole = false
		}
	}
	for field := range k.values {
		if _, shown := fields[field]; !shown && slices.Contains(sees, field) {
			t.hurdle("purpose %s was not shown %s of %s, which it may see.", purpose, field, k.set.ID)
			whole = false
		}
	}
	if whole {
		t.good("Purpose %s sees of %s what the policy says, and no more.", purpose, k.set.ID)
	}
}
