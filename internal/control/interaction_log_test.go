package control_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/policy"
)

func TestInteractionLogCheck(t *testing.T) {
	many := func(fields ...policy.Field) func(*policy.Policy) {
		return func(p *policy.Policy) {
			set := policy.DataSet{ID: "interactions", Category: "usage", Storage: policy.Stored, Many: true, Fields: fields}
			p.Data = append(p.Data, set)
			sight := policy.Sight{DataSet: set.ID}
			for _, f := range fields {
				sight.Fields = append(sight.Fields, f.ID)
			}
			p.Purposes[2].Sees = append(p.Purposes[2].Sees, sight)
		}
	}
	page, at := policy.Field{ID: "page", Type: policy.Text}, policy.Field{ID: "at", Type: policy.Date}
	gate := &control.InteractionLog{Gate: control.DataSets{"interactions"}}
	checks(t, []check{
		{name: "without the gate", control: &control.InteractionLog{}},
		{name: "a data set the gate can fill", control: gate, change: many(page, at, policy.Field{ID: "ip_address", Type: policy.Text}, policy.Field{ID: "mood", Type: policy.Text, Optional: true})},
		{name: "two data sets", control: &control.InteractionLog{Gate: control.DataSets{"session", "profile"}}, param: "gate", finds: []string{"in one data set"}},
		{name: "one record each", control: &control.InteractionLog{Gate: control.DataSets{"profile"}}, param: "gate", finds: []string{"needs many"}},
		{name: "a field it cannot fill", control: gate, param: "gate", change: many(page, policy.Field{ID: "mood", Type: policy.Text}), finds: []string{"cannot fill interactions.mood"}},
		{name: "a time for a day", control: gate, param: "gate", change: many(page, policy.Field{ID: "at", Type: policy.Text}), finds: []string{"cannot fill interactions.at"}},
		{name: "no page", control: gate, param: "gate", change: many(at), finds: []string{"no field page"}},
		{name: "nobody may write it", control: gate, param: "gate", change: func(p *policy.Policy) {
			p.Data = append(p.Data, policy.DataSet{ID: "interactions", Many: true, Fields: []policy.Field{page}})
		}, finds: []string{"no purpose may write"}},
	})
}

// TestTheGateIsLogged: what people do there is recorded as Clarus's policy says, and the probe sees where it is not.
func TestTheGateIsLogged(t *testing.T) {
	w := newWorld(t, sabotage{example: "clarus"})
	in := w.App.Plan.Interactions
	if in == nil || in.DataSet != "interactions" || in.Purpose != "threat-detection" || in.Page != 200 || len(in.Fields) != 3 {
		t.Fatalf("Clarus plans %+v", in)
	}
	w.keeps(t, "interaction-log")
	w.breaks(t, "interaction-log", sabotage{says: "What people do at the gate is not recorded", system: besides})
	var page atomic.Value
	w.breaks(t, "interaction-log", sabotage{says: "What is recorded of people at the gate is not in the ledger", system: func(w *world, sys *control.System) { // elsewhere than in the vault
		besides(w, sys)
		between(func(gate http.Handler) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				page.Store(r.URL.Path)
				gate.ServeHTTP(w, r)
			}
		})(w, sys)
	}, front: retelling(holding("/data/interactions"), func(body []byte) []byte {
		at, _ := page.Load().(string)
		return append(body, at...)
	})})
}

// TestShortPagesAreLogged: where less of a page is kept than the probe asks for, it looks for as much.
func TestShortPagesAreLogged(t *testing.T) {
	w := newWorld(t, sabotage{example: shortPages})
	if in := w.App.Plan.Interactions; in == nil || in.Page != 20 {
		t.Fatalf("it plans %+v", in)
	}
	w.keeps(t, "interaction-log")
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
