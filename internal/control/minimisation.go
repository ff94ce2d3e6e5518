package control

import (
	"context"
	"errors"
	"slices"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// Minimisation keeps clauses that say what people need not give: GDPR art. 5(1)(c).
type Minimisation struct {
	Optional DataSets `param:"optional" doc:"the data sets that nobody has to fill in"`
}

// Check finds fields that are required although the clause says giving them is optional.
func (c *Minimisation) Check(p *policy.Policy) error {
	var all []error
	for _, id := range c.Optional {
		set, ok := p.DataSet(id)
		if !ok || set.Many {
			continue // having no record at all of several is the option
		}
		for _, field := range set.Fields {
			if !field.Optional {
				all = append(all, problem("minimisation", "optional", "field %s of data set %s is required, the clause says it is optional", field.ID, id).
					WithHint("give the field optional: true"))
			}
		}
	}
	return errors.Join(all...)
}

// Plan has refusals of fields a purpose does not see name the clause.
func (c *Minimisation) Plan(p *Plan) {
	p.ground(decision.StepFields)
}

// Probe meets a person who gave nothing optional, and asks for part of what another gave.
func (c *Minimisation) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.with(ctx, t, s.Canary.A, func(p *person) { c.without(ctx, t, p) })
	s.with(ctx, t, s.Canary.A, func(p *person) {
		for _, k := range p.fill(ctx, t, dataSets(s.Policy, func(*policy.DataSet) bool { return true })) {
			for _, purpose := range readers(s.Policy, k.set.ID) {
				if err := p.ready(ctx, purpose); err != nil {
					t.hurdle("%v", err)
					continue
				}
				c.project(ctx, t, p, k, purpose)
			}
		}
	})
	if len(c.Optional) == 0 {
		return t.finding("Each purpose is given the fields it needs and no more.")
	}
	return t.finding("An account works without " + list(c.Optional) + ", and each purpose is given the fields it needs and no more.")
}

// without uses an account that lacks the optional data.
func (c *Minimisation) without(ctx context.Context, t *trial, p *person) {
	needed := dataSets(p.policy, func(d *policy.DataSet) bool { return !slices.Contains(c.Optional, d.ID) })
	for _, k := range p.fill(ctx, t, needed) {
		shown, err := p.show(ctx, k)
		if err != nil {
			t.hurdle("%v", err)
		} else if shown {
			t.good("%s of a person who gave nothing optional can be stored and read.", k.set.ID)
		}
	}
	for _, id := range c.Optional {
		set, ok := p.policy.DataSet(id)
		if !ok || set.Many {
			continue
		}
		c.part(ctx, t, p, set)
	}
}

// part gives one field of an optional data set: the others must not be asked for.
func (c *Minimisation) part(ctx context.Context, t *trial, p *person, set *policy.DataSet) {
	purpose, fields := writer(p.policy, set)
	if purpose == nil {
		return
	}
	if err := p.ready(ctx, purpose); err != nil {
		t.hurdle("%v", err)
		return
	}
	values, _ := p.marks.sample(set, fields[:1])
	a, err := p.create(ctx, purpose.ID, set.ID, values)
	switch {
	case err == nil && a.malformed():
		t.breach("%s is not accepted with %s alone, though all of it is optional.", set.ID, fields[0])
	case t.mustShow("giving a part of "+set.ID, a, err):
		t.good("%s is accepted with %s alone.", set.ID, fields[0])
	}
}

// project asks for all a purpose sees, and for one field of it.
func (c *Minimisation) project(ctx context.Context, t *trial, p *person, k kept, purpose *policy.Purpose) {
	sees := sight(purpose, k.set.ID)
	a, err := p.read(ctx, purpose.ID, k.set.ID, k.id)
	if !t.mustShow("reading "+k.set.ID+" for "+purpose.ID, a, err) {
		return
	}
	t.mustSee(purpose.ID, k, sees, a)
	a, err = p.read(ctx, purpose.ID, k.set.ID, k.id, sees[0])
	if t.mustShow("reading one field of "+k.set.ID+" for "+purpose.ID, a, err) {
		only := k
		only.values = nil
		t.mustSee(purpose.ID, only, sees[:1], a)
	}
	for _, f := range k.set.Fields {
		if !slices.Contains(sees, f.ID) {
			a, err := p.read(ctx, purpose.ID, k.set.ID, k.id, f.ID)
			t.mustRefuse("Asking for "+f.ID+" of "+k.set.ID+" for "+purpose.ID, a, err)
		}
	}
}
