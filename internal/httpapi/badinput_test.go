package httpapi

import (
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
)

// secret is in every bad input where a value can be, and must be in no answer.
const secret = "s3cr3t-value"

// Each of these is refused with a clear problem before the domain hears of it.
func TestBadInput(t *testing.T) {
	json := []string{asData, why, isJSONl}
	with := func(header ...string) []string { return append([]string{asData, isJSONl}, header...) }
	deep := strings.Repeat("[", 50) + strings.Repeat("]", 50)
	tests := []struct {
		name, method, path string
		header             []string
		body               string
		status             int
		field              string
	}{
		{"no body", "PUT", record, json, ``, 400, ""},
		{"not JSON", "PUT", record, json, `{"fields":` + secret, 400, ""},
		{"wrong type", "PUT", record, json, `{"fields":"` + secret + `"}`, 422, ""},
		{"unknown member", "PUT", record, json, `{"fields":{},"` + secret + `":1}`, 422, ""},
		{"member in another case", "PUT", record, json, `{"Fields":{}}`, 422, ""},
		{"duplicate name", "PUT", record, json, `{"fields":{"` + secret + `":1,"` + secret + `":2}}`, 400, ""},
		{"huge number", "PUT", record, json, `{"fields":{"income":123456789012345678901234567890}}`, 400, ""},
		{"huge exponent", "PUT", record, json, `{"fields":{"income":1e99999}}`, 400, ""},
		{"long number", "PUT", record, json, `{"fields":{"income":0.` + strings.Repeat("1", 1000) + `}}`, 400, ""},
		{"invalid UTF-8", "PUT", record, json, "{\"fields\":{\"income\":\"" + secret + "\xff\"}}", 400, ""},
		{"lone surrogate", "PUT", record, json, `{"fields":{"income":"\ud800"}}`, 400, ""},
		{"NUL", "PUT", record, json, "{\"fields\":{\"income\":\"" + secret + "\x00\"}}", 400, ""},
		{"deep", "PUT", record, json, `{"fields":{"income":` + deep + `}}`, 400, ""},
		{"bomb", "PUT", record, json, strings.Repeat("[", maxBody), 400, ""},
		{"oversized", "PUT", record, json, `{"fields":{"income":"` + strings.Repeat("x", maxBody) + `"}}`, 413, ""},
		{"trailing data", "PUT", record, json, `{"fields":{}}{"` + secret + `":1}`, 400, ""},
		{"compressed", "PUT", record, with(why, "Content-Encoding: gzip"), "\x1f\x8b\x08", 415, ""},
		{"named as not compressed", "PUT", record, with(why, "Content-Encoding: identity"), `{"fields":{}}`, 415, ""},
		{"form", "PUT", record, []string{asData, why, "Content-Type: application/x-www-form-urlencoded"}, `fields=` + secret, 415, ""},
		{"no content type", "PUT", record, []string{asData, why}, `{"fields":{}}`, 415, ""},
		{"two content types", "PUT", record, with(why, "Content-Type: text/plain"), `{"fields":{}}`, 415, ""},
		{"other charset", "PUT", record, []string{asData, why, "Content-Type: application/json; charset=utf-16"}, `{"fields":{}}`, 415, ""},
		{"no purpose", "GET", record, []string{asData}, ``, 400, api.HeaderPurpose},
		{"empty purpose", "GET", record, []string{asData, "Clause-Purpose: "}, ``, 400, api.HeaderPurpose},
		{"two purposes", "GET", record, []string{asData, why, "Clause-Purpose: " + secret}, ``, 400, api.HeaderPurpose},
		{"purpose that is no id", "GET", record, []string{asData, "Clause-Purpose: " + secret + "/'"}, ``, 400, api.HeaderPurpose},
		{"recipient that is no id", "GET", record, []string{asData, why, "Clause-Recipient: " + secret + " x"}, ``, 400, api.HeaderRecipient},
		{"fields that are no ids", "GET", record, []string{asData, why, "Clause-Fields: a,," + secret}, ``, 400, api.HeaderFields},
		{"too many fields", "GET", record, []string{asData, why, "Clause-Fields: a" + strings.Repeat(",a", 100)}, ``, 400, api.HeaderFields},
		{"If-Match without quotes", "PUT", record, with(why, "If-Match: 3"), `{"fields":{}}`, 400, "If-Match"},
		{"weak If-Match", "PUT", record, with(why, `If-Match: W/"3"`), `{"fields":{}}`, 400, "If-Match"},
		{"negative If-Match", "PUT", record, with(why, `If-Match: "-3"`), `{"fields":{}}`, 400, "If-Match"},
		{"signed If-Match", "PUT", record, with(why, `If-Match: "+3"`), `{"fields":{}}`, 400, "If-Match"},
		{"both conditions", "PUT", record, with(why, `If-Match: "3"`, "If-None-Match: *"), `{"fields":{}}`, 400, "If-Match"},
		{"If-None-Match with a version", "PUT", record, with(why, `If-None-Match: "3"`), `{"fields":{}}`, 400, "If-None-Match"},
		{"long idempotency key", "PUT", record, with(why, "Idempotency-Key: "+strings.Repeat("k", 129)), `{"fields":{}}`, 400, api.HeaderIdempotencyKey},
		{"unprintable idempotency key", "PUT", record, with(why, "Idempotency-Key: a\x7f"), `{"fields":{}}`, 400, api.HeaderIdempotencyKey},
		{"two idempotency keys", "POST", "/v1/tenants/acme/subjects", []string{asData, "Idempotency-Key: a", "Idempotency-Key: b"}, ``, 400, api.HeaderIdempotencyKey},
		{"body where none belongs", "POST", "/v1/tenants/acme/subjects", []string{asData}, `{"name":"` + secret + `"}`, 400, ""},
		{"body in a delete", "DELETE", record, []string{asData, why}, secret, 400, ""},
		{"unknown query", "GET", records + "?email=" + secret, []string{asData, why}, ``, 400, "query"},
		{"query where none belongs", "GET", record + "?fields=" + secret, []string{asData, why}, ``, 400, "query"},
		{"repeated query", "GET", records + "?limit=1&limit=2", []string{asData, why}, ``, 400, "limit"},
		{"malformed query", "GET", records + "?limit=%zz", []string{asData, why}, ``, 400, "query"},
		{"limit that is no number", "GET", records + "?limit=" + secret, []string{asData, why}, ``, 400, "limit"},
		{"limit too large", "GET", records + "?limit=101", []string{asData, why}, ``, 400, "limit"},
		{"limit of none", "GET", records + "?limit=0", []string{asData, why}, ``, 400, "limit"},
		{"long cursor", "GET", records + "?cursor=" + strings.Repeat("c", 513), []string{asData, why}, ``, 400, "cursor"},
		{"cursor of entries", "GET", "/v1/tenants/acme/entries?cursor=" + secret, []string{asAudit}, ``, 400, "cursor"},
		{"negative cursor of entries", "GET", "/v1/tenants/acme/entries?cursor=-1", []string{asAudit}, ``, 400, "cursor"},
		{"id with a slash", "GET", "/v1/tenants/a%2fb/subjects/sub_1/standing", []string{asData}, ``, 404, ""},
		{"id with a NUL", "GET", "/v1/tenants/acme/subjects/sub\x00/standing", []string{asData}, ``, 404, ""},
		{"id of dots", "GET", "/v1/tenants/../subjects/sub_1/standing", []string{asData}, ``, 404, ""},
		{"id with a space", "GET", "/v1/tenants/acme/subjects/" + secret + " x/standing", []string{asData}, ``, 404, ""},
		{"long id", "GET", "/v1/tenants/acme/subjects/" + strings.Repeat("s", 129) + "/standing", []string{asData}, ``, 404, ""},
		{"empty segment", "GET", "/v1/tenants//subjects/sub_1/standing", []string{asData}, ``, 404, ""},
		{"unknown path", "GET", "/v2/" + secret, []string{asData}, ``, 404, ""},
		{"unknown path below v1", "GET", "/v1/" + secret, []string{asData}, ``, 404, ""},
		{"trailing slash", "GET", "/v1/tenants/", []string{asAdmin}, ``, 404, ""},
		{"path of a star", "OPTIONS", "*", nil, ``, 404, ""},
		{"wrong method", "DELETE", "/v1/tenants", []string{asAdmin}, ``, 405, ""},
		{"unknown method", "BREW", record, []string{asData}, ``, 405, ""},
		{"trace", "TRACE", record, []string{asData}, ``, 405, ""},
		{"ledger of a path", "GET", "/ledger/a%2fb/checkpoint", nil, ``, 404, ""},
		{"ledger with a query", "GET", "/ledger/acme/checkpoint?x=1", nil, ``, 404, ""},
		{"tenant without id", "POST", "/v1/tenants", []string{asAdmin, isJSONl}, `{"title":"x","region":"r","environment":"e"}`, 422, ""},
		{"tenant with a wrong id", "POST", "/v1/tenants", []string{asAdmin, isJSONl}, `{"id":"` + secret + `!","title":"x","region":"r","environment":"e"}`, 422, ""},
		{"tenant in another case", "POST", "/v1/tenants", []string{asAdmin, isJSONl}, `{"ID":"acme","title":"x","region":"r","environment":"e"}`, 422, ""},
		{"tenant with a number", "POST", "/v1/tenants", []string{asAdmin, isJSONl}, `{"id":"acme","title":7,"region":"r","environment":"e"}`, 422, ""},
		{"tenant of null", "POST", "/v1/tenants", []string{asAdmin, isJSONl}, `null`, 422, ""},
		{"application with a wrong scope", "POST", "/v1/applications", []string{asAdmin, isJSONl}, `{"title":"x","scopes":["` + secret + `"],"environment":"e"}`, 422, ""},
		{"application with a wrong time", "POST", "/v1/applications", []string{asAdmin, isJSONl}, `{"title":"x","scopes":["data"],"environment":"e","expires":"` + secret + `"}`, 422, ""},
		{"consent of text", "PUT", subject + "/consents/tips", []string{asData, isJSONl}, `{"given":"` + secret + `"}`, 422, ""},
		{"consent of null", "PUT", subject + "/consents/tips", []string{asData, isJSONl}, `{"given":null}`, 422, ""},
		{"consent of nothing", "PUT", subject + "/consents/tips", []string{asData, isJSONl}, `{}`, 422, ""},
		{"find a number", "POST", "/v1/tenants/acme/find", json, `{"data_set":"d","field":"f","value":7}`, 422, ""},
		{"find an empty value", "POST", "/v1/tenants/acme/find", json, `{"data_set":"d","field":"f","value":""}`, 422, ""},
		{"find a long value", "POST", "/v1/tenants/acme/find", json, `{"data_set":"d","field":"f","value":"` + strings.Repeat("x", 4097) + `"}`, 422, ""},
		{"batch of nothing", "POST", "/v1/tenants/acme/batch", json, `{"operations":[]}`, 422, ""},
		{"batch too long", "POST", "/v1/tenants/acme/batch", json, `{"operations":[` + strings.Repeat(`{"action":"delete","subject":"s","data_set":"d","record":"r"},`, 1000) + `{"action":"delete","subject":"s","data_set":"d","record":"r"}]}`, 422, ""},
		{"batch of an unknown action", "POST", "/v1/tenants/acme/batch", json, `{"operations":[{"action":"` + secret + `","subject":"s","data_set":"d"}]}`, 422, ""},
		{"batch with an unknown member", "POST", "/v1/tenants/acme/batch", json, `{"operations":[{"action":"put","subject":"s","data_set":"d","` + secret + `":1}]}`, 422, ""},
		{"batch of a fraction", "POST", "/v1/tenants/acme/batch", json, `{"operations":[{"action":"put","subject":"s","data_set":"d","if_version":1.5}]}`, 422, ""},
		{"batch of a float", "POST", "/v1/tenants/acme/batch", json, `{"operations":[{"action":"put","subject":"s","data_set":"d","if_version":1e2}]}`, 422, ""},
		{"aggregate of an unknown statistic", "POST", "/v1/tenants/acme/aggregates", json, `{"data_set":"d","statistic":"` + secret + `"}`, 422, ""},
		{"blob over its bound", "PUT", record + "/blobs/scan", []string{asData, why}, strings.Repeat("x", 1001), 413, ""},
		{"compressed blob", "PUT", record + "/blobs/scan", []string{asData, why, "Content-Encoding: gzip"}, "x", 415, ""},
		{"blob of a malformed type", "PUT", record + "/blobs/scan", []string{asData, why, "Content-Type: " + secret + "/"}, "x", 415, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := set(t)
			w := s.send(test.method, test.path, test.body, test.header...)
			if w.Code != test.status {
				t.Fatalf("status %d, want %d: %s", w.Code, test.status, w.Body)
			}
			p := problem(t, w)
			if p.Field != test.field && test.field != "" {
				t.Errorf("field %q, want %q", p.Field, test.field)
			}
			if calls := s.took(); calls != nil {
				t.Errorf("the domain saw %v", calls)
			}
			if strings.Contains(w.Body.String(), secret) || strings.Contains(w.Header().Get("Location"), secret) {
				t.Errorf("the answer repeats what was sent: %s", w.Body)
			}
		})
	}
}

// A wrong credential looks the same whatever is wrong with it.
func TestBadCredentials(t *testing.T) {
	s := set(t)
	var first string
	for i, header := range [][]string{
		nil, {"Authorization: "}, {"Authorization: Bearer"}, {"Authorization: Bearer "}, {"Authorization: Bearer " + secret},
		{"Authorization: Basic " + dataKey}, {"Authorization: " + dataKey}, {"Authorization: Bearer  " + dataKey},
		{"Authorization: Bearer " + strings.Repeat("k", 600)}, {asData, asData}, {"Authorization: Bearer " + dataKey + "\x00"},
	} {
		w := s.send("GET", record, "", append(header, why)...)
		if problem(t, w); w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%q: status %d", header, w.Code)
		}
		if i == 0 {
			first = w.Body.String()
		}
		if w.Body.String() != first {
			t.Errorf("%q can be told apart: %s", header, w.Body)
		}
	}
	if calls := s.took(); calls != nil {
		t.Errorf("the domain saw %v", calls)
	}
}

func TestExpiredCredential(t *testing.T) {
	s := set(t, func(c *Config) { c.Now = func() time.Time { return noon.AddDate(1, 0, 0) } })
	if w := s.send("GET", record, "", asData, why); w.Code != 401 {
		t.Errorf("status %d", w.Code)
	}
}
