package control_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestPurposeLimitationCheck(t *testing.T) {
	checks(t, []check{
		{name: "all listed", control: &control.PurposeLimitation{Purposes: control.Purposes{"account", "insights", "security"}}},
		{name: "one not listed", control: &control.PurposeLimitation{Purposes: control.Purposes{"account", "security"}}, param: "purposes",
			finds: []string{"insights sees data set profile"}},
		{name: "the category's only", control: &control.PurposeLimitation{Purposes: control.Purposes{"security"}, Categories: control.Categories{"technical"}}},
		{name: "another sees the category", control: &control.PurposeLimitation{Purposes: control.Purposes{"security"}, Categories: control.Categories{"technical", "financial"}},
			param: "purposes", finds: []string{"account sees data set income"}},
	})
}

func TestPurposeLimitationPlan(t *testing.T) {
	all := []string{"account", "insights", "security"}
	refuses(t, keep("purpose-limitation", policy.Params{"purposes": all}), func(r *decision.Rules, q *decision.Request) { q.Purpose = r.Purpose("marketing") })
	refuses(t, keep("purpose-limitation", policy.Params{"purposes": []string{"security"}, "categories": []string{"technical"}}),
		func(r *decision.Rules, q *decision.Request) { q.DataSet = r.DataSet("session") })
}

// as has every request for one of the purposes pass for another.
func as(purpose string, others ...string) func(*control.System, http.Handler) http.Handler {
	return rewriting(func(_ *control.System, r *http.Request) {
		if slices.Contains(others, r.Header.Get(api.HeaderPurpose)) {
			r.Header.Set(api.HeaderPurpose, purpose)
		}
	})
}

func purposeSabotages() []sabotage {
	return []sabotage{
		{name: "an undeclared purpose passes", says: "for the undeclared purpose profiling was allowed", front: as("account", "profiling")},
		{name: "an undeclared purpose passes in look-ups", says: "Finding identity by email for the undeclared purpose marketing was allowed",
			front: rewriting(func(_ *control.System, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/find") {
					r.Header.Set(api.HeaderPurpose, "account")
				}
			})},
		{name: "a purpose sees more", says: "was shown email of identity, which it may not see", engine: func(p *policy.Policy) {
			purpose, _ := p.Purpose("insights")
			purpose.Sees[0].Fields = []string{"first_name", "email"}
		}},
		{name: "technical data for another purpose", says: "Reading technical for budgeting was allowed", front: as("security", "budgeting")},
	}
}
