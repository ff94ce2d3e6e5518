package control

import (
	"context"
	"slices"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/assurance"
	"clause.dev/clause/internal/policy"
)

// TestScope keeps clauses that say what a penetration test covers.
type TestScope struct {
	Areas []string `param:"areas" doc:"the areas that every report ticks"`
}

// Check finds a scope of nothing.
func (c *TestScope) Check(*policy.Policy) error {
	if len(c.Areas) == 0 {
		return problem("test-scope", "areas", "a test that covers nothing is none").WithHint("name the areas")
	}
	return nil
}

// Plan has reports that lack an area refused.
func (c *TestScope) Plan(p *Plan) {
	p.Assurance.Scopes = append(p.Assurance.Scopes, assurance.Scope{Clause: p.clause, Areas: c.Areas})
}

// Probe hands in reports of a made-up test that lack one area each.
func (c *TestScope) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.tryAssurance(t, clauseOf(s.Policy, c), func(a *assuranceTrial) {
		test, ok := a.planned(ctx, "", 0)
		if !ok {
			return
		}
		defer a.remove(ctx, "tests", test.ID)
		all := a.areas()
		for _, area := range c.Areas {
			lacking := slices.DeleteFunc(slices.Clone(all), func(other string) bool { return other == area })
			got, err := a.post(ctx, canaryReport(lacking), "tests", test.ID, "report")
			a.mustRefuse("A report that does not cover "+area, got, err)
		}
		done, ok := made[api.SecurityTest](ctx, a, "reporting the test", a.own, canaryReport(all), "tests", test.ID, "report")
		if !ok {
			return
		}
		for _, area := range c.Areas {
			if !slices.Contains(done.Areas, area) {
				a.breach("The books do not say that the report covers %s.", area)
			}
		}
		a.recorded(ctx, test.ID, "test.planned", "test.reported")
	})
	return t.finding("A report that leaves out any of " + list(c.Areas) + " is refused.")
}
