package vault

import (
	"fmt"
	"testing"

	"clause.dev/clause/internal/fault"
)

func (w *world) find(field, value string) []Record {
	w.t.Helper()
	found, err := w.vault.Find(w.ctx, w.app, of("", "identity", ""), field, value)
	must(w.t, err)
	return found
}

func TestFind(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, b := w.person(), w.person()
		w.put(of(a, "identity", ""), fields("first_name", "A", "email", "a@example.org", "phone", "+97140000000"))
		w.put(of(b, "identity", ""), fields("first_name", "B", "email", "b@example.org", "phone", "+97140000000"))
		if found := w.find("email", "A@EXAMPLE.org"); len(found) != 1 || found[0].Subject != a {
			t.Fatalf("found %v", found)
		}
		if found := w.find("phone", "+97140000000"); len(found) != 2 {
			t.Fatalf("found %v", found)
		}
		if e := w.newest("acme"); e.Kind != "record.find" || e.Answer != "allow" || e.Record != single || e.Subject == "" {
			t.Fatalf("entry %+v", e)
		}
		if found := w.find("email", "c@example.org"); len(found) != 0 {
			t.Fatalf("found %v", found)
		}
		if e := w.newest("acme"); e.Reason != "not found" {
			t.Fatalf("entry %+v", e)
		}
		w.put(of(a, "identity", single), identity("new@example.org"))
		if len(w.find("email", "a@example.org"))+len(w.find("phone", "+97140000000")) != 1 || len(w.find("email", "new@example.org")) != 1 {
			t.Fatal("the look-ups are not those of the newest version")
		}
		must(t, w.vault.Delete(w.ctx, w.app, of(a, "identity", single), Condition{}))
		if len(w.find("email", "new@example.org")) != 0 {
			t.Fatal("a deleted record is found")
		}

		_, err := w.vault.Find(w.ctx, w.app, of("", "identity", ""), "first_name", "B")
		want(t, err, fault.Invalid)
		_, err = w.vault.Find(w.ctx, w.app, of("", "identity", ""), "email", "not an address")
		want(t, err, fault.Invalid)
		_, err = w.vault.Find(w.ctx, w.app, of("", "identity", "").under(support), "phone", "+97140000000")
		want(t, err, fault.Refused)
		found, err := w.vault.Find(w.ctx, w.app, of("", "identity", "").under(support), "email", "b@example.org")
		must(t, err)
		wantJSON(t, found[0].Fields, `{"email":"b@example.org"}`)
		_, err = w.vault.Find(w.ctx, w.foreign, of("", "identity", ""), "email", "b@example.org")
		want(t, err, fault.Refused)
	})
}

// People who may not be read for the purpose are left out, and the ledger says so.
func TestFindLeavesOut(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	w.put(of(sub, "identity", ""), identity("a@example.org"))
	must(t, w.vault.SetRestriction(w.ctx, w.app, "acme", sub, true))
	if found := w.find("email", "a@example.org"); len(found) != 0 {
		t.Fatalf("found %v", found)
	}
	if e := w.newest("acme"); e.Answer != "refuse" || e.Clauses[0] != "c-restriction" || e.Subject == "" {
		t.Fatalf("entry %+v", e)
	}
}

func TestUnique(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a, b := w.person(), w.person()
		w.put(of(a, "identity", ""), identity("a@example.org"))
		_, err := w.vault.Put(w.ctx, w.app, of(b, "identity", ""), identity("A@example.org"), Condition{}, Idempotency{})
		want(t, err, fault.Conflict)
		w.put(of(b, "identity", ""), identity("b@example.org"))
		_, err = w.vault.Patch(w.ctx, w.app, of(b, "identity", single), fields("email", "a@example.org"), Condition{}, Idempotency{})
		want(t, err, fault.Conflict)
		w.put(of(a, "identity", single), identity("A@example.org")) // its own
		w.put(of(a, "identity", single), identity("other@example.org"))
		w.put(of(b, "identity", single), identity("a@example.org")) // free again

		// The e-mail address of an erased person is free at once, not only after the sweep.
		must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", b))
		c := w.person()
		w.put(of(c, "identity", ""), identity("a@example.org"))
		must(t, w.vault.Sweep(w.ctx))
		if found := w.find("email", "a@example.org"); len(found) != 1 || found[0].Subject != c {
			t.Fatalf("found %v", found)
		}

		// Two tenants do not know of each other.
		theirs, err := w.vault.CreateSubject(w.ctx, w.app, "other", Idempotency{})
		must(t, err)
		target := of(theirs, "identity", "")
		target.Tenant = "other"
		w.put(target, identity("a@example.org"))
	})
}

func TestUniqueRace(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		subs := make([]string, 16)
		for i := range subs {
			subs[i] = w.person()
		}
		for round := range 3 {
			mail := fmt.Sprintf("round%d@example.org", round)
			conflicts, won := count(together(16, func(i int) error {
				_, err := w.vault.Put(w.ctx, w.app, of(subs[i], "identity", single), identity(mail), Condition{}, Idempotency{})
				return err
			}), fault.Conflict)
			if won != 1 || conflicts != 15 || len(w.find("email", mail)) != 1 {
				t.Fatalf("round %d: %d won, %d were in conflict", round, won, conflicts)
			}
		}
		w.verified("acme")
	})
}

// While an epoch turns, some people's look-ups are under the old key and some under the new one.
func TestUniqueRaceWhileAnEpochTurns(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		holder := w.person()
		w.put(of(holder, "identity", ""), identity("held@example.org"))
		var subs []string
		for i := range 120 {
			subs = append(subs, w.person())
			w.put(of(subs[i], "identity", ""), identity(fmt.Sprintf("p%d@example.org", i)))
		}
		w.clock.forward(epochFor)
		done := make(chan error, 1)
		go func() { done <- w.vault.RunKeys(w.ctx) }()
		for round := range 6 {
			mail := fmt.Sprintf("round%d@example.org", round)
			conflicts, won := count(together(16, func(i int) error {
				to := mail
				if i == 0 {
					to = "held@example.org"
				}
				_, err := w.vault.Put(w.ctx, w.app, of(subs[round*16+i], "identity", single), identity(to), Condition{}, Idempotency{})
				return err
			}), fault.Conflict)
			if won != 1 || conflicts != 15 || len(w.find("email", mail)) != 1 || len(w.find("email", "held@example.org")) != 1 {
				t.Fatalf("round %d: %d won, %d were in conflict", round, won, conflicts)
			}
		}
		must(t, <-done)
		if len(w.find("email", "held@example.org")) != 1 || len(w.find("email", "p119@example.org")) != 1 {
			t.Fatal("a look-up was lost with the epoch")
		}
	})
}
