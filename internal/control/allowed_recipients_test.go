package control_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestAllowedRecipientsCheck(t *testing.T) {
	checks(t, []check{{name: "always", control: &control.AllowedRecipients{}}})
}

func TestAllowedRecipientsPlan(t *testing.T) {
	refusesDisclosure(t, keep("allowed-recipients", nil), decision.Release{Announced: true}, decision.NotAllowed)
}

func allowanceSabotages() []sabotage {
	allows := func(r *http.Request) bool {
		return r.Method == "PUT" && strings.Contains(r.URL.Path, "/recipients/")
	}
	withdraws := func(r *http.Request, body []byte) bool {
		return allows(r) && strings.Contains(string(body), "false")
	}
	return []sabotage{
		{name: "nobody needs leave", says: "before the customer allows it was allowed", engine: func(p *policy.Policy) { without(p, "allowed-recipients") }},
		{name: "a withdrawal is answered and forgotten", says: "after the customer withdrew was allowed", front: swallowing(withdraws)},
		{name: "what was disclosed once is served again", says: "was allowed", front: caching(http.StatusForbidden)},
		{name: "one customer's leave is everybody's", says: "where another customer allows it was allowed", front: sharingLeave()},
		{name: "leave can be given to anybody", says: "whom the policy does not name was allowed", front: pleasing(allows)},
	}
}

// without takes a control out of every clause.
func without(p *policy.Policy, control string) {
	for i := range p.Clauses {
		var kept []policy.Keep
		for _, k := range p.Clauses[i].Keep {
			if k.Control != control {
				kept = append(kept, k)
			}
		}
		p.Clauses[i].Keep = kept
	}
}

// sharingLeave gives leave to every canary tenant where one gives it.
func sharingLeave() func(*control.System, http.Handler) http.Handler {
	return func(sys *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body := string(bodyOf(r))
			if r.Method == "PUT" && strings.Contains(r.URL.Path, "/recipients/") && strings.Contains(body, "true") {
				for _, tenant := range []control.Tenant{sys.Canary.A, sys.Canary.B} {
					again := r.Clone(r.Context())
					again.URL.Path = "/v1/tenants/" + tenant.ID + r.URL.Path[strings.Index(r.URL.Path, "/recipients/"):]
					again.Header.Set("Authorization", "Bearer "+tenant.Key)
					again.Body = io.NopCloser(strings.NewReader(body))
					next.ServeHTTP(httptest.NewRecorder(), again)
				}
			}
			next.ServeHTTP(w, r)
		})
	}
}
