package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestMinimisationCheck(t *testing.T) {
	checks(t, []check{
		{name: "optional fields", control: &control.Minimisation{Optional: control.DataSets{"income"}}},
		{name: "several records, of which none need be", control: &control.Minimisation{Optional: control.DataSets{"session"}}},
		{name: "required fields", control: &control.Minimisation{Optional: control.DataSets{"profile"}}, param: "optional",
			finds: []string{"field name of data set profile", "field email of data set profile"}},
	})
}

func TestMinimisationPlan(t *testing.T) {
	refuses(t, keep("minimisation", policy.Params{"optional": []string{"income"}}), func(r *decision.Rules, q *decision.Request) {
		q.Purpose, q.Want = r.Purpose("insights"), 1<<1 // sees the name, wants the e-mail address
	})
}
