package vault

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
)

// allow lets the world's policy keep the fields of people who are erased, for a year.
func (w *world) allow(fields ...string) *world {
	w.vault.Retained = Retained{Clause: "c-retained", Fields: fields, Longest: func(from time.Time) time.Time { return from.AddDate(1, 0, 0) }}
	return w
}

// hold places a hold for a month.
func (w *world) hold(subject string, fields ...string) Hold {
	w.t.Helper()
	h, err := w.vault.PlaceHold(w.ctx, w.app, "acme", subject, "case-1", fields, w.clock.now().AddDate(0, 1, 0))
	must(w.t, err)
	return h
}

func TestPlaceHold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		month := w.clock.now().AddDate(0, 1, 0)
		place := func(reason string, until time.Time, fields ...string) error {
			_, err := w.vault.PlaceHold(w.ctx, w.app, "acme", sub, reason, fields, until)
			return err
		}
		want(t, place("case-1", month, "identity.email"), fault.Refused) // the policy allows nothing
		w.allow("identity.email", "identity.first_name", "transactions.amount")
		want(t, place("", month, "identity.email"), fault.Invalid)
		want(t, place("Mr Smith v. us", month, "identity.email"), fault.Invalid)
		want(t, place("case-1", time.Time{}, "identity.email"), fault.Invalid)
		want(t, place("case-1", w.clock.now(), "identity.email"), fault.Invalid)
		want(t, place("case-1", w.clock.now().AddDate(1, 0, 1), "identity.email"), fault.Refused)
		want(t, place("case-1", month), fault.Invalid)
		want(t, place("case-1", month, "identity.passport"), fault.Invalid)
		want(t, place("case-1", month, "transactions.receipt"), fault.Invalid) // a blob
		want(t, place("case-1", month, "sessions.token"), fault.Invalid)       // in memory
		want(t, place("case-1", month, "identity.phone"), fault.Refused)       // not allowed
		_, err := w.vault.PlaceHold(w.ctx, w.foreign, "acme", sub, "case-1", []string{"identity.email"}, month)
		want(t, err, fault.Refused)
		_, err = w.vault.Hold(w.ctx, w.app, "acme", sub)
		want(t, err, fault.NotFound)
		h := w.hold(sub, "identity.phone", "identity.email")
		if !slices.Equal(h.Keeps, []string{"identity.email"}) || h.Copy != "" {
			t.Fatalf("hold %+v", h)
		}
		want(t, place("case-2", month, "identity.email"), fault.Conflict)
		if e := w.entries("acme")[1]; e.Kind != "hold.place" || e.Detail["hold"] != h.ID || !slices.Contains(e.Clauses, "c-retained") {
			t.Fatalf("entry %+v", e)
		}
		must(t, w.vault.ReleaseHold(w.ctx, w.app, "acme", sub))
		want(t, w.vault.ReleaseHold(w.ctx, w.app, "acme", sub), fault.NotFound)
		want(t, place("case-1", month, "sub_nobody"), fault.Invalid)
		w.verified("acme")
	})
}

// TestErasedUnderAHold: what is kept can be read for the legal obligation, and nothing else of it or of the
// person can be had or done, now or later.
func TestErasedUnderAHold(t *testing.T) {
	everywhere(t, func(t *testing.T, w *world) {
		w.allow("identity.email", "transactions.amount", "transactions.date")
		sub := w.person()
		w.put(of(sub, "identity", ""), identity("z@example.org"))
		rec := w.put(of(sub, "transactions", ""), transaction("7 AED")).Record
		_, err := w.upload(of(sub, "transactions", rec), "receipt", bytes.NewReader([]byte("receipt")))
		must(t, err)
		w.hold(sub, "identity.email", "identity.first_name", "transactions.amount")
		must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", sub))
		h, err := w.vault.Hold(w.ctx, w.app, "acme", sub)
		must(t, err)
		if h.Copy == "" || !slices.Equal(h.Keeps, []string{"identity.email", "transactions.amount"}) {
			t.Fatalf("hold %+v", h)
		}
		for _, purpose := range []string{account, taxes} {
			_, err := w.vault.Get(w.ctx, w.app, of(sub, "transactions", rec).under(purpose))
			if !fault.Is(err, fault.Erased) && !fault.Is(err, fault.NotFound) {
				t.Fatalf("the erased person is read for %s: %v", purpose, err)
			}
		}
		w.onlyKept(h.Copy, rec)
		must(t, w.vault.Sweep(w.ctx))
		if n := w.rows("acme", sub); n != 1 { // the hold itself
			t.Fatalf("%d rows name the erased person", n)
		}
		// It lives on through epochs, and its e-mail address is free.
		w.clock.forward(epochFor)
		must(t, w.vault.RunKeys(w.ctx))
		next := w.reopened().allow(w.vault.Retained.Fields...)
		next.onlyKept(h.Copy, rec)
		next.put(of(next.person(), "identity", ""), identity("z@example.org"))
		must(t, next.vault.ReleaseHold(w.ctx, w.app, "acme", sub))
		_, err = next.vault.Get(w.ctx, w.app, of(h.Copy, "transactions", rec).under(taxes))
		want(t, err, fault.NotFound)
		must(t, next.vault.Sweep(w.ctx))
		if n := next.rows("acme", sub) + next.rows("acme", h.Copy); n != 0 {
			t.Fatalf("%d rows are left", n)
		}
		next.verified("acme", "_org")
	})
}

// onlyKept tries all that could be done with a copy: it can be read, for the legal obligation alone.
func (w *world) onlyKept(copied, rec string) {
	w.t.Helper()
	got := w.get(of(copied, "transactions", rec).under(taxes))
	wantJSON(w.t, got.Fields, `{"amount":"7 AED"}`)
	if !slices.Contains(got.Clauses, "c-retained") {
		w.t.Fatalf("the read rests on %v", got.Clauses)
	}
	if e := w.newest("acme"); e.Kind != "record.read" || e.Answer != "allow" || e.Purpose != taxes {
		w.t.Fatalf("entry %+v", e)
	}
	at := of(copied, "transactions", rec)
	for name, try := range map[string]func() error{
		"read":     func() error { _, err := w.vault.Get(w.ctx, w.app, at); return err },
		"identity": func() error { _, err := w.vault.Get(w.ctx, w.app, of(copied, "identity", single)); return err },
		"list":     func() error { _, _, err := w.vault.List(w.ctx, w.app, at, "", 10); return err },
		"write": func() error {
			_, err := w.vault.Put(w.ctx, w.app, at.under(taxes), transaction("9 AED"), Condition{}, Idempotency{})
			return err
		},
		"add": func() error {
			_, err := w.vault.Put(w.ctx, w.app, of(copied, "transactions", "").under(taxes), transaction("9 AED"), Condition{}, Idempotency{})
			return err
		},
		"delete":   func() error { return w.vault.Delete(w.ctx, w.app, at.under(taxes), Condition{}) },
		"lift":     func() error { return w.vault.SetRestriction(w.ctx, w.app, "acme", copied, false) },
		"consent":  func() error { return w.vault.SetConsent(w.ctx, w.app, "acme", copied, insights, true) },
		"standing": func() error { _, err := w.vault.Standing(w.ctx, w.app, "acme", copied); return err },
		"erase":    func() error { return w.vault.EraseSubject(w.ctx, w.app, "acme", copied) },
		"another hold": func() error {
			_, err := w.vault.PlaceHold(w.ctx, w.app, "acme", copied, "case-2", []string{"identity.email"}, w.clock.now().AddDate(0, 1, 0))
			return err
		},
	} {
		if err := try(); !fault.Is(err, fault.Erased) {
			w.t.Errorf("%s of what was kept: %v", name, err)
		}
	}
	found, err := w.vault.Find(w.ctx, w.app, Target{Tenant: "acme", DataSet: "identity", Purpose: account}, "email", "z@example.org")
	for _, r := range found {
		if r.Subject == copied {
			w.t.Error("what was kept is found by a look-up")
		}
	}
	must(w.t, err)
}

// TestHoldEnds: the duty erases what waited.
func TestHoldEnds(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.allow("identity.email")
		sub, other := w.person(), w.person()
		w.put(of(sub, "identity", ""), identity("z@example.org"))
		h := w.hold(sub, "identity.email")
		w.hold(other, "identity.email")
		must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", sub))
		must(t, w.vault.EndHolds(w.ctx))
		h, err := w.vault.Hold(w.ctx, w.app, "acme", sub)
		must(t, err)
		w.clock.forward(32 * 24 * time.Hour)
		must(t, w.vault.EndHolds(w.ctx))
		must(t, w.vault.EndHolds(w.ctx))
		if e := w.newest("acme"); e.Kind != "hold.end" {
			t.Fatalf("entry %+v", e)
		}
		must(t, w.vault.Sweep(w.ctx))
		if n := w.rows("acme", sub) + w.rows("acme", h.Copy); n != 0 {
			t.Fatalf("%d rows are left", n)
		}
		_, err = w.vault.Standing(w.ctx, w.app, "acme", other) // who was not erased lives on
		must(t, err)
		// A hold that is over, though the duty has not come, keeps nothing.
		w.hold(other, "identity.email")
		w.clock.forward(32 * 24 * time.Hour)
		must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", other))
		left, err := w.vault.Hold(w.ctx, w.app, "acme", other)
		if err != nil || left.Copy != "" {
			t.Fatalf("%+v %v", left, err)
		}
	})
}

// TestHeldErasureCutShort: the server dies between the steps; the next call, or the next start, ends it, with
// one copy.
func TestHeldErasureCutShort(t *testing.T) {
	for stop := range 2 {
		each(t, func(t *testing.T, w *world) {
			w.allow("identity.email")
			sub := w.person()
			w.put(of(sub, "identity", ""), identity("z@example.org"))
			w.hold(sub, "identity.email")
			s, err := w.vault.standingOf(w.ctx, &Target{Tenant: "acme", Subject: sub})
			must(t, err)
			must(t, w.vault.keepHeld(w.ctx, s))
			if stop == 1 {
				must(t, w.ring.Destroy([]keyring.ID{s.key.ID()}, w.clock.now()))
			}
			next := w.reopened().allow("identity.email")
			_, _, err = next.vault.Reconcile(w.ctx)
			must(t, err)
			if stop == 0 { // nobody was told of an erasure: the person is there, and changes
				f := identity("new@example.org")
				next.put(of(sub, "identity", single), f)
				must(t, next.vault.EraseSubject(w.ctx, w.app, "acme", sub))
			}
			h, err := next.vault.Hold(w.ctx, w.app, "acme", sub)
			must(t, err)
			must(t, next.vault.Sweep(w.ctx))
			var people, records int64
			must(t, w.db.Get(w.ctx, "acme", `SELECT COUNT(*) FROM subjects WHERE tenant_id = 'acme'`, nil, &people))
			must(t, w.db.Get(w.ctx, "acme", `SELECT COUNT(*) FROM records WHERE tenant_id = 'acme'`, nil, &records))
			if people != 1 || records != 1 || h.Copy == "" {
				t.Fatalf("%d people and %d records are left, copy %q", people, records, h.Copy)
			}
			must(t, next.vault.ReleaseHold(w.ctx, w.app, "acme", sub))
		})
	}
}

func TestHoldsKeepATenant(t *testing.T) {
	w := sqliteWorld(t).allow("identity.email")
	sub := w.person()
	w.hold(sub, "identity.email")
	want(t, w.vault.EraseTenant(w.ctx, w.admin, "acme"), fault.Conflict)
	_, err := w.vault.Standing(w.ctx, w.app, "acme", sub)
	must(t, err)
	must(t, w.vault.ReleaseHold(w.ctx, w.app, "acme", sub))
	must(t, w.vault.EraseTenant(w.ctx, w.admin, "acme"))
}

// TestHoldsKeepTheIntersection: whatever is held and whatever is allowed, what is left after an erasure is in
// both, all of it is there, and after the release nothing is.
func TestHoldsKeepTheIntersection(t *testing.T) {
	all := []string{"identity.first_name", "identity.email", "identity.phone", "identity.nick", "transactions.date", "transactions.amount", "transactions.direction", "transactions.note"}
	w := sqliteWorld(t)
	some := func(t *rapid.T, label string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(string) bool { return !rapid.Bool().Draw(t, label) })
	}
	rapid.Check(t, func(rt *rapid.T) {
		w.allow(some(rt, "allowed")...)
		held := some(rt, "held")
		sub := w.person()
		w.put(of(sub, "identity", ""), fields("first_name", "Zaynab", "email", newID("m")+"@example.org", "phone", "+97140000000"))
		for range rapid.IntRange(0, 3).Draw(rt, "records") {
			w.put(of(sub, "transactions", ""), transaction("7 AED"))
		}
		_, err := w.vault.PlaceHold(w.ctx, w.app, "acme", sub, "case", held, w.clock.now().AddDate(0, 1, 0))
		both := w.vault.Retained.keeps(held)
		if (err == nil) != (len(both) > 0) {
			rt.Fatalf("held %v, allowed %v: %v", held, w.vault.Retained.Fields, err)
		}
		must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", sub))
		must(t, w.vault.Sweep(w.ctx))
		h, err := w.vault.holdRow(w.ctx, "acme", sub)
		if err == nil {
			w.exactly(rt, h.Copy, both)
			must(t, w.vault.ReleaseHold(w.ctx, w.app, "acme", sub))
			must(t, w.vault.Sweep(w.ctx))
		}
		if n := w.rows("acme", sub); n != 0 {
			rt.Fatalf("%d rows name the person", n)
		}
		var left int64
		must(t, w.db.Get(w.ctx, "acme", `SELECT COUNT(*) FROM records WHERE tenant_id = 'acme'`, nil, &left))
		if left != 0 {
			rt.Fatalf("%d records are left", left)
		}
	})
}

// exactly opens what is stored of a copy, past every decision: the fields that were there and may be kept.
func (w *world) exactly(rt *rapid.T, copied string, both []string) {
	stored := map[string]bool{}
	must(w.t, w.db.Read(w.ctx, "acme", func(tx *db.Tx) error {
		s, err := w.vault.load(tx, "acme", copied)
		if err != nil {
			return err
		}
		for _, set := range w.vault.sets {
			rows, err := allRows(tx, s, set)
			if err != nil {
				return err
			}
			for _, r := range rows {
				plain, err := s.key.Open(nil, bindRecord("acme", copied, set.ID, r.id, r.version), r.sealed)
				if err != nil {
					return err
				}
				items, err := decodeItems(plain)
				for _, it := range items {
					stored[set.ID+"."+it.name] = true
				}
				if err != nil {
					return err
				}
			}
		}
		return nil
	}))
	for _, f := range slices.Sorted(maps.Keys(stored)) {
		if !slices.Contains(both, f) {
			rt.Fatalf("%s is kept, though not both held and allowed: %v", f, both)
		}
	}
	for _, f := range []string{"identity.first_name", "identity.email", "identity.phone"} {
		if slices.Contains(both, f) && !stored[f] {
			rt.Fatalf("%s was to be kept", f)
		}
	}
	if stored["identity.nick"] || stored["transactions.note"] {
		rt.Fatal("what was never given is kept")
	}
}
