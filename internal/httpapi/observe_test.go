package httpapi

import (
	"fmt"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"clause.dev/clause/internal/detection"
)

// TestEveryRequestIsObserved: by its route, never by who is named in its address, and with what became of the key.
func TestEveryRequestIsObserved(t *testing.T) {
	var seen []string
	s := set(t, func(c *Config) {
		c.Observe = func(i detection.Interaction) {
			if i.From != netip.MustParseAddr("192.0.2.9") || i.Port != 1234 || i.At.IsZero() || i.Bytes == 0 {
				t.Errorf("observed %+v", i)
			}
			seen = append(seen, fmt.Sprint(i.Route, " ", i.Status, " ", i.Try))
		}
	})
	for _, row := range []struct{ method, path, key, want string }{
		{"GET", record, dataKey, "GET /v1/tenants/{tenant}/subjects/{subject}/data/{data_set}/{record} 200 1"},
		{"GET", record, "clause_wrong", "GET /v1/tenants/{tenant}/subjects/{subject}/data/{data_set}/{record} 401 2"},
		{"GET", record, "", "GET /v1/tenants/{tenant}/subjects/{subject}/data/{data_set}/{record} 401 0"},
		{"GET", "/v1/nothing", "", "/ 404 0"},
		{"POST", tokenPath, "", "POST /oauth/token 401 0"},
		{"POST", tokenPath, dataKey, "POST /oauth/token 401 2"},
		{"GET", "/v1//x", dataKey, " 404 0"},
	} {
		seen = nil
		r := httptest.NewRequestWithContext(t.Context(), row.method, row.path, nil)
		r.RemoteAddr = "192.0.2.9:1234"
		r.Header.Set("Clause-Purpose", "health-score")
		if row.key != "" {
			r.Header.Set("Authorization", "Bearer "+row.key)
		}
		s.handler.ServeHTTP(httptest.NewRecorder(), r)
		if len(seen) != 1 || seen[0] != row.want {
			t.Errorf("%s %s with %q is observed as %q, want %q", row.method, row.path, row.key, strings.Join(seen, ", "), row.want)
		}
	}
}
