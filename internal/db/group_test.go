package db_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
)

var errOwn = errors.New("my own failure")

// hold keeps the leader of the tenant's group inside its transaction until the returned function is
// called, so that the Writes started meanwhile form one batch.
func hold(t *testing.T, d *db.DB, tenant string) (release func()) {
	t.Helper()
	inside, gate, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var once sync.Once
	go func() {
		done <- d.Write(context.Background(), tenant, func(*db.Tx) error {
			once.Do(func() { close(inside) })
			<-gate
			return nil
		})
	}()
	<-inside
	return func() {
		close(gate)
		if err := <-done; err != nil {
			t.Errorf("the leader: %v", err)
		}
	}
}

// queued waits until calls started by the test have reached the queue. There is nothing to observe
// from outside, so it sleeps; a test that runs ahead only becomes weaker, not wrong.
func queued() { time.Sleep(50 * time.Millisecond) }

// TestGroupUnderFailures: 64 writers, of which some fail before or after writing, some panic, some
// collide and some are cancelled. Exactly what was acknowledged is there, and each error is its own.
func TestGroupUnderFailures(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		const writers, rounds = 64, 8
		var acknowledged, refused sync.Map
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				random := rand.New(rand.NewPCG(uint64(w), 1))
				for r := range rounds {
					key := fmt.Sprintf("%d/%d", w, r)
					if err := writeSomehow(t, d, random.IntN(7), key); err == nil {
						acknowledged.Store(key, true)
					} else {
						refused.Store(key, err)
					}
				}
			})
		}
		all.Wait()
		var n int
		err := d.Read(t.Context(), "t", func(tx *db.Tx) error {
			return tx.Each(`SELECT subject_id FROM records WHERE tenant_id = $1`, []any{"t"}, func(scan func(...any) error) error {
				var key string
				if err := scan(&key); err != nil {
					return err
				}
				if _, ok := acknowledged.LoadAndDelete(key); !ok && key != "taken" {
					t.Errorf("%s was written, though its Write failed", key)
				}
				n++
				return nil
			})
		})
		if err != nil || n < writers {
			t.Errorf("%d rows, %v", n, err)
		}
		acknowledged.Range(func(key, _ any) bool {
			t.Errorf("%s was acknowledged but is not there", key)
			return true
		})
	})
}

// writeSomehow writes the key, or fails in one of the ways, and checks that the error fits.
func writeSomehow(t *testing.T, d *db.DB, way int, key string) error {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	put := func(tx *db.Tx, key string) error {
		_, err := tx.Exec(putRecord, "t", key, "d", "r", []byte("x"), tx.Now().UnixMicro())
		return err
	}
	var want func(error) bool
	fn := func(tx *db.Tx) error { return put(tx, key) }
	switch way {
	case 0:
		fn = func(*db.Tx) error { return errOwn }
		want = func(err error) bool { return err == errOwn }
	case 1:
		fn = func(tx *db.Tx) error { return errors.Join(put(tx, key), errOwn) }
		want = func(err error) bool { return errors.Is(err, errOwn) }
	case 2:
		fn = func(tx *db.Tx) error { put(tx, key); panic("secret " + key) }
		want = func(err error) bool {
			return err != nil && strings.Contains(err.Error(), "panicked (string) at") && !strings.Contains(err.Error(), "secret")
		}
	case 3:
		write(t, d, "t", putRecord+" ON CONFLICT DO NOTHING", "t", "taken", "d", "r", []byte{}, 0)
		fn = func(tx *db.Tx) error { return errors.Join(put(tx, key), put(tx, "taken")) }
		want = func(err error) bool { return fault.Is(err, fault.Conflict) }
	case 4:
		cancel()
		want = func(err error) bool { return fault.Is(err, fault.Unavailable) && errors.Is(err, context.Canceled) }
	}
	err := d.Write(ctx, "t", fn)
	if want == nil {
		want = func(err error) bool { return err == nil }
	}
	if !want(err) {
		t.Errorf("way %d: %v", way, err)
	}
	return err
}

// TestScopeFlushedOnce: what many Writes gather is flushed once per physical transaction, and each
// Write's part is there exactly once although others in the batch fail after they have added theirs.
func TestScopeFlushedOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		write(t, d, "t", putHead, "t", 0, []byte{}, 0)
		const good, bad = 40, 5
		release := hold(t, d, "t")
		var all sync.WaitGroup
		for i := range good + bad {
			all.Go(func() {
				err := d.Write(t.Context(), "t", func(tx *db.Tx) error {
					if err := appendEntry(tx); err != nil {
						return err
					}
					if i < bad {
						return errOwn
					}
					return nil
				})
				if (err == errOwn) != (i < bad) || err != nil && err != errOwn {
					t.Errorf("write %d: %v", i, err)
				}
			})
		}
		queued()
		release()
		all.Wait()
		var chunks, entries, size int64
		err := d.Read(t.Context(), "t", func(tx *db.Tx) error {
			return errors.Join(
				tx.One(`SELECT count(*), sum(count) FROM ledger_chunks WHERE tenant_id = $1`, []any{"t"}, &chunks, &entries),
				tx.One(getHead, []any{"t"}, &size))
		})
		if err != nil || entries != good || size != good {
			t.Errorf("%d entries, head at %d, %v", entries, size, err)
		}
		if chunks > bad+2 {
			t.Errorf("%d chunks: the Writes did not share transactions", chunks)
		}
	})
}

// TestFlushFails: nobody's part is kept, and each gets the error.
func TestFlushFails(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		release := hold(t, d, "t")
		var all sync.WaitGroup
		var failed atomic.Int64
		for i := range 10 {
			all.Go(func() {
				err := d.Write(t.Context(), "t", func(tx *db.Tx) error {
					if i < 3 { // three use a scope that cannot be flushed
						tx.Scope("bad", func() any { return nil }, func(*db.Tx, any) error { panic("flush") })
					}
					_, err := tx.Exec(putMeta, fmt.Sprint(i), []byte{})
					return err
				})
				if (err != nil) != (i < 3) {
					t.Errorf("write %d: %v", i, err)
				}
				if err != nil {
					failed.Add(1)
				}
			})
		}
		queued()
		release()
		all.Wait()
		var n int
		if err := d.Get(t.Context(), "", `SELECT count(*) FROM meta`, nil, &n); err != nil || n != 7 || failed.Load() != 3 {
			t.Errorf("%d rows, %d failed, %v", n, failed.Load(), err)
		}
	})
}

// TestScopeTenant: a flush runs for the tenant that made the scope, and may make further ones.
func TestScopeTenant(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		var flushed []string
		err := d.Write(t.Context(), "a", func(tx *db.Tx) error {
			flushed = nil
			tx.Scope(1, func() any { return 1 }, func(tx *db.Tx, v any) error {
				flushed = append(flushed, fmt.Sprint(tx.Tenant(), " ", v))
				tx.Scope(2, func() any { return 2 }, func(tx *db.Tx, v any) error {
					flushed = append(flushed, fmt.Sprint(tx.Tenant(), " ", v))
					return nil
				})
				return nil
			})
			return nil
		})
		if got := strings.Join(flushed, ","); err != nil || got != "a 1,a 2" {
			t.Errorf("flushed %s, %v", got, err)
		}
	})
}

// TestCancelWhileQueued: a caller that gives up leaves the queue at once and its fn never runs.
func TestCancelWhileQueued(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		release := hold(t, d, "t")
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error)
		var ran atomic.Bool
		go func() {
			result <- d.Write(ctx, "t", func(*db.Tx) error { ran.Store(true); return nil })
		}()
		queued()
		cancel()
		err := <-result
		if !fault.Is(err, fault.Unavailable) || !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		release()
		write(t, d, "t", putMeta, "k", []byte{}) // the queue is not stuck
		if ran.Load() {
			t.Error("a cancelled call ran")
		}
	})
}

// TestLeaderCancelled: the leader's deadline is not the others'.
func TestLeaderCancelled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		ctx, cancel := context.WithCancel(t.Context())
		inside, gate := make(chan struct{}), make(chan struct{})
		var all sync.WaitGroup
		all.Go(func() {
			err := d.Write(ctx, "t", func(tx *db.Tx) error {
				close(inside)
				<-gate
				_, err := tx.Exec(putMeta, "leader", []byte{})
				return err
			})
			if err != nil {
				t.Errorf("the leader waits for the outcome: %v", err)
			}
		})
		<-inside
		for i := range 5 {
			all.Go(func() { write(t, d, "t", putMeta, fmt.Sprint(i), []byte{}) })
		}
		queued()
		cancel()
		close(gate)
		all.Wait()
		var n int
		if err := d.Get(t.Context(), "", `SELECT count(*) FROM meta`, nil, &n); err != nil || n != 6 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}

// TestGoexit: a fn that ends its goroutine does not leave the others waiting.
func TestGoexit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		done := make(chan struct{})
		go func() {
			defer close(done)
			d.Write(context.Background(), "t", func(tx *db.Tx) error {
				tx.Exec(putMeta, "lost", []byte{})
				runtime.Goexit()
				return nil
			})
		}()
		<-done
		write(t, d, "t", putMeta, "k", []byte{})
		var n int
		if err := d.Get(t.Context(), "", `SELECT count(*) FROM meta`, nil, &n); err != nil || n != 1 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}

// TestWritesAreSerial: read, then write what was read plus one, from many writers: none is lost,
// from two servers on PostgreSQL either.
func TestWritesAreSerial(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		servers := []*db.DB{open()}
		if servers[0].Dialect() == db.Postgres {
			servers = append(servers, open())
		}
		const writers, rounds = 16, 10
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				for range rounds {
					if err := servers[i%len(servers)].Write(t.Context(), "new", increment); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		var size int64
		err := servers[0].Get(t.Context(), "new", getHead, []any{"new"}, &size)
		if err != nil || size != writers*rounds {
			t.Errorf("%d of %d increments, %v", size, writers*rounds, err)
		}
	})
}

func increment(tx *db.Tx) error {
	var size int64
	if err := tx.One(getHead+tx.LockRow(), []any{"new"}, &size); err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	_, err := tx.Exec(putHead, "new", size+1, []byte{}, 0)
	return err
}
