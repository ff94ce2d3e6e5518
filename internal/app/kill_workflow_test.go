package app_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/client"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/ledger/proof"
)

// workflowRounds is how many workflows of each sort go through kills; CLAUSE_KILL_ROUNDS asks for more.
func workflowRounds(t *testing.T) int {
	text := os.Getenv(killRounds)
	if text == "" {
		return 1
	}
	rounds, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return max(1, rounds/20)
}

// onKilledEngines runs a test on each engine: with more in a server's environment, and the store's address.
func onKilledEngines(t *testing.T, run func(t *testing.T, env []string, store db.Config)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		run(t, nil, db.Config{})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		c := dbtest.Postgres(t)
		run(t, []string{"CLAUSE_STORE=" + c.URL, "CLAUSE_MIGRATE=" + c.Migrate}, c)
	})
}

// killed makes a call during which, or right after which, the server is killed; starts the next one, and repeats the
// call there if it was not answered. done reports whether it has happened: then it is not repeated, and must not be.
func (p *place) killed(t *testing.T, s *child, do func(*child) error, done func(*child) bool) *child {
	t.Helper()
	answered := make(chan error, 1)
	go func() { answered <- do(s) }()
	time.Sleep(time.Duration(rand.IntN(12_000)) * time.Microsecond)
	s.kill()
	err := <-answered
	s = p.serve(t)
	switch happened := done(s); {
	case err == nil && !happened:
		t.Error("what was acknowledged is not there after the restart")
	case !happened:
		if err := do(s); err != nil {
			t.Fatalf("the repeated call: %v", err)
		}
	}
	return s
}

// eachEntry verifies acme's ledger and calls fn with each of its entries.
func eachEntry(t *testing.T, s *child, audit string, fn func(proof.Entry)) {
	t.Helper()
	eachEntryOf(t, s, audit, "acme", fn)
}

func eachEntryOf(t *testing.T, s *child, audit, tenant string, fn func(proof.Entry)) {
	t.Helper()
	log, err := proof.LogURL(s.url, tenant)
	if err != nil {
		t.Fatal(err)
	}
	source := &proof.HTTP{Base: log, Credential: audit, Client: s.http}
	key, err := source.Key(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	report, err := proof.Verify(t.Context(), source, proof.Options{Key: key, Each: fn})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		t.Errorf("the ledger: entry %d: %s", f.Index, f.What)
	}
}

// TestKilledWhileACustomerLeaves kills a server as it off-boards a customer: over the call, while it sweeps, and before
// the certificate is issued. Nothing is left, nothing counted twice, and one certificate says so.
func TestKilledWhileACustomerLeaves(t *testing.T) {
	t.Parallel()
	onKilledEngines(t, func(t *testing.T, env []string, _ db.Config) {
		const people, records = 20, 2400
		p := setUp(t, t.TempDir(), env...)
		s := p.serveAcme(t)
		_, audit := s.application(p.admin, "audit")
		_, key := s.application(p.admin, "data", "subjects")
		fillStore(t, s.client(key), people, records)
		s = p.killed(t, s, func(s *child) error {
			_, err := s.client(p.admin).OffBoard(t.Context(), "acme")
			return err
		}, func(s *child) bool {
			_, err := s.client(p.admin).OffBoarding(t.Context(), "acme")
			return err == nil
		})
		id := ""
		for kills := 0; ; {
			o, err := s.client(p.admin).OffBoarding(t.Context(), "acme")
			if err != nil {
				t.Fatal(err)
			}
			if id == "" {
				id = o.Certificate.ID
			}
			if o.Certificate.ID != id {
				t.Fatal("the off-boarding began anew")
			}
			if o.Certificate.Issued != nil {
				break
			}
			removed := int64(0)
			for _, n := range o.Sweeping {
				removed += n
			}
			if removed > 0 && kills == 0 || o.Certificate.State == "swept" && kills < 2 {
				kills++
				s.kill()
				s = p.serve(t)
			}
			time.Sleep(2 * time.Millisecond)
		}
		leftWhole(t, p, s, audit, id, people, records)
	})
}

// fillStore gives acme people and records, some at a time.
func fillStore(t *testing.T, c *client.Client, people, records int) {
	t.Helper()
	var working sync.WaitGroup
	for i := range people {
		working.Go(func() {
			id, err := c.CreateSubject(t.Context(), "acme")
			x := &person{id: id}
			if err == nil {
				_, err = c.Put(t.Context(), x.target("account"), map[string]any{"first_name": "Amal", "email": fmt.Sprintf("%d@example.com", i)})
			}
			for range records / people {
				if err == nil {
					at := x.target("budgeting")
					at.DataSet, at.Record = "transactions", ""
					_, err = c.Create(t.Context(), at, map[string]any{"date": "2026-01-31", "amount": "12.50 AED", "direction": "expense", "category": "other", "merchant": "Shop"})
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	working.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// leftWhole looks that acme's certificate verifies and counts everything once, and that each step is in the ledger once.
func leftWhole(t *testing.T, p *place, s *child, audit, id string, people, records int64) {
	t.Helper()
	document, err := s.client(p.admin).CertificateDocument(t.Context(), "acme", id)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := proof.VerifyCertificate(document, "")
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]int64{"subjects": people, "records.identity": people, "records.transactions": records} {
		if cert.Removed[label] != want {
			t.Errorf("the certificate counts %d of %s, and there were %d", cert.Removed[label], label, want)
		}
	}
	entries := map[string]int{}
	eachEntry(t, s, audit, func(e proof.Entry) { entries[e.Kind]++ })
	for _, kind := range []string{"off-boarding.begin", "erasure.swept", "certificate.issue"} {
		if entries[kind] != 1 {
			t.Errorf("%s is in the ledger %d times", kind, entries[kind])
		}
	}
}
