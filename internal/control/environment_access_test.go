package control_test

import (
	"net/http"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestEnvironmentAccessCheck(t *testing.T) {
	checks(t, []check{
		{name: "five", control: &control.EnvironmentAccess{People: 5}},
		{name: "nobody", control: &control.EnvironmentAccess{}, param: "people", finds: []string{"1 to 50"}},
		{name: "a crowd", control: &control.EnvironmentAccess{People: 500}, param: "people", finds: []string{"1 to 50"}},
	})
}

func TestEnvironmentAccessPlan(t *testing.T) {
	plan, err := control.PlanOf(promising(keep("environment-access", policy.Params{"restricted": []string{"production"}, "team": "us", "people": 5})))
	if err != nil || len(plan.Staff.Teams) != 1 || plan.Staff.Teams[0].Clause != "promise" || plan.Staff.Teams[0].People != 5 || plan.Staff.Teams[0].Environments[0] != "production" {
		t.Fatalf("planned as %+v, %v", plan.Staff, err)
	}
}

func environmentSabotages() []sabotage {
	return []sabotage{
		{name: "anybody is let in", says: "Enrolling one person more than 5 members was allowed", engine: func(p *policy.Policy) { without(p, "environment-access") }},
		{name: "one more is let in", says: "Enrolling one person more than 5 members was allowed", engine: changing("environment-access", func(p policy.Params) { p["people"] = 6 })},
		{name: "keys open every environment", says: "of another environment was allowed", front: anyEnvironment()},
	}
}

// anyEnvironment takes a key of another environment for one of this.
func anyEnvironment() func(*control.System, http.Handler) http.Handler {
	return func(sys *control.System, next http.Handler) http.Handler {
		return impersonating(func(r *http.Request) bool {
			return strings.HasSuffix(r.Header.Get("Authorization"), sys.Canary.Elsewhere)
		})(sys, next)
	}
}
