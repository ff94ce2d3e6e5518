package control_test

import (
	"bytes"
	"context"
	"net/http"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
)

func TestInteractionLogCheck(t *testing.T) {
	checks(t, []check{{name: "always", control: &control.InteractionLog{}}})
}

func logSabotages() []sabotage {
	return []sabotage{
		{name: "answers from a cache are not recorded", says: "that were allowed only", front: caching()},
		{name: "refusals are not recorded", says: "that were refused only", front: func(_ *control.System, next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get(api.HeaderPurpose) == "marketing" {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				next.ServeHTTP(w, r)
			})
		}},
		{name: "an entry is altered", says: "The ledger does not verify", before: func(t *testing.T, w *world) {
			tenant := w.System().Canary.A.ID
			var first int64
			var entries []byte
			err := w.App.DB.Read(t.Context(), tenant, func(tx *db.Tx) error {
				return tx.One(`SELECT first, entries FROM ledger_chunks WHERE tenant_id = $1 ORDER BY first LIMIT 1`, []any{tenant}, &first, &entries)
			})
			if err != nil {
				t.Fatal(err)
			}
			const set = `UPDATE ledger_chunks SET entries = $1 WHERE tenant_id = $2 AND first = $3`
			altered := bytes.Replace(bytes.Clone(entries), []byte(`"allow"`), []byte(`"allov"`), 1)
			if i := bytes.Index(altered, []byte(`"kind":"`)); i >= 0 {
				altered[i+len(`"kind":"`)] ^= 1
			}
			w.sql(t, tenant, set, altered, tenant, first)
			t.Cleanup(func() { w.exec(context.Background(), tenant, set, entries, tenant, first) })
		}},
	}
}
