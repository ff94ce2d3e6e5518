package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app/apptest"
)

// TestOpen opens the application as its command does, before a whole server of a certificate of its own.
func TestOpen(t *testing.T) {
	server := apptest.Start(t, apptest.Options{})
	admin := server.Client(t, server.Application(t, nil, api.ScopeAdmin))
	if _, err := admin.CreateTenant(t.Context(), api.NewTenant{ID: "clesaro", Title: "Clesaro", Region: "uae-north", Environment: "production"}); err != nil {
		t.Fatal(err)
	}
	key := server.Application(t, []string{"clesaro"}, api.ScopeData, api.ScopeSubjects)
	person, err := server.Client(t, key).CreateSubject(t.Context(), "clesaro")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "app.key")
	if err := os.WriteFile(file, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole := settings{server: server.Door.URL, keyFile: file, ca: certificate(t, server), tenant: "clesaro", person: person}
	site, err := open(whole)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(site http.Handler, path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		site.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	if w := ask(site, "/ar/"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "من أين تبدأ") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	behind := whole
	behind.person, behind.gate = "", "https://clesaro.example"
	site, err = open(behind)
	if err != nil {
		t.Fatal(err)
	}
	if w := ask(site, "/en/"); w.Code != http.StatusUnauthorized || w.Header().Get("Clause-Sign-In") != "required" {
		t.Errorf("status %d of who came past the gate", w.Code)
	}
	for name, change := range map[string]func(*settings){
		"no server": func(s *settings) { s.server = "" }, "no key": func(s *settings) { s.keyFile = file + "x" }, "no tenant": func(s *settings) { s.tenant = "" },
		"nobody to ask": func(s *settings) { s.person = "" }, "two to ask": func(s *settings) { s.gate = "https://x" }, "no certificates": func(s *settings) { s.ca = file },
	} {
		s := whole
		change(&s)
		if _, err := open(s); err == nil {
			t.Errorf("%s: it opens", name)
		}
	}
}

// certificate is the file of the server's own certificate.
func certificate(t *testing.T, s *apptest.Server) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(s.Folder, "tls", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range found {
		if source, err := os.ReadFile(name); err == nil && strings.Contains(string(source), "BEGIN CERTIFICATE") {
			return name
		}
	}
	t.Fatalf("no certificate among %q", found)
	return ""
}
