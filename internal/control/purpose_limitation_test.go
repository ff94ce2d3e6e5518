package control_test

import (
	"testing"

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
