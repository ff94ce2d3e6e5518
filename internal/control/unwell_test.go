package control_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"testing"

	"clause.dev/clause/internal/control"
)

// A server that is in trouble, or turns everybody away, proves nothing: no refusal of its is one of
// the policy's.
func TestAServerInTroubleProvesNothing(t *testing.T) {
	w := newWorld(t, sabotage{})
	answer := func(status int) http.HandlerFunc {
		return func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Type", "application/problem+json")
			rw.WriteHeader(status)
			io.WriteString(rw, `{"title":"no"}`)
		}
	}
	rightly := map[string][]string{ // those that have an outcome in such a world
		"answers no JSON": {"residency"}, // it says that a tenant was made abroad
		// Statistics are asked for by POST; hashes are read below the door.
		"refuses to show anything": {"aggregates", "password-hash"},
	}
	for name, front := range map[string]http.Handler{
		"refuses everything": answer(http.StatusForbidden),
		"finds nothing":      answer(http.StatusNotFound),
		"fails":              answer(http.StatusInternalServerError),
		"answers no JSON":    http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { io.WriteString(rw, "<html>") }),
		"refuses to show anything": http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if r.Method == "GET" {
				answer(http.StatusForbidden)(rw, r)
				return
			}
			w.door.ServeHTTP(rw, r)
		}),
		"hangs up": http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
	} {
		t.Run(name, func(t *testing.T) {
			defer w.clean(t)
			w.open(front)
			for about, findings := range w.probeAll(t, t.Context()) {
				if about == "database-firewall" || slices.Contains(rightly[name], about) { // the former looks below the door alone
					continue
				}
				for _, f := range findings {
					if f.Outcome != control.Unable {
						t.Errorf("%s is %s: %s", about, f.Outcome, f.Summary)
					}
				}
			}
		})
	}
}

// A probe that is cut short says that it was unable.
func TestAProbeCutShortIsUnable(t *testing.T) {
	w := newWorld(t, sabotage{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, findings := range w.probeAll(t, ctx) {
		for _, f := range findings {
			if f.Outcome != control.Unable {
				t.Errorf("%s is %s: %s", name, f.Outcome, f.Summary)
			}
		}
	}
}

// probeAll runs every probe of Clesaro's policy but that of tls, which looks below the answers.
func (w *world) probeAll(t *testing.T, ctx context.Context) map[string][]control.Finding {
	t.Helper()
	all := map[string][]control.Finding{}
	for _, clause := range w.Published.Clauses {
		for _, k := range clause.Keep {
			c, runs, err := control.Of(k)
			if err != nil {
				t.Fatal(err)
			}
			if runs && k.Control != "tls" {
				all[k.Control] = append(all[k.Control], c.Probe(ctx, w.System()))
			}
		}
	}
	return all
}
