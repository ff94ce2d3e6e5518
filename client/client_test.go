package client

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
)

// answering returns a client of a server that always answers so.
func answering(t *testing.T, status int, header map[string]string, body string) (*Client, *http.Request) {
	t.Helper()
	seen := &http.Request{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*seen = *r.Clone(t.Context())
		for name, v := range header {
			w.Header().Set(name, v)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	c, err := New(Config{URL: server.URL, Key: "clause_a_b"})
	if err != nil {
		t.Fatal(err)
	}
	return c, seen
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []Config{{}, {URL: "localhost:80"}, {URL: "ftp://x"}, {URL: "https://"}, {URL: "https://x", Key: "a\r\nb"}, {URL: "https://x", Key: "a b"}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

func TestProblem(t *testing.T) {
	c, _ := answering(t, 429, map[string]string{"Content-Type": "application/problem+json; charset=utf-8", "Retry-After": "7"},
		`{"type":"/docs#problem-too-many","title":"too many requests","status":200,"detail":"slow down","clause":"c","field":"f","hint":"wait","errors":[{"field":"a","message":"b"}]}`)
	_, err := c.Evidence(t.Context())
	var p *Problem
	if !errors.As(err, &p) || p.RetryAfter != 7*time.Second || p.Status != 429 || Status(err) != 429 || Clause(err) != "c" {
		t.Fatalf("%#v", err)
	}
	for _, want := range []string{"429", "slow down", "clause c", "at f", "wait", "a: b"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %s", want, err)
		}
	}
}

// Whatever stands between us and the server answers as it likes.
func TestForeignAnswers(t *testing.T) {
	c, _ := answering(t, 502, map[string]string{"Content-Type": "text/html"}, "<h1>bad gateway</h1>")
	if _, err := c.Evidence(t.Context()); Status(err) != 502 || strings.Contains(err.Error(), "<h1>") {
		t.Errorf("%v", err)
	}
	c, _ = answering(t, 500, map[string]string{"Content-Type": api.ProblemType}, "{not json")
	if _, err := c.Evidence(t.Context()); Status(err) != 500 {
		t.Errorf("%v", err)
	}
	c, _ = answering(t, 200, nil, "<h1>log in</h1>")
	if _, err := c.Evidence(t.Context()); err == nil || Status(err) != 0 {
		t.Errorf("%v", err)
	}
}

// The key is not carried to where a redirection points.
func TestRedirectIsNotFollowed(t *testing.T) {
	other, seen := answering(t, 200, nil, `{"clauses":[]}`)
	c, _ := answering(t, 302, map[string]string{"Location": other.base}, "")
	if _, err := c.Evidence(t.Context()); Status(err) != 302 || seen.Method != "" {
		t.Errorf("%v, followed by %s", err, seen.Method)
	}
}

func TestIdsAreEscaped(t *testing.T) {
	c, seen := answering(t, 200, nil, `{}`)
	if _, err := c.Get(t.Context(), Target{Tenant: "a/../b", Subject: "s?x=1", DataSet: "d#", Record: "r%2f", Purpose: "p"}); err != nil {
		t.Fatal(err)
	}
	if want := "/v1/tenants/a%2F..%2Fb/subjects/s%3Fx=1/data/d%23/r%252f"; seen.URL.EscapedPath() != want {
		t.Errorf("got %s, want %s", seen.URL.EscapedPath(), want)
	}
	if got := seen.Header.Get("Authorization"); got != "Bearer clause_a_b" {
		t.Errorf("Authorization: %s", got)
	}
}

// The address of no record is that of all of them.
func TestGetNeedsARecord(t *testing.T) {
	c, seen := answering(t, 200, nil, `{}`)
	if _, err := c.Get(t.Context(), Target{Tenant: "acme", Subject: "s", DataSet: "d", Purpose: "p"}); err == nil || seen.Method != "" {
		t.Error("it was sent")
	}
}

func TestPages(t *testing.T) {
	calls := 0
	next := func(cursor string) ([]int, string, error) {
		calls++
		switch cursor {
		case "":
			return []int{1, 2}, "a", nil
		case "a":
			return nil, "b", nil
		}
		return []int{3}, "", nil
	}
	var got []int
	for n, err := range pages(next) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, n)
	}
	if len(got) != 3 || calls != 3 {
		t.Errorf("%v in %d calls", got, calls)
	}
	calls = 0
	for range pages(next) {
		break
	}
	if calls != 1 {
		t.Errorf("%d calls after a break", calls)
	}
	for _, err := range pages(func(string) ([]int, string, error) { return nil, "", errors.New("x") }) {
		if err == nil {
			t.Error("the error was lost")
		}
	}
}

func TestFieldsText(t *testing.T) {
	f := api.Fields{"a": []byte(`"x\u00e9"`), "b": []byte(`7`)}
	if f.Text("a") != "xé" || f.Text("b") != "" || f.Text("c") != "" {
		t.Errorf("%q %q %q", f.Text("a"), f.Text("b"), f.Text("c"))
	}
	if _, err := Encode(map[string]any{"a": make(chan int)}); err == nil {
		t.Error("a channel was encoded")
	}
}
