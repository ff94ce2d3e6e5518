package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// TestTwoServersOneLog lets two servers on one PostgreSQL append to the same logs from their first
// entry on: no gap, no entry twice, each writer's entries in its order.
func TestTwoServersOneLog(t *testing.T) {
	c := dbtest.Postgres(t)
	first, second := dbtest.Open(t, c), dbtest.Open(t, c)
	const writers, each = 8, 25
	for round := range 4 { // a new log each: the race for its first entry is the interesting one
		tenant := fmt.Sprint("round", round)
		var wait sync.WaitGroup
		for s, d := range []*db.DB{first, second} {
			for w := range writers {
				wait.Go(func() {
					for i := range each {
						err := d.Write(context.Background(), tenant, func(tx *db.Tx) error {
							return ledger.Append(tx, proof.Entry{Kind: "x", Actor: fmt.Sprintf("%d.%d", s, w), Version: int64(i + 1)})
						})
						if err != nil {
							t.Errorf("server %d: %v", s, err)
						}
					}
				})
			}
		}
		wait.Wait()
		wantInOrder(t, newLog(first), tenant, 2*writers, each)
		wantHealthy(t, newLog(second), tenant, 2*writers*each)
	}
}

// wantInOrder verifies a log in which each of so many writers wrote the versions 1 to each.
func wantInOrder(t *testing.T, l *ledger.Log, tenant string, writers int, each int64) {
	t.Helper()
	newest := map[string]int64{}
	r, err := proof.Verify(context.Background(), source{l, tenant}, proof.Options{Key: l.VerifierKey(tenant), Each: func(e proof.Entry) {
		if newest[e.Actor]++; e.Version != newest[e.Actor] {
			t.Errorf("entry %d of %s is its %d., want %d", e.Seq, e.Actor, e.Version, newest[e.Actor])
		}
	}})
	if err != nil || !r.Verified() || r.Size != int64(writers)*each || len(newest) != writers {
		t.Fatalf("%+v %v, %d writers", r, err, len(newest))
	}
}

// TestServersAnchorTogether: two servers that anchor at once leave heads that only grow.
func TestServersAnchorTogether(t *testing.T) {
	c := dbtest.Postgres(t)
	first, second := dbtest.Open(t, c), dbtest.Open(t, c)
	err := first.Write(context.Background(), "", func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO tenants (tenant_id, title, region, environment, state, created_at) VALUES ($1, '', 'r', 'test', 'active', 0)`, tenant)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		write(t, first, tenant, 3)
		var wait sync.WaitGroup
		for i := range 8 {
			d := []*db.DB{first, second}[i%2]
			wait.Go(func() {
				if err := newLog(d).Anchor(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
	}
	heads := orgHeads(t, newLog(first))
	for i := 1; i < len(heads); i++ {
		if heads[i].Size <= heads[i-1].Size {
			t.Errorf("head %d after %d", heads[i].Size, heads[i-1].Size)
		}
	}
	if len(heads) != 10 {
		t.Errorf("%d heads of 10 states", len(heads))
	}
	wantVerified(t, newLog(second), tenant, 30, heads...)
}

// TestAVanishedWriterLeavesNoTrace: a context that ends takes its entry with it.
func TestAVanishedWriterLeavesNoTrace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		write(t, d, tenant, 1)
		gone, cancel := context.WithCancel(context.Background())
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				for range 10 {
					_ = d.Write(context.Background(), tenant, func(tx *db.Tx) error { return ledger.Append(tx, entry(1)) })
				}
			})
		}
		done := make([]error, 20)
		for i := range done {
			wait.Go(func() {
				done[i] = d.Write(gone, tenant, func(tx *db.Tx) error {
					return ledger.Append(tx, proof.Entry{Kind: "maybe", Version: int64(i + 1)})
				})
			})
		}
		cancel()
		wait.Wait()
		logged := map[int64]bool{}
		l := newLog(d)
		r, err := proof.Verify(context.Background(), source{l, tenant}, proof.Options{Key: l.VerifierKey(tenant), Each: func(e proof.Entry) {
			if e.Kind == "maybe" {
				logged[e.Version] = true
			}
		}})
		if err != nil || !r.Verified() {
			t.Fatalf("%+v %v", r, err)
		}
		for i, err := range done {
			if err == nil != logged[int64(i+1)] {
				t.Errorf("write %d returned %v and its entry is there: %v", i, err, logged[int64(i+1)])
			}
			if err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("write %d: %v", i, err)
			}
		}
	})
}
