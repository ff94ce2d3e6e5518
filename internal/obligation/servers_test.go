package obligation_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/obligation"
)

// TestTwoServers: on one PostgreSQL each thing is done once, whoever does it.
func TestTwoServers(t *testing.T) {
	c := dbtest.Postgres(t)
	w := newWorld(t, func(change ...func(*db.Config)) *db.DB {
		mine := c
		for _, f := range change {
			f(&mine)
		}
		return dbtest.Open(t, mine)
	})
	mine := c
	mine.Now = func() time.Time { return w.now }
	other := *w.engine
	other.DB = dbtest.Open(t, mine)
	const clocks = 600
	for range clocks {
		w.open(answer())
	}
	var mu sync.Mutex
	told := map[string]int{}
	tell := func(_ *db.Tx, e obligation.Event) error {
		mu.Lock()
		defer mu.Unlock()
		told[fmt.Sprint(e.Clock.ID, e.What)]++
		return nil
	}
	w.engine.Tell, other.Tell = tell, tell
	w.now = w.now.AddDate(0, 0, 31)
	var both sync.WaitGroup
	for _, e := range []*obligation.Engine{w.engine, &other} {
		both.Go(func() {
			if _, err := e.RunDue(t.Context(), w.now); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if len(told) != clocks {
		t.Errorf("%d clocks were told of, want %d", len(told), clocks)
	}
	for what, n := range told {
		if n != 1 {
			t.Errorf("%s was told %d times", what, n)
		}
	}
}
