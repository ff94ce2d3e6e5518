package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestPublishedCheck(t *testing.T) {
	checks(t, []check{
		{name: "something", control: &control.Published{What: "controller and laws"}},
		{name: "nothing", control: &control.Published{What: " "}, param: "what", finds: []string{"does not say what"}},
	})
}

func publishedSabotages() []sabotage {
	return []sabotage{
		{name: "an edited statement", says: "/statement (en) is not what the policy says", front: editing("/statement", "45 of 2021", "2016/679")},
		{name: "an edited Arabic statement", says: "/statement (ar) is not what the policy says", front: editing("/statement", `lang="ar"`, `lang="ar" `)},
		{name: "no statement", says: "/statement is not published", front: hiding("/statement")},
		{name: "a clause made softer", says: "does not show clause", front: editing("/trust.json", "within 30 days", "within 90 days")},
		{name: "the page of another policy", says: "of another policy", front: editing("/trust.json", `"policy_sha256": "`, `"policy_sha256": "0`)},
		{name: "the statement of a laxer policy", says: "is not what the policy says", engine: func(p *policy.Policy) { p.Laws = p.Laws[:1] }},
	}
}
