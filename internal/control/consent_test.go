package control_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestConsentBasisCheck(t *testing.T) {
	checks(t, []check{
		{name: "its basis", control: &control.ConsentBasis{Purposes: control.Purposes{"insights"}}},
		{name: "another basis", control: &control.ConsentBasis{Purposes: control.Purposes{"insights", "account"}}, param: "purposes", finds: []string{"account rests on contract"}},
		{name: "no purpose", control: &control.ConsentBasis{}, param: "purposes", finds: []string{"must name a purpose"}},
	})
}

func TestConsentBasisPlan(t *testing.T) {
	refuses(t, keep("consent", policy.Params{"purposes": []string{"insights"}}), func(r *decision.Rules, q *decision.Request) {
		q.Purpose = r.Purpose("insights")
	})
}

func consentSabotages() []sabotage {
	return []sabotage{
		{name: "a withdrawal is forgotten", says: "without consent was allowed", front: swallowing(func(r *http.Request, body []byte) bool {
			return strings.Contains(r.URL.Path, "/consents/") && bytes.Contains(body, []byte("false"))
		})},
		{name: "nobody is asked", says: "without consent was allowed", engine: func(p *policy.Policy) {
			purpose, _ := p.Purpose("insights")
			purpose.Basis = policy.Contract
			p.Clauses = slices.DeleteFunc(p.Clauses, func(c policy.Clause) bool { return c.ID == "clesaro-consent" })
		}},
		{name: "what was read is served for ever", says: "without consent was allowed", front: caching(http.StatusForbidden)},
	}
}
