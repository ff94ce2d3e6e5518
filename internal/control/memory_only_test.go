package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestMemoryOnlyCheck(t *testing.T) {
	session := &control.MemoryOnly{Data: control.DataSets{"session"}}
	checks(t, []check{
		{name: "in memory", control: session},
		{name: "stored", control: &control.MemoryOnly{Data: control.DataSets{"session", "profile"}}, param: "data", finds: []string{"profile is stored"}},
		{name: "kept for a time", control: session, param: "data", finds: []string{"gone at a restart"},
			change: func(p *policy.Policy) { p.Data[2].Keep = day }},
		{name: "backed up by another clause", control: session, param: "data", finds: []string{"backed up, by clause other"},
			change: func(p *policy.Policy) {
				p.Clauses = []policy.Clause{{ID: "other", Keep: []policy.Keep{keep("retention", policy.Params{"data": []string{"session"}})}}}
			}},
	})
}
