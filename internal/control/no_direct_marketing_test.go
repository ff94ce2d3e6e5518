package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestNoDirectMarketingCheck(t *testing.T) {
	checks(t, []check{
		{name: "none", control: &control.NoDirectMarketing{}},
		{name: "one by another name", control: &control.NoDirectMarketing{}, finds: []string{"partner-marketing is declared"},
			change: func(p *policy.Policy) { p.Purposes[1].ID = "partner-marketing" }},
	})
}

func TestNoDirectMarketingPlan(t *testing.T) {
	for _, purpose := range []string{"marketing", "advertising", "sale"} {
		refuses(t, keep("no-direct-marketing", nil), func(r *decision.Rules, q *decision.Request) { q.Purpose = r.Purpose(purpose) })
	}
}

func marketingSabotages() []sabotage {
	return []sabotage{
		{name: "marketing passes for insights", says: "for marketing was allowed", front: as("insights", "marketing")},
		{name: "a hidden purpose", says: "for advertising was allowed", engine: func(p *policy.Policy) {
			p.Purposes = append(p.Purposes, policy.Purpose{ID: "advertising", Basis: policy.Contract, May: []policy.Action{policy.Read},
				Sees: []policy.Sight{{DataSet: "identity", Fields: []string{"email"}}}})
		}},
	}
}
