package ledger_test

import (
	"context"
	"fmt"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// BenchmarkAppend is a whole transaction on SQLite, sync included, that appends so many entries;
// ns/entry is what one entry costs in it.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 16, 256} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d, err := db.Open(context.Background(), dbtest.SQLite(b))
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			e := proof.Entry{
				Kind: "record.get", Actor: "app_3f", Subject: "s-0123456789abcdef", DataSet: "transactions", Record: "r-0123456789abcdef",
				Version: 3, Purpose: "health-score", Answer: proof.Allow, Reason: "allowed", Clauses: []string{"clesaro-contract", "clesaro-purposes"},
			}
			b.ReportAllocs()
			for b.Loop() {
				err := d.Write(context.Background(), tenant, func(tx *db.Tx) error {
					for range n {
						if err := ledger.Append(tx, e); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/entry")
		})
	}
}

// BenchmarkVerify is the independent verifier over a log of 10,000 entries.
func BenchmarkVerify(b *testing.B) {
	d, err := db.Open(context.Background(), dbtest.SQLite(b))
	if err != nil {
		b.Fatal(err)
	}
	defer d.Close()
	const size = 10000
	for range size / 100 {
		write(b, d, tenant, 100)
	}
	l := newLog(d)
	for b.Loop() {
		wantVerified(b, l, tenant, size)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/entry")
}
