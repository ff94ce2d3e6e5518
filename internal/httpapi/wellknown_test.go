package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Programs find security.txt where RFC 9116 has it; no other address with a dot is one.
func TestWellKnownAddressesAreServed(t *testing.T) {
	s := set(t)
	for path, want := range map[string]int{
		"/.well-known/security.txt": 200, "/.well-known/gpc.json": 200, "/.well-known/clause.json": 200,
		"/.well-known/nothing": 404, "/.well-known//security.txt": 404, "/.well-known/../healthz": 404, "/.well-known/./security.txt": 404,
		"/.git/config": 404, "/v1/../healthz": 404, "/a/.well-known/security.txt": 404, "/.well-known/.well-known/security.txt": 404,
	} {
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want || want == 200 && w.Body.String() != "trust "+path {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
