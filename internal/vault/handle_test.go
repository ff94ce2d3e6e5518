package vault

import (
	"bytes"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

func (w *world) handle(sub, value string) error {
	return w.db.Write(w.ctx, "acme", func(tx *db.Tx) error { return w.vault.Handle(tx, sub, "sign-in", value) })
}

func (w *world) handled(kind, value string) (sub string, err error) {
	err = w.db.Read(w.ctx, "acme", func(tx *db.Tx) (err error) {
		sub, err = w.vault.Handled(tx, kind, value)
		return err
	})
	return sub, err
}

// rawHandles is every byte that is stored of handles.
func (w *world) rawHandles() (all []byte) {
	w.t.Helper()
	must(w.t, w.db.Read(w.ctx, "acme", func(tx *db.Tx) error {
		all = nil
		return tx.Each(`SELECT hash, sealed FROM handles WHERE tenant_id = 'acme' ORDER BY hash`, nil, func(scan func(...any) error) error {
			var hash, sealed []byte
			err := scan(&hash, &sealed)
			all = append(append(all, hash...), sealed...)
			return err
		})
	}))
	return all
}

// TestHandles: one person's alone, found whatever epoch it is, and gone with them.
func TestHandles(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ana, ben := w.person(), w.person()
		const value = "https://id.example\nana-1"
		must(t, w.handle(ana, value))
		must(t, w.handle(ana, value))
		must(t, w.handle(ben, "https://id.example\nben-1"))
		want(t, w.handle(ben, value), fault.Conflict)
		if sub, err := w.handled("sign-in", value); sub != ana || err != nil {
			t.Fatalf("it is %q's, %v", sub, err)
		}
		_, err := w.handled("another", value)
		want(t, err, fault.NotFound)
		before := w.rawHandles()
		if len(before) == 0 || bytes.Contains(before, []byte("ana-1")) {
			t.Fatal("a handle is stored as it is")
		}

		w.clock.forward(epochFor)
		must(t, w.vault.RunKeys(w.ctx))
		if after := w.rawHandles(); bytes.Contains(after, before[:32]) || len(after) != len(before) {
			t.Error("the hash outlived its epoch")
		}
		w = w.reopened()
		if sub, err := w.handled("sign-in", value); sub != ana || err != nil {
			t.Fatalf("in the next epoch it is %q's, %v", sub, err)
		}
		must(t, w.db.Read(w.ctx, "acme", func(tx *db.Tx) error {
			all, err := w.vault.Handles(tx, ana, "sign-in")
			if len(all) != 1 || all[0] != value {
				t.Errorf("Ana has %q", all)
			}
			return err
		}))

		must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", ana))
		_, err = w.handled("sign-in", value)
		want(t, err, fault.NotFound)
		must(t, w.handle(ben, value)) // before the sweep came
		w.swept(ana)
		if sub, err := w.handled("sign-in", value); sub != ben || err != nil {
			t.Errorf("after the sweep it is %q's, %v", sub, err)
		}
		drop := func(sub string) error {
			return w.db.Write(w.ctx, "acme", func(tx *db.Tx) error { return w.vault.DropHandle(tx, sub, "sign-in", value) })
		}
		want(t, drop(ana), fault.NotFound)
		must(t, drop(ben))
		_, err = w.handled("sign-in", value)
		want(t, err, fault.NotFound)
	})
}
