package identity

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
)

// rotate makes a new key; the others end after a while.
func rotate(t *testing.T, a *Applications, app string, oldEnd time.Time) (Key, string) {
	t.Helper()
	made, key, err := a.Rotate(t.Context(), "ops", app, Rotation{OldEnd: oldEnd})
	if err != nil {
		t.Fatal(err)
	}
	return made, key
}

func sqliteAt(t *testing.T) *db.DB {
	t.Helper()
	c := dbtest.SQLite(t)
	at(now)(&c)
	return dbtest.Open(t, c)
}

// works reports whether a key is taken at a time.
func works(t *testing.T, a *Applications, key string, at time.Time) bool {
	t.Helper()
	app, err := a.Authenticate(t.Context(), key, nil, at)
	if err != nil && !fault.Is(err, fault.Unauthenticated) {
		t.Fatal(err)
	}
	return err == nil && app.ID != ""
}

func TestAKeyTakesThePlaceOfAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		when := now
		d := open(func(c *db.Config) { c.Now = func() time.Time { return when } })
		a := New(d, &gone{})
		endless := shop()
		endless.Expires = time.Time{}
		app, old := create(t, a, endless)
		other, others := create(t, a, endless)
		works(t, a, old, now) // and so it is remembered, without an end
		end := now.Add(24 * time.Hour)
		when = now.Add(time.Second)
		made, key := rotate(t, a, app.ID, end)
		if key == old || !strings.HasPrefix(key, prefix+made.ID+"_") || made.ID == app.ID || !made.Created.Equal(when) {
			t.Fatalf("got %+v, %.23q…", made, key)
		}
		for _, c := range []struct {
			key, name string
			at        time.Time
			want      bool
		}{
			{old, "old", now, true}, {key, "new", now, true}, {others, "another's", now, true}, {old, "old, at its last moment", end.Add(-1), true},
			{old, "old, once its time is over", end, false}, {key, "new", end, true}, {others, "another's", end, true},
		} {
			if got := works(t, a, c.key, c.at); got != c.want {
				t.Errorf("%s at %s: %t", c.name, c.at, got)
			}
		}
		if got, err := a.Authenticate(t.Context(), key, nil, now); err != nil || fmt.Sprint(got) != fmt.Sprint(app) {
			t.Errorf("the new key proves %+v, %v", got, err)
		}
		keys, err := a.Keys(t.Context(), app.ID)
		if err != nil || len(keys) != 2 || keys[0].ID != app.ID || !keys[0].Expires.Equal(end) || keys[1].ID != made.ID || !keys[1].Expires.IsZero() {
			t.Errorf("got %+v, %v", keys, err)
		}
		// Three that go on working would be one that nobody takes out of use.
		if _, _, err := a.Rotate(t.Context(), "ops", app.ID, Rotation{OldEnd: end}); !fault.Is(err, fault.Conflict) {
			t.Errorf("a third key: %v", err)
		}
		if n, err := a.EndKeys(t.Context()); err != nil || n != 0 {
			t.Errorf("ended %d too early, %v", n, err)
		}
		when = end
		for _, want := range []int{1, 0} {
			if n, err := a.EndKeys(t.Context()); err != nil || n != want {
				t.Errorf("ended %d, %v; want %d", n, err, want)
			}
		}
		log := entries(t, d)
		if len(log) != 4 || log[0].Kind != "application.key-end" || log[0].Detail["key"] != app.ID || log[1].Kind != "application.key-rotate" ||
			log[1].Actor != "ops" || log[1].Detail["key"] != made.ID || log[1].Detail["application"] != app.ID || log[1].Detail["old-end"] != end.Format(time.RFC3339) {
			t.Errorf("the ledger says %+v", log)
		}
		if keys, err := a.Keys(t.Context(), other.ID); err != nil || len(keys) != 1 {
			t.Errorf("another's keys: %+v, %v", keys, err)
		}
	})
}

func TestEndKey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		a := New(open(at(now)), &gone{})
		app, old := create(t, a, shop())
		other, others := create(t, a, shop())
		made, key := rotate(t, a, app.ID, now.Add(time.Hour))
		for _, k := range []string{old, key, others} {
			works(t, a, k, now)
		}
		for name, err := range map[string]error{
			"another's key":   a.EndKey(t.Context(), "ops", app.ID, other.ID),
			"no key":          a.EndKey(t.Context(), "ops", app.ID, "x"),
			"no application":  a.EndKey(t.Context(), "ops", strings.Repeat("0", idLen), app.ID),
			"malformed":       a.EndKey(t.Context(), "ops", "\x00", app.ID),
			"rotated nothing": func() error { _, _, err := a.Rotate(t.Context(), "ops", made.ID, Rotation{OldEnd: now}); return err }(),
		} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := a.EndKey(t.Context(), "zoe@example.com", app.ID, app.ID); !fault.Is(err, fault.Invalid) {
			t.Errorf("an actor the ledger must not name: %v", err)
		}
		if err := a.EndKey(t.Context(), "ops", app.ID, app.ID); err != nil {
			t.Fatal(err)
		}
		if works(t, a, old, now) || !works(t, a, key, now) || !works(t, a, others, now) {
			t.Error("the wrong key ended")
		}
		// A leaked only key is ended at once; the application gets another.
		if err := a.EndKey(t.Context(), "ops", app.ID, made.ID); err != nil || works(t, a, key, now) {
			t.Errorf("the last key: %v", err)
		}
		if _, key = rotate(t, a, app.ID, now); !works(t, a, key, now) {
			t.Error("no key after the last")
		}
		// Revoking ends every key.
		if err := a.Revoke(t.Context(), "ops", app.ID); err != nil || works(t, a, key, now) {
			t.Errorf("revoked, yet its key works: %v", err)
		}
		if _, _, err := a.Rotate(t.Context(), "ops", app.ID, Rotation{OldEnd: now}); !fault.Is(err, fault.Conflict) {
			t.Errorf("a revoked application gets a key: %v", err)
		}
	})
}

// Both keys end at once where one leaked and it is not known which.
func TestBothKeysEnd(t *testing.T) {
	a := New(sqliteAt(t), &gone{})
	app, first := create(t, a, shop())
	_, second := rotate(t, a, app.ID, now.Add(time.Hour))
	_, third := rotate(t, a, app.ID, now.Add(-time.Hour))
	if works(t, a, first, now) || works(t, a, second, now) || !works(t, a, third, now) {
		t.Error("the keys before it work, or the new one does not")
	}
}

func TestRotateRefuses(t *testing.T) {
	a := New(sqliteAt(t), &gone{})
	app, key := create(t, a, shop())
	for field, r := range map[string]Rotation{
		"old_end": {}, "old_end ": {OldEnd: now.Add(maxOverlap + time.Hour)},
		"expires": {OldEnd: now, Expires: now}, "expires ": {OldEnd: now, Expires: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		_, secret, err := a.Rotate(t.Context(), "ops", app.ID, r)
		if e, ok := err.(*fault.Error); !ok || e.Kind != fault.Invalid || e.Field != strings.TrimSpace(field) || secret != "" {
			t.Errorf("%+v: %v", r, err)
		}
	}
	if !works(t, a, key, now) {
		t.Error("what was refused ended the key")
	}
	made, key, err := a.Rotate(t.Context(), "ops", app.ID, Rotation{OldEnd: now, Expires: now.Add(time.Minute)})
	if err != nil || !made.Expires.Equal(now.Add(time.Minute)) || !works(t, a, key, now) || works(t, a, key, now.Add(time.Minute)) {
		t.Errorf("a key with an end of its own: %+v, %v", made, err)
	}
}

// A store from before a key ended does not bring it back; one that cannot be put on the list has not ended.
func TestAnEndOutlivesTheStore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		d, list := open(at(now)), &gone{}
		a := New(d, list)
		app, old := create(t, a, shop())
		made, key := rotate(t, a, app.ID, now.Add(time.Hour))
		list.fail = fault.New("test", fault.Unavailable, "the disk is full")
		if err := a.EndKey(t.Context(), "ops", app.ID, app.ID); !fault.Is(err, fault.Unavailable) || !works(t, a, old, now) {
			t.Errorf("got %v", err)
		}
		list.fail = nil
		if err := a.EndKey(t.Context(), "ops", app.ID, app.ID); err != nil {
			t.Fatal(err)
		}
		// The store as it was restored.
		err := d.Write(t.Context(), db.Organisation, func(tx *db.Tx) error {
			if err := insertKey(tx, app.ID, Key{ID: app.ID, Created: now}, hashOf(old)); err != nil {
				return err
			}
			_, err := tx.Exec(`DELETE FROM meta WHERE key = $1`, keyring.StoreMark+keyOfKey(app.ID).String())
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if a = New(d, list); !works(t, a, old, now) {
			t.Fatal("the test does not bring the key back")
		}
		for _, want := range []int{1, 0} {
			if got, err := a.Reconcile(t.Context()); err != nil || got != want {
				t.Fatalf("ended %d again, %v; want %d", got, err, want)
			}
		}
		if works(t, a, old, now) || !works(t, a, key, now) {
			t.Errorf("an ended key came back, or %s went with it", made.ID)
		}
	})
}
