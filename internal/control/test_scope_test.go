package control_test

import (
	"regexp"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestTestScopeCheck(t *testing.T) {
	checks(t, []check{
		{name: "areas", control: &control.TestScope{Areas: []string{"injection"}}},
		{name: "nothing", control: &control.TestScope{}, param: "areas", finds: []string{"covers nothing"}},
	})
}

func TestTestScopePlan(t *testing.T) {
	plan, err := control.PlanOf(promising(keep("test-scope", policy.Params{"areas": []string{"injection"}})))
	if err != nil || len(plan.Assurance.Scopes) != 1 || plan.Assurance.Scopes[0].Clause != "promise" || plan.Assurance.Scopes[0].Areas[0] != "injection" {
		t.Errorf("planned as %+v, %v", plan.Assurance.Scopes, err)
	}
}

func scopeSabotages() []sabotage {
	areas := regexp.MustCompile(`"areas":\[[^\]]*\]`)
	return []sabotage{
		{name: "any report will do", says: "does not cover authenticated sessions was allowed", front: pleasing(ending("/report"))},
		{name: "the books forget what was covered", says: "The books do not say", front: altering("/report", func(body []byte) []byte {
			return areas.ReplaceAll(body, []byte(`"areas":[]`))
		})},
	}
}
