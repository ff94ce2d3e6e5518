package control_test

import (
	"context"
	"net/http"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
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

func residencySabotages() []sabotage {
	return []sabotage{
		{name: "a tenant abroad", says: "A tenant's data is in region mars", before: func(t *testing.T, w *world) {
			w.sql(t, db.Organisation, `INSERT INTO tenants (tenant_id, title, region, environment, state, created_at) VALUES ('stray', 'Stray', 'mars', 'production', 'active', 1)`)
			t.Cleanup(func() { w.exec(context.Background(), db.Organisation, `DELETE FROM tenants WHERE tenant_id = 'stray'`) })
		}},
		{name: "tenants are made anywhere", says: "A tenant in region elsewhere-1 was allowed", front: pleasing(func(r *http.Request) bool {
			return r.Method == "POST" && r.URL.Path == "/v1/tenants"
		})},
		{name: "data abroad is given", says: "Reading data of a tenant in region elsewhere-1 was allowed", system: reviving()},
	}
}
