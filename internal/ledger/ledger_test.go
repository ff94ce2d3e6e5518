package ledger_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

const tenant = "acme"

func testKey() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(make([]byte, 32)) }

func newLog(d *db.DB) *ledger.Log { return ledger.New(d, testKey(), "clause.test") }

func entry(i int) proof.Entry {
	return proof.Entry{Kind: "record.get", Actor: "app", Subject: fmt.Sprint("s", i%7), Record: fmt.Sprint("r", i), Answer: proof.Allow}
}

// write appends n entries in one Write.
func write(t testing.TB, d *db.DB, tenant string, n int) {
	t.Helper()
	err := d.Write(context.Background(), tenant, func(tx *db.Tx) error {
		for i := range n {
			if err := ledger.Append(tx, entry(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// source lets the verifier read a log without HTTP in between.
type source struct {
	log    *ledger.Log
	tenant string
}

func answered(data []byte, err error) ([]byte, error) {
	if fault.Is(err, fault.NotFound) {
		return nil, fmt.Errorf("%w: %v", proof.ErrMissing, err)
	}
	if err != nil && fault.KindOf(err) == fault.Other {
		return nil, fmt.Errorf("%w: %v", proof.ErrFailed, err)
	}
	return data, err
}

func (s source) Checkpoint(ctx context.Context) ([]byte, error) {
	return answered(s.log.Checkpoint(ctx, s.tenant))
}
func (s source) Key(context.Context) (string, error) { return s.log.VerifierKey(s.tenant), nil }
func (s source) Bundle(ctx context.Context, index int64, width int) ([]byte, error) {
	return answered(s.log.Bundle(ctx, s.tenant, index, width))
}
func (s source) Tile(ctx context.Context, level int, index int64, width int) ([]byte, error) {
	return answered(s.log.Tile(ctx, s.tenant, level, index, width))
}

func verify(t testing.TB, l *ledger.Log, tenant string, heads ...proof.Head) proof.Report {
	t.Helper()
	r, err := proof.Verify(context.Background(), source{l, tenant}, proof.Options{Key: l.VerifierKey(tenant), Heads: heads})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantVerified(t testing.TB, l *ledger.Log, tenant string, size int64, heads ...proof.Head) proof.Report {
	t.Helper()
	r := verify(t, l, tenant, heads...)
	if !r.Verified() || r.Size != size || r.Read != size {
		t.Fatalf("size %d, want %d: %+v", r.Size, size, r.Findings)
	}
	return r
}

func headOf(r proof.Report) proof.Head { return proof.Head{Size: r.Size, Root: r.Root, By: "test"} }

// TestAppendAndVerify appends in batches of many sizes; every state of the log verifies, and has
// grown out of every earlier one.
func TestAppendAndVerify(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		l := newLog(d)
		if _, err := l.Checkpoint(context.Background(), tenant); !fault.Is(err, fault.NotFound) {
			t.Errorf("a checkpoint of nothing: %v", err)
		}
		var heads []proof.Head
		size := int64(0)
		for _, n := range []int{1, 1, 2, 3, 1, 8, 100, 150, 256, 1, 300} {
			write(t, d, tenant, n)
			size += int64(n)
			heads = append(heads, headOf(wantVerified(t, l, tenant, size, heads...)))
		}
		write(t, d, "other", 3)
		wantVerified(t, l, "other", 3)
		wantVerified(t, l, tenant, size, heads...)
		wantHealthy(t, l, tenant, size)
	})
}

func wantHealthy(t testing.TB, l *ledger.Log, tenant string, size int64) {
	t.Helper()
	h, err := l.Check(context.Background(), tenant)
	if err != nil || h.Altered || h.Size != size {
		t.Fatalf("check: %+v %v, want size %d", h, err, size)
	}
}

// TestAppendIsPartOfItsTransaction: no entry without the change, no number twice, no gap.
func TestAppendIsPartOfItsTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		l := newLog(d)
		write(t, d, tenant, 5)
		no := errors.New("no")
		var wait sync.WaitGroup
		for i := range 40 {
			wait.Go(func() {
				err := d.Write(context.Background(), tenant, func(tx *db.Tx) error {
					if err := ledger.Append(tx, entry(i)); err != nil {
						return err
					}
					if i%3 == 0 {
						return no
					}
					return nil
				})
				if (i%3 == 0) != errors.Is(err, no) {
					t.Errorf("write %d: %v", i, err)
				}
			})
		}
		wait.Wait()
		wantVerified(t, l, tenant, 5+26)
		seen := 0
		if _, err := l.Recent(context.Background(), tenant, "", 1000); err != nil {
			t.Fatal(err)
		}
		_, err := proof.Verify(context.Background(), source{l, tenant}, proof.Options{Key: l.VerifierKey(tenant), Each: func(e proof.Entry) {
			if e.Seq >= 5 {
				var i int
				if _, err := fmt.Sscanf(e.Record, "r%d", &i); err != nil || i%3 == 0 {
					t.Errorf("entry %d tells of write %s, which failed", e.Seq, e.Record)
				}
				seen++
			}
		}})
		if err != nil || seen != 26 {
			t.Errorf("%d entries, %v", seen, err)
		}
	})
}

func TestAppendRefusesPersonalData(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	l := newLog(d)
	for field, e := range map[string]proof.Entry{
		"actor":   {Kind: "x", Actor: "ann@lee.example"},
		"record":  {Kind: "x", Record: "Ann Lee"},
		"reason":  {Kind: "x", Reason: "Ann Lee said so"},
		"detail":  {Kind: "x", Detail: map[string]string{"phone": "+971 50 123"}},
		"kind":    {},
		"clauses": {Kind: "x", Clauses: []string{"a b"}},
	} {
		err := d.Write(context.Background(), tenant, func(tx *db.Tx) error { return ledger.Append(tx, e) })
		var f *fault.Error
		if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	err := d.Write(context.Background(), "", func(tx *db.Tx) error { return ledger.Append(tx, entry(0)) })
	if !fault.Is(err, fault.Invalid) {
		t.Errorf("an entry of no log: %v", err)
	}
	if _, err := l.Checkpoint(context.Background(), tenant); !fault.Is(err, fault.NotFound) {
		t.Errorf("something was logged: %v", err)
	}
}

// TestTimeNeverGoesBack sets the clock back between transactions and across a restart.
func TestTimeNeverGoesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		now := time.Date(2026, 1, 1, 12, 0, 0, 999999999, time.UTC)
		clock := func(c *db.Config) { c.Now = func() time.Time { return now } }
		d := open(clock)
		write(t, d, tenant, 2)
		now = now.Add(-48 * time.Hour)
		write(t, d, tenant, 2)
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		d = open(clock)
		write(t, d, tenant, 2)
		now = now.Add(72 * time.Hour)
		write(t, d, tenant, 1)
		l := newLog(d)
		wantVerified(t, l, tenant, 7)
		entries, err := l.Recent(context.Background(), tenant, "", 10)
		if err != nil || len(entries) != 7 {
			t.Fatal(entries, err)
		}
		if !entries[0].Time.Equal(now.Truncate(time.Microsecond)) || !entries[1].Time.Equal(entries[6].Time) {
			t.Errorf("newest %v, then %v … %v", entries[0].Time, entries[1].Time, entries[6].Time)
		}
	})
}

// TestManyWriters: 64 goroutines on one store.
func TestManyWriters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		appendFrom(t, 64, 10, d)
		l := newLog(d)
		wantVerified(t, l, tenant, 640)
		wantHealthy(t, l, tenant, 640)
	})
}

// appendFrom lets n goroutines on each store write one entry at a time.
func appendFrom(t *testing.T, n, each int, stores ...*db.DB) {
	t.Helper()
	var wait sync.WaitGroup
	for s, d := range stores {
		for g := range n {
			wait.Go(func() {
				for i := range each {
					err := d.Write(context.Background(), tenant, func(tx *db.Tx) error {
						return ledger.Append(tx, proof.Entry{Kind: "x", Record: fmt.Sprintf("%d.%d.%d", s, g, i)})
					})
					if err != nil {
						t.Errorf("store %d: %v", s, err)
					}
				}
			})
		}
	}
	wait.Wait()
}

func TestLargeTransactionsAreSplit(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	l := newLog(d)
	write(t, d, tenant, 20000)
	rows := 0
	err := d.Read(context.Background(), tenant, func(tx *db.Tx) error {
		return tx.One(`SELECT COUNT(*) FROM ledger_chunks WHERE tenant_id = $1`, []any{tenant}, &rows)
	})
	if err != nil || rows < 2 {
		t.Errorf("%d rows, %v", rows, err)
	}
	wantVerified(t, l, tenant, 20000)
	wantHealthy(t, l, tenant, 20000)
}

// TestTenantsShareATransaction: what many tenants write at once goes to the log of each.
func TestTenantsShareATransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		l := newLog(d)
		const tenants, each = 4, 60
		name := func(i int) string { return fmt.Sprint("tenant", i%tenants) }
		var wait sync.WaitGroup
		for i := range tenants * each {
			wait.Go(func() {
				err := d.Write(context.Background(), name(i), func(tx *db.Tx) error {
					return ledger.Append(tx, proof.Entry{Kind: "x", Actor: name(i)})
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		for i := range tenants {
			wantVerified(t, l, name(i), each)
			entries, err := l.Recent(context.Background(), name(i), "", each)
			if err != nil || len(entries) != each {
				t.Fatal(len(entries), err)
			}
			for _, e := range entries {
				if e.Actor != name(i) {
					t.Errorf("the log of %s has an entry of %s", name(i), e.Actor)
				}
			}
		}
	})
}
