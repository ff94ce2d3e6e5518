package control_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestSessionCookieCheck(t *testing.T) {
	two := func(p *policy.Policy) {
		p.Cookies = []policy.Cookie{{ID: "shop", Name: "shop", Kind: policy.Necessary}, {ID: "late", Name: "late", Kind: policy.Necessary}}
	}
	checks(t, []check{
		{name: "none named", control: &control.SessionCookie{}},
		{name: "the first", control: &control.SessionCookie{Cookies: control.Cookies{"late", "shop"}}, change: two},
		{name: "another", control: &control.SessionCookie{Cookies: control.Cookies{"late"}}, change: two, param: "cookies", finds: []string{"shop, which is not among them"}},
	})
}

// Clarus gives its cookie a plain name.
func TestSessionCookieOfClarus(t *testing.T) {
	newWorld(t, sabotage{example: "clarus"}).keeps(t, "session-cookie")
}

func sessionCookieSabotages() []sabotage {
	without := func(attribute string) func(*control.System, http.Handler) http.Handler {
		return cookied(func(line string) string { return strings.Replace(line, "; "+attribute, "", 1) })
	}
	with := func(attribute string) func(*control.System, http.Handler) http.Handler {
		return cookied(func(line string) string { return line + "; " + attribute })
	}
	return []sabotage{
		{name: "scripts can read it", says: "not HttpOnly", front: without("HttpOnly")},
		{name: "it travels in the clear", says: "not Secure", front: without("Secure")},
		{name: "it lasts an hour", says: "stays when the browser is closed", front: cookied(func(line string) string {
			if strings.Contains(line, "Max-Age=0") {
				return line
			}
			return line + "; Max-Age=3600"
		})},
		{name: "it lasts to a day", says: "stays when the browser is closed", front: cookied(func(line string) string {
			if strings.Contains(line, "Max-Age=0") {
				return line
			}
			return line + "; Expires=Fri, 31 Dec 2100 23:59:59 GMT"
		})},
		{name: "it goes to other hosts", says: "names a domain", front: with("Domain=canary.invalid")},
		{name: "it goes along from other sites", says: "what other sites ask for", front: cookied(func(line string) string {
			return strings.Replace(line, "SameSite=Lax", "SameSite=None", 1)
		})},
		{name: "there is another", says: "that the clause does not name", front: beside("visitor=42; Secure; HttpOnly", "POST")},
		{name: "visitors are followed", says: "before anybody signs in", front: beside("__Host-session=visitor; Secure; HttpOnly", "GET")},
		{name: "forged ones are taken", says: "A forged cookie opens", front: forging()},
		{name: "one that was planted stays", says: "takes over the cookie", front: planting()},
		signOffIgnored(),
	}
}

// beside sets one more cookie in answers to a method.
func beside(line, method string) func(*control.System, http.Handler) http.Handler {
	return func(sys *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == method && r.Host == sys.People.Host {
				w.Header().Add("Set-Cookie", line)
			}
			next.ServeHTTP(w, r)
		})
	}
}

// signedIn is the answer to a request, and the value of the session cookie in it, "" if none is set.
func signedIn(next http.Handler, r *http.Request) (got *httptest.ResponseRecorder, value string) {
	got = httptest.NewRecorder()
	next.ServeHTTP(got, r)
	for _, c := range (&http.Response{Header: got.Header()}).Cookies() {
		value = c.Value
	}
	return got, value
}

// forging takes any cookie for the one it handed out last.
func forging() func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		var mu sync.Mutex
		last := ""
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if c := r.Cookies(); len(c) == 1 && last != "" {
				r.Header.Set("Cookie", c[0].Name+"="+last)
			}
			got, value := signedIn(next, r)
			if value != "" {
				last = value
			}
			copyOut(w, got)
		})
	}
}

// planting lets a browser keep the cookie it came with when it signs in.
func planting() func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		var mu sync.Mutex
		really := map[string]string{}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			had := ""
			if c := r.Cookies(); len(c) == 1 {
				had = c[0].Value
				if value := really[had]; value != "" {
					r.Header.Set("Cookie", c[0].Name+"="+value)
				}
			}
			got, value := signedIn(next, r)
			if value != "" && had != "" {
				really[had] = value
				got.Header().Set("Set-Cookie", strings.Replace(got.Header().Get("Set-Cookie"), value, had, 1))
			}
			copyOut(w, got)
		})
	}
}
