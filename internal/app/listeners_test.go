package app_test

import (
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/control"
)

// listenerOf waits for a listener.
func listenerOf(t *testing.T, s *apptest.Server, flag string) control.Listener {
	t.Helper()
	for range 3000 {
		for _, l := range s.System().Listeners {
			if l.Flag == flag {
				return l
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s is not served", flag)
	return control.Listener{}
}

func read(t *testing.T, c *http.Client, address string, headers ...string) (status int, body string, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := c.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	return a.StatusCode, string(text), err
}

// TestFigures: an operator's monitoring reads how the server does, at a listener of its own, and of nobody.
func TestFigures(t *testing.T) {
	s := apptest.Start(t, apptest.Options{Beside: true})
	if _, err := s.Client(t, s.Application(t, nil, "admin")).CreateTenant(t.Context(), newTenant("telling-tenant")); err != nil {
		t.Fatal(err)
	}
	l := listenerOf(t, s, "--metrics")
	status, text, err := read(t, l.From(netip.Addr{}), l.URL+"/metrics")
	if err != nil || status != 200 {
		t.Fatalf("%d, %v", status, err)
	}
	for _, want := range []string{
		"\nclause_ready 1\n", `clause_clauses{state="kept"} `, `clause_clauses{state="broken"} `, `clause_clocks{state="missed"} 0`, `clause_requests_total{listener="listen"} `,
		`clause_requests_open{listener="metrics"} 1`, "# TYPE clause_requests_total counter\n", "go_goroutines ", `clause_policy_info{version="` + s.Published.Version + `"} 1`,
	} {
		if !strings.Contains("\n"+text, want) {
			t.Errorf("the figures have no %q:\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		if name, value, ok := strings.Cut(line, " "); !strings.HasPrefix(line, "#") && (!ok || name == "" || strings.TrimSpace(value) == "") {
			t.Errorf("%q is no figure", line)
		}
	}
	if strings.Contains(text, "telling-tenant") || strings.Contains(text, "127.0.0.1") {
		t.Errorf("the figures tell of somebody:\n%s", text)
	}
	for _, path := range []string{"/", "/metrics/x", "/v1/tenants", "/healthz", "/console/en/sign-in", "/debug/pprof/"} {
		if status, text, err := read(t, l.From(netip.Addr{}), l.URL+path); err != nil || status != 404 {
			t.Errorf("beside the figures %s is %d, %v: %.100s", path, status, err, text)
		}
	}
	if _, _, err := read(t, l.From(netip.MustParseAddr("127.0.0.2")), l.URL+"/metrics"); err == nil {
		t.Error("the figures are read from an address that is not listed")
	}
}

// TestTheFrontDoorHasAList: who is not on it does not get as far as TLS; behind a trusted proxy it is the client who
// has to be, whatever the client says.
func TestTheFrontDoorHasAList(t *testing.T) {
	one := func(address string) []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix(address)} }
	s := apptest.Start(t, apptest.Options{Networks: app.Networks{Front: append(one("127.0.0.1/32"), one("192.0.2.0/24")...), Proxies: one("127.0.0.3/32")}})
	l := listenerOf(t, s, "--listen")
	for _, row := range []struct {
		from, says string
		status     int // 0: closed
	}{
		{"127.0.0.1", "", 200},
		{"127.0.0.1", "203.0.113.9", 200},
		{"127.0.0.2", "", 0},
		{"127.0.0.2", "127.0.0.1", 0},
		{"127.0.0.3", "192.0.2.7", 200},
		{"127.0.0.3", "203.0.113.9", 403},
		{"127.0.0.3", "192.0.2.7, 203.0.113.9", 403},
		{"127.0.0.3", "203.0.113.9, 192.0.2.7", 200},
		{"127.0.0.3", "", 403},
	} {
		var headers []string
		if row.says != "" {
			headers = []string{"X-Forwarded-For", row.says}
		}
		status, _, err := read(t, l.From(netip.MustParseAddr(row.from)), l.URL+"/healthz", headers...)
		if status != row.status || (err == nil) != (row.status != 0) {
			t.Errorf("from %s, which says %q: %d, %v; want %d", row.from, row.says, status, err, row.status)
		}
	}
}

// TestGuessingIsCountedByClient: behind a trusted proxy one client's wrong keys hold up no other.
func TestGuessingIsCountedByClient(t *testing.T) {
	t.Parallel()
	s := apptest.Start(t, apptest.Options{Networks: app.Networks{Proxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.3/32")}}})
	l := listenerOf(t, s, "--listen")
	guess := func(client string) int {
		status, _, err := read(t, l.From(netip.MustParseAddr("127.0.0.3")), l.URL+"/v1/tenants", "X-Forwarded-For", client, "Authorization", "Bearer wrong")
		if err != nil {
			t.Fatal(err)
		}
		return status
	}
	last := 0
	for range 100 {
		if last = guess("203.0.113.9"); last == http.StatusTooManyRequests {
			break
		}
	}
	if other := guess("203.0.113.10"); last != http.StatusTooManyRequests || other != http.StatusUnauthorized {
		t.Errorf("the guesser is answered %d, another client of the proxy %d", last, other)
	}
}
