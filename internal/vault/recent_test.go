package vault

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// agrees fails unless the vault says of each record what a vault says that has only just opened the
// store, and so remembers nothing.
func (w *world) agrees(targets []Target) {
	w.t.Helper()
	fresh := openWorld(w.t, w.db, w.clock, w.dir, w.keys)
	for _, target := range targets {
		a, errA := w.vault.Get(w.ctx, w.app, target)
		b, errB := fresh.vault.Get(w.ctx, w.app, target)
		if fault.KindOf(errA) != fault.KindOf(errB) || (errA == nil) != (errB == nil) || a.Version != b.Version || !bytes.Equal(a.Fields, b.Fields) {
			w.t.Fatalf("remembered: version %d %s %v; in the store: version %d %s %v", a.Version, a.Fields, errA, b.Version, b.Fields, errB)
		}
	}
}

// Whatever is changed, by whomever, in transactions that are shared and that fail, what is remembered of
// people and their records is what is in the store.
func TestRememberedIsCurrent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		subs := make([]string, 6)
		var targets []Target
		for i := range subs {
			subs[i] = w.person()
			w.put(of(subs[i], "identity", ""), identity(fmt.Sprintf("p%d@example.org", i)))
			record := w.put(of(subs[i], "transactions", ""), transaction("1 AED")).Record
			targets = append(targets, of(subs[i], "identity", single), of(subs[i], "transactions", record), of(subs[i], "transactions", record).under(insights))
		}
		rounds := 6
		if w.db.Dialect() == db.Postgres { // where nothing is remembered
			rounds = 1
		}
		for round := range rounds {
			for _, err := range together(8, func(g int) error {
				for range 25 {
					if err := w.stir(targets[rand.IntN(len(targets))], fmt.Sprintf("g%d@example.org", g)); err != nil {
						return err
					}
				}
				return nil
			}) {
				must(t, err)
			}
			w.agrees(targets)
			switch round {
			case 1:
				w.clock.forward(epochFor)
				must(t, w.vault.RunKeys(w.ctx))
			case 2:
				must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", subs[0]))
			case 4:
				must(t, w.vault.EraseTenant(w.ctx, w.admin, "acme"))
			}
			w.agrees(targets)
		}
		w.verified("acme")
	})
}

// stir does something to a record or its person, and swallows what may well be refused.
func (w *world) stir(target Target, mail string) (err error) {
	switch rand.IntN(8) {
	case 0:
		err = w.vault.SetConsent(w.ctx, w.app, "acme", target.Subject, insights, rand.IntN(2) == 0)
	case 1:
		some := map[string]Fields{"identity": fields("nick", mail), "transactions": fields("note", mail)}
		_, err = w.vault.Patch(w.ctx, w.app, target.under(account), some[target.DataSet], Condition{}, Idempotency{})
	case 2: // one half works, the other does not: all of it is undone
		_, err = w.vault.Batch(w.ctx, w.app, "acme", account, []BatchOp{
			{Action: "put", Subject: target.Subject, DataSet: "identity", Record: single, Fields: identity(mail)},
			{Action: "patch", Subject: target.Subject, DataSet: "identity", Record: single, Fields: fields("email", "no address")},
		}, Idempotency{})
	case 3:
		_, err = w.vault.Put(w.ctx, w.app, of(target.Subject, "identity", single), identity(mail), Condition{}, Idempotency{})
	case 4:
		if target.DataSet == "transactions" {
			_, err = w.vault.Put(w.ctx, w.app, target.under(account), transaction(fmt.Sprint(rand.IntN(1000), " AED")), Condition{}, Idempotency{})
		}
	case 5:
		err = w.vault.Delete(w.ctx, w.app, of(target.Subject, "identity", single), Condition{})
	default:
		_, err = w.vault.Get(w.ctx, w.app, target)
	}
	switch fault.KindOf(err) {
	case fault.Unavailable, fault.Other:
		return err
	}
	return nil
}

// A change whose commit failed did not happen, and is not remembered.
func TestRememberedAfterAFailedCommit(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	w.put(of(sub, "identity", ""), identity("z@example.org"))
	tx := w.put(of(sub, "transactions", ""), transaction("1 AED")).Record
	targets := []Target{of(sub, "identity", single), of(sub, "transactions", tx).under(insights)}
	w.agrees(targets)
	t.Run("on a full disk", func(t *testing.T) {
		fillDisk(t, w)
		_, err := w.vault.Patch(w.ctx, w.app, targets[0], fields("nick", "N"), Condition{}, Idempotency{})
		if !failed(err) {
			t.Fatal(err)
		}
		if err := w.vault.SetConsent(w.ctx, w.app, "acme", sub, insights, true); !failed(err) {
			t.Fatal(err)
		}
		if err := w.vault.Delete(w.ctx, w.app, targets[0], Condition{}); !failed(err) {
			t.Fatal(err)
		}
	})
	w.agrees(targets)
	if v := w.get(targets[0]).Version; v != 1 {
		t.Fatalf("version %d", v)
	}
}

// Each kind of change is seen by the next read of what was just read.
func TestRememberedAfterEachChange(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, change := range map[string]func(sub, tx string) error{
			"put": func(sub, tx string) error {
				_, err := w.vault.Put(w.ctx, w.app, of(sub, "transactions", tx), transaction("2 AED"), Condition{}, Idempotency{})
				return err
			},
			"patch": func(sub, tx string) error {
				_, err := w.vault.Patch(w.ctx, w.app, of(sub, "transactions", tx), fields("note", "N"), Condition{}, Idempotency{})
				return err
			},
			"delete": func(sub, tx string) error {
				return w.vault.Delete(w.ctx, w.app, of(sub, "transactions", tx), Condition{})
			},
			"batch": func(sub, tx string) error {
				_, err := w.vault.Batch(w.ctx, w.app, "acme", account, []BatchOp{{Action: "delete", Subject: sub, DataSet: "transactions", Record: tx}}, Idempotency{})
				return err
			},
			"upload": func(sub, tx string) error {
				_, err := w.upload(of(sub, "transactions", tx), "receipt", bytes.NewReader([]byte("paid")))
				return err
			},
			"withdrawal":  func(sub, _ string) error { return w.vault.SetConsent(w.ctx, w.app, "acme", sub, insights, false) },
			"restriction": func(sub, _ string) error { return w.vault.SetRestriction(w.ctx, w.app, "acme", sub, true) },
			"erasure":     func(sub, _ string) error { return w.vault.EraseSubject(w.ctx, w.app, "acme", sub) },
			"epoch":       func(string, string) error { w.clock.forward(epochFor); return w.vault.RunKeys(w.ctx) },
		} {
			sub := w.person()
			tx := w.put(of(sub, "transactions", ""), transaction("1 AED")).Record
			must(t, w.vault.SetConsent(w.ctx, w.app, "acme", sub, insights, true))
			targets := []Target{of(sub, "transactions", tx), of(sub, "transactions", tx).under(insights)}
			w.agrees(targets)
			if err := change(sub, tx); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			w.agrees(targets)
		}
	})
}
