package control

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// DeclaredDataOnly keeps clauses that list what is collected.
type DeclaredDataOnly struct {
	Categories Categories `param:"categories" doc:"every category of data that is collected"`
}

// Check finds data of a category that is not listed, and listed categories of which there is none.
func (c *DeclaredDataOnly) Check(p *policy.Policy) error {
	var all []error
	used := map[string]bool{}
	for _, set := range p.Data {
		used[set.Category] = true
		if !slices.Contains(c.Categories, set.Category) {
			all = append(all, problem("declared-data-only", "categories", "data set %s is of category %s, which the clause does not list", set.ID, set.Category).
				WithHint("list the category, in the clause's text too, or do not collect the data"))
		}
	}
	for _, category := range c.Categories {
		if !used[category] {
			all = append(all, problem("declared-data-only", "categories", "no data set is of category %s", category).
				WithHint("take it out of the list, or declare the data"))
		}
	}
	return errors.Join(all...)
}

// Plan has refusals of undeclared data name the clause.
func (c *DeclaredDataOnly) Plan(p *Plan) {
	p.ground(decision.StepDeclared)
}

// Probe sends data that the policy does not declare, beside data that it does.
func (c *DeclaredDataOnly) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.with(ctx, t, s.Canary.A, func(p *person) {
		for _, k := range p.fill(ctx, t, dataSets(s.Policy, func(*policy.DataSet) bool { return true })) {
			t.good("Declared data of %s is accepted.", k.set.ID)
			c.undeclaredField(ctx, t, p, k)
			c.wrongType(ctx, t, p, k)
		}
		for _, purpose := range s.Policy.Purposes {
			if may(&purpose, policy.Write) && purpose.When == "" {
				a, err := p.create(ctx, purpose.ID, "undeclared-"+token()[:6], map[string]any{"value": token()})
				t.mustRefuse("Data of an undeclared kind for "+purpose.ID, a, err)
				break
			}
		}
	})
	return t.finding("Data of " + list(c.Categories) + " is accepted as declared; any other kind, field or type is refused.")
}

// undeclaredField adds a field to a record, which neither may nor does come back.
func (c *DeclaredDataOnly) undeclaredField(ctx context.Context, t *trial, p *person, k kept) {
	purpose, _ := writer(p.policy, k.set)
	extra, value := "undeclared_"+token()[:6], token()
	for _, method := range []string{"PATCH", "PUT"} {
		fields := map[string]any{extra: value}
		if method == "PUT" {
			fields = maps.Clone(k.values)
			fields[extra] = value
		}
		a, err := p.do(ctx, call{method: method, path: p.path("data", k.set.ID, k.id), purpose: purpose.ID, body: map[string]any{"fields": fields}})
		t.mustRefuse("An undeclared field in "+k.set.ID, a, err)
	}
	for _, reader := range readers(p.policy, k.set.ID) {
		if err := p.ready(ctx, reader); err != nil {
			t.hurdle("%v", err)
			continue
		}
		a, err := p.read(ctx, reader.ID, k.set.ID, k.id)
		if t.mustShow("a canary record of "+k.set.ID+" could not be read", a, err) && bytes.Contains(a.body, []byte(value)) {
			t.breach("An undeclared field of %s was kept.", k.set.ID)
		}
		return
	}
}

// wrongType sends a list where the policy declares a single value.
func (c *DeclaredDataOnly) wrongType(ctx context.Context, t *trial, p *person, k kept) {
	purpose, fields := writer(p.policy, k.set)
	if len(fields) == 0 {
		return
	}
	body := map[string]any{"fields": map[string]any{fields[0]: []string{token()}}}
	a, err := p.do(ctx, call{method: "PATCH", path: p.path("data", k.set.ID, k.id), purpose: purpose.ID, body: body})
	t.mustRefuse("A value of another type than declared in "+k.set.ID, a, err)
}
