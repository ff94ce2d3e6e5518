package vault

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
)

func (w *world) session(sub, token string) string {
	w.t.Helper()
	return w.put(of(sub, "sessions", "").under(security), fields("token", token)).Record
}

func TestMemoryOnly(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		target := of(sub, "sessions", w.session(sub, "first")).under(security)
		wantJSON(t, w.get(target).Fields, `{"token":"first"}`)
		if e := w.newest("acme"); e.Kind != "record.read" || e.DataSet != "sessions" || e.Record != target.Record || e.Version != 1 {
			t.Fatalf("entry %+v", e)
		}
		_, err := w.vault.Patch(w.ctx, w.app, target, fields("ip", "10.0.0.1"), Condition{true, 1}, Idempotency{})
		must(t, err)
		wantJSON(t, w.get(target).Fields, `{"token":"first","ip":"10.0.0.1"}`)
		_, err = w.vault.Patch(w.ctx, w.app, target, fields("ip", "10.0.0.1"), Condition{true, 1}, Idempotency{})
		want(t, err, fault.Stale)
		_, err = w.vault.Put(w.ctx, w.app, target, fields("ip", "10.0.0.1"), Condition{}, Idempotency{})
		want(t, err, fault.Invalid)
		w.clock.forward(time.Second)
		second := w.session(sub, "second")
		page, next, err := w.vault.List(w.ctx, w.app, of(sub, "sessions", "").under(security), "", 1)
		if err != nil || len(page) != 1 || page[0].ID != target.Record || next != target.Record {
			t.Fatal(page, next, err)
		}
		page, next, err = w.vault.List(w.ctx, w.app, of(sub, "sessions", "").under(security), next, 1)
		if err != nil || len(page) != 1 || page[0].ID != second || next != "" {
			t.Fatal(page, next, err)
		}
		want(t, w.vault.Delete(w.ctx, w.app, target, Condition{true, 7}), fault.Stale)
		must(t, w.vault.Delete(w.ctx, w.app, target, Condition{true, 2}))
		_, err = w.vault.Get(w.ctx, w.app, target)
		want(t, err, fault.NotFound)

		one := of(sub, "current", "").under(security)
		w.put(one, fields("page", "/home"))
		_, err = w.vault.Put(w.ctx, w.app, one, fields("page", "/home"), Condition{}, Idempotency{})
		want(t, err, fault.Conflict)
		one.Record = single
		if got := w.put(one, fields("page", "/out")); got.Version != 2 {
			t.Fatalf("version %d", got.Version)
		}
		_, err = w.vault.Find(w.ctx, w.app, of("", "sessions", "").under(security), "token", "second")
		want(t, err, fault.Invalid)
		_, err = w.vault.Aggregate(w.ctx, w.app, "acme", security, "sessions", "count", "", "")
		want(t, err, fault.Invalid)

		must(t, w.vault.SetObjection(w.ctx, w.app, "acme", sub, security, true))
		_, err = w.vault.Get(w.ctx, w.app, one)
		want(t, err, fault.Refused)
		w.verified("acme")
	})
}

func TestMemoryOnlyIsGoneAfterRestart(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	target := of(sub, "sessions", w.session(sub, "zqcanaryqz")).under(security)
	backup := w.backup()
	if found := search(t, w.dir, "zqcanaryqz"); len(found) > 0 {
		t.Fatal(found)
	}
	if n := w.rows("acme", "zqcanaryqz"); n != 0 {
		t.Fatalf("%d rows", n)
	}
	_, err := w.restore(backup).vault.Get(w.ctx, w.app, target)
	want(t, err, fault.NotFound)
	w.get(target)
	_, err = w.reopened().vault.Get(w.ctx, w.app, target)
	want(t, err, fault.NotFound)
	_, err = w.vault.Get(w.ctx, w.app, target) // of the vault that was closed
	want(t, err, fault.NotFound)
	_, err = w.vault.Put(w.ctx, w.app, of(sub, "sessions", "").under(security), fields("token", "late"), Condition{}, Idempotency{})
	want(t, err, fault.Unavailable)
	must(t, w.db.Close())
	if found := search(t, w.dir, "zqcanaryqz"); len(found) > 0 {
		t.Fatal(found)
	}
}

func TestMemoryLimit(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	long := strings.Repeat("x", 4000)
	var stored atomic.Int64
	full, _ := count(together(16, func(i int) error {
		for range 30 {
			_, err := w.vault.Put(w.ctx, w.app, of(sub, "sessions", "").under(security), fields("token", long), Condition{}, Idempotency{Key: fmt.Sprintf("key-%08d", stored.Add(1))})
			if err != nil {
				return err
			}
		}
		return nil
	}), fault.Unavailable)
	if w.vault.memory.bytes > w.vault.MemoryMax || w.vault.memory.bytes < w.vault.MemoryMax*9/10 || full == 0 {
		t.Fatalf("%d of %d bytes are held, %d were refused", w.vault.memory.bytes, w.vault.MemoryMax, full)
	}
	// What is there can be read, made smaller, and deleted though it is full; then there is room again.
	page, _, err := w.vault.List(w.ctx, w.app, of(sub, "sessions", "").under(security), "", 2)
	must(t, err)
	w.put(of(sub, "sessions", page[0].ID).under(security), fields("token", "short"))
	must(t, w.vault.Delete(w.ctx, w.app, of(sub, "sessions", page[1].ID).under(security), Condition{}))
	w.session(sub, "room")
	must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", sub))
	if w.vault.memory.bytes != 0 {
		t.Fatalf("%d bytes are held of nobody", w.vault.memory.bytes)
	}
}

// What a failed write had reserved is given back.
func TestMemoryReservation(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	held := w.vault.memory.bytes
	must(t, w.db.Close())
	_, err := w.vault.Put(w.ctx, w.app, of(sub, "sessions", "").under(security), fields("token", "t"), Condition{}, Idempotency{})
	if err == nil || w.vault.memory.bytes != held {
		t.Fatalf("%d bytes held, %v", w.vault.memory.bytes-held, err)
	}
}

func TestMemoryWriters(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	one := of(sub, "current", single).under(security)
	versions := make([]int64, 16)
	together(16, func(i int) error {
		out, err := w.vault.Put(w.ctx, w.app, one, fields("page", "/"), Condition{}, Idempotency{})
		versions[i] = out.Version
		return err
	})
	seen := map[int64]bool{}
	for _, v := range versions {
		seen[v] = true
	}
	if len(seen) != 16 || w.get(one).Version != 16 {
		t.Fatalf("versions %v", versions)
	}
	stale, won := count(together(16, func(int) error {
		_, err := w.vault.Put(w.ctx, w.app, one, fields("page", "/"), Condition{true, 16}, Idempotency{})
		return err
	}), fault.Stale)
	if won != 1 || stale != 15 {
		t.Fatalf("%d won, %d were stale", won, stale)
	}
}

func TestMemoryIdempotency(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	put := func(key Idempotency) (Stored, error) {
		return w.vault.Put(w.ctx, w.app, of(sub, "sessions", "").under(security), fields("token", "t"), Condition{}, key)
	}
	records := make([]string, 16)
	together(16, func(i int) error {
		out, err := put(idem("key-00001", 1))
		records[i] = out.Record
		return err
	})
	for _, r := range records {
		if r != records[0] || r == "" {
			t.Fatalf("records %v", records)
		}
	}
	_, err := put(idem("key-00001", 2))
	want(t, err, fault.Conflict)
	_, err = put(idem(strings.Repeat("k", maxIdempotencyKey+1), 1))
	want(t, err, fault.Invalid)
	if h := w.vault.memory.people[person{"acme", sub}]; len(h.rows) != 1 {
		t.Fatalf("%d records", len(h.rows))
	}
	w.clock.forward(idempotencyKept + time.Minute)
	must(t, w.vault.Sweep(w.ctx))
	again, err := put(idem("key-00001", 1))
	if err != nil || again.Replayed || again.Record == records[0] {
		t.Fatal(again, err)
	}
}

// Another server erased a person: what this one holds of them in memory goes with the next sweep.
func TestMemoryOfPeopleErasedElsewhere(t *testing.T) {
	w := postgresWorld(t)
	sub, kept := w.person(), w.person()
	w.session(sub, "t")
	w.session(kept, "t")
	second := openWorld(t, w.db, w.clock, w.dir, w.keys)
	must(t, second.vault.EraseSubject(w.ctx, w.app, "acme", sub))
	_, _, err := w.vault.List(w.ctx, w.app, of(sub, "sessions", "").under(security), "", 0)
	want(t, err, fault.NotFound)
	must(t, w.vault.Sweep(w.ctx))
	if len(w.vault.memory.people) != 1 {
		t.Fatalf("%d people are in memory", len(w.vault.memory.people))
	}
}
