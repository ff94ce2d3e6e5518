package app_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/app/apptest"
)

// TestTheFrontDoorIsSearched: who scans it raises one alert of the organisation; what the probes do there, over
// connections of their own, raises none.
func TestTheFrontDoorIsSearched(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(apptest.Root(t, "examples/clarus/policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s := apptest.Start(t, apptest.Options{Policy: source, Beat: apptest.Quick})
	admin := s.Application(t, nil, "admin")
	stranger := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.Door.Roots, MinVersion: tls.VersionTLS12}}}
	get := func(c *http.Client, path, key string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Door.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if key != "" {
			r.Header.Set("Authorization", "Bearer "+key)
		}
		a, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		body, _ := io.ReadAll(a.Body)
		return string(body)
	}
	sys := s.System()
	scan := func(c *http.Client) {
		for k := range 200 {
			get(c, fmt.Sprint("/admin-", k, ".php"), "")
		}
	}
	before := sys.Seen("api")
	scan(sys.HTTP)
	if n := sys.Seen("api") - before; n >= 200 {
		t.Errorf("%d of the probes' own visits were searched", n)
	}
	time.Sleep(10 * apptest.Quick) // it is searched thrice in each
	if all := get(stranger, "/v1/alerts", admin); strings.Contains(all, `"kind":"threat"`) {
		t.Errorf("the probes are a threat: %s", all)
	}
	scan(stranger)
	all := ""
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline) && !strings.Contains(all, "scanning.api"); time.Sleep(200 * time.Millisecond) {
		all = get(stranger, "/v1/alerts", admin)
	}
	if n := sys.Seen("api") - before; n < 200 {
		t.Errorf("%d of a stranger's 200 visits were searched", n)
	}
	if strings.Count(all, `"cause":"scanning.api"`) != 1 || !strings.Contains(all, `"drill":false`) {
		t.Errorf("a scan of the front door raised %s", all)
	}
}
