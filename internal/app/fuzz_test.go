package app_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app/apptest"
)

// FuzzServer sends anything to a whole server: whoever asks for whatever, it answers with success or
// with a problem, and the other tenant's data is in no answer.
func FuzzServer(f *testing.F) {
	s := newStage(f, apptest.Options{})
	handler, err := s.App.Handler()
	if err != nil {
		f.Fatal(err)
	}
	keys := []string{"acme", "globex", "security alone", "audit", "test", "expired", "revoked", "admin"}
	for _, r := range badRequests() {
		if len(r.body) > 64<<10 {
			continue // found by TestBadRequestsChangeNothing; too large to be mutated
		}
		var header strings.Builder
		for name, value := range r.header {
			header.WriteString(name + ": " + value + "\n")
		}
		for i, key := range keys {
			if key == r.key {
				f.Add(r.method, r.path, byte(i), header.String(), r.body)
			}
		}
	}
	for _, seed := range []struct{ method, path, header, body string }{
		{"GET", main, "Clause-Purpose: account\nClause-Fields: email", ""},
		{"PUT", main, "Clause-Purpose: account\nIdempotency-Key: k", `{"fields":{"first_name":"B","email":"b@x.example"}}`},
		{"PATCH", rent, "Clause-Purpose: budgeting\nIf-Match: \"1\"", `{"fields":{"description":null}}`},
		{"GET", spent + "?limit=2", "Clause-Purpose: budgeting", ""},
		{"PUT", rent + "/blobs/receipt", "Clause-Purpose: budgeting\nContent-Type: image/png", "picture"},
		{"GET", rent + "/blobs/receipt", "Clause-Purpose: budgeting\nRange: bytes=1-2", ""},
		{"POST", "/v1/tenants/acme/find", "Clause-Purpose: account", `{"data_set":"identity","field":"email","value":"amal@acme.example"}`},
		{"POST", "/v1/tenants/acme/aggregates", "Clause-Purpose: budgeting", `{"data_set":"transactions","statistic":"mean","field":"amount","group_by":"category"}`},
		{"POST", amal + "/data/technical", "Clause-Purpose: security", `{"fields":{"session":"s","ip_address":"192.0.2.1","browser":"b"}}`},
		{"PUT", amal + "/consents/insights", "", `{"given":true}`},
		{"PUT", amal + "/objections/security", "", `{"objected":true}`},
		{"PUT", amal + "/restriction", "", `{"restricted":false}`},
		{"POST", "/v1/tenants/acme/subjects", "Idempotency-Key: p", ""},
		{"GET", "/ledger/acme/checkpoint", "", ""},
		{"GET", "/trust.json", "", ""},
	} {
		f.Add(seed.method, seed.path, byte(0), seed.header, seed.body)
	}
	f.Fuzz(func(t *testing.T, method, path string, key byte, header, body string) {
		as := keys[int(key)%len(keys)]
		path, body = s.words.Replace(path), s.words.Replace(body)
		if strings.Contains(path, "probes") {
			return // they take seconds, and are no reader of what is sent
		}
		r := &http.Request{
			Method: method, URL: &url.URL{}, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			RequestURI: path, RemoteAddr: "192.0.2.1:1", Body: http.NoBody, ContentLength: int64(len(body)),
		}
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
		if u, err := url.ParseRequestURI(path); err == nil {
			r.URL = u
		}
		r.Header.Set("Authorization", "Bearer "+s.keys[as])
		r.Header.Set("Content-Type", "application/json")
		for line := range strings.SplitSeq(header, "\n") {
			if name, value, ok := strings.Cut(line, ": "); ok {
				r.Header.Set(name, value)
			}
		}
		if body != "" {
			r.Body = unread{strings.NewReader(body)}
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r.WithContext(t.Context()))
		sound(t, w)
		if as != "acme" && strings.Contains(w.Body.String(), "amal@acme") && !strings.Contains(path+header+body, "amal@acme") {
			t.Fatalf("%s reads acme's data", as)
		}
	})
}

// sound checks that a client can understand the answer.
func sound(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	var p api.Problem
	switch {
	case w.Code < 200 || w.Code >= 500 || w.Code >= 300 && w.Code < 400:
		t.Fatalf("status %d: %s", w.Code, w.Body)
	case w.Code < 400:
	case w.Header().Get("Content-Type") != api.ProblemType, json.Unmarshal(w.Body.Bytes(), &p) != nil, p.Status != w.Code:
		t.Fatalf("status %d without a problem: %s", w.Code, w.Body)
	}
}

type unread struct{ *strings.Reader }

func (unread) Close() error { return nil }
