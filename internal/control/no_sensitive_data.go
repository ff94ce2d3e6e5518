package control

import (
	"context"
	"errors"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// NoSensitiveData keeps clauses that say no special category of data is collected: GDPR art. 9.
type NoSensitiveData struct{}

// Check finds data sets declared sensitive.
func (c *NoSensitiveData) Check(p *policy.Policy) error {
	var all []error
	for _, set := range p.Data {
		if set.Sensitive {
			all = append(all, problem("no-sensitive-data", "", "data set %s is declared sensitive, and the clause says nothing sensitive is collected", set.ID).
				WithHint("one of the two has to go"))
		}
	}
	return errors.Join(all...)
}

// Plan has refusals of undeclared data, of which sensitive data is part, name the clause.
func (c *NoSensitiveData) Plan(p *Plan) {
	p.ground(decision.StepDeclared)
}

// special names what GDPR art. 9(1) calls special categories, as one would name a data set or field.
func special() []string {
	return []string{"health", "biometrics", "genetics", "race", "ethnicity", "religion", "politics", "union_membership", "sexual_orientation"}
}

// Probe tries to store special categories of data, each as a data set and as a field of every other.
func (c *NoSensitiveData) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.with(ctx, t, s.Canary.A, func(p *person) {
		for _, k := range p.fill(ctx, t, dataSets(s.Policy, func(*policy.DataSet) bool { return true })) {
			purpose, _ := writer(p.policy, k.set)
			t.good("What %s declares is accepted.", k.set.ID)
			for _, name := range special() {
				c.try(ctx, t, p, k, purpose, name)
			}
		}
	})
	return t.finding("No data set is declared sensitive, and data such as health or religion is refused wherever it is offered.")
}

func (c *NoSensitiveData) try(ctx context.Context, t *trial, p *person, k kept, purpose *policy.Purpose, name string) {
	if _, declared := k.set.Field(name); declared {
		t.breach("Data set %s declares a field called %s.", k.set.ID, name)
		return
	}
	if _, declared := p.policy.DataSet(name); declared {
		t.breach("A data set called %s is declared.", name)
		return
	}
	body := map[string]any{"fields": map[string]any{name: token()}}
	a, err := p.do(ctx, call{method: "PATCH", path: p.path("data", k.set.ID, k.id), purpose: purpose.ID, body: body})
	t.mustRefuse("A field "+name+" in "+k.set.ID, a, err)
	a, err = p.create(ctx, purpose.ID, name, map[string]any{"value": token()})
	t.mustRefuse("Data of the kind "+name, a, err)
}
