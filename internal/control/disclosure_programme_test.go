package control_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestDisclosureProgrammeCheck(t *testing.T) {
	checks(t, []check{
		{name: "days", control: &control.DisclosureProgramme{Triage: policy.Term{Form: policy.Within, Count: 5, Unit: policy.Day}, Rewards: true}},
		{name: "business days without a calendar", control: &control.DisclosureProgramme{Triage: policy.Term{Form: policy.Within, Count: 5, Unit: policy.BusinessDay}}, param: "triage", finds: []string{"on a calendar"}},
		{name: "a rhythm", control: &control.DisclosureProgramme{Triage: yearly}, param: "triage", finds: []string{"assessed once"}},
	})
}

func TestDisclosureProgrammePlan(t *testing.T) {
	days := policy.Term{Form: policy.Within, Count: 5, Unit: policy.Day}
	for _, rewards := range []bool{true, false} {
		plan, err := control.PlanOf(promising(keep("disclosure-programme", policy.Params{"triage": days, "rewards": rewards})))
		if err != nil {
			t.Fatal(err)
		}
		got := plan.Assurance.Programmes[0]
		if got.Triage.Clause != "promise" || got.Triage.Limit != days || (got.Reward.Kind != "") != rewards || rewards && got.Reward.Clause != "promise" {
			t.Errorf("planned as %+v", got)
		}
	}
}

func programmeSabotages() []sabotage {
	// answering changes what is answered at an address, to a method.
	answering := func(method, prefix string, change func(r *http.Request, got *httptest.ResponseRecorder) string) func(*control.System, http.Handler) http.Handler {
		return func(_ *control.System, next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method != method || !strings.HasPrefix(r.URL.Path, prefix) {
					next.ServeHTTP(w, r)
					return
				}
				got := httptest.NewRecorder()
				next.ServeHTTP(got, r)
				body := change(r, got)
				got.Body.Reset()
				got.Body.WriteString(body)
				got.Header().Del("Content-Length")
				copyOut(w, got)
			})
		}
	}
	txt := func(pattern, with string) func(*control.System, http.Handler) http.Handler {
		return answering("GET", "/.well-known/security.txt", func(_ *http.Request, got *httptest.ResponseRecorder) string {
			return regexp.MustCompile(pattern).ReplaceAllString(got.Body.String(), with)
		})
	}
	return []sabotage{
		{name: "there is no security.txt", says: "There is no security.txt", front: answering("GET", "/.well-known/security.txt", func(_ *http.Request, got *httptest.ResponseRecorder) string {
			got.Code = http.StatusNotFound
			return ""
		})},
		{name: "security.txt has expired", says: "security.txt has expired", front: txt(`Expires: .*`, "Expires: 2020-01-01T00:00:00Z")},
		{name: "security.txt names somebody else", says: "security.txt does not say", front: txt(`security@clear\.example`, "nobody@clear.example")},
		{name: "only customers can report", says: "A stranger cannot report", front: answering("POST", "/security/report", func(r *http.Request, got *httptest.ResponseRecorder) string {
			if r.Header.Get("Authorization") == "" {
				got.Code = http.StatusUnauthorized
			}
			return got.Body.String()
		})},
		{name: "a laxer figure is run by", says: "which is not what the clause says", engine: changing("disclosure-programme", func(p policy.Params) {
			p["triage"] = policy.Term{Form: policy.Within, Count: 50, Unit: policy.BusinessDay}
		})},
		{name: "no reward is owed", says: "No reward is owed", engine: changing("disclosure-programme", func(p policy.Params) { p["rewards"] = false })},
		{name: "a report is assessed by hand", says: "by hand was allowed", front: pleasing(ending("/discharge"))},
		{name: "researchers are told nothing", says: "is not told what became of", front: answering("GET", "/security/report/", func(*http.Request, *httptest.ResponseRecorder) string { return `{"state":"received"}` })},
		reportInTheClear(),
	}
}

// reportInTheClear writes what a researcher reports into the store beside the report.
func reportInTheClear() sabotage {
	var w *world
	return sabotage{
		name: "what is reported is stored in the clear", says: "lies in the store in the clear",
		before: func(_ *testing.T, mine *world) { w = mine },
		front: func(sys *control.System, next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.Method != "POST" || r.URL.Path != "/security/report" {
					next.ServeHTTP(rw, r)
					return
				}
				body := bodyOf(r)
				got := httptest.NewRecorder()
				next.ServeHTTP(got, r)
				var receipt api.Receipt
				if json.Unmarshal(got.Body.Bytes(), &receipt) == nil && receipt.ID != "" {
					w.exec(r.Context(), sys.Canary.A.ID, `UPDATE assurance SET about = $3 WHERE tenant_id = $1 AND item_id = $2`, sys.Canary.A.ID, receipt.ID, string(body))
				}
				rw.Header().Set("Content-Type", "application/json")
				rw.WriteHeader(got.Code)
				io.Copy(rw, got.Body)
			})
		},
	}
}
