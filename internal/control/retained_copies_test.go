package control_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func years(n int) policy.Term { return policy.Term{Form: policy.Within, Count: n, Unit: policy.Year} }

func TestRetainedCopiesCheck(t *testing.T) {
	checks(t, []check{
		{name: "stored fields", control: &control.RetainedCopies{Fields: control.Fields{"profile.name", "profile.email"}, Longest: years(6)}},
		{name: "a blob", control: &control.RetainedCopies{Fields: control.Fields{"profile.name"}, Longest: years(6)}, param: "fields", finds: []string{"is a blob"},
			change: func(p *policy.Policy) { p.Data[0].Fields[0].Type = policy.Blob }},
		{name: "without end", control: &control.RetainedCopies{Fields: control.Fields{"profile.name"}, Longest: policy.Term{Form: policy.Prompt}}, param: "longest", finds: []string{"is no end"}},
	})
}

func TestRetainedCopiesPlan(t *testing.T) {
	plan, err := control.PlanOf(promising(
		keep("retained-copies", policy.Params{"fields": []string{"profile.name", "profile.email"}, "longest": years(6)}),
		keep("retained-copies", policy.Params{"fields": []string{"profile.email", "income.monthly"}, "longest": years(2)}),
	))
	if err != nil {
		t.Fatal(err)
	}
	if r := plan.Retained; r == nil || !slices.Equal(r.Fields, []string{"profile.email"}) || r.Longest != years(2) {
		t.Errorf("two promises plan %+v, not what both allow", plan.Retained)
	}
}

func retainedSabotages() []sabotage {
	laxer := func(change func(policy.Params)) func(*policy.Policy) {
		return func(p *policy.Policy) {
			for _, clause := range p.Clauses {
				for _, keep := range clause.Keep {
					if keep.Control == "retained-copies" {
						change(keep.Params)
					}
				}
			}
		}
	}
	release := func(r *http.Request, _ []byte) bool {
		return r.Method == "DELETE" && strings.HasSuffix(r.URL.Path, "/hold")
	}
	return []sabotage{
		{name: "more is kept", says: "A hold on everything keeps", engine: laxer(func(p policy.Params) {
			p["fields"] = append(slices.Clone(p["fields"].([]string)), "interactions.page")
		})},
		{name: "less is kept", says: "A hold on everything keeps", engine: laxer(func(p policy.Params) { p["fields"] = []string{"login.email"} })},
		{name: "holds last longer", says: "A hold for longer than 6 years was allowed", engine: laxer(func(p policy.Params) { p["longest"] = years(60) })},
		{name: "holds need no end", says: "A hold without an end was allowed", front: pleasing(func(r *http.Request) bool { return r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/hold") })},
		{name: "anybody reads what is kept", says: "of what was kept, for service was allowed", front: knowing(func(copied string, r *http.Request) {
			if strings.Contains(r.URL.Path, copied) && r.Method == "GET" {
				r.Header.Set(api.HeaderPurpose, "disputes")
			}
		})},
		{name: "a release is forgotten", says: "after the release of the hold was allowed", front: swallowing(release)},
		{name: "the erased are served for ever", says: "right after the erasure was allowed", front: caching(http.StatusNotFound, http.StatusGone)},
		{name: "rows are left", says: "Under a hold, the store has", system: leave},
	}
}

// knowing changes requests once the id under which something was kept is known.
func knowing(change func(copied string, r *http.Request)) func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		copied := "-"
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			change(copied, r)
			got := httptest.NewRecorder()
			next.ServeHTTP(got, r)
			if _, rest, ok := bytes.Cut(got.Body.Bytes(), []byte(`"copy":"`)); ok {
				id, _, _ := bytes.Cut(rest, []byte(`"`))
				copied = string(id)
			}
			copyOut(w, got)
		})
	}
}
