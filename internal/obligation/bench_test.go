package obligation_test

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy/calendar"
)

// BenchmarkTick is an idle tick among many open clocks, and the running of those that are due.
// CLAUSE_CLOCKS says how many there are; a hundred thousand if it is not set.
func BenchmarkTick(b *testing.B) {
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	c := dbtest.SQLite(b)
	c.Now = func() time.Time { return now }
	cal, _ := calendar.Of("AE")
	e := &obligation.Engine{DB: dbtest.Open(b, c), Calendar: cal, Zone: time.UTC}
	opened(b, e, tenant, clocksAsked())
	b.Run("idle", func(b *testing.B) {
		for b.Loop() {
			if n, err := e.RunDue(b.Context(), now); n != 0 || err != nil {
				b.Fatal(n, err)
			}
		}
	})
	b.Run("due", func(b *testing.B) {
		now = now.AddDate(0, 0, 21)
		begin, told := time.Now(), 0
		for b.Loop() {
			n, err := e.RunDue(b.Context(), now)
			if err != nil {
				b.Fatal(err)
			}
			told += n
			now = now.AddDate(0, 0, 7)
		}
		b.ReportMetric(float64(told)/time.Since(begin).Seconds(), "events/s")
	})
}

// BenchmarkStandings counts how clocks stand, for the public page: CLAUSE_CLOCKS of one tenant, a hundred thousand if it
// is not set, and one of each of ten thousand tenants.
func BenchmarkStandings(b *testing.B) {
	for name, size := range map[string]struct{ tenants, clocks int }{"one-tenant": {1, clocksAsked()}, "10000-tenants": {10_000, 1}} {
		b.Run(name, func(b *testing.B) {
			now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
			c := dbtest.SQLite(b)
			c.Now = func() time.Time { return now }
			cal, _ := calendar.Of("AE")
			e := &obligation.Engine{DB: dbtest.Open(b, c), Calendar: cal, Zone: time.UTC}
			of := func(i int) string { return fmt.Sprintf("tenant-%d", i) }
			for i := range size.tenants {
				opened(b, e, of(i), size.clocks)
			}
			before := spent(b)
			for b.Loop() {
				for i := range size.tenants {
					if _, err := e.Standings(b.Context(), of(i), now, now.AddDate(0, 0, -90)); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64((spent(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
}

// spent is the processor time that this process has used.
func spent(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func clocksAsked() int {
	clocks := 100_000
	if s := os.Getenv("CLAUSE_CLOCKS"); s != "" {
		fmt.Sscan(s, &clocks)
	}
	return clocks
}

// opened opens clocks of a tenant.
func opened(b *testing.B, e *obligation.Engine, tenant string, clocks int) {
	b.Helper()
	for done := 0; done < clocks; done += 1000 {
		err := e.DB.Write(b.Context(), tenant, func(tx *db.Tx) error {
			for range min(1000, clocks-done) {
				if _, err := e.Open(tx, answer(), "req"); err != nil {
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
