package control_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

var sevenDays = policy.Term{Form: policy.Within, Count: 7, Unit: policy.Day}

func TestCustomerGrantCheck(t *testing.T) {
	checks(t, []check{
		{name: "7 days", control: &control.CustomerGrant{Longest: sevenDays}},
		{name: "no bound", control: &control.CustomerGrant{Longest: policy.Term{Form: policy.Prompt}}, param: "longest", finds: []string{"bound"}},
	})
}

func TestCustomerGrantPlan(t *testing.T) {
	p := promising(keep("customer-grant", policy.Params{"longest": sevenDays}))
	plan, err := control.PlanOf(p)
	if err != nil || len(plan.Staff.Customer) != 1 || plan.Staff.Customer[0].Clause != "promise" || plan.Staff.Customer[0].Longest != sevenDays {
		t.Fatalf("planned as %+v, %v", plan.Staff, err)
	}
	refusesStaff(t, p, plan)
}

// refusesStaff looks that staff without a grant are refused by the clause.
func refusesStaff(t *testing.T, p *policy.Policy, plan *control.Plan) {
	t.Helper()
	rules, err := decision.Compile(p, plan.Grounds)
	if err != nil {
		t.Fatal(err)
	}
	q := allowed(rules)
	if a := rules.Decide(q); !a.Allow {
		t.Fatalf("an application is refused: %v", a.Reason)
	}
	q.Grant = decision.Grant{Staff: true, Holder: "stf_1"}
	if a := rules.Decide(q); a.Allow || a.Reason != decision.NoGrant || a.Refused != "promise" {
		t.Errorf("staff without a grant: %+v", a)
	}
}

// byStaff reports whether a member of staff asks.
func byStaff(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "+access.KeyPrefix)
}

// staffReads reports whether a member of staff asks for data.
func staffReads(r *http.Request) bool { return byStaff(r) && strings.Contains(r.URL.Path, "/data/") }

// onceShown serves staff again what it once showed them, whatever the server says by now.
func onceShown() func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		var shown sync.Map
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got := httptest.NewRecorder()
			next.ServeHTTP(got, r)
			key := r.Header.Get("Authorization") + r.URL.String() + r.Header.Get(api.HeaderPurpose)
			if staffReads(r) && got.Code == http.StatusOK {
				shown.Store(key, got.Body.Bytes())
			}
			if old, ok := shown.Load(key); ok && staffReads(r) && got.Code == http.StatusForbidden {
				w.Header().Set("Content-Type", "application/json")
				w.Write(old.([]byte))
				return
			}
			copyOut(w, got)
		})
	}
}

// impersonating lets the customer's own key act where staff asks what is meant.
func impersonating(meant func(*http.Request) bool) func(*control.System, http.Handler) http.Handler {
	return func(sys *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if meant(r) {
				r.Header.Set("Authorization", "Bearer "+sys.Canary.A.Key)
			}
			next.ServeHTTP(w, r)
		})
	}
}

// unasked swallows steps on grants that are meant, and says that they were made.
func unasked(suffix string) func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, suffix) {
				w.Header().Set("Content-Type", "application/json")
				io.WriteString(w, `{"id":"gra_1","state":"withdrawn"}`)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func grantSabotages() []sabotage {
	return []sabotage{
		{name: "staff need no grant", says: "without a grant was allowed", front: impersonating(staffReads)},
		{name: "nobody asks the customer", says: "before the customer allowed it was allowed", engine: func(p *policy.Policy) { without(p, "customer-grant") }},
		{name: "a grant may last for ever", says: "A grant for longer than", engine: changing("customer-grant", func(p policy.Params) {
			p["longest"] = policy.Term{Form: policy.Within, Count: 60, Unit: policy.Day}
		})},
		{name: "staff allow themselves", says: "as staff was allowed", front: impersonating(func(r *http.Request) bool { return byStaff(r) && ending("/allow")(r) })},
		{name: "another customer allows", says: "as another customer was allowed", front: otherCustomers()},
		{name: "the end of a grant is answered and forgotten", says: "after the customer ended the grant was allowed", front: unasked("/withdraw")},
		{name: "what was shown once is shown again", says: "after the customer ended the grant was allowed", front: onceShown()},
		{name: "uses are not shown", says: "does not see that its grant was used", front: rewritten(func(r *http.Request) bool {
			return r.Method == "GET" && strings.Contains(r.URL.Path, "/grants/")
		}, `"uses":1`, `"uses":0`)},
	}
}

// otherCustomers has one customer's leave count for another.
func otherCustomers() func(*control.System, http.Handler) http.Handler {
	return func(sys *control.System, next http.Handler) http.Handler {
		return impersonating(func(r *http.Request) bool {
			return ending("/allow")(r) && r.Header.Get("Authorization") == "Bearer "+sys.Canary.B.Key
		})(sys, next)
	}
}
