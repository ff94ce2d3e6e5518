package control_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/policy"
)

func TestClockCheck(t *testing.T) {
	days := func(n int, unit policy.Unit) policy.Term {
		return policy.Term{Form: policy.Within, Count: n, Unit: unit}
	}
	checks(t, []check{
		{name: "days", control: &control.Clock{Duty: "mail", Within: days(30, policy.Day)}},
		{name: "business days without a calendar", control: &control.Clock{Duty: "mail", Within: days(30, policy.Day), Acknowledge: days(5, policy.BusinessDay)}, param: "acknowledge", finds: []string{"on a calendar"}},
		{name: "no figure", control: &control.Clock{Duty: "mail", Within: policy.Term{Form: policy.Prompt}}, param: "within", finds: []string{"needs a figure"}},
		{name: "a receipt after the answer", control: &control.Clock{Duty: "mail", Within: days(1, policy.Day), Acknowledge: days(2, policy.Day)}, param: "acknowledge", finds: []string{"after all is done"}},
	})
}

func clockSabotages() []sabotage {
	discharge := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/discharge") }
	return []sabotage{
		{name: "any evidence ends a clock", says: "by other evidence was allowed", front: pleasing(discharge)},
		{name: "a clock runs longer than promised", says: "does not end when", front: func(_ *control.System, next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got := httptest.NewRecorder()
				next.ServeHTTP(got, r)
				if strings.HasSuffix(r.URL.Path, "/clocks") && r.Method == "POST" {
					at := bytes.Index(got.Body.Bytes(), []byte(`"due":"`)) + len(`"due":"`)
					got.Body.Bytes()[at+3]++ // the last digit of the year
				}
				copyOut(w, got)
			})
		}},
		{name: "a laxer figure is run by", says: "which is not what the clause says", engine: func(p *policy.Policy) {
			for _, clause := range p.Clauses {
				for _, keep := range clause.Keep {
					if keep.Control == "clock" {
						keep.Params["within"] = policy.Term{Form: policy.Within, Count: 300, Unit: policy.Day}
					}
				}
			}
		}},
		{name: "the acknowledgement is not owed", says: "Nothing was opened for", engine: func(p *policy.Policy) {
			for _, clause := range p.Clauses {
				for _, keep := range clause.Keep {
					if keep.Control == "clock" {
						delete(keep.Params, "acknowledge")
					}
				}
			}
		}},
		{name: "clocks end unrecorded", says: "ends are in the ledger", front: swallowed(discharge)},
		forgotten(),
	}
}

// forgotten has something due in the store that nobody sees to, however often it is tidied up.
func forgotten() sabotage {
	var w *world
	return sabotage{
		name: "nobody runs the clocks", says: "was not told to anybody",
		before: func(t *testing.T, mine *world) {
			w = mine
			t.Cleanup(func() {
				w.exec(context.Background(), db.Organisation, `DELETE FROM wakes WHERE name = 'clocks/zz-forgotten'`)
			})
		},
		front: func(_ *control.System, next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				w.exec(r.Context(), db.Organisation, `INSERT INTO wakes (name, next_at) VALUES ('clocks/zz-forgotten', 1) ON CONFLICT DO NOTHING`)
				next.ServeHTTP(rw, r)
			})
		},
	}
}

// swallowed answers what is meant, and every look at a clock, as if the clock had been discharged.
func swallowed(meant func(*http.Request) bool) func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body := bodyOf(r)
			switch {
			case meant(r) && bytes.Contains(body, []byte("wishful")):
				next.ServeHTTP(w, r)
			case meant(r), r.Method == "GET" && strings.Contains(r.URL.Path, "/clocks/clk_"):
				w.Write([]byte(`{"state":"done","late":false}`))
			default:
				next.ServeHTTP(w, r)
			}
		})
	}
}
