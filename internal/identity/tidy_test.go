package identity_test

import (
	"testing"
	"time"

	"clause.dev/clause/internal/db"
)

// TestOverIsRemoved: of sessions, codes and challenges that are over nothing is left, though no account waits for anything.
func TestOverIsRemoved(t *testing.T) {
	eachAccounts(t, func(w *world) {
		in, d := w.join(ana, strong), w.device()
		d.add(in.Session)
		w.forward(25 * time.Hour)
		w.must(w.Tidy(t.Context(), w.now())) // what the registration left
		for range 2 {
			if _, err := w.signIn(ana, strong); err != nil {
				t.Fatal(err)
			}
			if _, err := d.enter(d.signs()); err != nil {
				t.Fatal(err)
			}
			w.must(w.Recover(t.Context(), tenant, ana, place))
			w.forward(time.Hour)
			w.must(w.Tidy(t.Context(), w.now())) // the session lasts
			w.forward(25 * time.Hour)
			w.must(w.Tidy(t.Context(), w.now()))
			var left int64
			w.must(w.DB.Read(t.Context(), tenant, func(tx *db.Tx) error {
				return tx.One(`SELECT (SELECT COUNT(*) FROM sessions WHERE tenant_id = $1) + (SELECT COUNT(*) FROM account_codes WHERE tenant_id = $1)
 + (SELECT COUNT(*) FROM spent_challenges WHERE tenant_id = $1)`, []any{tenant}, &left)
			}))
			if left != 0 {
				t.Fatalf("%d are left", left)
			}
		}
	})
}
