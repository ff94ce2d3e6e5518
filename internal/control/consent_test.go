package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestConsentBasisCheck(t *testing.T) {
	checks(t, []check{
		{name: "its basis", control: &control.ConsentBasis{Purposes: control.Purposes{"insights"}}},
		{name: "another basis", control: &control.ConsentBasis{Purposes: control.Purposes{"insights", "account"}}, param: "purposes", finds: []string{"account rests on contract"}},
		{name: "no purpose", control: &control.ConsentBasis{}, param: "purposes", finds: []string{"must name a purpose"}},
	})
}

func TestConsentBasisPlan(t *testing.T) {
	refuses(t, keep("consent", policy.Params{"purposes": []string{"insights"}}), func(r *decision.Rules, q *decision.Request) {
		q.Purpose = r.Purpose("insights")
	})
}
