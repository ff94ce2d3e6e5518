package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestNoSensitiveDataCheck(t *testing.T) {
	checks(t, []check{
		{name: "nothing sensitive", control: &control.NoSensitiveData{}},
		{name: "a sensitive data set", control: &control.NoSensitiveData{}, finds: []string{"income is declared sensitive"},
			change: func(p *policy.Policy) { p.Data[1].Sensitive = true }},
	})
}

func TestNoSensitiveDataPlan(t *testing.T) {
	refuses(t, keep("no-sensitive-data", nil), func(_ *decision.Rules, q *decision.Request) { q.DataSet = 0 })
}
