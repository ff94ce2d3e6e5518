package vault

import (
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
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
