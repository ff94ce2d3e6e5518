package vault

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
)

// crowd makes people with an e-mail address each.
func (w *world) crowd(n int) (subs []string) {
	w.t.Helper()
	for i := range n {
		sub := w.person()
		w.put(of(sub, "identity", ""), identity(fmt.Sprintf("p%d@example.org", i)))
		subs = append(subs, sub)
	}
	return subs
}

// allThere fails unless everybody can be read and found, and their addresses are taken.
func (w *world) allThere(subs []string) {
	w.t.Helper()
	for i, sub := range subs {
		mail := fmt.Sprintf("p%d@example.org", i)
		w.get(of(sub, "identity", single))
		if found := w.find("email", mail); len(found) != 1 || found[0].Subject != sub {
			w.t.Fatalf("%s: found %v", mail, found)
		}
		if i%10 == 0 {
			_, err := w.vault.Put(w.ctx, w.app, of(subs[(i+1)%len(subs)], "identity", single), identity(mail), Condition{}, Idempotency{})
			want(w.t, err, fault.Conflict)
		}
	}
}

func TestRunKeys(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		subs := w.crowd(rewrapSubjects + 5)
		must(t, w.vault.RunKeys(w.ctx))
		if n := w.ring.Epoch().Number; n != 1 {
			t.Fatalf("epoch %d at once", n)
		}
		w.clock.forward(epochFor - time.Minute)
		must(t, w.vault.RunKeys(w.ctx))
		if n := w.ring.Epoch().Number; n != 1 {
			t.Fatalf("epoch %d before its time", n)
		}
		w.clock.forward(time.Minute)
		must(t, w.vault.RunKeys(w.ctx))
		if n := w.ring.Epoch().Number; n != 2 {
			t.Fatalf("epoch %d", n)
		}
		if held, err := w.vault.epochHeld(w.ctx, 1); held != "" || err != nil {
			t.Fatalf("%s is still under epoch 1: %v", held, err)
		}
		if e := w.newest("_org"); e.Kind != "epoch.begin" || e.Detail["epoch"] != "2" {
			t.Fatalf("entry %+v", e)
		}
		w.allThere(subs)
		w.reopened().allThere(subs)
		w.verified("acme", "_org")
	})
}

// Interrupted after any of its transactions it goes on where it was, and in the middle people can be
// read, found, and told apart.
func TestRewrapInterrupted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		subs := w.crowd(2*rewrapSubjects + 3)
		w.clock.forward(epochFor)
		must(t, w.vault.turn(w.ctx, w.clock.now()))
		w.allThere(subs[:20])
		must(t, w.vault.insertTenantKey(w.ctx, "acme"))
		steps := 0
		for done := false; !done; steps++ {
			w = w.reopened()
			w.allThere(subs[:20])
			var err error
			done, err = w.vault.rewrapSome(w.ctx, "acme")
			must(t, err)
		}
		if steps != 5 { // three portions, the old key, and the look that finds nothing to do
			t.Fatalf("%d steps", steps)
		}
		w.allThere(subs)
		cancelled, cancel := context.WithCancel(w.ctx)
		cancel()
		if err := w.vault.RunKeys(cancelled); err == nil {
			t.Fatal("it does not stop when told to")
		}
		must(t, w.vault.RunKeys(w.ctx))
		w.allThere(subs)
	})
}

// The key of an epoch is destroyed when its backup horizon has passed, not before; what lives, lives on,
// and a backup of that epoch is noise.
func TestEpochDestroyedAtTheHorizon(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		subs := w.crowd(3)
		var backup bytes.Buffer
		_, err := w.vault.Backup(w.ctx, &backup, nil)
		must(t, err)
		w.clock.forward(epochFor)
		must(t, w.vault.RunKeys(w.ctx))
		ended := w.ring.Epochs()[0].Ended
		w.clock.forward(ended.Add(horizon).Sub(w.clock.now()) - time.Second)
		must(t, w.vault.RunKeys(w.ctx)) // which begins an epoch, late, and destroys none
		if e := w.ring.Epochs()[0]; !e.Destroyed.IsZero() {
			t.Fatalf("destroyed %s before its time", ended.Add(horizon).Sub(e.Destroyed))
		}
		w.restore(backup.Bytes()).allThere(subs)
		w.clock.forward(time.Second)
		must(t, w.vault.RunKeys(w.ctx))
		if e := w.ring.Epochs()[0]; e.Destroyed.IsZero() {
			t.Fatal("the epoch outlives its horizon")
		}
		if e := w.newest("_org"); e.Kind != "epoch.destroy" || e.Detail["epoch"] != "1" {
			t.Fatalf("entry %+v", e)
		}
		w.allThere(subs)
		_, _, _, err = w.empty().vault.Restore(w.ctx, bytes.NewReader(backup.Bytes()), nil)
		want(t, err, fault.Erased)
		w.reopened().allThere(subs)
	})
}

// An epoch under which a tenant still has a key is not destroyed, whatever the time.
func TestHeldEpochIsNotDestroyed(t *testing.T) {
	w := sqliteWorld(t)
	subs := w.crowd(2)
	w.clock.forward(epochFor)
	must(t, w.vault.turn(w.ctx, w.clock.now()))
	w.clock.forward(horizon * 2)
	want(t, w.vault.destroyEpochs(w.ctx), fault.Conflict)
	w.allThere(subs)
	must(t, w.vault.RunKeys(w.ctx))
	w.allThere(subs)
	if e := w.ring.Epochs()[0]; e.Destroyed.IsZero() {
		t.Fatal("the epoch outlives its horizon")
	}
}

// A second server on the same store and key folder hears of an epoch that the first began, and of people
// that the first erased.
func TestAnotherServersEpoch(t *testing.T) {
	w := postgresWorld(t)
	subs := w.crowd(3)
	second := openWorld(t, w.db, w.clock, w.dir, w.keys)
	second.allThere(subs)
	w.clock.forward(epochFor)
	must(t, w.vault.RunKeys(w.ctx))
	second.allThere(subs)
	must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", subs[2]))
	_, err := second.vault.Get(w.ctx, w.app, of(subs[2], "identity", single))
	want(t, err, fault.NotFound)
	must(t, second.vault.RunKeys(w.ctx))
	second.allThere(subs[:2])
	must(t, second.vault.EraseTenant(w.ctx, w.admin, "acme"))
	_, err = w.vault.Get(w.ctx, w.app, of(subs[0], "identity", single))
	if !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Erased) {
		t.Fatal(err)
	}
}

// A backup that begins while an epoch has only begun to turn brings everybody under the newest epoch
// first: its keys live as long as itself.
func TestBackupOfAHalfTurnedEpoch(t *testing.T) {
	w := sqliteWorld(t)
	subs := w.crowd(3)
	w.clock.forward(epochFor)
	must(t, w.vault.turn(w.ctx, w.clock.now()))
	must(t, w.vault.insertTenantKey(w.ctx, "acme"))
	backup := w.backup()
	w.clock.forward(horizon + time.Second)
	must(t, w.vault.RunKeys(w.ctx))
	if e := w.ring.Epochs()[0]; e.Destroyed.IsZero() {
		t.Fatal("the epoch outlives its horizon")
	}
	next := w.restore(backup)
	next.allThere(subs)
	next.put(of(subs[0], "transactions", ""), transaction("1 AED"))
	must(t, next.vault.RunKeys(w.ctx))
	next.allThere(subs)
}

// Destroyed keys are forgotten once no copy of them can open any more, and not before.
func TestDestroyedKeysAreForgotten(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		subs := w.crowd(3)
		backup := w.backup()
		must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", subs[2]))
		marks := func() (n int64) {
			must(t, w.db.Get(w.ctx, "", `SELECT COUNT(*) FROM meta WHERE key LIKE 'destroyed:%'`, nil, &n))
			return n
		}
		w.clock.forward(epochFor)
		must(t, w.vault.RunKeys(w.ctx))
		w.clock.forward(horizon - time.Minute)
		must(t, w.vault.RunKeys(w.ctx))
		if len(w.ring.DestroyedAll()) != 1 || marks() != 1 {
			t.Fatalf("%d destroyed keys are listed, %d noted", len(w.ring.DestroyedAll()), marks())
		}
		if _, err := w.restore(backup).vault.Get(w.ctx, w.app, of(subs[2], "identity", single)); !fault.Is(err, fault.NotFound) {
			t.Fatal(err)
		}
		w.clock.forward(time.Minute)
		must(t, w.vault.RunKeys(w.ctx))
		if len(w.ring.DestroyedAll()) != 0 || marks() != 0 {
			t.Fatalf("%d destroyed keys are listed, %d noted", len(w.ring.DestroyedAll()), marks())
		}
		_, _, _, err := w.empty().vault.Restore(w.ctx, bytes.NewReader(backup), nil)
		want(t, err, fault.Erased)
		people, tenants, err := w.reopened().vault.Reconcile(w.ctx)
		if people+tenants != 0 || err != nil {
			t.Fatal(people, tenants, err)
		}
		w.allThere(subs[:2])
	})
}
