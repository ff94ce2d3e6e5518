package control_test

import (
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestAttestedCheck(t *testing.T) {
	checks(t, []check{
		{name: "in time", control: &control.Attestation{Warn: policy.Term{Form: policy.Within, Count: 60, Unit: policy.Day}}},
		{name: "no span", control: &control.Attestation{Warn: policy.Term{Form: policy.Every, Count: 1, Unit: policy.Year}}, param: "warn", finds: []string{"how long before the end"}},
	})
}

// A document holds from the day it is signed to its last day; near that it is at risk, after it broken.
func TestAttestedByTheDay(t *testing.T) {
	day := func(s string) time.Time {
		at, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	p := small()
	p.Attestations = []policy.Attestation{
		{ID: "certificate", Title: "Certificate", Kind: policy.Certificate, Issuer: "Auditor", Issued: day("2025-01-01"), Expires: day("2026-12-31")},
		{ID: "report", Title: "Report", Kind: policy.Report, Issuer: "Auditor", Issued: day("2026-01-10")},
		{ID: "declaration", Title: "Declaration", Kind: policy.Declaration, Issuer: "Host", Issued: day("2020-01-01")},
	}
	for _, row := range []struct {
		id, now string
		want    control.Outcome
	}{
		{"certificate", "2024-12-31", control.Broken},
		{"certificate", "2025-01-01", control.Attested},
		{"certificate", "2026-10-31", control.Attested},
		{"certificate", "2026-11-02", control.Unable},
		{"certificate", "2026-12-31", control.Unable},
		{"certificate", "2027-01-01", control.Broken},
		{"report", "2026-06-01", control.Attested},
		{"report", "2027-01-01", control.Unable},
		{"report", "2027-01-11", control.Broken},
		{"declaration", "2040-01-01", control.Attested},
		{"nothing", "2026-01-01", control.Unable},
	} {
		c := &control.Attestation{Attestations: control.Attestations{row.id}}
		got := c.Probe(t.Context(), &control.System{Policy: p, Now: func() time.Time { return day(row.now) }})
		if got.Outcome != row.want || got.Summary == "" {
			t.Errorf("%s on %s is %s (%s), want %s", row.id, row.now, got.Outcome, got.Summary, row.want)
		}
	}
}

func attestedSabotages() []sabotage {
	return []sabotage{
		{name: "the document has run out since", says: "ran out on 31 March 2028", system: func(_ *world, sys *control.System) {
			sys.Now = func() time.Time { return time.Date(2028, 4, 1, 0, 0, 0, 0, time.UTC) }
		}},
	}
}
