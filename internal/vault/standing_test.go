package vault

import (
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

func TestConsent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		tx := w.put(of(sub, "transactions", ""), transaction("1 AED")).Record
		get := func() error {
			_, err := w.vault.Get(w.ctx, w.app, of(sub, "transactions", tx).under(insights))
			return err
		}
		want(t, get(), fault.Refused)
		must(t, w.vault.SetConsent(w.ctx, w.app, "acme", sub, insights, true))
		must(t, w.vault.SetConsent(w.ctx, w.app, "acme", sub, insights, true))
		must(t, get())
		must(t, w.vault.SetConsent(w.ctx, w.app, "acme", sub, insights, false))
		want(t, get(), fault.Refused) // the next read
		if e := w.newest("acme"); e.Answer != "refuse" || e.Clauses[0] != "c-consent" || e.Record != tx {
			t.Fatalf("entry %+v", e)
		}
		var kinds []string
		for _, e := range w.entries("acme") {
			if strings.HasPrefix(e.Kind, "consent") {
				kinds = append(kinds, e.Kind+" "+e.Purpose)
			}
		}
		if !slices.Equal(kinds, []string{"consent.withdraw insights", "consent.give insights", "consent.give insights"}) {
			t.Fatalf("the ledger tells of %v", kinds)
		}
		want(t, w.vault.SetConsent(w.ctx, w.app, "acme", sub, account, true), fault.Invalid)
		want(t, w.vault.SetConsent(w.ctx, w.app, "acme", sub, "curiosity", true), fault.NotFound)
		want(t, w.vault.SetConsent(w.ctx, w.app, "acme", "sub_none", insights, true), fault.NotFound)
	})
}

func TestObjection(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	w.put(of(sub, "identity", ""), identity("z@example.org"))
	get := func() error {
		_, err := w.vault.Get(w.ctx, w.app, of(sub, "identity", single).under(security))
		return err
	}
	must(t, get())
	must(t, w.vault.SetObjection(w.ctx, w.app, "acme", sub, security, true))
	want(t, get(), fault.Refused)
	if e := w.newest("acme"); e.Clauses[0] != "c-interests" {
		t.Fatalf("entry %+v", e)
	}
	w.get(of(sub, "identity", single)) // other purposes go on
	must(t, w.vault.SetObjection(w.ctx, w.app, "acme", sub, security, false))
	must(t, get())
	want(t, w.vault.SetObjection(w.ctx, w.app, "acme", sub, insights, true), fault.Invalid)
}

func TestRestriction(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	tx := w.put(of(sub, "transactions", ""), transaction("1 AED")).Record
	must(t, w.vault.SetRestriction(w.ctx, w.app, "acme", sub, true))
	_, err := w.vault.Get(w.ctx, w.app, of(sub, "transactions", tx))
	want(t, err, fault.Refused)
	want(t, w.vault.Delete(w.ctx, w.app, of(sub, "transactions", tx), Condition{}), fault.Refused)
	_, err = w.vault.Put(w.ctx, w.app, of(sub, "transactions", tx), transaction("2 AED"), Condition{}, Idempotency{})
	want(t, err, fault.Refused)
	w.get(of(sub, "transactions", tx).under(taxes))
	must(t, w.vault.SetRestriction(w.ctx, w.app, "acme", sub, false))
	w.get(of(sub, "transactions", tx))
}

func TestStanding(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub := w.person()
		must(t, w.vault.SetConsent(w.ctx, w.app, "acme", sub, insights, true))
		must(t, w.vault.SetObjection(w.ctx, w.app, "acme", sub, security, true))
		must(t, w.vault.SetRestriction(w.ctx, w.app, "acme", sub, true))
		st, err := w.reopened().vault.Standing(w.ctx, w.app, "acme", sub)
		must(t, err)
		if !slices.Equal(st.Consents, []string{insights}) || !slices.Equal(st.Objections, []string{security}) || !st.Restricted {
			t.Fatalf("standing %+v", st)
		}
		about, err := w.log.Recent(w.ctx, "acme", st.Alias, 100)
		if err != nil || len(about) != 5 {
			t.Fatalf("%d entries about the person: %v", len(about), err)
		}
		// What a person allows and refuses is nobody's business: it is sealed in the store.
		must(t, w.db.Read(w.ctx, "acme", func(tx *db.Tx) error {
			return tx.Each(`SELECT tenant_key_id, key_id, wrapped, sealed FROM subjects WHERE tenant_id = 'acme'`, nil, func(scan func(...any) error) error {
				var tenantKey, key string
				var wrapped, sealed []byte
				err := scan(&tenantKey, &key, &wrapped, &sealed)
				row := tenantKey + key + string(wrapped) + string(sealed)
				for _, secret := range []string{insights, security, st.Alias} {
					if strings.Contains(row, secret) {
						t.Errorf("the row of a person holds %s", secret)
					}
				}
				return err
			})
		}))
	})
}

func TestStandingRace(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	errs := together(16, func(i int) error {
		if i%2 == 0 {
			return w.vault.SetConsent(w.ctx, w.app, "acme", sub, insights, true)
		}
		return w.vault.SetObjection(w.ctx, w.app, "acme", sub, security, true)
	})
	if _, ok := count(errs, fault.Conflict); ok != 16 {
		t.Fatal(errs)
	}
	st, err := w.vault.Standing(w.ctx, w.app, "acme", sub)
	if err != nil || len(st.Consents) != 1 || len(st.Objections) != 1 {
		t.Fatalf("one change undid another: %+v %v", st, err)
	}
}

func TestDecodeState(t *testing.T) {
	for _, p := range []personState{
		{alias: newAlias()}, {alias: newAlias(), restricted: true},
		{alias: newAlias(), consents: []string{"a", "b"}, objections: []string{"c"}, restricted: true},
		{alias: newAlias(), consents: []string{"a"}, optOuts: []string{"courier", "lender"}, electronic: true},
	} {
		got, err := decodeState(p.encode())
		if err != nil || got.alias != p.alias || got.restricted != p.restricted || !slices.Equal(got.consents, p.consents) || !slices.Equal(got.objections, p.objections) ||
			!slices.Equal(got.optOuts, p.optOuts) || got.electronic != p.electronic {
			t.Fatalf("%+v became %+v, %v", p, got, err)
		}
	}
	for _, bad := range []string{"", "p_short", newAlias() + "c", newAlias() + "\n", newAlias() + "xfoo\n", newAlias() + "cfoo"} {
		if _, err := decodeState([]byte(bad)); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
