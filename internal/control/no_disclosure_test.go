package control_test

import (
	"net/http"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestNoDisclosureCheck(t *testing.T) {
	checks(t, []check{
		{name: "as declared", control: &control.NoDisclosure{Recipients: control.Recipients{"auditor"}}},
		{name: "one not listed", control: &control.NoDisclosure{}, param: "recipients", finds: []string{"auditor is declared and the clause does not list it"}},
		{name: "one not declared", control: &control.NoDisclosure{Recipients: control.Recipients{"auditor", "broker"}}, param: "recipients", finds: []string{"broker is not declared"}},
	})
}

func TestNoDisclosurePlan(t *testing.T) {
	refuses(t, keep("no-disclosure", policy.Params{"recipients": []string{"auditor"}}), func(r *decision.Rules, q *decision.Request) {
		q.Recipient = r.Recipient("auditor") // declared, and not one of the purpose's
	})
}

func disclosureSabotages() []sabotage {
	return []sabotage{
		{name: "recipients are ignored", says: "was allowed", front: rewriting(func(_ *control.System, r *http.Request) { r.Header.Del(api.HeaderRecipient) })},
		{name: "a hidden recipient", says: "to advertiser was allowed", engine: func(p *policy.Policy) {
			p.Recipients = append(p.Recipients, policy.Recipient{ID: "advertiser", Region: "uae-north"})
			p.Purposes[0].Recipients = []string{"advertiser"}
			p.Purposes[0].May = append(p.Purposes[0].May, policy.Disclose)
		}},
	}
}
