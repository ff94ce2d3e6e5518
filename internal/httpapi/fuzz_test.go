package httpapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
)

// FuzzAPI sends any method, path, header and body to the whole handler. Whatever they are, the
// answer is one that a client can understand: no failure of the server, no panic, and problems as
// problems.
func FuzzAPI(f *testing.F) {
	const tenant = "/v1/tenants/acme"
	for _, seed := range []struct{ method, path, header, body string }{
		{"GET", record, asData + "\n" + why + "\nClause-Fields: income", ""},
		{"PUT", record, asData + "\n" + why + "\n" + isJSONl + "\nIdempotency-Key: k", `{"fields":{"income":"1"}}`},
		{"POST", records, asData + "\n" + why + "\n" + isJSONl, `{"fields":{}}`},
		{"PATCH", record, asData + "\n" + why + "\nContent-Type: application/merge-patch+json\nIf-Match: \"3\"", `{"fields":{"income":null}}`},
		{"DELETE", record, asData + "\n" + why + "\nIf-None-Match: *", ""},
		{"PUT", record + "/blobs/scan", asData + "\n" + why + "\nContent-Type: image/png; a=b", "12345"},
		{"GET", record + "/blobs/scan", asData + "\n" + why, ""},
		{"GET", records + "?limit=5&cursor=rec_1", asData + "\n" + why, ""},
		{"POST", tenant + "/find", asData + "\n" + why + "\n" + isJSONl, `{"data_set":"d","field":"email","value":"a@b"}`},
		{"POST", tenant + "/batch", asData + "\n" + why + "\n" + isJSONl, `{"operations":[{"action":"delete","subject":"s","data_set":"d","if_version":3}]}`},
		{"POST", tenant + "/aggregates", asData + "\n" + why + "\n" + isJSONl, `{"data_set":"d","statistic":"sum","field":"income"}`},
		{"POST", tenant + "/subjects", asData + "\nIdempotency-Key: a", ""},
		{"PUT", subject + "/consents/tips", asData + "\n" + isJSONl, `{"given":true}`},
		{"GET", "/v1/tenants/%2e%2e/subjects/a%2fb/standing", asData, ""},
		{"GET", "/v1//tenants/\x00", asData, ""},
		{"GET", tenant + "/entries?cursor=3", asAudit, ""},
		{"GET", "/ledger/acme/tile/entries/x001/000.p/9", asAudit, ""},
		{"POST", "/v1/tenants", asAdmin + "\n" + isJSONl, `{"id":"acme","title":"A","region":"r","environment":"e"}`},
		{"POST", "/v1/applications", asAdmin + "\n" + isJSONl, `{"title":"A","scopes":["data"],"environment":"e","expires":"2027-01-01T00:00:00Z"}`},
		{"OPTIONS", "*", "", ""},
		{"CONNECT", "", "", ""},
		{"GET", "/docs", "Accept: */*", ""},
	} {
		f.Add(seed.method, seed.path, seed.header, seed.body)
	}
	s := set(f, func(c *Config) {
		c.Wall = func() time.Time { return noon }
		c.Limits = Limits{FailureBurst: 1 << 30, PerCredential: 1e9}
	})
	f.Fuzz(func(t *testing.T, method, path, header, body string) {
		r := &http.Request{Method: method, URL: &url.URL{}, Header: http.Header{}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, RequestURI: path, RemoteAddr: "192.0.2.1:1"}
		r.URL.Path, r.URL.RawQuery, _ = strings.Cut(path, "?")
		if u, err := url.ParseRequestURI(path); err == nil {
			r.URL = u
		}
		for _, line := range strings.Split(header, "\n") {
			name, value, _ := strings.Cut(line, ": ")
			r.Header.Add(name, value)
		}
		r.Body, r.ContentLength = http.NoBody, int64(len(body))
		if body != "" {
			r.Body = readCloser{strings.NewReader(body)}
		}
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		s.took()
		if w.Code >= 500 || w.Code < 200 || w.Code >= 300 && w.Code < 400 {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		if w.Code >= 400 {
			var p api.Problem
			if w.Header().Get("Content-Type") != api.ProblemType || json.Unmarshal(w.Body.Bytes(), &p) != nil || p.Status != w.Code {
				t.Fatalf("status %d without a problem: %s", w.Code, w.Body)
			}
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Fatal("an answer may be kept")
		}
	})
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }
