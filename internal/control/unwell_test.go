package control_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"testing"

	"clause.dev/clause/internal/control"
)

// examples are those that name every control between them but switch-over, which needs a store of two nodes.
func examples() []string { return []string{"", corrected, "clarus", signingOn, factors} }

// below look at no front door: a server that is in trouble there may be well below, or beside, or elsewhere.
var below = []string{"database-firewall", "address-rules", "attack-bans", "attested", "security-updates", "switch-over", "product-scope"}

// A server that is in trouble, or turns everybody away, proves nothing: no refusal of its is one of
// the policy's.
func TestAServerInTroubleProvesNothing(t *testing.T) {
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
	for _, example := range examples() {
		t.Run("policy of "+example, func(t *testing.T) {
			w := newWorld(t, sabotage{example: example})
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
				if example != "" && name != "fails" && name != "hangs up" { // what is promised there is broken by less than trouble
					continue
				}
				t.Run(name, func(t *testing.T) {
					defer w.clean(t)
					w.open(front)
					for about, findings := range w.probeAll(t, t.Context()) {
						if slices.Contains(below, about) || slices.Contains(rightly[name], about) {
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
		})
	}
}

// A probe that is cut short says that it was unable.
func TestAProbeCutShortIsUnable(t *testing.T) {
	for _, example := range examples() {
		w := newWorld(t, sabotage{example: example})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for name, findings := range w.probeAll(t, ctx) {
			for _, f := range findings {
				if f.Outcome != control.Unable && !slices.Contains([]string{"attested", "security-updates", "product-scope"}, name) { // which take no time here
					t.Errorf("%s is %s: %s", name, f.Outcome, f.Summary)
				}
			}
		}
	}
}

// probeAll runs every probe of a world's policy but that of tls, which looks below the answers.
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
