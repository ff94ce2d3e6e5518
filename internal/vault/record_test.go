package vault

import (
	"slices"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
)

func TestPutGet(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		target := of(sub, "identity", "")
		stored := w.put(target, identity("z@Example.ORG"))
		if stored.Record != single || stored.Version != 1 {
			t.Fatalf("stored %+v", stored)
		}
		target.Record = single
		got := w.get(target)
		wantJSON(t, got.Fields, `{"first_name":"Zaynab","email":"z@example.org"}`)
		if got.ID != single || got.Subject != sub || got.DataSet != "identity" || got.Version != 1 || !got.Created.Equal(got.Updated) {
			t.Fatalf("got %+v", got)
		}
		if !slices.Contains(got.Clauses, "c-contract") {
			t.Fatalf("the read rests on %v", got.Clauses)
		}
		e := w.newest("acme")
		if e.Kind != "record.read" || e.Answer != "allow" || e.Actor != "app_1" || e.DataSet != "identity" || e.Record != single ||
			e.Version != 1 || e.Purpose != account || len(e.Subject) != aliasLength {
			t.Fatalf("entry %+v", e)
		}
		w.clock.forward(time.Hour)
		w.put(target, fields("first_name", "Zed", "email", "zed@example.org"))
		got = w.get(target)
		wantJSON(t, got.Fields, `{"first_name":"Zed","email":"zed@example.org"}`)
		if got.Version != 2 || got.Updated.Sub(got.Created) < time.Hour {
			t.Fatalf("got %+v", got)
		}
		w.verified("acme", "_org")
	})
}

func TestProjection(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	w.put(of(sub, "identity", ""), identity("z@example.org"))
	target := of(sub, "identity", single)
	wantJSON(t, w.get(target.under(support)).Fields, `{"email":"z@example.org"}`)
	target.Fields = []string{"first_name"}
	wantJSON(t, w.get(target).Fields, `{"first_name":"Zaynab"}`)
	_, err := w.vault.Get(w.ctx, w.app, target.under(support))
	want(t, err, fault.Refused)
	if fault.ClauseOf(err) != "c-fields" {
		t.Fatal(err)
	}
}

// A purpose that sees a part of a record keeps the rest when it puts.
func TestPutKeepsTheRest(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	w.put(of(sub, "identity", ""), fields("first_name", "Zaynab", "email", "z@example.org", "nick", "Z"))
	target := of(sub, "identity", single)
	w.put(target.under(support), fields("email", "new@example.org"))
	wantJSON(t, w.get(target).Fields, `{"first_name":"Zaynab","email":"new@example.org","nick":"Z"}`)
	w.put(target, identity("new@example.org")) // one that sees all replaces all
	wantJSON(t, w.get(target).Fields, `{"first_name":"Zaynab","email":"new@example.org"}`)
	_, err := w.vault.Put(w.ctx, w.app, target.under(support), fields("email", "n@example.org", "nick", "N"), Condition{}, Idempotency{})
	want(t, err, fault.Refused)
	sub2 := w.person()
	_, err = w.vault.Put(w.ctx, w.app, of(sub2, "identity", "").under(support), fields("email", "n@example.org"), Condition{}, Idempotency{})
	want(t, err, fault.Invalid) // it cannot give the first name, which is required
}

func TestPatch(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		w.put(of(sub, "identity", ""), fields("first_name", "Zaynab", "email", "z@example.org", "nick", "Z"))
		target := of(sub, "identity", single)
		patch := func(f Fields) error {
			_, err := w.vault.Patch(w.ctx, w.app, target, f, Condition{}, Idempotency{})
			return err
		}
		must(t, patch(fields("first_name", "Zed")))
		must(t, patch(fields("nick", nil)))
		wantJSON(t, w.get(target).Fields, `{"first_name":"Zed","email":"z@example.org"}`)
		want(t, patch(fields("first_name", nil)), fault.Invalid)
		want(t, patch(fields("undeclared", 1)), fault.Refused)
		if v := w.get(target).Version; v != 3 {
			t.Fatalf("version %d", v)
		}
		target.Record = newRecordID(w.clock.now())
		want(t, patch(fields("nick", "Y")), fault.NotFound)
		target = of(w.person(), "identity", single)
		want(t, patch(fields("nick", "Y")), fault.NotFound)
	})
}

func TestConditions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		put := func(record string, version int64) error {
			_, err := w.vault.Put(w.ctx, w.app, of(sub, "identity", record), identity("z@example.org"), Condition{true, version}, Idempotency{})
			return err
		}
		want(t, put(single, 1), fault.Stale)
		must(t, put(single, 0))
		want(t, put(single, 0), fault.Stale)
		want(t, put("", 0), fault.Stale)
		want(t, put(single, 2), fault.Stale)
		must(t, put(single, 1))
		_, err := w.vault.Put(w.ctx, w.app, of(sub, "identity", ""), identity("z@example.org"), Condition{}, Idempotency{})
		want(t, err, fault.Conflict)
		want(t, w.vault.Delete(w.ctx, w.app, of(sub, "identity", single), Condition{true, 1}), fault.Stale)
		must(t, w.vault.Delete(w.ctx, w.app, of(sub, "identity", single), Condition{true, 2}))
		want(t, w.vault.Delete(w.ctx, w.app, of(sub, "identity", single), Condition{}), fault.NotFound)
		_, err = w.vault.Get(w.ctx, w.app, of(sub, "identity", single))
		want(t, err, fault.NotFound)

		// Of 16 writers that all saw version 1 one wins.
		must(t, put(single, 0))
		stale, won := count(together(16, func(int) error { return put(single, 1) }), fault.Stale)
		if won != 1 || stale != 15 {
			t.Fatalf("%d won, %d were stale", won, stale)
		}
	})
}

func TestRecordIDs(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	for _, record := range []string{"main", "mine", "rec_", "../../etc", "rec_" + "0123456789abcdefghjkmnpqrs", "x\x00", "\xff"} {
		_, err := w.vault.Put(w.ctx, w.app, of(sub, "transactions", record), transaction("1 AED"), Condition{}, Idempotency{})
		want(t, err, fault.NotFound) // ids of many records are given, not taken
		_, err = w.vault.Get(w.ctx, w.app, of(sub, "transactions", record))
		want(t, err, fault.NotFound)
		want(t, w.vault.Delete(w.ctx, w.app, of(sub, "transactions", record), Condition{}), fault.NotFound)
	}
	for _, subject := range []string{"", "sub_", "nobody", "sub_0123456789abcdefghjkmnpqrs", "x\x00", "\xff"} {
		_, err := w.vault.Get(w.ctx, w.app, of(subject, "identity", single))
		want(t, err, fault.NotFound)
		_, err = w.vault.Put(w.ctx, w.app, of(subject, "identity", ""), identity("z@example.org"), Condition{}, Idempotency{})
		want(t, err, fault.NotFound)
	}
}

func TestList(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		var made []string
		for range 7 {
			w.clock.forward(time.Second)
			made = append(made, w.put(of(sub, "transactions", ""), transaction("1.00 AED")).Record)
		}
		w.put(of(w.person(), "transactions", ""), transaction("1.00 AED"))
		var seen []string
		pages := 0
		for after := ""; ; pages++ {
			page, next, err := w.vault.List(w.ctx, w.app, of(sub, "transactions", ""), after, 3)
			must(t, err)
			for _, r := range page {
				seen = append(seen, r.ID)
			}
			e := w.newest("acme")
			if e.Kind != "record.list" || e.Detail["from"] != page[0].ID || e.Detail["to"] != page[len(page)-1].ID {
				t.Fatalf("entry %+v", e)
			}
			if after = next; next == "" {
				break
			}
		}
		if !slices.Equal(seen, made) || pages != 2 {
			t.Fatalf("%d pages: %v, made %v", pages, seen, made)
		}
		page, next, err := w.vault.List(w.ctx, w.app, of(sub, "files", ""), "", 0)
		if err != nil || len(page) != 0 || next != "" {
			t.Fatal(page, next, err)
		}
		_, _, err = w.vault.List(w.ctx, w.app, of(sub, "transactions", ""), "nonsense", 3)
		want(t, err, fault.Invalid)
		_, _, err = w.vault.List(w.ctx, w.app, of("sub_none", "transactions", ""), "", 3)
		want(t, err, fault.NotFound)
	})
}
