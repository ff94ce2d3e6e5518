package control_test

import (
	"net/http"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestContractBasisCheck(t *testing.T) {
	checks(t, []check{
		{name: "its basis", control: &control.ContractBasis{Purposes: control.Purposes{"account"}}},
		{name: "another basis", control: &control.ContractBasis{Purposes: control.Purposes{"account", "insights"}}, param: "purposes", finds: []string{"insights rests on consent"}},
		{name: "no purpose", control: &control.ContractBasis{}, param: "purposes", finds: []string{"must name a purpose"}},
	})
}

func TestContractBasisPlan(t *testing.T) {
	refuses(t, keep("contract-basis", policy.Params{"purposes": []string{"account"}}), func(_ *decision.Rules, q *decision.Request) {
		q.Standing.Account = false
	})
}

func contractSabotages() []sabotage {
	return []sabotage{
		{name: "what was read is served for ever", says: "after the account ended", front: caching(http.StatusNotFound, http.StatusGone)},
		{name: "nobody's data is served", says: "of somebody without an account", front: pleasing(func(r *http.Request) bool { return r.Method == "GET" })},
	}
}
