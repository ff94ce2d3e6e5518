package app_test

import (
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"clause.dev/clause/internal/db/dbtest"
)

// TestLostDatabase cuts all of the server's connections to PostgreSQL again and again under load. What
// cannot be done is refused as unavailable, the server goes on by itself, and nothing that was
// acknowledged is lost.
func TestLostDatabase(t *testing.T) {
	t.Parallel()
	c := dbtest.Postgres(t)
	cut, err := pgx.Connect(t.Context(), dbtest.As(t, c, dbtest.Superuser))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cut.Close(t.Context()) }) // the database goes too
	p := setUp(t, t.TempDir(), "CLAUSE_STORE="+c.URL, "CLAUSE_MIGRATE="+c.Migrate)
	s := p.serve(t)
	audit, workers := s.staff(p.admin, killedClients)
	for range 5 {
		stop := make(chan struct{})
		var working sync.WaitGroup
		for _, w := range workers {
			w.tired, w.blind = true, true
			working.Go(func() { w.workUntil(t, stop) })
		}
		for range 10 {
			time.Sleep(60 * time.Millisecond)
			if _, err := cut.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"); err != nil {
				t.Fatal(err)
			}
		}
		close(stop)
		working.Wait()
		awaitRoom(t, workers[0])
		for _, w := range workers {
			w.tired, w.blind = false, false
			w.check(t, s, len(w.people))
		}
		verified(t, s, audit, nil, workers)
	}
	refused := 0
	for _, w := range workers {
		refused += w.refused
	}
	t.Logf("%d requests were refused", refused)
	if status := s.end(); status != 0 || refused == 0 {
		t.Errorf("the server ended with status %d; %d requests were refused", status, refused)
	}
}

// workUntil calls until told to stop, whatever is refused meanwhile.
func (w *worker) workUntil(t *testing.T, stop <-chan struct{}) {
	for !t.Failed() {
		select {
		case <-stop:
			return
		default:
			w.step(t)
		}
	}
}
