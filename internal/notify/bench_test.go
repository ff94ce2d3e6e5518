package notify_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/notify"
)

// BenchmarkEnqueue puts a notice to each of many people into the outbox, a thousand in a transaction, as an incident and
// a change of policy do. CLAUSE_NOTICES says how many, twenty thousand if it is not set.
func BenchmarkEnqueue(b *testing.B) {
	notices := 20_000
	if s := os.Getenv("CLAUSE_NOTICES"); s != "" {
		fmt.Sscan(s, &notices)
	}
	d := dbtest.Open(b, dbtest.SQLite(b))
	spent := func() time.Duration {
		var r syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
			b.Fatal(err)
		}
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	before, event := spent(), 0
	for b.Loop() {
		event++
		for from := 0; from < notices; from += 1000 {
			err := d.Write(b.Context(), "acme", func(tx *db.Tx) error {
				for i := from; i < min(from+1000, notices); i++ {
					m := request(fmt.Sprintf("req_%d:received", event), notify.Email)
					m.Subject = fmt.Sprintf("sub_%026x", uint32(i)*0x9E3779B1)
					if err := notify.Enqueue(tx, m); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	n := float64(notices) * float64(b.N)
	b.ReportMetric(n/b.Elapsed().Seconds(), "notices/s")
	b.ReportMetric(float64((spent()-before).Microseconds())/n, "cpu-µs/notice")
}
