package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
)

// backend returns the process id of the PostgreSQL backend that serves the transaction.
func backend(tx *db.Tx) (pid int, err error) {
	return pid, tx.One(`SELECT pg_backend_pid()`, nil, &pid)
}

// TestConnectionLost: a Write whose connection breaks is refused, and the next one works.
func TestConnectionLost(t *testing.T) {
	c, d := pgStore(t)
	runs := 0
	err := d.Write(t.Context(), "t", func(tx *db.Tx) error {
		runs++
		if _, err := tx.Exec(putMeta, "lost", []byte{}); err != nil {
			return err
		}
		pid, err := backend(tx)
		if err != nil {
			return err
		}
		super(t, c, fmt.Sprintf("SELECT pg_terminate_backend(%d, 5000)", pid))
		_, err = tx.Exec(putMeta, "later", []byte{})
		return err
	})
	wantKind(t, err, fault.Unavailable)
	write(t, d, "t", putMeta, "next", []byte{})
	var n int
	if err := d.Get(t.Context(), "t", `SELECT count(*) FROM meta`, nil, &n); err != nil || n != 1 || runs != 1 {
		t.Errorf("%d rows after %d runs, %v", n, runs, err)
	}
}

// TestUnknownOutcome: a connection that breaks at the commit leaves the outcome open, and the error
// says so.
func TestUnknownOutcome(t *testing.T) {
	c, d := pgStore(t)
	err := d.Write(t.Context(), "t", func(tx *db.Tx) error {
		pid, err := backend(tx)
		if err != nil {
			return err
		}
		super(t, c, fmt.Sprintf("SELECT pg_terminate_backend(%d, 5000)", pid))
		return nil
	})
	wantKind(t, err, fault.Unavailable)
	if !strings.Contains(err.Error(), "outcome is unknown") {
		t.Errorf("the error does not say that the outcome is unknown: %v", err)
	}
}

// TestCrash: PostgreSQL killed under load (kill -9 of a backend has it start anew) loses nothing that
// was acknowledged, and the server goes on by itself.
func TestCrash(t *testing.T) {
	_, d := pgStore(t)
	stop := time.Now().Add(3 * time.Second)
	var acknowledged sync.Map
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for i := 0; time.Now().Before(stop); i++ {
				key := fmt.Sprintf("%d/%d", w, i)
				err := d.Write(t.Context(), fmt.Sprint("tenant", w%4), func(tx *db.Tx) error {
					_, err := tx.Exec(putMeta, key, []byte{})
					return err
				})
				switch {
				case err == nil:
					acknowledged.Store(key, true)
				case !fault.Is(err, fault.Unavailable):
					t.Errorf("during a crash: %v", err)
				default:
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	for range 2 {
		time.Sleep(700 * time.Millisecond)
		err := d.Read(t.Context(), "", func(tx *db.Tx) error {
			pid, err := backend(tx)
			if err != nil {
				return err
			}
			return syscall.Kill(pid, syscall.SIGKILL)
		})
		if err != nil && !fault.Is(err, fault.Unavailable) {
			t.Fatalf("kill: %v", err)
		}
	}
	all.Wait()
	lost, total := 0, 0
	acknowledged.Range(func(key, _ any) bool {
		total++
		var value []byte
		err := d.Get(t.Context(), "", getMeta, []any{key}, &value)
		for range 600 {
			if !fault.Is(err, fault.Unavailable) {
				break
			}
			time.Sleep(50 * time.Millisecond) // it is starting anew still
			err = d.Get(t.Context(), "", getMeta, []any{key}, &value)
		}
		if err != nil {
			lost++
		}
		return true
	})
	if lost > 0 || total == 0 {
		t.Errorf("%d of %d acknowledged writes were lost", lost, total)
	}
}

// TestTenantsWriteInParallel: one tenant's long transaction does not hold up another's.
func TestTenantsWriteInParallel(t *testing.T) {
	_, d := pgStore(t)
	release := hold(t, d, "slow")
	defer release()
	done := make(chan error, 1)
	go func() { done <- d.Write(t.Context(), "quick", func(*db.Tx) error { return nil }) }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the quick tenant waits for the slow one")
	}
}

// TestDeadlineOfRead: a caller's deadline ends its own query.
func TestDeadlineOfRead(t *testing.T) {
	_, d := pgStore(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := d.Read(ctx, "", func(tx *db.Tx) error {
		var s string
		return tx.One(`SELECT pg_sleep(60)::text`, nil, &s)
	})
	if !fault.Is(err, fault.Unavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// TestServersMigrateAtOnce: several servers that start on an empty database do not trip over each other.
func TestServersMigrateAtOnce(t *testing.T) {
	c := dbtest.Postgres(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			d, err := db.Open(t.Context(), c)
			if err != nil {
				t.Error(err)
				return
			}
			d.Close()
		})
	}
	all.Wait()
}

// TestNotMigrated: without the owner's URL an empty database is refused, with what to do.
func TestNotMigrated(t *testing.T) {
	c := dbtest.Postgres(t)
	c.Migrate = ""
	_, err := db.Open(t.Context(), c)
	wantKind(t, err, fault.Invalid)
}

// TestNoSecretInErrors: a URL that cannot be used is not quoted.
func TestNoSecretInErrors(t *testing.T) {
	for _, url := range []string{
		"postgres://clause_server:hunter2@127.0.0.1:1/db?connect_timeout=1",
		"postgres://clause_server:hunter2@127.0.0.1:x/db",
		"postgres://clause_server:hunter2@[::1/db",
	} {
		for _, c := range []db.Config{{URL: url, Now: time.Now}, {URL: "postgres:///x?host=/nowhere", Migrate: url, Now: time.Now}} {
			_, err := db.Open(t.Context(), c)
			if err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v", err)
			}
		}
	}
}

// TestValuesNotInErrors: PostgreSQL quotes the row that broke a constraint; we do not.
func TestValuesNotInErrors(t *testing.T) {
	_, d := pgStore(t)
	for _, query := range []string{
		`INSERT INTO meta (key, value) VALUES ('SECRET', ''), ('SECRET', '')`,
		`INSERT INTO meta (key, value) VALUES ('SECRET', NULL)`,
		`SELECT 'SECRET'::bigint`,
		`INSERT INTO tenants VALUES ('SECRET', '', '', '', 'SECRET', 0)`,
		`INSERT INTO records VALUES ('SECRET', 's', 'd', 'r', 1, '', 0, 0)`,
	} {
		err := d.Write(t.Context(), "t", func(tx *db.Tx) error {
			_, err := tx.Exec(query)
			return err
		})
		if err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestScrubPostgres(t *testing.T) {
	c, d := pgStore(t)
	plant(t, d, "t")
	write(t, d, "t", `DELETE FROM records WHERE tenant_id = $1`, "t")
	if err := d.Scrub(t.Context()); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), dbtest.As(t, c, dbtest.Superuser))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var size int64
	if err := conn.QueryRow(t.Context(), `SELECT pg_relation_size('records')`).Scan(&size); err != nil || size != 0 {
		t.Errorf("%d bytes left, %v", size, err)
	}
}
