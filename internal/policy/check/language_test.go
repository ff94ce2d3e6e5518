package check_test

import (
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/internal/policy/check"
)

const refusedFixture = `backups: {epoch: 10d, horizon: 60d}
clauses:
  - id: acme-erasure
    section: How long we keep it
    text: All is gone within 30 days.
    keep:
      - erasure: {within: 30d}
      - data-subject-rights: {rights: [erasure], within: 30 days}
  - id: acme-rights
    section: Your rights
    text: What you ask us to erase is gone within 30 days.
    keep:
      - data-subject-rights: {rights: [erasure], within: 30 days}
  - id: acme-logs
    section: Security
    text: Our logs are reviewed regularly.
    keep:
      - log-outliers
known:
  - {finding: schedule-outlasts-erasure, reason: It is an old disk.}
`

// What a control refuses stays refused, whoever knows of it, and is told once; what rules find beside it
// is told too.
func TestRefusedPolicy(t *testing.T) {
	var open, known []string
	for _, f := range inspect("p.yaml", []byte(compose(t, refusedFixture)), today()) {
		if f.Known != "" {
			known = append(known, f.Code+" "+f.Clauses[0])
		} else {
			open = append(open, f.Code+" "+f.Clauses[0])
		}
	}
	if want := []string{"schedule-outlasts-erasure acme-erasure", "vague-wording acme-logs"}; !slices.Equal(open, want) {
		t.Errorf("open are %q, want %q", open, want)
	}
	if want := []string{"schedule-outlasts-erasure acme-rights"}; !slices.Equal(known, want) {
		t.Errorf("known are %q, want %q", known, want)
	}
}

// A refusal says of what it is, so that it can be found by the ids of the policy, and reads as any finding.
func TestRefusalIsAboutSomething(t *testing.T) {
	src := compose(t, strings.Replace(refusedFixture, "erasure: {within: 30d}", "consent: {purposes: [shop]}", 1))
	all := inspect("p.yaml", []byte(src), today())
	i := slices.IndexFunc(all, func(f check.Finding) bool { return f.Code == "basis-misfit" })
	if i < 0 {
		t.Fatalf("found %+v", all)
	}
	f := all[i]
	if !slices.Equal(f.About, []string{"acme-erasure", "shop"}) || f.Message != "purpose shop rests on contract, the clause says on consent" {
		t.Errorf("got %+v", f)
	}
	if f.Severity != check.Error || !strings.Contains(f.RestsOn, "GDPR art. 6") || !strings.Contains(f.Remedy, "basis: consent") || !strings.Contains(f.Excerpt, "^^^^^^^") {
		t.Errorf("got %+v", f)
	}
}

// A mark of a code nobody knows is told apart from one that fits nothing.
func TestUnusedKnown(t *testing.T) {
	for entry, want := range map[string]string{
		"{finding: report-old, reason: R}":                     "nothing of the code report-old is found",
		"{finding: report-old, about: [acme-tls], reason: R}":  "nothing of the code report-old is found about acme-tls",
		"{finding: report-odl, about: [acme-tls], reason: R}":  "there is no finding of the code report-odl",
		"{finding: known-unused, about: [orders], reason: R}":  "nothing of the code known-unused is found about orders",
		"{finding: no-control, about: [acme-tls], reason: R }": "nothing of the code no-control is found about acme-tls",
	} {
		got := inspect("p.yaml", []byte(compose(t, "known:\n  - "+entry+"\n")), today())
		if len(got) != 1 || got[0].Code != "known-unused" || got[0].Message != want {
			t.Errorf("%s: got %+v", entry, got)
		}
	}
}
