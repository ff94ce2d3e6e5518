package web_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/web"
)

func TestLocal(t *testing.T) {
	for to, want := range map[string]bool{
		"/account/en/": true, "/x?y=//z": true, "": false, "x": false, "//evil.example/": false, "https://evil.example/": false, `/\evil.example`: false,
		"/\t/evil.example": false, "javascript:alert(1)": false, "/" + strings.Repeat("x", 2000): false, "/%zz": false,
	} {
		if web.Local(to) != want {
			t.Errorf("%q: %v", to, !want)
		}
	}
}

func TestReads(t *testing.T) {
	for said, want := range map[string]string{"": "en", "ar": "ar", "fr, AR-ae;q=0.8": "ar", "en-GB,ar": "en", "fr": "en", ";;,": "en"} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Language", said)
		if got := web.Reads(r, []string{"en", "ar"}); got != want {
			t.Errorf("%q: %s", said, got)
		}
	}
}

// Two of a name are none, in a form and among cookies.
func TestOne(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: "a", Value: "1"})
	if got := web.Cookie(r, "a"); got != "1" {
		t.Errorf("one cookie: %q", got)
	}
	r.AddCookie(&http.Cookie{Name: "a", Value: "2"})
	if got := web.Cookie(r, "a"); got != "" {
		t.Errorf("two cookies: %q", got)
	}
	if got := web.One(url.Values{"a": {"1", "2"}, "b": {"3"}}, "a"); got != "" || web.One(url.Values{"b": {"3"}}, "b") != "3" {
		t.Errorf("two values: %q", got)
	}
}

func TestReadForm(t *testing.T) {
	send := func(kind, body string) (*http.Request, error) {
		r := httptest.NewRequest(http.MethodPost, "/?a=address", strings.NewReader(body))
		r.Header.Set("Content-Type", kind)
		return r, web.ReadForm(httptest.NewRecorder(), r)
	}
	const form = "application/x-www-form-urlencoded"
	if r, err := send(form+"; charset=utf-8", "a=form"); err != nil || web.One(r.PostForm, "a") != "form" {
		t.Errorf("%v %v", r.PostForm, err)
	}
	if _, err := send("application/json", "{}"); !fault.Is(err, fault.Invalid) {
		t.Errorf("JSON: %v", err)
	}
	if _, err := send(form, "a="+strings.Repeat("x", 70<<10)); !fault.Is(err, fault.TooLarge) {
		t.Errorf("a large form: %v", err)
	}
}

// Every answer is guarded, and another site's form never arrives.
func TestGuarded(t *testing.T) {
	arrived := 0
	h := web.Guarded(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { arrived++; w.WriteHeader(web.StatusOf(errors.New("x"))) }),
		"default-src 'none'", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	ask := func(method, site string) *httptest.ResponseRecorder {
		r, w := httptest.NewRequest(method, "https://here.example/", nil), httptest.NewRecorder()
		r.Header.Set("Sec-Fetch-Site", site)
		h.ServeHTTP(w, r)
		return w
	}
	for _, w := range []*httptest.ResponseRecorder{ask("POST", "cross-site"), ask("POST", "same-origin"), ask("GET", "cross-site")} {
		for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "Strict-Transport-Security": "max-age=31536000", "X-Frame-Options": "DENY", "Cache-Control": "no-store"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
	if arrived != 2 {
		t.Errorf("%d of three requests arrived", arrived)
	}
	w := httptest.NewRecorder()
	web.Asset(fstest.MapFS{"a.css": {Data: []byte("a{}")}}, "a.css", "text/css")(w, nil)
	if w.Body.String() != "a{}" || w.Header().Get("Content-Type") != "text/css" {
		t.Errorf("an asset: %v", w)
	}
}
