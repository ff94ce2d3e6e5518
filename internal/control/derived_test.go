package control_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestDerivedCheck(t *testing.T) {
	on := func(clauses ...string) policy.Keep { return keep("derived", policy.Params{"clauses": clauses}) }
	circle := func(p *policy.Policy) {
		p.Clauses = []policy.Clause{{ID: "a", Keep: []policy.Keep{on("b")}}, {ID: "b", Keep: []policy.Keep{on("c")}}, {ID: "c", Keep: []policy.Keep{on("a", "d")}}, {ID: "d"}}
	}
	checks(t, []check{
		{name: "on another", control: &control.Derived{Clauses: control.Clauses{"d"}}, change: circle},
		{name: "on nothing", control: &control.Derived{}, param: "clauses", finds: []string{"rests on no clause"}},
		{name: "on itself, by way of others", control: &control.Derived{Clauses: control.Clauses{"b"}}, change: circle, param: "clauses", finds: []string{"clause a rests on itself"}},
	})
}

func derivedSabotages() []sabotage {
	return []sabotage{
		{name: "the page shows it better than what it rests on", says: "though it rests on a clause that is", front: func(_ *control.System, next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got := httptest.NewRecorder()
				next.ServeHTTP(got, r)
				if r.URL.Path == "/trust.json" {
					body := got.Body.Bytes()
					at := bytes.Index(body, []byte(`"clause":"clarus-safeguards"`))
					if at < 0 {
						at = bytes.Index(body, []byte(`"clause": "clarus-safeguards"`))
					}
					end := at + bytes.Index(body[at:], []byte(`"state"`))
					shown := append(append([]byte{}, body[:end]...), bytes.Replace(body[end:], []byte("unkept"), []byte("kept"), 1)...)
					got.Body = bytes.NewBuffer(shown)
				}
				copyOut(w, got)
			})
		}},
	}
}
