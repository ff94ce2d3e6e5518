package vault

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
)

// cpu is the processor time that this process has used.
func cpu(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// at16 runs call from 16 goroutines, b.N times in all, and reports the processor time of each.
func at16(b *testing.B, call func(i int64) error) {
	b.Helper()
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu(b)
	var next atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				if err := call(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64((cpu(b)-before).Nanoseconds())/float64(b.N)/1000, "cpu-µs/op")
}

// onEach runs a benchmark on both engines. On PostgreSQL its own processor time comes on top.
func onEach(b *testing.B, people int, run func(b *testing.B, w *world, subs []string)) {
	b.Run("sqlite", func(b *testing.B) {
		w := sqliteWorld(b)
		run(b, w, w.crowded(people))
	})
	b.Run("postgres", func(b *testing.B) {
		w := postgresWorld(b)
		run(b, w, w.crowded(people))
	})
}

// crowded makes people, quickly.
func (w *world) crowded(people int) []string {
	subs := make([]string, people)
	at16Setup(people, func(i int) {
		subs[i] = w.person()
		w.put(of(subs[i], "identity", ""), identity(fmt.Sprintf("p%d@example.org", i)))
	})
	return subs
}

func at16Setup(n int, call func(i int)) {
	var all sync.WaitGroup
	for g := range 16 {
		all.Go(func() {
			for i := g; i < n; i += 16 {
				call(i)
			}
		})
	}
	all.Wait()
}

func BenchmarkGet(b *testing.B) {
	onEach(b, 1000, func(b *testing.B, w *world, subs []string) {
		at16(b, func(i int64) error {
			_, err := w.vault.Get(w.ctx, w.app, of(subs[i%1000], "identity", single))
			return err
		})
	})
}

func BenchmarkPut(b *testing.B) {
	onEach(b, 1000, func(b *testing.B, w *world, subs []string) {
		at16(b, func(i int64) error {
			_, err := w.vault.Put(w.ctx, w.app, of(subs[i%1000], "transactions", ""), transaction("12.50 AED"), Condition{}, Idempotency{})
			return err
		})
	})
}

func BenchmarkPutIdempotent(b *testing.B) {
	onEach(b, 1000, func(b *testing.B, w *world, subs []string) {
		at16(b, func(i int64) error {
			_, err := w.vault.Put(w.ctx, w.app, of(subs[i%1000], "transactions", ""), transaction("12.50 AED"), Condition{}, Idempotency{Key: fmt.Sprintf("key-%08d", i)})
			return err
		})
	})
}

func BenchmarkFind(b *testing.B) {
	onEach(b, 1000, func(b *testing.B, w *world, _ []string) {
		at16(b, func(i int64) error {
			_, err := w.vault.Find(w.ctx, w.app, of("", "identity", ""), "email", fmt.Sprintf("p%d@example.org", i%1000))
			return err
		})
	})
}

func BenchmarkRefused(b *testing.B) {
	onEach(b, 1, func(b *testing.B, w *world, subs []string) {
		at16(b, func(i int64) error {
			_, err := w.vault.Get(w.ctx, w.app, of(subs[0], "identity", single).under(unheld))
			if err == nil {
				b.Error("it was not refused")
			}
			return nil
		})
	})
}

// BenchmarkEraseTenant erases a tenant of as many records as it says: the time must not depend on that.
func BenchmarkEraseTenant(b *testing.B) {
	for _, records := range []int{100, 10_000} {
		b.Run(fmt.Sprint(records), func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				w := sqliteWorld(b)
				subs := w.crowded(100)
				at16Setup(records-100, func(i int) { w.put(of(subs[i%100], "transactions", ""), transaction("1 AED")) })
				b.StartTimer()
				if err := w.vault.EraseTenant(w.ctx, w.admin, "acme"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkSweepTenant removes what an off-boarded tenant left: CLAUSE_RECORDS says how many records it had, a
// hundred thousand if it is not set, of a tenth as many people, each of whom is found by two values. Somebody's
// records lie together, as they came at once, or scattered over the store, as they came over the years.
func BenchmarkSweepTenant(b *testing.B) {
	records := 100_000
	if s := os.Getenv("CLAUSE_RECORDS"); s != "" {
		fmt.Sscan(s, &records)
	}
	for name, scattered := range map[string]bool{"sqlite/together": false, "sqlite/scattered": true, "postgres/scattered": true} {
		b.Run(name, func(b *testing.B) {
			open, filled := sqliteWorld, func() {}
			if strings.HasPrefix(name, "postgres") {
				open = func(t testing.TB) *world {
					c, cfg := newClock(), dbtest.Postgres(t)
					cfg.Now = c.now
					filled = func() { dbtest.Analyze(t, cfg) }
					return newWorld(t, dbtest.Open(t, cfg), c, t.TempDir())
				}
			}
			var rows, unreadable float64
			var spent time.Duration
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				w := open(b)
				rows = float64(w.stuffed(records, scattered))
				filled()
				begin := time.Now()
				if err := w.vault.EraseTenant(w.ctx, w.admin, "acme"); err != nil {
					b.Fatal(err)
				}
				unreadable = float64(time.Since(begin).Microseconds()) / 1000
				before := cpu(b)
				b.StartTimer()
				if err := w.vault.Sweep(w.ctx); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				spent += cpu(b) - before
				if n := w.rows("acme", "sub_"); n > 0 {
					b.Fatalf("%d rows are left", n)
				}
				b.StartTimer()
			}
			b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(rows*float64(b.N)/spent.Seconds(), "rows/cpu-s") // on PostgreSQL its own comes on top
			b.ReportMetric(unreadable, "ms-unreadable")
		})
	}
}

// stuffed puts rows of records into acme's store, past every check, and returns how many rows there are of all kinds.
func (w *world) stuffed(records int, scattered bool) (rows int) {
	w.t.Helper()
	sealed, hash := make([]byte, 330), make([]byte, 32)
	people := records / 10
	for from := 0; from < records; from += 1000 {
		must(w.t, w.db.Write(w.ctx, "acme", func(tx *db.Tx) error {
			insert := func(statement string, args ...any) error {
				rows++
				_, err := tx.Exec(statement, args...)
				return err
			}
			for i := from; i < min(from+1000, records); i++ {
				person, first := i/10, i%10 == 0
				if scattered {
					person, first = i%people, i < people
				}
				of, now := fmt.Sprintf("sub_%026x", uint32(person)*0x9E3779B1), tx.Now().UnixMicro()
				id := fmt.Sprintf("rec_%026x", uint32(i)*0x9E3779B1)
				err := insert(`INSERT INTO records (tenant_id, subject_id, data_set, record_id, version, sealed, created_at, updated_at)
					VALUES ('acme', $1, 'transactions', $2, 1, $3, $4, $4)`, of, id, sealed, now)
				if err != nil || !first {
					if err != nil {
						return err
					}
					continue
				}
				err = insert(`INSERT INTO subjects (tenant_id, subject_id, tenant_key_id, key_id, wrapped, sealed, created_at)
					VALUES ('acme', $1, 'key', $2, $3, $3, $4)`, of, of, sealed[:100], now)
				for _, field := range []string{"email", "phone"} {
					binary.BigEndian.PutUint64(hash, uint64(i)*0x9E3779B97F4A7C15)
					if err == nil {
						err = insert(`INSERT INTO lookups (tenant_id, data_set, field, hash, slot, subject_id, record_id, tenant_key_id)
							VALUES ('acme', 'identity', $1, $2, '', $3, 'main', 'key')`, field, hash, of)
					}
				}
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
	return rows
}
