package control_test

import (
	"net/http"
	"strings"
	"testing"

	"clause.dev/clause/api"
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

func minimisationSabotages() []sabotage {
	return []sabotage{
		{name: "a projection is ignored", says: "which it may not see", front: rewriting(func(_ *control.System, r *http.Request) { r.Header.Del(api.HeaderFields) })},
		{name: "a purpose sees all fields", says: "was shown name of debts", engine: func(p *policy.Policy) {
			purpose, _ := p.Purpose("insights")
			set, _ := p.DataSet("debts")
			for i := range purpose.Sees {
				if purpose.Sees[i].DataSet == "debts" {
					purpose.Sees[i].Fields = nil
					for _, f := range set.Fields {
						purpose.Sees[i].Fields = append(purpose.Sees[i].Fields, f.ID)
					}
				}
			}
		}},
		{name: "optional data is demanded", says: "is not accepted with", front: func(_ *control.System, next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/data/income") {
					w.WriteHeader(http.StatusUnprocessableEntity)
					return
				}
				next.ServeHTTP(w, r)
			})
		}},
	}
}
