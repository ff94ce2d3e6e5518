package control_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestLegitimateInterestsCheck(t *testing.T) {
	checks(t, []check{
		{name: "its basis", control: &control.LegitimateInterests{Purposes: control.Purposes{"security"}}},
		{name: "another basis", control: &control.LegitimateInterests{Purposes: control.Purposes{"security", "account"}}, param: "purposes", finds: []string{"account rests on contract"}},
		{name: "no purpose", control: &control.LegitimateInterests{}, param: "purposes", finds: []string{"must name a purpose"}},
	})
}

func TestLegitimateInterestsPlan(t *testing.T) {
	refuses(t, keep("legitimate-interests", policy.Params{"purposes": []string{"security"}}), func(r *decision.Rules, q *decision.Request) {
		q.DataSet, q.Purpose = r.DataSet("session"), r.Purpose("security")
		q.Standing.Objected = q.Standing.Objected.With(q.Purpose)
	})
}

func interestsSabotages() []sabotage {
	return []sabotage{
		{name: "an objection is forgotten", says: "against an objection was allowed", front: swallowing(func(r *http.Request, body []byte) bool {
			return strings.Contains(r.URL.Path, "/objections/") && bytes.Contains(body, []byte("true"))
		})},
		{name: "what was read is served for ever", says: "against an objection was allowed", front: caching(http.StatusForbidden)},
	}
}
