package control_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/trust"
)

// abroad answers for Clarus's other sites, as its operators set them up: the documents' addresses lead to the
// server, and each product hands on which policy it keeps.
func abroad(door http.Handler, r *http.Request) *http.Response {
	path := map[string]string{
		"clarus.example/terms-of-use":                  "/documents/terms-of-use",
		"clarus.example/security":                      "/documents/security-overview",
		"charm.clarus.example/.well-known/clause.json": "/.well-known/clause.json",
		"views.clarus.example/.well-known/clause.json": "/.well-known/clause.json",
	}[r.URL.Host+r.URL.Path]
	if path == "" {
		return nil
	}
	w := httptest.NewRecorder()
	door.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://server.example"+path, nil))
	return w.Result()
}

// documentsOf are the further documents of an example.
func documentsOf(t *testing.T, example string) map[string]trust.Document {
	files, err := filepath.Glob(apptest.Root(t, "examples/"+example+"/documents/*.md"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]trust.Document{}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".md")] = trust.Document{MediaType: "text/markdown; charset=utf-8", Bytes: body}
	}
	return all
}

// elsewhereIs has another site answer what it must not.
func elsewhereIs(address string, status int, body string) func(*world, *control.System) {
	return func(_ *world, sys *control.System) {
		honest := sys.Web.Transport
		sys.Web = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
			if r.URL.String() != address {
				return honest.RoundTrip(r)
			}
			return &http.Response{StatusCode: status, Header: http.Header{"Location": {body}}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
		})}
	}
}

// editing changes what the public door shows at a path.
func editing(path, from, to string) func(*control.System, http.Handler) http.Handler {
	return retelling(func(r *http.Request) bool { return r.URL.Path == path }, func(body []byte) []byte { return bytes.Replace(body, []byte(from), []byte(to), 1) })
}

// hiding has the public door not know a path.
func hiding(path string) func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == path {
				http.NotFound(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
