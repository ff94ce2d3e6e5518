package db_test

import (
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
)

const (
	putMeta = `INSERT INTO meta (key, value) VALUES ($1, $2)`
	getMeta = `SELECT value FROM meta WHERE key = $1`
)

func write(t *testing.T, d *db.DB, tenant, query string, args ...any) {
	t.Helper()
	err := d.Write(t.Context(), tenant, func(tx *db.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Fatalf("got %v, want %v", err, kind)
	}
}

func TestRoundTrip(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		write(t, d, "", putMeta, "k", []byte{0, 1, 255})
		write(t, d, "a", putRecord, "a", "s", "d", "r", []byte{}, int64(1)<<62)
		err := d.Read(t.Context(), "a", func(tx *db.Tx) error {
			var version int
			var sealed []byte
			var updated int64
			if err := tx.One(getRecord, []any{"a", "s", "d", "r"}, &version, &sealed, &updated); err != nil {
				return err
			}
			if version != 1 || sealed == nil || len(sealed) != 0 || updated != 1<<62 {
				t.Errorf("got %d %v %d", version, sealed, updated)
			}
			if now := tx.Now(); now.Location() != time.UTC || now.Nanosecond()%1000 != 0 {
				t.Errorf("now is %v", now)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var value []byte
		if err := d.Get(t.Context(), "", getMeta, []any{"k"}, &value); err != nil || string(value) != "\x00\x01\xff" {
			t.Errorf("got %v, %v", value, err)
		}
		wantKind(t, d.Get(t.Context(), "", getMeta, []any{"none"}, &value), fault.NotFound)
	})
}
