package evidence_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/evidence"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/policy"
)

const day = 24 * time.Hour

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// door is a front door that speaks TLS from a version on; the probe of tls needs no more.
func door(t *testing.T, least uint16) *control.System {
	t.Helper()
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.TLS = &tls.Config{MinVersion: least}
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return &control.System{URL: server.URL, HTTP: server.Client(), Roots: roots, Policy: &policy.Policy{}}
}

// blind is a system in which nothing can be probed.
func blind() *control.System { return &control.System{Policy: &policy.Policy{}} }

func keep(name string, params policy.Params) policy.Keep {
	return policy.Keep{Control: name, Params: params}
}

var tls12 = keep("tls", policy.Params{"minimum": "1.2"})

func promises() *policy.Policy {
	return &policy.Policy{Clauses: []policy.Clause{
		{ID: "encrypted", Text: "Everything is encrypted.", Keep: []policy.Keep{tls12}},
		{ID: "no-guarantee", Statement: true},
		{ID: "wish"},
		{ID: "planned", Keep: []policy.Keep{keep("cluster-approval", policy.Params{"people": 2})}},
		{ID: "both", Keep: []policy.Keep{tls12, keep("cluster-approval", policy.Params{"people": 2})}},
	}}
}

func at(now time.Time) func() time.Time { return func() time.Time { return now } }

func run(t *testing.T, e *evidence.Evidence, sys *control.System, now time.Time) []evidence.Record {
	t.Helper()
	records, err := e.RunAll(t.Context(), sys, at(now))
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func status(t *testing.T, e *evidence.Evidence, clause string, now time.Time) evidence.Status {
	t.Helper()
	all, err := e.Statuses(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(s evidence.Status) bool { return s.Clause.ID == clause })
	if i < 0 {
		t.Fatalf("clause %s has no status", clause)
	}
	return all[i]
}

// want compares a clause's status.
func want(t *testing.T, s evidence.Status, state evidence.State, since, proven time.Time, reason string) {
	t.Helper()
	if s.State != state || !s.Since.Equal(since) || !s.Proven.Equal(proven) {
		t.Errorf("%s is %s since %s, proven %s; not %s since %s, proven %s (%q)", s.Clause.ID, s.State, s.Since, s.Proven, state, since, proven, s.Reasons)
	}
	if !strings.Contains(strings.Join(s.Reasons, "\n"), reason) {
		t.Errorf("%s: the reasons %q do not say %q", s.Clause.ID, s.Reasons, reason)
	}
}

func TestStates(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		e := evidence.New(open(), promises(), 0)
		never := time.Time{}
		want(t, status(t, e, "encrypted", start), evidence.Unkept, never, never, "never probed")
		want(t, status(t, e, "no-guarantee", start), evidence.Stated, never, never, "")
		want(t, status(t, e, "wish", start), evidence.Unkept, never, never, "No control")
		want(t, status(t, e, "planned", start), evidence.Unkept, never, never, "not built yet")

		records := run(t, e, door(t, tls.VersionTLS12), start)
		if len(records) != 2 || records[0].Clause != "encrypted" || records[1].Clause != "both" || records[0].Finding.Outcome != control.Kept {
			t.Fatalf("the run found %+v", records)
		}
		want(t, status(t, e, "encrypted", start.Add(time.Hour)), evidence.Kept, start, start, "TLS 1.2 or higher only")
		want(t, status(t, e, "both", start.Add(time.Hour)), evidence.Unkept, never, never, "not built yet")

		// A proof is good for a day.
		want(t, status(t, e, "encrypted", start.Add(day)), evidence.Kept, start, start, "")
		want(t, status(t, e, "encrypted", start.Add(day+time.Second)), evidence.AtRisk, start.Add(day), start, "older than 24h")
		want(t, status(t, e, "encrypted", start.Add(-2*day)), evidence.AtRisk, never, start, "in the future")

		// A probe that could not look puts at risk what was proven.
		run(t, e, blind(), start.Add(time.Hour))
		want(t, status(t, e, "encrypted", start.Add(2*time.Hour)), evidence.AtRisk, start.Add(time.Hour), start, "Could not be checked")

		// Broken stays broken until it is seen mended, however old the finding.
		run(t, e, door(t, tls.VersionTLS10), start.Add(2*time.Hour))
		for _, later := range []time.Duration{3 * time.Hour, 300 * day} {
			want(t, status(t, e, "encrypted", start.Add(later)), evidence.Broken, start.Add(2*time.Hour), start, "TLS 1.0 works")
			want(t, status(t, e, "both", start.Add(later)), evidence.Broken, start.Add(2*time.Hour), never, "TLS 1.0 works")
		}
		run(t, e, door(t, tls.VersionTLS12), start.Add(4*time.Hour))
		run(t, e, door(t, tls.VersionTLS12), start.Add(5*time.Hour))
		want(t, status(t, e, "encrypted", start.Add(6*time.Hour)), evidence.Kept, start.Add(4*time.Hour), start.Add(5*time.Hour), "")
	})
}

// A proof is of the policy under which it was made.
func TestAnotherPolicyIsNotProven(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	run(t, evidence.New(d, promises(), 0), door(t, tls.VersionTLS12), start)
	for name, change := range map[string]func(*policy.Policy){
		"parameters": func(p *policy.Policy) {
			p.Clauses[0].Keep = []policy.Keep{keep("tls", policy.Params{"minimum": "1.3"})}
		},
		"data":      func(p *policy.Policy) { p.Data = append(p.Data, policy.DataSet{ID: "new"}) },
		"purposes":  func(p *policy.Policy) { p.Purposes = append(p.Purposes, policy.Purpose{ID: "new"}) },
		"recipient": func(p *policy.Policy) { p.Recipients = append(p.Recipients, policy.Recipient{ID: "new"}) },
	} {
		t.Run(name, func(t *testing.T) {
			p := promises()
			change(p)
			want(t, status(t, evidence.New(d, p, 0), "encrypted", start.Add(time.Hour)), evidence.Unkept, time.Time{}, time.Time{}, "policy has changed")
		})
	}
	p := promises()
	p.Version, p.Clauses[0].Text, p.Clauses[0].Pos = "2", "The same in other words.", policy.Pos{Line: 9}
	want(t, status(t, evidence.New(d, p, 0), "encrypted", start.Add(time.Hour)), evidence.Kept, start, start, "")
}

// One clause may name a control twice; clauses that ask for the same share a probe.
func TestProbesAreTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		p := promises()
		p.Clauses = []policy.Clause{
			{ID: "one", Keep: []policy.Keep{tls12, keep("tls", policy.Params{"minimum": "1.3"})}},
			{ID: "two", Keep: []policy.Keep{tls12}},
		}
		e := evidence.New(open(), p, 0)
		sys := door(t, tls.VersionTLS12)
		calls := 0
		records, err := e.RunAll(t.Context(), sys, func() time.Time { calls++; return start.Add(time.Duration(calls) * time.Second) })
		if err != nil {
			t.Fatal(err)
		}
		if len(records) != 3 || records[0].Control != "tls" || records[1].Control != "tls/2" || !records[0].At.Equal(records[2].At) {
			t.Errorf("the run found %+v", records)
		}
		want(t, status(t, e, "one", start), evidence.Broken, start.Add(2*time.Second), time.Time{}, "below TLS 1.3")
		want(t, status(t, e, "two", start), evidence.Kept, start.Add(time.Second), start.Add(time.Second), "")
	})
}

// rows counts what is stored of a clause.
func rows(t *testing.T, d *db.DB, clause string) (n int) {
	t.Helper()
	err := d.Read(t.Context(), db.Organisation, func(tx *db.Tx) error {
		return tx.One(`SELECT COUNT(*) FROM evidence WHERE clause_id = $1`, []any{clause}, &n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOldFindingsGo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		e := evidence.New(d, promises(), 0)
		e.Keep = 10 * day
		for i, row := range []struct {
			after time.Duration
			rows  int
		}{{0, 1}, {5 * day, 2}, {10 * day, 3}, {11 * day, 3}, {40 * day, 1}} {
			run(t, e, blind(), start.Add(row.after))
			if got := rows(t, d, "encrypted"); got != row.rows {
				t.Errorf("after run %d there are %d findings, not %d", i, got, row.rows)
			}
		}
		// What is no longer in the policy goes too, but for its last finding.
		other := promises()
		other.Clauses[0].ID = "renamed"
		later := evidence.New(d, other, 0)
		run(t, later, blind(), start.Add(400*day))
		if got := rows(t, d, "encrypted"); got != 1 {
			t.Errorf("%d findings of a clause that is gone are kept", got)
		}
	})
}

// trip is a way to a front door that does not exist.
type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestAProbeThatFailsIsUnable(t *testing.T) {
	p := promises()
	p.Regions = []policy.Region{{ID: "here"}}
	p.Clauses = []policy.Clause{{ID: "here", Keep: []policy.Keep{keep("residency", policy.Params{"regions": []string{"here"}})}}}
	hanging := make(chan struct{})
	defer close(hanging)
	var hung atomic.Int32
	for name, way := range map[string]trip{
		"panics": func(*http.Request) (*http.Response, error) { panic("secret-in-a-panic") },
		"hangs": func(*http.Request) (*http.Response, error) { // deaf to the context
			hung.Add(1)
			<-hanging
			return nil, http.ErrServerClosed
		},
		"waits": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := evidence.New(dbtest.Open(t, dbtest.SQLite(t)), p, 0)
			e.Within = 100 * time.Millisecond
			sys := &control.System{URL: "https://nowhere.invalid", HTTP: &http.Client{Transport: way}, Policy: p}
			began := time.Now()
			records := run(t, e, sys, start)
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %s", took)
			}
			if len(records) != 1 || records[0].Finding.Outcome != control.Unable {
				t.Fatalf("the run found %+v", records)
			}
			if text, _ := json.Marshal(records); strings.Contains(string(text), "secret") {
				t.Errorf("the finding repeats the panic: %s", text)
			}
			want(t, status(t, e, "here", start), evidence.AtRisk, start, time.Time{}, "Could not be checked")
		})
	}
	if hung.Load() == 0 {
		t.Error("no probe hung")
	}
}

// Probes run one run at a time, and a caller that gives up while waiting leaves nothing.
func TestOneRunAtATime(t *testing.T) {
	e := evidence.New(dbtest.Open(t, dbtest.SQLite(t)), promises(), 0)
	entered, leave := make(chan struct{}), make(chan struct{})
	slow := func() time.Time {
		select {
		case entered <- struct{}{}:
			<-leave
		default:
		}
		return start
	}
	first := make(chan error, 1)
	go func() {
		_, err := e.RunAll(context.WithoutCancel(t.Context()), blind(), slow)
		first <- err
	}()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if records, err := e.RunAll(ctx, blind(), at(start)); err == nil || len(records) != 0 {
		t.Errorf("a second run gave %v, %v", records, err)
	}
	close(leave)
	if err := <-first; err != nil {
		t.Error(err)
	}
	run(t, e, blind(), start.Add(time.Hour))
}

// The organisation's ledger vouches for each finding.
func TestFindingsAreInTheLedger(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		e := evidence.New(d, promises(), 0)
		run(t, e, door(t, tls.VersionTLS12), start)
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		entries, err := ledger.New(d, key, "clause/test").Recent(t.Context(), db.Organisation, "", 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != 2 || entries[1].Kind != "evidence.found" || !slices.Equal(entries[1].Clauses, []string{"encrypted"}) ||
			entries[1].Detail["outcome"] != "kept" || entries[1].Detail["control"] != "tls" || len(entries[1].Detail["digest"]) != 64 {
			t.Errorf("the ledger says %+v", entries)
		}
	})
}

func TestWire(t *testing.T) {
	e := evidence.New(dbtest.Open(t, dbtest.SQLite(t)), promises(), 0)
	run(t, e, door(t, tls.VersionTLS12), start)
	all, err := e.Statuses(t.Context(), start)
	if err != nil {
		t.Fatal(err)
	}
	wire := evidence.Wire(all)
	if got := wire[0]; got.Clause != "encrypted" || got.State != api.StateKept || got.Proven == nil || !got.Proven.Equal(start) || !slices.Equal(got.Controls, []string{"tls"}) {
		t.Errorf("a kept clause travels as %+v", got)
	}
	if got := wire[2]; got.State != api.StateUnkept || got.Proven != nil || got.Since != nil {
		t.Errorf("an unkept clause travels as %+v", got)
	}
}
