package ledger_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// TestBetween: of a log in chunks of many sizes, the entries between two times are those that somebody
// finds who reads it all.
func TestBetween(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
		d := open(func(c *db.Config) { c.Now = func() time.Time { return now } })
		l := newLog(d)
		var all []proof.Entry
		for i := range 40 {
			now = now.Add(time.Duration(i%3) * time.Minute) // some chunks have one time
			err := d.Write(t.Context(), "acme", func(tx *db.Tx) error {
				for range i % 7 {
					e := proof.Entry{Kind: "x", Actor: fmt.Sprint("a", len(all))}
					if err := ledger.Append(tx, e); err != nil {
						return err
					}
					e.Seq, e.Time = int64(len(all)), now
					all = append(all, e)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		first, last := all[0].Time, all[len(all)-1].Time
		for from := first.Add(-time.Minute); !from.After(last.Add(time.Minute)); from = from.Add(time.Minute) {
			for _, long := range []time.Duration{0, time.Microsecond, time.Minute, 10 * time.Minute, 24 * time.Hour} {
				var got, want []int64
				for _, e := range all {
					if !e.Time.Before(from) && e.Time.Before(from.Add(long)) {
						want = append(want, e.Seq)
					}
				}
				err := l.Between(t.Context(), "acme", from, from.Add(long), func(e *proof.Entry) error {
					got = append(got, e.Seq)
					return nil
				})
				if err != nil || !slices.Equal(got, want) {
					t.Fatalf("from %s for %s there are %v, want %v: %v", from, long, got, want, err)
				}
			}
		}
		if err := l.Between(t.Context(), "nobody", first, last, func(*proof.Entry) error { return nil }); err != nil {
			t.Errorf("a log without entries: %v", err)
		}
		stop := fault.New("test", fault.Other, "enough")
		if err := l.Between(t.Context(), "acme", first, last, func(*proof.Entry) error { return stop }); !fault.Is(err, fault.Other) {
			t.Errorf("a reader that had enough: %v", err)
		}
	})
}

// TestBetweenOfADamagedLog: a log that lacks entries is not told as if it were whole.
func TestBetweenOfADamagedLog(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open(func(*db.Config) {})
		for i := range 5 {
			err := d.Write(t.Context(), "acme", func(tx *db.Tx) error {
				return ledger.Append(tx, proof.Entry{Kind: "x", Actor: fmt.Sprint("a", i)})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		err := d.Write(t.Context(), "acme", func(tx *db.Tx) error {
			_, err := tx.Exec(`DELETE FROM ledger_chunks WHERE tenant_id = $1 AND first = 2`, "acme")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		err = newLog(d).Between(t.Context(), "acme", time.Time{}, time.Now().Add(time.Hour), func(*proof.Entry) error { seen++; return nil })
		if err == nil {
			t.Errorf("%d entries of 5 were told, and no failure", seen)
		}
	})
}
