package vault

import (
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
)

func idem(key string, request byte) Idempotency {
	return Idempotency{Key: key, Request: [32]byte{request}}
}

func TestIdempotency(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		put := func(key Idempotency) (Stored, error) {
			return w.vault.Put(w.ctx, w.app, of(sub, "transactions", ""), transaction("1 AED"), Condition{}, key)
		}
		first, err := put(idem("key-00001", 1))
		must(t, err)
		again, err := put(idem("key-00001", 1))
		must(t, err)
		if again.Record != first.Record || again.Version != 1 || !again.Replayed || first.Replayed {
			t.Fatalf("first %+v, again %+v", first, again)
		}
		_, err = put(idem("key-00001", 2))
		want(t, err, fault.Conflict)
		_, err = put(idem(strings.Repeat("k", maxIdempotencyKey+1), 1))
		want(t, err, fault.Invalid)

		// The record has changed since, and is gone: the outcome is the first one all the same.
		w.put(of(sub, "transactions", first.Record), transaction("2 AED"))
		again, err = put(idem("key-00001", 1))
		if err != nil || again.Version != 1 || w.get(of(sub, "transactions", first.Record)).Version != 2 {
			t.Fatal(again, err)
		}
		must(t, w.vault.Delete(w.ctx, w.app, of(sub, "transactions", first.Record), Condition{}))
		if again, err = put(idem("key-00001", 1)); err != nil || again.Record != first.Record {
			t.Fatal(again, err)
		}

		// Another application's key is another key.
		peer := w.app
		peer.Credential.ID = "app_9"
		other, err := w.vault.Put(w.ctx, peer, of(sub, "transactions", ""), transaction("1 AED"), Condition{}, idem("key-00001", 2))
		if err != nil || other.Replayed {
			t.Fatal(other, err)
		}

		// What failed is not remembered.
		bad := fields("date", "never")
		_, err = w.vault.Put(w.ctx, w.app, of(sub, "transactions", ""), bad, Condition{}, idem("key-00002", 1))
		want(t, err, fault.Invalid)
		if again, err = put(idem("key-00002", 1)); err != nil || again.Replayed {
			t.Fatal(again, err)
		}
	})
}

func TestIdempotencyRace(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		outcomes := make([]Stored, 16)
		_, ok := count(together(16, func(i int) (err error) {
			outcomes[i], err = w.vault.Put(w.ctx, w.app, of(sub, "transactions", ""), transaction("1 AED"), Condition{}, idem("key-00001", 1))
			return err
		}), fault.Conflict)
		fresh := 0
		for _, o := range outcomes {
			if o.Record != outcomes[0].Record {
				t.Fatalf("two outcomes: %v", outcomes)
			}
			if !o.Replayed {
				fresh++
			}
		}
		page, _, err := w.vault.List(w.ctx, w.app, of(sub, "transactions", ""), "", 0)
		if err != nil || len(page) != 1 || ok != 16 || fresh != 1 {
			t.Fatalf("%d records, %d answered, %d of them fresh, %v", len(page), ok, fresh, err)
		}

		subjects := make([]string, 16)
		together(16, func(i int) (err error) {
			subjects[i], err = w.vault.CreateSubject(w.ctx, w.app, "acme", idem("key-00003", 1))
			return err
		})
		for _, s := range subjects {
			if s != subjects[0] || s == "" {
				t.Fatalf("two people: %v", subjects)
			}
		}
	})
}

// A key is known for a day, though the epoch turns and the tenant's key with it, and then no more.
func TestIdempotencyOutlivesAnEpoch(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		w.clock.forward(epochFor - time.Hour)
		put := func() Stored {
			t.Helper()
			out, err := w.vault.Put(w.ctx, w.app, of(sub, "transactions", ""), transaction("1 AED"), Condition{}, idem("key-00001", 1))
			must(t, err)
			return out
		}
		first := put()
		w.clock.forward(time.Hour)
		must(t, w.vault.RunKeys(w.ctx))
		if w.ring.Epoch().Number != 2 {
			t.Fatal("the epoch did not turn")
		}
		if again := put(); again.Record != first.Record || !again.Replayed {
			t.Fatalf("again %+v, first %+v", again, first)
		}
		w.clock.forward(idempotencyKept)
		must(t, w.vault.Sweep(w.ctx))
		if again := put(); again.Replayed {
			t.Fatal("the key is still known after a day")
		}
		must(t, w.vault.RunKeys(w.ctx))
		if held, err := w.vault.epochHeld(w.ctx, 1); err != nil || held != "" {
			t.Fatalf("%s still has a key of epoch 1: %v", held, err)
		}
	})
}
