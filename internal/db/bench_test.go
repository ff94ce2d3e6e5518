package db_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
)

// callers is how many concurrent callers the figures are for.
const callers = 16

// cpuPerOp reports the processor time, user and system, of the whole process per operation.
func cpuPerOp(b *testing.B, run func()) {
	b.Helper()
	var before, after unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &before)
	run()
	unix.Getrusage(unix.RUSAGE_SELF, &after)
	spent := unix.TimevalToNsec(after.Utime) + unix.TimevalToNsec(after.Stime) -
		unix.TimevalToNsec(before.Utime) - unix.TimevalToNsec(before.Stime)
	b.ReportMetric(float64(spent)/float64(b.N)/1000, "cpu-µs/op")
}

const (
	putRecord = `INSERT INTO records (tenant_id, subject_id, data_set, record_id, version, sealed, created_at, updated_at)
		VALUES ($1, $2, $3, $4, 1, $5, $6, $6)`
	getRecord = `SELECT version, sealed, updated_at FROM records
		WHERE tenant_id = $1 AND subject_id = $2 AND data_set = $3 AND record_id = $4`
	putChunk = `INSERT INTO ledger_chunks (tenant_id, first, count, entries, hashes) VALUES ($1, $2, $3, $4, $5)`
	putHead  = `INSERT INTO ledger_heads (tenant_id, size, edge, updated_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (tenant_id) DO UPDATE SET size = excluded.size, edge = excluded.edge, updated_at = excluded.updated_at`
	getHead = `SELECT size FROM ledger_heads WHERE tenant_id = $1`
)

func fill(b *testing.B, d *db.DB, records int) {
	b.Helper()
	sealed := make([]byte, 330)
	for from := 0; from < records; from += 1000 {
		err := d.Write(b.Context(), "t", func(tx *db.Tx) error {
			for i := from; i < min(from+1000, records); i++ {
				if _, err := tx.Exec(putRecord, "t", subject(i), "accounts", "r", sealed, tx.Now().UnixMicro()); err != nil {
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

// subject returns the i-th id in the order in which a store of this size is quickest to fill.
func subject(i int) string { return fmt.Sprintf("subject-%016x", i) }

// anyOf returns an id far from those asked for before.
func anyOf(i, records int) string {
	return subject(int(uint64(i) * 0x9E3779B97F4A7C15 % uint64(records)))
}

func BenchmarkGet(b *testing.B) {
	for _, records := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(records), func(b *testing.B) {
			d := dbtest.Open(b, dbtest.SQLite(b))
			fill(b, d, records)
			parallel(b, func(i int) error {
				var version, updated int64
				var sealed []byte
				return d.Get(b.Context(), "t", getRecord, []any{"t", anyOf(i, records), "accounts", "r"}, &version, &sealed, &updated)
			})
		})
	}
}

func BenchmarkRead(b *testing.B) {
	d := dbtest.Open(b, dbtest.SQLite(b))
	fill(b, d, 10_000)
	parallel(b, func(i int) error {
		return d.Read(b.Context(), "t", func(tx *db.Tx) error {
			var version, updated int64
			var sealed []byte
			return tx.One(getRecord, []any{"t", anyOf(i, 10_000), "accounts", "r"}, &version, &sealed, &updated)
		})
	})
}

// chunk stands for the ledger's chunk of one tenant in one physical transaction.
type chunk struct{ first, count int64 }

func appendEntry(tx *db.Tx) error {
	var failed error
	c := tx.Scope("chunk", func() any {
		c := &chunk{}
		if err := tx.One(getHead, []any{"t"}, &c.first); err != nil {
			failed = err
		}
		return c
	}, func(tx *db.Tx, v any) error {
		c := v.(*chunk)
		if _, err := tx.Exec(putChunk, "t", c.first, c.count, make([]byte, 250*c.count), make([]byte, 64*c.count)); err != nil {
			return err
		}
		_, err := tx.Exec(putHead, "t", c.first+c.count, make([]byte, 600), tx.Now().UnixMicro())
		return err
	}).(*chunk)
	c.count++
	return failed
}

// BenchmarkAppend is a read of a record with its durable ledger entry, both inside one Write.
func BenchmarkAppend(b *testing.B) {
	for _, records := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(records), func(b *testing.B) {
			d := dbtest.Open(b, dbtest.SQLite(b))
			fill(b, d, records)
			startHead(b, d)
			parallel(b, func(i int) error {
				return d.Write(b.Context(), "t", func(tx *db.Tx) error {
					var version, updated int64
					var sealed []byte
					if err := tx.One(getRecord, []any{"t", anyOf(i, records), "accounts", "r"}, &version, &sealed, &updated); err != nil {
						return err
					}
					return appendEntry(tx)
				})
			})
			reportShare(b, d)
		})
	}
}

// BenchmarkGetThenAppend is the same with the record read beforehand, outside the Write.
func BenchmarkGetThenAppend(b *testing.B) {
	d := dbtest.Open(b, dbtest.SQLite(b))
	fill(b, d, 10_000)
	startHead(b, d)
	parallel(b, func(i int) error {
		var version, updated int64
		var sealed []byte
		if err := d.Get(b.Context(), "t", getRecord, []any{"t", anyOf(i, 10_000), "accounts", "r"}, &version, &sealed, &updated); err != nil {
			return err
		}
		return d.Write(b.Context(), "t", appendEntry)
	})
	reportShare(b, d)
}

func startHead(b *testing.B, d *db.DB) {
	b.Helper()
	err := d.Write(b.Context(), "t", func(tx *db.Tx) error {
		_, err := tx.Exec(putHead, "t", 0, []byte{}, 0)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// parallel runs op from callers goroutines, whatever the number of processors.
func parallel(b *testing.B, op func(i int) error) {
	b.Helper()
	b.ReportAllocs()
	b.ResetTimer()
	cpuPerOp(b, func() {
		var next atomic.Int64
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
					if err := op(int(i)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
	})
}

// reportShare reports how many Writes shared a transaction on average.
func reportShare(b *testing.B, d *db.DB) {
	b.Helper()
	var chunks int64
	if err := d.Get(b.Context(), "t", `SELECT count(*) FROM ledger_chunks WHERE tenant_id = $1`, []any{"t"}, &chunks); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/float64(chunks), "writes/tx")
}

// BenchmarkPostgres is BenchmarkGet and BenchmarkAppend on PostgreSQL; its own processes' time is not
// in the figure.
func BenchmarkPostgres(b *testing.B) {
	for name, op := range map[string]func(d *db.DB, i int) error{
		"get": func(d *db.DB, i int) error {
			var version, updated int64
			var sealed []byte
			return d.Get(b.Context(), "t", getRecord, []any{"t", anyOf(i, 10_000), "accounts", "r"}, &version, &sealed, &updated)
		},
		"append": func(d *db.DB, _ int) error { return d.Write(b.Context(), "t", appendEntry) },
	} {
		b.Run(name, func(b *testing.B) {
			d := dbtest.Open(b, dbtest.Postgres(b))
			fill(b, d, 10_000)
			startHead(b, d)
			parallel(b, func(i int) error { return op(d, i) })
		})
	}
}
