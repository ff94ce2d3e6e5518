package vault

import (
	"bytes"
	"slices"
	"testing"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// TestWhatWasConsentedTo: what a person was shown is kept with what they said, by version and language, sealed,
// and goes with them.
func TestWhatWasConsentedTo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		sub, other := w.person(), w.person()
		shown := Expression{Purpose: insights, Given: true, Text: "May we look at your spending?", Language: "en", Receipt: []byte(`{"of":"{record_id}"}`)}
		given, err := w.vault.Consent(w.ctx, w.app, "acme", sub, shown)
		must(t, err)
		must(t, w.vault.SetConsent(w.ctx, w.app, "acme", sub, insights, true)) // it stands: nothing new
		w.clock.forward(1e9)
		_, err = w.vault.Consent(w.ctx, w.app, "acme", sub, Expression{Purpose: insights})
		must(t, err)
		must(t, w.vault.SetConsent(w.ctx, w.app, "acme", other, insights, true))

		all, err := w.vault.Consents(w.ctx, w.app, "acme", sub)
		must(t, err)
		if len(all) != 2 || all[0].Given || !all[1].Given || all[1].ID != given.ID || !all[1].At.Equal(given.At) {
			t.Fatalf("the history is %+v", all)
		}
		if c := all[1]; c.Text != shown.Text || c.Language != "en" || string(c.Receipt) != string(shown.Receipt) || c.Version != w.vault.Policy.Version || c.By != w.app.Credential.ID {
			t.Errorf("kept is %+v", c)
		}
		var rows [][]byte
		must(t, w.db.Read(w.ctx, "acme", func(tx *db.Tx) error {
			return tx.Each(`SELECT sealed FROM consents WHERE tenant_id = $1`, []any{"acme"}, func(scan func(...any) error) error {
				var sealed []byte
				err := scan(&sealed)
				rows = append(rows, sealed)
				return err
			})
		}))
		if len(rows) != 3 || slices.ContainsFunc(rows, func(r []byte) bool {
			return bytes.Contains(r, []byte("spending")) || bytes.Contains(r, []byte(insights))
		}) {
			t.Errorf("%d rows, or one says what it is of", len(rows))
		}
		_, err = w.vault.Consents(w.ctx, w.foreign, "acme", sub)
		want(t, err, fault.Refused)
		_, err = w.vault.Consent(w.ctx, w.app, "acme", sub, Expression{Purpose: insights, Given: true, Text: string(make([]byte, maxConsentText+1))})
		want(t, err, fault.TooLarge)
		_, err = w.vault.Consent(w.ctx, w.app, "acme", sub, Expression{Purpose: account, Given: true})
		want(t, err, fault.Invalid)

		must(t, w.vault.EraseSubject(w.ctx, w.app, "acme", sub))
		must(t, w.vault.Sweep(w.ctx))
		left := 0
		must(t, w.db.Read(w.ctx, "acme", func(tx *db.Tx) error {
			return tx.One(`SELECT COUNT(*) FROM consents WHERE tenant_id = $1 AND subject_id = $2`, []any{"acme", sub}, &left)
		}))
		if left != 0 {
			t.Errorf("%d rows outlived the person", left)
		}
	})
}
