package vault

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

func TestExpire(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		w.allow("transactions.amount")
		w.vault.sets["transactions"].Keep, w.vault.sets["sessions"].Keep = 24*time.Hour, time.Hour
		sub, held := w.person(), w.person()
		old := w.put(of(sub, "transactions", ""), transaction("1 AED")).Record
		_, err := w.upload(of(sub, "transactions", old), "receipt", strings.NewReader("receipt"))
		must(t, err)
		changed := w.put(of(sub, "transactions", ""), transaction("2 AED")).Record
		kept := w.put(of(held, "transactions", ""), transaction("3 AED")).Record
		w.hold(held, "transactions.amount")
		w.put(of(sub, "identity", ""), identity("z@example.org")) // kept while the account is
		w.put(of(sub, "sessions", "").under(security), fields("token", "t"))
		w.clock.forward(12 * time.Hour)
		w.put(of(sub, "transactions", changed), transaction("4 AED"))
		fresh := w.put(of(sub, "sessions", "").under(security), fields("token", "u")).Record
		must(t, w.vault.Expire(w.ctx))
		if page, _, err := w.vault.List(w.ctx, w.app, of(sub, "sessions", "").under(security), "", 10); err != nil || len(page) != 1 || page[0].ID != fresh {
			t.Fatalf("sessions %+v %v", page, err)
		}
		w.get(of(sub, "transactions", old))
		w.clock.forward(12*time.Hour + time.Minute)
		if n, err := Aged(w.ctx, w.db, []string{"acme", "other"}, "transactions", w.clock.now().Add(-24*time.Hour)); err != nil || n != 1 {
			t.Fatalf("%d records are too old: %v", n, err)
		}
		must(t, w.vault.Expire(w.ctx))
		_, err = w.vault.Get(w.ctx, w.app, of(sub, "transactions", old))
		want(t, err, fault.NotFound)
		w.get(of(sub, "transactions", changed))
		w.get(of(held, "transactions", kept))
		w.get(of(sub, "identity", single))
		var expired []string
		for _, e := range w.entries("acme") {
			if e.Kind == "record.expire" {
				expired = append(expired, e.DataSet)
			}
		}
		slices.Sort(expired)
		if !slices.Equal(expired, []string{"sessions", "sessions", "transactions"}) {
			t.Fatalf("the ledger tells of %v", expired)
		}
		must(t, w.vault.Sweep(w.ctx))
		if left, err := w.vault.Objects.Left(w.ctx, "acme"); err != nil || left != 0 {
			t.Fatalf("%d objects are left: %v", left, err)
		}
		// What a hold keeps of somebody erased goes with the hold, not before.
		must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", held))
		must(t, w.vault.Expire(w.ctx))
		h, err := w.vault.Hold(w.ctx, w.app, "acme", held)
		must(t, err)
		w.get(of(h.Copy, "transactions", kept).under(taxes))
		must(t, w.vault.ReleaseHold(w.ctx, w.app, "acme", held))
		w.verified("acme")
	})
}

// TestSweepsCount: what went is told, by data set, however often the sweep was cut short, once nothing is left.
func TestSweepsCount(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		var told []Swept
		w.vault.Swept = func(_ *db.Tx, s Swept) error {
			told = append(told, s)
			return nil
		}
		sub := w.person()
		w.put(of(sub, "identity", ""), identity("z@example.org"))
		for range 3 {
			rec := w.put(of(sub, "transactions", ""), transaction("7 AED")).Record
			_, err := w.upload(of(sub, "transactions", rec), "receipt", strings.NewReader("receipt"))
			must(t, err)
		}
		_, keys, err := w.vault.tenantKeyIDs(w.ctx, "acme")
		must(t, err)
		must(t, w.vault.EraseTenant(w.ctx, w.admin, "acme"))
		part := &sweep{w.vault, "acme", ""}
		for _, table := range db.Tables() { // a server that died here
			if table.Name == "records" {
				must(t, part.table(w.ctx, table))
			}
		}
		if len(told) != 0 {
			t.Fatal("told before it was over")
		}
		must(t, w.vault.Sweep(w.ctx))
		must(t, w.vault.Sweep(w.ctx))
		want := map[string]int64{"records.identity": 1, "records.transactions": 3, "blobs": 3, "lookups": 1, "subjects": 1}
		if len(told) != 1 || !maps.Equal(told[0].Removed, want) || !slices.Equal(told[0].Keys, idTexts(keys)) || told[0].Erased.IsZero() {
			t.Fatalf("told %+v", told)
		}
		if left, err := w.vault.Objects.Left(w.ctx, "acme"); err != nil || left != 0 {
			t.Fatalf("%d objects are left: %v", left, err)
		}
	})
}

// TestAgain: a tenant of the probes can be made again once it is erased and swept; nothing but its log is left
// of the one before.
func TestAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.vault.Again = []string{"acme"}
		again := func() error {
			_, err := w.vault.CreateTenant(w.ctx, w.admin, Tenant{ID: "acme"})
			return err
		}
		sub := w.person()
		rec := w.put(of(sub, "transactions", ""), transaction("7 AED")).Record
		want(t, again(), fault.Conflict) // it is there
		must(t, w.vault.EraseTenant(w.ctx, w.admin, "acme"))
		want(t, again(), fault.Conflict) // it is not swept
		must(t, w.vault.Sweep(w.ctx))
		size := w.size("acme")
		must(t, again())
		_, err := w.vault.Get(w.ctx, w.app, of(sub, "transactions", rec))
		want(t, err, fault.NotFound)
		next := w.person()
		w.put(of(next, "transactions", ""), transaction("8 AED"))
		if w.size("acme") <= size {
			t.Fatal("the log was begun anew")
		}
		_, _, err = w.reopened().vault.Reconcile(w.ctx)
		must(t, err)
		_, err = w.vault.Standing(w.ctx, w.app, "acme", next)
		must(t, err)
		w.vault.Again = nil
		must(t, w.vault.EraseTenant(w.ctx, w.admin, "acme"))
		must(t, w.vault.Sweep(w.ctx))
		want(t, again(), fault.Conflict)
		w.verified("acme", "_org")
	})
}
