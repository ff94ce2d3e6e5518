package obligation_test

import (
	"fmt"
	"os"
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
	clocks := 100_000
	if s := os.Getenv("CLAUSE_CLOCKS"); s != "" {
		fmt.Sscan(s, &clocks)
	}
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	c := dbtest.SQLite(b)
	c.Now = func() time.Time { return now }
	cal, _ := calendar.Of("AE")
	e := &obligation.Engine{DB: dbtest.Open(b, c), Calendar: cal, Zone: time.UTC}
	for done := 0; done < clocks; done += 1000 {
		err := e.DB.Write(b.Context(), tenant, func(tx *db.Tx) error {
			for range 1000 {
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
