package httpapi

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
)

func TestProblems(t *testing.T) {
	for kind, status := range map[fault.Kind]int{
		fault.Invalid: 400, fault.Unauthenticated: 401, fault.Refused: 403, fault.NotFound: 404, fault.Conflict: 409, fault.Erased: 410,
		fault.Stale: 412, fault.TooLarge: 413, fault.TooMany: 429, fault.Unavailable: 503, fault.Other: 500, fault.Kind(99): 500,
	} {
		s := set(t)
		inner := fault.New("vault.get", kind, "what a caller may read").WithClause("clesaro-consent").WithField("fields.income").WithHint("ask first")
		s.err = fault.Wrap("vault.Get", inner)
		w := s.send("GET", record, "", asData, why)
		p := problem(t, w)
		if w.Code != status {
			t.Errorf("%v: status %d, want %d", kind, w.Code, status)
		}
		if status >= 500 {
			if strings.Contains(w.Body.String(), "caller may read") || p.Hint != "" || p.Instance == "" {
				t.Errorf("%v tells too much or too little: %s", kind, w.Body)
			}
		} else if p.Detail != "what a caller may read" || p.Clause != "clesaro-consent" || p.Field != "fields.income" || p.Hint != "ask first" {
			t.Errorf("%v: %+v", kind, p)
		}
		if retry := w.Header().Get("Retry-After"); (retry != "") != (status == 429 || status == 503) {
			t.Errorf("%v: Retry-After %q", kind, retry)
		}
		for _, name := range []string{"ETag", "Location", api.HeaderRestsOn} {
			if got := w.Header().Get(name); got != "" {
				t.Errorf("%v: %s: %s", kind, name, got)
			}
		}
	}
}

func TestForeignErrorsStayInside(t *testing.T) {
	for _, err := range []error{errors.New("pq: secret detail"), fault.As("db.Open", fault.Other, errors.New("secret detail")), context.Canceled} {
		s := set(t)
		s.err = err
		w := s.send("GET", record, "", asData, why)
		if problem(t, w); w.Code < 500 || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%v: status %d, %s", err, w.Code, w.Body)
		}
	}
}

func TestPanicsAreContained(t *testing.T) {
	var log bytes.Buffer
	s := set(t, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	s.crash = true
	w := s.send("GET", record, "", asData, why)
	if problem(t, w); w.Code != 500 {
		t.Errorf("status %d", w.Code)
	}
	if all := log.String() + w.Body.String(); strings.Contains(all, "personal data") || !strings.Contains(log.String(), "fake_test.go") {
		t.Errorf("the panic's value is told, or its place is not: %s", all)
	}
}

func TestLogHoldsNoPersonalData(t *testing.T) {
	var log bytes.Buffer
	s := set(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	s.send("GET", strings.Replace(record, "sub_1", "sub_of_zoe", 1), "", asData, why)
	s.send("POST", "/v1/tenants/acme/find", `{"data_set":"d","field":"email","value":"zoe@example.com"}`, asData, why, isJSONl)
	s.send("GET", records+"?email=zoe@example.com", "", asData, why)
	s.send("GET", "/zoe", "")
	s.err = fault.New("vault.Get", fault.Other, "it broke")
	failure := problem(t, s.send("GET", record, "", asData, why))
	for _, want := range []string{"route=\"GET " + recordPath + "\"", "status=200", "status=400", "credential=app_data", "took=", failure.Instance, "it broke"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %s in the log: %s", want, log.String())
		}
	}
	for _, absent := range []string{"zoe", dataKey, "income", "sub_1"} {
		if strings.Contains(log.String(), absent) {
			t.Errorf("%s in the log: %s", absent, log.String())
		}
	}
}

func TestCredentialRate(t *testing.T) {
	now := noon
	s := set(t, func(c *Config) {
		c.Wall = func() time.Time { return now }
		c.Limits = Limits{PerCredential: 1, Burst: 3}
	})
	count := func(header ...string) (ok, refused int) {
		for range 10 {
			switch w := s.send("GET", "/v1/evidence", "", header...); w.Code {
			case 200:
				ok++
			case 429:
				refused++
				if w.Header().Get("Retry-After") == "" {
					t.Error("no Retry-After")
				}
			}
		}
		return ok, refused
	}
	if ok, refused := count(asData); ok != 3 || refused != 7 {
		t.Errorf("%d served, %d refused; want 3 and 7", ok, refused)
	}
	if ok, _ := count(asAdmin); ok != 3 {
		t.Error("another credential pays for the first")
	}
	now = now.Add(2 * time.Second)
	if ok, _ := count(asData); ok != 2 {
		t.Errorf("%d served after two seconds, want 2", ok)
	}
}

func TestFailedAuthenticationRate(t *testing.T) {
	s := set(t, func(c *Config) {
		c.Wall = func() time.Time { return noon }
		c.Limits = Limits{FailureBurst: 5}
	})
	got := map[int]int{}
	for range 20 {
		got[s.send("GET", "/v1/evidence", "", "Authorization: Bearer wrong").Code]++
	}
	if got[401] != 5 || got[429] != 15 {
		t.Errorf("got %v, want 5 times 401 and 15 times 429", got)
	}
	if w := s.send("GET", "/v1/evidence", "", asData); w.Code != 200 {
		t.Errorf("a valid key behind the same address gets %d", w.Code)
	}
}

func TestLimiterIsBounded(t *testing.T) {
	l := newLimiter(1, 1)
	for i := range 3 * maxKeys {
		l.allow(strconv.Itoa(i), noon)
	}
	if len(l.buckets) > maxKeys {
		t.Errorf("%d buckets", len(l.buckets))
	}
	l = newLimiter(1, 2)
	for i := range maxKeys {
		l.allow(strconv.Itoa(i), noon)
	}
	l.allow("0", noon.Add(time.Second))
	l.allow("0", noon.Add(time.Second))
	l.allow("new", noon.Add(time.Second))
	if l.allow("0", noon.Add(time.Second)) {
		t.Error("an empty bucket was forgotten")
	}
	if len(l.buckets) != 2 {
		t.Errorf("%d buckets, want the used one and the new one", len(l.buckets))
	}
}

func TestAddressKey(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:1234": "192.0.2.7", "[::ffff:192.0.2.7]:1": "192.0.2.7", "[2001:db8:1:2:3:4:5:6]:1": "2001:db8:1:2::/64",
		"[fe80::1%eth0]:1": "fe80::/64", "192.0.2.7": "192.0.2.7", "": "unknown", "@": "unknown",
	} {
		if got := addressKey(remote); got != want {
			t.Errorf("%q: %s, want %s", remote, got, want)
		}
	}
}

func TestConcurrency(t *testing.T) {
	arrived, leave := make(chan bool), make(chan bool)
	s := set(t, func(c *Config) {
		c.Limits = Limits{Concurrent: 1}
		c.Ready = func(context.Context) error { arrived <- true; <-leave; return nil }
	})
	go s.send("GET", "/healthz", "")
	<-arrived
	w := s.send("GET", "/v1/evidence", "", asData)
	if problem(t, w); w.Code != 503 || w.Header().Get("Retry-After") == "" {
		t.Errorf("status %d", w.Code)
	}
	leave <- true
	for s.send("GET", "/v1/evidence", "", asData).Code != 200 {
		time.Sleep(time.Millisecond)
	}
}

func TestNotReady(t *testing.T) {
	s := set(t, func(c *Config) { c.Ready = func(context.Context) error { return errors.New("secret") } })
	if w := s.send("GET", "/healthz", ""); w.Code != 503 || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("status %d, %s", w.Code, w.Body)
	}
}

func TestIdempotencyDigest(t *testing.T) {
	seen := map[[32]byte]string{}
	requests := []struct{ method, path, purpose, fields, match, body string }{
		{"PUT", "/a", "p", "", "", "{}"}, {"PATCH", "/a", "p", "", "", "{}"}, {"PUT", "/ap", "", "", "", "{}"}, {"PUT", "/a", "q", "", "", "{}"},
		{"PUT", "/a", "p", "f", "", "{}"}, {"PUT", "/a", "p", "", `"1"`, "{}"}, {"PUT", "/a", "p", "", "", "{ }"},
	}
	for _, q := range requests {
		r := httptest.NewRequest(q.method, q.path, nil)
		r.Header.Set(api.HeaderIdempotencyKey, "k")
		for name, v := range map[string]string{api.HeaderPurpose: q.purpose, api.HeaderFields: q.fields, "If-Match": q.match} {
			if v != "" {
				r.Header.Set(name, v)
			}
		}
		x := &exchange{Request: r}
		idem, err := x.idempotency([]byte(q.body))
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := x.idempotency([]byte(q.body)); again != idem {
			t.Error("the same request has two digests")
		}
		if other, ok := seen[idem.Request]; ok {
			t.Errorf("%v and %s have one digest", q, other)
		}
		seen[idem.Request] = q.method + q.path + q.purpose
	}
}

func TestConfigIsChecked(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("an empty configuration was taken")
	}
	full := set(t).config
	r := &routes{service: &service{Config: full, mux: http.NewServeMux(), books: newBook("", "")}, allowed: map[string][]string{}}
	r.public(operation{method: "GET", path: "/v1/open", id: "open", tag: "t", summary: "s"}, func(*exchange) error { return nil })
	if r.finish() == nil {
		t.Error("a public operation below /v1/ was taken")
	}
}
