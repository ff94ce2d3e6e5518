package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestAggregatesCheck(t *testing.T) {
	checks(t, []check{
		{name: "two people", control: &control.Aggregates{People: 2}},
		{name: "one person", control: &control.Aggregates{People: 1}, param: "people", finds: []string{"at least 2"}},
		{name: "nobody", control: &control.Aggregates{People: -3}, param: "people", finds: []string{"at least 2"}},
	})
}

func TestAggregatesPlan(t *testing.T) {
	few, many := keep("aggregates", policy.Params{"people": int64(2)}), keep("aggregates", policy.Params{"people": int64(10)})
	for _, row := range []struct {
		keeps  []policy.Keep
		want   int
		clause string
	}{{nil, 2, ""}, {[]policy.Keep{few}, 2, "promise"}, {[]policy.Keep{many, few}, 10, "promise"}} {
		plan, err := control.PlanOf(promising(row.keeps...))
		if err != nil {
			t.Fatal(err)
		}
		if plan.AggregateMin != row.want || plan.AggregateClause != row.clause {
			t.Errorf("%v plans %d people by clause %q", row.keeps, plan.AggregateMin, plan.AggregateClause)
		}
	}
}

func aggregatesSabotages() []sabotage {
	return []sabotage{
		{name: "fewer people are enough", says: "A statistic over 19 people was released", engine: func(p *policy.Policy) {
			clause, _ := p.Clause("clesaro-aggregates")
			clause.Keep[0].Params["people"] = int64(19)
		}},
	}
}
