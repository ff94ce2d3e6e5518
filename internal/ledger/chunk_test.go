package ledger

import (
	"fmt"
	"testing"
	"time"

	"clause.dev/clause/internal/ledger/proof"
)

// BenchmarkChunk is what Append does in memory: check, encode and hash, without the store.
func BenchmarkChunk(b *testing.B) {
	for _, n := range []int{16, 256} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e := proof.Entry{
				Kind: "record.get", Actor: "app_3f", Subject: "s-0123456789abcdef", DataSet: "transactions", Record: "r-0123456789abcdef",
				Version: 3, Purpose: "health-score", Answer: proof.Allow, Reason: "allowed", Clauses: []string{"clesaro-contract", "clesaro-purposes"},
			}
			now := time.UnixMicro(1700000000000000).UTC()
			b.ReportAllocs()
			for b.Loop() {
				var c chunk
				for range n {
					if err := c.gather(e, now); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/entry")
		})
	}
}
