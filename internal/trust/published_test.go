package trust_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/publish"
	"clause.dev/clause/internal/trust"
)

func served(t *testing.T, p *policy.Policy) *httptest.Server {
	return serve(t, p, func(context.Context) ([]api.ClauseStatus, error) { return statuses(p), nil })
}

// The door says what clause publish writes, to the byte.
func TestTheServerPublishesWhatItRuns(t *testing.T) {
	p := apptest.Parse(t, nil)
	p.Security = policy.Security{Contacts: []string{"mailto:security@clesaro.example"}, Expires: now.AddDate(1, 0, 0)}
	s := served(t, p)
	for path, name := range map[string]string{
		"/statement": "statement.html", "/.well-known/security.txt": ".well-known/security.txt", "/.well-known/gpc.json": ".well-known/gpc.json",
	} {
		want, err := publish.One(p, name, publish.Options{Language: "en", On: now.Truncate(24 * time.Hour), Controls: control.Catalogue()})
		if err != nil {
			t.Fatal(err)
		}
		r, body := get(t, s.URL+path)
		if r.StatusCode != 200 || body != string(want.Bytes) || r.Header.Get("Content-Type") != want.MediaType {
			t.Errorf("%s: %d, %s, %d bytes, want %d of %s", path, r.StatusCode, r.Header.Get("Content-Type"), len(body), len(want.Bytes), want.MediaType)
		}
	}
}

func TestWhatThePolicyDoesNotSayIsNotServed(t *testing.T) {
	p := apptest.Parse(t, nil)
	p.Security = policy.Security{}
	for i := range p.Clauses {
		p.Clauses[i].Keep = nil
	}
	s := served(t, p)
	for _, path := range []string{"/.well-known/security.txt", "/.well-known/gpc.json"} {
		if r, body := get(t, s.URL+path); r.StatusCode != 404 {
			t.Errorf("%s: %d %s", path, r.StatusCode, body)
		}
	}
}

func TestTheStatementIsInTheReadersLanguage(t *testing.T) {
	s := served(t, apptest.Parse(t, nil))
	for _, c := range []struct{ query, accept, want string }{
		{"", "", "en"},
		{"", "ar-AE,ar;q=0.9,en;q=0.5", "ar"},
		{"", "de, en;q=0.1", "en"},
		{"", "tlh", "en"},
		{"?lang=ar", "en", "ar"},
		{"?lang=en", "ar", "en"},
		{"?lang=../../secret", "ar", "ar"},
		{"?lang=" + strings.Repeat("x-", 2000), "", "en"},
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/statement"+c.query, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Accept-Language", c.accept)
		r, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != 200 || r.Header.Get("Content-Language") != c.want || r.Header.Get("Vary") != "Accept-Language" {
			t.Errorf("%q, %q: %d in %q", c.query, c.accept, r.StatusCode, r.Header.Get("Content-Language"))
		}
	}
}

// The style is let through by its digest; nothing else is, from anywhere.
func TestTheStatementLoadsNothing(t *testing.T) {
	r, body := get(t, served(t, apptest.Parse(t, nil)).URL+"/statement")
	_, rest, _ := strings.Cut(body, "<style>")
	style, _, found := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	if got := r.Header.Get("Content-Security-Policy"); !found || got != want {
		t.Errorf("the content policy is %q, want %q", got, want)
	}
	for _, bad := range []string{"<script", "<img", "<iframe", " style=", "src=", "@import", "url("} {
		if strings.Contains(body, bad) {
			t.Errorf("the statement contains %q", bad)
		}
	}
}

// What a day changes is made anew on that day.
func TestTheStatementIsOfToday(t *testing.T) {
	p, today := apptest.Parse(t, nil), now
	h, err := trust.New(trust.Config{Policy: p, Statuses: nil, Now: func() time.Time { return today }})
	if err != nil {
		t.Fatal(err)
	}
	read := func() string {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/statement", nil))
		return w.Body.String()
	}
	first := read()
	today = now.AddDate(0, 0, 1)
	if !strings.Contains(first, "21 November 2026") || !strings.Contains(read(), "22 November 2026") {
		t.Error("the statement does not say of which day it is")
	}
}

// Whatever clause publish writes can be read at the door, and the list of it tells each file's digest.
func TestEverythingPublishedIsServed(t *testing.T) {
	p := apptest.Parse(t, nil)
	p.Documents = []policy.Document{{ID: "terms", Title: "Terms", URL: "https://clesaro.example/terms", SHA256: strings.Repeat("0", 64)}, {ID: "elsewhere", Title: "Guide", URL: "https://clesaro.example/guide"}}
	h, err := trust.New(trust.Config{Policy: p, Now: func() time.Time { return now }, Documents: map[string]trust.Document{"terms": {MediaType: "text/plain; charset=utf-8", Bytes: []byte("Be kind.")}}})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	defer s.Close()
	for _, lang := range []string{"en", "ar"} {
		r, body := get(t, s.URL+"/published?lang="+lang)
		var list trust.Listing
		if err := json.Unmarshal([]byte(body), &list); err != nil || r.StatusCode != 200 {
			t.Fatalf("%d: %v", r.StatusCode, err)
		}
		if list.Digest != p.Digest || list.Version != p.Version || list.Language != lang || list.On != "2026-11-21" || len(list.Files) < 15 {
			t.Errorf("the list is of %+v, %s, %s, %d files", list.Identity, list.Language, list.On, len(list.Files))
		}
		for _, f := range list.Files {
			r, body := get(t, s.URL+f.Path+"?lang="+lang)
			sum := sha256.Sum256([]byte(body))
			if r.StatusCode != 200 || hex.EncodeToString(sum[:]) != f.SHA256 || r.Header.Get("Content-Type") != f.MediaType {
				t.Errorf("%s: %d, %s, another digest than listed", f.Path, r.StatusCode, r.Header.Get("Content-Type"))
			}
		}
		if len(list.Documents) != 2 || list.Documents[0].Path != "/documents/terms" || list.Documents[1].Path != "" {
			t.Errorf("the documents are %+v", list.Documents)
		}
	}
	if r, body := get(t, s.URL+"/documents/terms"); r.StatusCode != 200 || body != "Be kind." || r.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("the document is %d %q", r.StatusCode, body)
	}
	for _, path := range []string{"/documents/elsewhere", "/documents/nothing", "/published/nothing.html", "/published/..%2f..%2fetc%2fpasswd", "/published/.well-known%2fsecurity.txt"} {
		if r, _ := get(t, s.URL+path); r.StatusCode != 404 {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
	var whose trust.Identity
	if _, body := get(t, s.URL+"/.well-known/clause.json"); json.Unmarshal([]byte(body), &whose) != nil || whose != (trust.Identity{Organisation: "Clesaro", Version: p.Version, Digest: p.Digest}) {
		t.Errorf("the policy says that it is %+v", whose)
	}
}
