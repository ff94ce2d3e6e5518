package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestResidencyCheck(t *testing.T) {
	here := &control.Residency{Regions: control.Regions{"uae-north"}}
	checks(t, []check{
		{name: "inside", control: here},
		{name: "no region", control: &control.Residency{}, param: "regions", finds: []string{"must name a region", "recipient auditor"}},
		{name: "not declared", control: &control.Residency{Regions: control.Regions{"uae-north", "mars"}}, param: "regions", finds: []string{"mars is not declared"}},
		{name: "a recipient outside", control: here, param: "regions", finds: []string{"auditor is in eu-west"},
			change: func(p *policy.Policy) { p.Recipients[0].Region = "eu-west" }},
		{name: "a recipient outside with a safeguard", control: here,
			change: func(p *policy.Policy) {
				p.Recipients[0].Region, p.Recipients[0].Safeguard = "eu-west", "standard clauses"
			}},
	})
}

func TestResidencyPlan(t *testing.T) {
	k := keep("residency", policy.Params{"regions": []string{"uae-north"}})
	refuses(t, k, func(r *decision.Rules, q *decision.Request) { q.Home = r.Region("eu-west") })
	refuses(t, k, func(_ *decision.Rules, q *decision.Request) { q.Home = 0 })
}
