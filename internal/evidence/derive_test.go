package evidence_test

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/evidence"
	"clause.dev/clause/internal/policy"
)

// A clause that rests on others is never better than the worst of them, at every moment.
func TestDerivedClauses(t *testing.T) {
	on := func(clauses ...string) []policy.Keep {
		return []policy.Keep{keep("derived", policy.Params{"clauses": clauses})}
	}
	p := promises()
	p.Attestations = []policy.Attestation{{ID: "site", Title: "Site", Kind: policy.Declaration, Issuer: "Host", Issued: start.AddDate(-1, 0, 0), Expires: start.AddDate(1, 0, 0)}}
	p.Clauses = append(p.Clauses,
		policy.Clause{ID: "sum", Keep: on("total", "no-guarantee")}, // before what it rests on
		policy.Clause{ID: "total", Keep: on("encrypted")},
		policy.Clause{ID: "site", Keep: []policy.Keep{keep("attested", policy.Params{"attestations": []string{"site"}})}},
		policy.Clause{ID: "signed", Keep: on("encrypted", "site")},
		policy.Clause{ID: "wishes", Keep: on("encrypted", "wish")},
	)
	e := evidence.New(dbtest.Open(t, dbtest.SQLite(t)), p, 0)
	sys := door(t, tls.VersionTLS12)
	sys.Policy, sys.Now = p, at(start)
	page(sys, e)
	run(t, e, sys, start)
	run(t, e, sys, start.Add(time.Minute)) // the page is shown as it was after the first
	state := func(clause string, now time.Time, want evidence.State) {
		t.Helper()
		if got := status(t, e, clause, now); got.State != want {
			t.Errorf("%s is %s, want %s: %q", clause, got.State, want, got.Reasons)
		}
	}
	soon := start.Add(time.Hour)
	state("site", soon, evidence.Attested)
	state("total", soon, evidence.Kept)
	state("sum", soon, evidence.Kept)
	state("signed", soon, evidence.Attested)
	state("wishes", soon, evidence.Unkept)

	weak := door(t, tls.VersionTLS10)
	weak.Policy, weak.Now = p, at(soon)
	page(weak, e)
	run(t, e, weak, soon)
	for _, clause := range []string{"encrypted", "total", "sum", "signed", "wishes"} {
		state(clause, soon, evidence.Broken)
	}
}

// page has a system show what the evidence says, as the public page would.
func page(sys *control.System, e *evidence.Evidence) {
	sys.HTTP = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		statuses, err := e.Statuses(r.Context(), sys.Now())
		if err != nil {
			return nil, err
		}
		body, err := json.Marshal(map[string]any{"clauses": evidence.Wire(statuses)})
		if err != nil {
			return nil, err
		}
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
	})}
}

// transport is a front door without a network.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }
