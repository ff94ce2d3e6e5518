package control_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
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
		{name: "an old checkpoint is served", says: "that were allowed only 0", front: func(_ *control.System, next http.Handler) http.Handler {
			var old *httptest.ResponseRecorder
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasSuffix(r.URL.Path, "/checkpoint") {
					next.ServeHTTP(w, r)
					return
				}
				if old == nil {
					old = httptest.NewRecorder()
					next.ServeHTTP(old, r)
				}
				copyOut(w, old)
			})
		}},
		{name: "a checkpoint is signed by another", says: "The ledger does not verify", front: func(_ *control.System, next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got := httptest.NewRecorder()
				next.ServeHTTP(got, r)
				if strings.HasSuffix(r.URL.Path, "/checkpoint") {
					body := got.Body.Bytes()
					body[len(body)-8] ^= 1 // of the signature
				}
				copyOut(w, got)
			})
		}},
		{name: "an entry is altered", says: "The ledger does not verify", before: func(t *testing.T, w *world) {
			tamper(t, w, "entries", func(b []byte) {
				at := bytes.Index(b, []byte(`"kind":"`)) + len(`"kind":"`)
				b[at] ^= 1
			})
		}},
		{name: "a hash is altered", says: "The ledger does not verify", before: func(t *testing.T, w *world) {
			tamper(t, w, "hashes", func(b []byte) { b[0] ^= 1 })
		}},
	}
}

// tamper changes a column of the first chunk of canary A's ledger, until the end of the test.
func tamper(t *testing.T, w *world, column string, change func([]byte)) {
	tenant := w.System().Canary.A.ID
	var first int64
	var was []byte
	err := w.App.DB.Read(t.Context(), tenant, func(tx *db.Tx) error {
		return tx.One(`SELECT first, `+column+` FROM ledger_chunks WHERE tenant_id = $1 ORDER BY first LIMIT 1`, []any{tenant}, &first, &was)
	})
	if err != nil {
		t.Fatal(err)
	}
	set := `UPDATE ledger_chunks SET ` + column + ` = $1 WHERE tenant_id = $2 AND first = $3`
	altered := bytes.Clone(was)
	change(altered)
	w.sql(t, tenant, set, altered, tenant, first)
	t.Cleanup(func() { w.exec(context.Background(), tenant, set, was, tenant, first) })
}
