package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestRetentionCheck(t *testing.T) {
	checks(t, []check{
		{name: "all that is stored", control: &control.Retention{}},
		{name: "one", control: &control.Retention{Data: control.DataSets{"profile"}}},
		{name: "a time of its own", control: &control.Retention{Data: control.DataSets{"profile"}}, param: "data", finds: []string{"time of its own"},
			change: func(p *policy.Policy) { p.Data[0].Keep = 90 * day }},
		{name: "in memory", control: &control.Retention{Data: control.DataSets{"session"}}, param: "data", finds: []string{"cannot be retained"}},
	})
}

func TestRetentionPlan(t *testing.T) {
	refuses(t, keep("retention", nil), func(_ *decision.Rules, q *decision.Request) { q.Standing.Erased = true })
}
