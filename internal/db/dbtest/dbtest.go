// Package dbtest opens stores for tests: SQLite in a temporary folder and a real PostgreSQL, made for
// the test binary and gone with it.
package dbtest

import (
	"path/filepath"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
)

// Opener opens the test's store, closed at the test's end at the latest. Called again it opens the
// same store again; on SQLite the one before must be closed first.
type Opener func(change ...func(*db.Config)) *db.DB

// Each runs a test on SQLite and on PostgreSQL, each time with an empty store.
func Each(t *testing.T, run func(t *testing.T, open Opener)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, opener(t, SQLite(t))) })
	t.Run("postgres", func(t *testing.T) { run(t, opener(t, Postgres(t))) })
}

// SQLite returns the configuration of a new, empty SQLite store.
func SQLite(t testing.TB) db.Config {
	t.Helper()
	return db.Config{URL: "sqlite:" + filepath.Join(t.TempDir(), "store", "clause.db"), Now: time.Now}
}

// Open opens a store and closes it at the test's end.
func Open(t testing.TB, c db.Config) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), c)
	if err != nil {
		t.Fatalf("open %s: %v", c.URL, err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

func opener(t *testing.T, c db.Config) Opener {
	return func(change ...func(*db.Config)) *db.DB {
		t.Helper()
		mine := c
		for _, f := range change {
			f(&mine)
		}
		return Open(t, mine)
	}
}
