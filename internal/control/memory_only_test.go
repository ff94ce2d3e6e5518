package control_test

import (
	"net/http"
	"strings"
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

func memorySabotages() []sabotage {
	return []sabotage{
		leaks("a log of requests", func(b []byte) []byte { return b }),
		{name: "encrypted rows", says: "that is to stay in memory", engine: func(p *policy.Policy) {
			set, _ := p.DataSet("technical")
			set.Storage = policy.Stored
		}},
		{name: "deletion that is none", says: "after its deletion was allowed", front: swallowing(func(r *http.Request, _ []byte) bool {
			return r.Method == "DELETE" && strings.Contains(r.URL.Path, "/data/")
		})},
	}
}
