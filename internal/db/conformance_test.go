package db_test

import (
	"errors"
	"strings"
	"sync/atomic"
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

func TestValues(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		long := make([]byte, 1<<20)
		for i := range long {
			long[i] = byte(i * 7)
		}
		for name, value := range map[string][]byte{"empty": {}, "zero": {0}, "long": long} {
			write(t, d, "", putMeta, name, value)
			var got []byte
			if err := d.Get(t.Context(), "", getMeta, []any{name}, &got); err != nil || string(got) != string(value) || got == nil {
				t.Errorf("%s: %d bytes, %v", name, len(got), err)
			}
		}
		write(t, d, "", putCredential, "c", "Ünï “x” ' \\ \"", "[]", "[]", "[]", "", true, int32(-7), int64(-1)<<63)
		var title string
		var flag bool
		var small int32
		var large int64
		err := d.Get(t.Context(), "", `SELECT title, expires_at, revoked_at, created_at FROM credentials WHERE credential_id = $1`,
			[]any{"c"}, &title, &flag, &small, &large)
		if err != nil || title != "Ünï “x” ' \\ \"" || !flag || small != -7 || large != -1<<63 {
			t.Errorf("got %q %v %d %d, %v", title, flag, small, large, err)
		}
		// A parameter used twice, and out of order.
		var n int
		err = d.Get(t.Context(), "", `SELECT count(*) FROM credentials WHERE title = $2 AND credential_id = $1 OR credential_id = $1`,
			[]any{"c", "x"}, &n)
		if err != nil || n != 1 {
			t.Errorf("parameters: %d, %v", n, err)
		}
	})
}

const putCredential = `INSERT INTO credentials
	(credential_id, title, tenants, purposes, scopes, environment, expires_at, revoked_at, created_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

func TestRefusedValues(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		write(t, d, "", putMeta, "k", []byte("v"))
		type named string
		var s, dst2 string
		var i int64
		var u uint8
		bad := map[string]func(tx *db.Tx) error{
			"NUL":               func(tx *db.Tx) error { _, err := tx.Exec(putMeta, "a\x00b", []byte{}); return err },
			"invalid UTF-8":     func(tx *db.Tx) error { _, err := tx.Exec(putMeta, "\xff", []byte{}); return err },
			"named type":        func(tx *db.Tx) error { _, err := tx.Exec(putMeta, named("x"), []byte{}); return err },
			"float":             func(tx *db.Tx) error { _, err := tx.Exec(putMeta, 1.5, []byte{}); return err },
			"time":              func(tx *db.Tx) error { _, err := tx.Exec(putMeta, tx.Now(), []byte{}); return err },
			"NULL":              func(tx *db.Tx) error { _, err := tx.Exec(putMeta, "n", nil); return err },
			"too few arguments": func(tx *db.Tx) error { _, err := tx.Exec(putMeta, "n"); return err },
			"too many":          func(tx *db.Tx) error { _, err := tx.Exec(putMeta, "n", []byte{}, 1); return err },
			"text into number":  func(tx *db.Tx) error { return tx.One("SELECT key FROM meta WHERE key = $1", []any{"k"}, &i) },
			"too many dests":    func(tx *db.Tx) error { return tx.One("SELECT key FROM meta WHERE key = $1", []any{"k"}, &s, &dst2) },
			"odd destination":   func(tx *db.Tx) error { return tx.One("SELECT key FROM meta WHERE key = $1", []any{"k"}, &u) },
			"NULL into number": func(tx *db.Tx) error {
				return tx.One("SELECT max(size) FROM ledger_heads WHERE tenant_id = $1", []any{"-"}, &i)
			},
			"check constraint": func(tx *db.Tx) error {
				_, err := tx.Exec(`INSERT INTO tenants (tenant_id, title, region, environment, state, created_at) VALUES ($1, $1, $1, $1, $1, 0)`, "x")
				return err
			},
		}
		for name, fn := range bad {
			if err := d.Write(t.Context(), "-", fn); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		wantKind(t, d.Write(t.Context(), "a\x00", func(*db.Tx) error { return nil }), fault.Invalid)
		wantKind(t, d.Read(t.Context(), "a\xff", func(*db.Tx) error { return nil }), fault.Invalid)
	})
}

func TestConflict(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		write(t, d, "", putMeta, "k", []byte("first"))
		err := d.Write(t.Context(), "", func(tx *db.Tx) error {
			if _, err := tx.Exec(putMeta, "other", []byte{}); err != nil {
				return err
			}
			_, err := tx.Exec(putMeta, "k", []byte("second"))
			return err
		})
		wantKind(t, err, fault.Conflict)
		var value []byte
		wantKind(t, d.Get(t.Context(), "", getMeta, []any{"other"}, &value), fault.NotFound)
		// A failure that fn swallows fails the Write all the same, and nothing runs after it.
		err = d.Write(t.Context(), "", func(tx *db.Tx) error {
			tx.Exec(putMeta, "k", []byte("second"))
			if _, err := tx.Exec(putMeta, "later", []byte{}); !fault.Is(err, fault.Conflict) {
				t.Errorf("a statement after a failure: %v", err)
			}
			return nil
		})
		wantKind(t, err, fault.Conflict)
		wantKind(t, d.Get(t.Context(), "", getMeta, []any{"later"}, &value), fault.NotFound)
	})
}

func TestAffected(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		for i, name := range []string{"a", "b", "c"} {
			write(t, d, "", putMeta, name, []byte{byte(i)})
		}
		counts := []struct {
			query string
			args  []any
			want  int64
		}{
			{`UPDATE meta SET value = $1`, []any{[]byte("x")}, 3},
			{`UPDATE meta SET value = $1 WHERE key = $2`, []any{[]byte("x"), "none"}, 0},
			{`INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, []any{"a", []byte{}}, 0},
			{`INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, []any{"a", []byte{}}, 1},
			{`SELECT key FROM meta`, nil, 0},
			{`DELETE FROM meta WHERE key IN ($1, $2)`, []any{"a", "b"}, 2},
		}
		err := d.Write(t.Context(), "", func(tx *db.Tx) error {
			for _, c := range counts {
				if n, err := tx.Exec(c.query, c.args...); err != nil || n != c.want {
					t.Errorf("%s: %d, %v, want %d", c.query, n, err, c.want)
				}
			}
			var key string
			return tx.One(`INSERT INTO meta (key, value) VALUES ($1, $2) RETURNING key`, []any{"new", []byte{}}, &key)
		})
		if err != nil {
			t.Fatal(err)
		}
		var value []byte
		if err := d.Get(t.Context(), "", getMeta, []any{"new"}, &value); err != nil {
			t.Errorf("what RETURNING inserted: %v", err)
		}
	})
}

func TestEach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		// The order of text is that of its bytes on both engines.
		for _, name := range []string{"b", "a", "Z", "ä", "_", "aa", "A"} {
			write(t, d, "", putMeta, name, []byte(name))
		}
		var got []string
		stop := errors.New("stop")
		err := d.Read(t.Context(), "", func(tx *db.Tx) error {
			err := tx.Each(`SELECT key FROM meta ORDER BY key`, nil, func(scan func(...any) error) error {
				var key string
				err := scan(&key)
				got = append(got, key)
				return err
			})
			if err != nil {
				return err
			}
			err = tx.Each(`SELECT key FROM meta`, nil, func(func(...any) error) error { return stop })
			if err != stop {
				t.Errorf("the error of row became %v", err)
			}
			var n int
			return tx.One(`SELECT count(*) FROM meta`, nil, &n) // the transaction lives on
		})
		if err != nil || strings.Join(got, " ") != "A Z _ a aa b ä" {
			t.Errorf("got %v, %v", got, err)
		}
		err = d.Read(t.Context(), "", func(tx *db.Tx) error {
			return tx.Each(`SELECT key FROM meta`, nil, func(func(...any) error) error {
				var n int
				return tx.One(`SELECT count(*) FROM meta`, nil, &n)
			})
		})
		if err == nil {
			t.Error("a statement inside Each was let through")
		}
	})
}

func TestReadIsReadOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		err := d.Read(t.Context(), "", func(tx *db.Tx) error {
			_, err := tx.Exec(putMeta, "k", []byte{})
			return err
		})
		if err == nil {
			t.Error("a Read wrote")
		}
		var n int
		if err := d.Get(t.Context(), "", `SELECT count(*) FROM meta`, nil, &n); err != nil || n != 0 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}

// TestSnapshot: a Read sees one state, whatever is committed meanwhile.
func TestSnapshot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		write(t, d, "", putMeta, "k", []byte("old"))
		err := d.Read(t.Context(), "", func(tx *db.Tx) error {
			var before, after []byte
			if err := tx.One(getMeta, []any{"k"}, &before); err != nil {
				return err
			}
			write(t, d, "", `UPDATE meta SET value = $1`, []byte("new"))
			if err := tx.One(getMeta, []any{"k"}, &after); err != nil {
				return err
			}
			if string(before) != "old" || string(after) != "old" {
				t.Errorf("saw %s, then %s", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var value []byte
		if err := d.Get(t.Context(), "", getMeta, []any{"k"}, &value); err != nil || string(value) != "new" {
			t.Errorf("a new read saw %s, %v", value, err)
		}
	})
}

func TestReopen(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		write(t, d, "", putMeta, "k", []byte("v"))
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Errorf("a second Close: %v", err)
		}
		var value []byte
		wantKind(t, d.Get(t.Context(), "", getMeta, []any{"k"}, &value), fault.Unavailable)
		wantKind(t, d.Write(t.Context(), "", func(*db.Tx) error { return nil }), fault.Unavailable)
		if err := open().Get(t.Context(), "", getMeta, []any{"k"}, &value); err != nil || string(value) != "v" {
			t.Errorf("after reopening: %q, %v", value, err)
		}
	})
}

func TestFrozenClock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		var asked atomic.Int64
		start := time.Date(2026, 3, 1, 12, 0, 0, 987_654_321, time.FixedZone("east", 3600))
		d := open(func(c *db.Config) {
			c.Now = func() time.Time { return start.Add(time.Duration(asked.Add(1)) * time.Hour) }
		})
		err := d.Write(t.Context(), "", func(tx *db.Tx) error {
			first := tx.Now()
			if tx.Now() != first || first.Nanosecond() != 987_654_000 || first.Location() != time.UTC {
				t.Errorf("now is %v, then %v", first, tx.Now())
			}
			return nil
		})
		if err != nil || asked.Load() != 1 {
			t.Errorf("the clock was read %d times, %v", asked.Load(), err)
		}
	})
}

// TestTxAfterEnd: a Tx that escapes from its fn is of no use.
func TestTxAfterEnd(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		var escaped *db.Tx
		if err := d.Read(t.Context(), "", func(tx *db.Tx) error { escaped = tx; return nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := escaped.Exec(putMeta, "k", []byte{}); err == nil {
			t.Error("a Tx worked after its end")
		}
	})
}

// TestTenants: a tenant's Read and Write see no row of another's.
func TestTenants(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d := open()
		tenants := []string{"a", "b", db.Organisation, `it's; DROP TABLE records; --\'`}
		for i, tenant := range tenants {
			write(t, d, tenant, putRecord, tenant, "s", "d", "r", []byte(tenant), i)
		}
		for i, tenant := range tenants {
			var version, updated int64
			var sealed []byte
			err := d.Get(t.Context(), tenant, getRecord, []any{tenant, "s", "d", "r"}, &version, &sealed, &updated)
			if err != nil || string(sealed) != tenant || updated != int64(i) {
				t.Errorf("tenant %s: %s, %v", tenant, sealed, err)
			}
		}
	})
}
