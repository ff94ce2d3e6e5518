package control_test

import (
	"net/http"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestDeclaredDataOnlyCheck(t *testing.T) {
	all := &control.DeclaredDataOnly{Categories: control.Categories{"identity", "financial", "technical"}}
	checks(t, []check{
		{name: "all listed", control: all},
		{name: "one not listed", control: &control.DeclaredDataOnly{Categories: control.Categories{"identity", "technical"}}, param: "categories",
			finds: []string{"income is of category financial"}},
		{name: "one not used", control: all, param: "categories", finds: []string{"no data set is of category technical"},
			change: func(p *policy.Policy) { p.Data = p.Data[:2] }},
		{name: "no list", control: &control.DeclaredDataOnly{}, param: "categories",
			finds: []string{"profile is of category identity", "income is of category financial", "session is of category technical"}},
	})
}

func TestDeclaredDataOnlyPlan(t *testing.T) {
	k := keep("declared-data-only", policy.Params{"categories": []string{"identity", "financial", "technical"}})
	refuses(t, k, func(_ *decision.Rules, q *decision.Request) { q.DataSet = 0 })
	refuses(t, k, func(_ *decision.Rules, q *decision.Request) { q.Want = 1 << 40 })
}

// changesData reports whether a request changes records.
func changesData(r *http.Request) bool {
	return strings.Contains(r.URL.Path, "/data/") && r.Method != "GET" && r.Method != "DELETE"
}

func declaredSabotages() []sabotage {
	return []sabotage{
		{name: "anything is accepted", says: "was allowed", front: pleasing(changesData)},
		{name: "undeclared kinds are accepted", says: "Data of an undeclared kind", front: pleasing(func(r *http.Request) bool {
			return changesData(r) && strings.Contains(r.URL.Path, "/undeclared-")
		})},
	}
}
