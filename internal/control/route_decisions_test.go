package control_test

import (
	"net/http"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
)

// Without a stranger to send, or a description to go by, nothing is proven.
func TestRouteDecisionsUnseen(t *testing.T) {
	c := &control.RouteDecisions{}
	for name, s := range map[string]*control.System{
		"no stranger": {HTTP: http.DefaultClient, Canary: control.Canary{Admin: "a"}},
		"no door":     {HTTP: http.DefaultClient, URL: "http://127.0.0.1:1", Canary: control.Canary{Admin: "a", Stranger: "s"}},
	} {
		if got := c.Probe(t.Context(), s); got.Outcome != control.Unable {
			t.Errorf("%s: %s, %s", name, got.Outcome, got.Summary)
		}
	}
}

// keyOf is the key that a request comes with.
func keyOf(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// consoleThat answers some requests at the console without asking who comes.
func consoleThat(serves func(*http.Request) bool) func(http.Handler) http.Handler {
	return func(honest http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if serves(r) {
				w.WriteHeader(http.StatusOK)
				return
			}
			honest.ServeHTTP(w, r)
		})
	}
}

func routeSabotages() []sabotage {
	strange := func(sys *control.System, serve func(r *http.Request) bool) func(*http.Request) bool {
		return func(r *http.Request) bool { return keyOf(r) == sys.Canary.Stranger && serve(r) }
	}
	at := func(method, part string) func(*http.Request) bool {
		return func(r *http.Request) bool { return r.Method == method && strings.Contains(r.URL.Path, part) }
	}
	forStranger := func(serve func(r *http.Request) bool) func(*control.System, http.Handler) http.Handler {
		return func(sys *control.System, next http.Handler) http.Handler {
			return pleasing(strange(sys, serve))(sys, next)
		}
	}
	return []sabotage{
		{name: "a route asks nobody for a key", says: "GET /v1/tenants is served without a key",
			front: pleasing(func(r *http.Request) bool { return keyOf(r) == "" && r.URL.Path == "/v1/tenants" && r.Method == "GET" })},
		{name: "a route takes any key", says: "/subjects is served to a stranger", front: forStranger(at("POST", "/subjects"))},
		{name: "a route erases for anybody with a key", says: "DELETE /v1/tenants/{tenant}/subjects/{subject} is served to a stranger", front: forStranger(func(r *http.Request) bool {
			return r.Method == "DELETE" && strings.HasSuffix(r.URL.Path, "/subjects/none-0")
		})},
		{name: "a door that asks who first, and what for never", says: "is served to a stranger", front: func(sys *control.System, next http.Handler) http.Handler {
			return rewriting(func(sys *control.System, r *http.Request) {
				if keyOf(r) == sys.Canary.Stranger && r.Method == "GET" {
					r.Header.Set("Authorization", "Bearer "+sys.Canary.A.Key)
				}
			})(sys, next)
		}},
		{name: "a new route for anybody", says: "GET /v1/everything is for anybody", front: editing("/openapi.json", `"paths":{`, `"paths":{"/v1/everything":{"get":{"operationId":"x"}},`)},
		{name: "a page of the console for anybody", says: "configuration of the console is served to somebody who is not signed in", system: instead("--console", consoleThat(func(r *http.Request) bool { return r.URL.Path == "/console/en/configuration" }))},
		{name: "a form of the console that asks nobody", says: "acknowledge of the console is served to somebody", system: instead("--console", consoleThat(func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/acknowledge") }))},
		{name: "a console that asks who first, and what for never", says: "the ledger holds", system: instead("--console", consoleThat(func(r *http.Request) bool {
			return r.Method == "GET" && r.Header.Get("Cookie") != ""
		}))},
		{name: "a page of the console that is decided by nobody", says: "went to GET /console/{lang}/configuration of the console, and the ledger holds no decision", system: instead("--console", consoleThat(func(r *http.Request) bool {
			return r.URL.Path == "/console/en/configuration" && r.Header.Get("Cookie") != ""
		}))},
		{name: "a console that looks first, and asks who comes then", says: "does not ask who comes before anything else", system: instead("--console", func(honest http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "none-0") && r.Header.Get("Cookie") == "" {
					http.NotFound(w, r)
					return
				}
				honest.ServeHTTP(w, r)
			})
		})},
		{name: "refused by a proxy, and decided by nobody", says: "the ledger holds", front: func(sys *control.System, next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if keyOf(r) == sys.Canary.Stranger {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				next.ServeHTTP(w, r)
			})
		}},
	}
}
