package vault

import (
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
)

// disclosing is a world whose clauses ask for all that a disclosure can hang on, and its ways of disclosing.
func disclosing(w *world, sub string) (ways map[string]func() error) {
	w.vault.Rules = testRules(w.t, testPolicy(), decision.StepNotice, decision.StepOptOut, decision.StepAllowance)
	target := of(sub, "identity", single).under(shipping)
	target.Recipient = "courier"
	return map[string]func() error{
		"get": func() error { _, err := w.vault.Get(w.ctx, w.app, target); return err },
		"list": func() error {
			t := target
			t.Record = ""
			_, _, err := w.vault.List(w.ctx, w.app, t, "", 1)
			return err
		},
		"find": func() error {
			t := target
			t.Record, t.Subject = "", ""
			found, err := w.vault.Find(w.ctx, w.app, t, "email", "z@example.org")
			if err == nil && len(found) == 0 {
				err = fault.New("test", fault.Refused, "left out")
			}
			return err
		},
	}
}

func (w *world) begins(at time.Time) {
	w.t.Helper()
	must(w.t, w.db.Write(w.ctx, db.Organisation, func(tx *db.Tx) error {
		n := int64(0)
		if !at.IsZero() {
			n = micros(at)
		}
		_, err := tx.Exec(`INSERT INTO disclosures (purpose, recipient, version_id, begins_at) VALUES ($1, 'courier', 'pv_1', $2)
			ON CONFLICT (purpose, recipient) DO UPDATE SET begins_at = excluded.begins_at`, shipping, n)
		return err
	}))
}

// A disclosure is refused until people were told long enough ahead, until the tenant allows its recipient,
// and for who opted out, each felt by the very next one.
func TestDisclosures(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub, other := w.person(), w.person()
		w.put(of(sub, "identity", ""), identity("z@example.org"))
		w.put(of(other, "identity", ""), identity("y@example.org"))
		ways := disclosing(w, sub)
		refused := func(when, clause string) {
			t.Helper()
			for name, way := range ways {
				want(t, way(), fault.Refused)
				if e := w.newest("acme"); e.Answer != "refuse" || len(e.Clauses) == 0 || e.Clauses[0] != clause || e.Recipient != "courier" {
					t.Errorf("%s, by %s: entry %+v", when, name, e)
				}
			}
		}
		allowed := func(when string) {
			t.Helper()
			for name, way := range ways {
				if err := way(); err != nil {
					t.Errorf("%s, by %s: %v", when, name, err)
				}
			}
		}
		steps := []decision.Step{decision.StepNotice, decision.StepOptOut, decision.StepAllowance}
		clauses := make([]string, len(steps))
		for i, step := range steps {
			clauses[i] = "c-step-" + string(rune('0'+step/10)) + string(rune('0'+step%10))
		}
		must(t, w.vault.AllowRecipient(w.ctx, w.app, "acme", "courier", true))
		refused("never announced", clauses[0])
		w.begins(time.Time{})
		refused("while people are told", clauses[0])
		w.begins(w.clock.now().Add(time.Hour))
		refused("an hour too early", clauses[0])
		w.clock.forward(2 * time.Hour)
		allowed("once its time has come")
		must(t, w.vault.SetOptOut(w.ctx, w.app, "acme", sub, "courier", true))
		must(t, w.vault.SetOptOut(w.ctx, w.app, "acme", sub, "courier", true))
		refused("opted out", clauses[1])
		if e := entryOf(w, "recipient.opt-out"); e != "courier" {
			t.Errorf("the ledger names %q", e)
		}
		his := of(other, "identity", single).under(shipping)
		his.Recipient = "courier"
		if _, err := w.vault.Get(w.ctx, w.app, his); err != nil {
			t.Errorf("another person's: %v", err)
		}
		w.clock.forward(365 * 24 * time.Hour)
		refused("a year later", clauses[1])
		must(t, w.vault.SetOptOut(w.ctx, w.app, "acme", sub, "courier", false))
		allowed("opted in again")
		must(t, w.vault.AllowRecipient(w.ctx, w.app, "acme", "courier", false))
		refused("withdrawn by the tenant", clauses[2])
		if e := entryOf(w, "recipient.disallow"); e != "courier" {
			t.Errorf("the ledger names %q", e)
		}
		w.get(of(sub, "identity", single)) // what is disclosed to nobody goes on
	})
}

// entryOf is the recipient of the newest entry of a kind.
func entryOf(w *world, kind string) string {
	for _, e := range w.entries("acme") {
		if e.Kind == kind {
			return e.Recipient
		}
	}
	return ""
}

func TestRecipients(t *testing.T) {
	w := sqliteWorld(t)
	must(t, w.vault.AllowRecipient(w.ctx, w.app, "acme", "courier", true))
	w.begins(w.clock.now())
	all, err := w.vault.Recipients(w.ctx, w.app, "acme")
	if err != nil || len(all) != 2 || all[0].ID != "courier" || all[0].Allowed.IsZero() || len(all[0].Disclosures) != 1 || all[0].Disclosures[0].Begins.IsZero() || !all[1].Allowed.IsZero() {
		t.Fatalf("%+v, %v", all, err)
	}
	all, err = w.vault.Recipients(w.ctx, w.app, "other")
	if err != nil || !all[0].Allowed.IsZero() {
		t.Fatalf("another tenant's: %+v, %v", all, err)
	}
	_, err = w.vault.Recipients(w.ctx, w.foreign, "acme")
	want(t, err, fault.Refused)
	unscoped := w.app
	unscoped.Scopes = []string{ScopeData} // what may read may not allow itself to
	want(t, w.vault.AllowRecipient(w.ctx, unscoped, "acme", "courier", true), fault.Refused)
	want(t, w.vault.AllowRecipient(w.ctx, w.foreign, "acme", "courier", true), fault.Refused)
	want(t, w.vault.AllowRecipient(w.ctx, w.app, "acme", "friend", true), fault.NotFound)
	for _, e := range w.entries("acme") {
		if strings.Contains(e.Recipient, "friend") {
			t.Error("a name from outside is in the ledger")
		}
	}
}

func TestOptOuts(t *testing.T) {
	w := sqliteWorld(t)
	sub := w.person()
	want(t, w.vault.SetOptOut(w.ctx, w.app, "acme", sub, "lender", true), fault.NotFound)
	must(t, w.vault.SetOptOut(w.ctx, w.app, "acme", sub, "lender", true, "lender")) // announced, and not there yet
	must(t, w.vault.SetOptOut(w.ctx, w.app, "acme", sub, "courier", true))
	must(t, w.vault.SetElectronicNotice(w.ctx, w.app, "acme", sub, true))
	st, err := w.vault.Standing(w.ctx, w.app, "acme", sub)
	if err != nil || !slices.Equal(st.OptOuts, []string{"courier", "lender"}) || !st.Electronic {
		t.Fatalf("%+v, %v", st, err)
	}
	must(t, w.vault.SetElectronicNotice(w.ctx, w.app, "acme", sub, false))
	if st, _ = w.vault.Standing(w.ctx, w.app, "acme", sub); st.Electronic || len(st.OptOuts) != 2 {
		t.Fatalf("%+v", st)
	}
	want(t, w.vault.SetOptOut(w.ctx, w.foreign, "acme", sub, "courier", true), fault.Refused)
	want(t, w.vault.SetElectronicNotice(w.ctx, w.foreign, "acme", sub, true), fault.Refused)
	want(t, w.vault.SetOptOut(w.ctx, w.app, "acme", "sub_none", "courier", true), fault.NotFound)
}
