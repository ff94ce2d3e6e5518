package check_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/check"
)

// lawPolicy is a policy of one clause, under the laws named.
func lawPolicy(t *testing.T, laws, text string) *policy.Policy {
	t.Helper()
	known := map[string]string{
		"gdpr":  "  gdpr: {title: GDPR, citation: Regulation (EU) 2016/679}\n",
		"pdpl":  "  pdpl: {title: UAE PDPL, citation: Federal Decree-Law No. 45 of 2021}\n",
		"dpdp":  "  dpdp: {title: DPDP Act, citation: \"Digital Personal Data Protection Act, 2023\"}\n",
		"saudi": "  saudi: {title: Saudi PDPL, citation: Royal Decree M/19}\n",
	}
	named := ""
	for id := range strings.FieldsSeq(laws) {
		named += known[id]
	}
	if named != "" {
		named = "laws:\n" + named
	}
	src := fmt.Sprintf(`version: "1"
organisation: {name: A, role: controller, contact: a@a.example}
%sregions: {home: {provider: A, place: B, country: DE}}
environments: [production]
backups: {epoch: 7d, horizon: 21d}
data: {person: {title: You, category: identity, fields: {name: text}}}
purposes: {account: {title: Account, basis: contract, may: [read], sees: {person: all}}}
clauses:
  - id: c
    section: S
    text: >
      %s
`, named, strings.ReplaceAll(text, "\n", "\n      "))
	p, err := policy.Parse("p.yaml", []byte(src), control.Catalogue())
	if err != nil {
		t.Fatalf("%v\n%s", err, src)
	}
	return p
}

var someDay = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

func translation(language, text string) policy.Translation {
	return policy.Translation{Language: language, Section: "S", Text: text}
}

// cited runs the rules about citations over one clause.
func cited(t *testing.T, laws, text string) (got []check.Finding) {
	t.Helper()
	for _, f := range check.Run(lawPolicy(t, laws, text), control.Catalogue(), someDay) {
		switch f.Code {
		case "wrong-citation", "unknown-citation", "missing-citation", "undeclared-law":
			got = append(got, f)
		}
	}
	return got
}
