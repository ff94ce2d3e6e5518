package sso_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
)

// TestOneOfManyComesBack: an answer that arrives many times at once is good once, on every engine.
func TestOneOfManyComesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		w := openWorld(t, nil)
		w.rounds.DB = open(func(c *db.Config) { c.Now = w.now })
		answer := w.away(cookie)
		var in, out atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				switch _, err := w.back(answer, cookie); {
				case err == nil:
					in.Add(1)
				case fault.Is(err, fault.Unauthenticated):
					out.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if in.Load() != 1 || out.Load() != 7 {
			t.Errorf("%d were let in, %d were not", in.Load(), out.Load())
		}
	})
}
