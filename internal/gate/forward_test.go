package gate_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"clause.dev/clause/internal/gate"
)

// TestForwardAuth: what each proxy asks, and what it is told.
func TestForwardAuth(t *testing.T) {
	w := open(t, nil)
	door := w.gate.Forward()
	page := []string{"Accept", "text/html"}
	asked := func(method, host, uri string, more ...string) []string {
		return append([]string{"X-Forwarded-Method", method, "X-Forwarded-Host", host, "X-Forwarded-Uri", uri}, more...)
	}
	ours := w.host()
	for _, row := range []struct {
		name, method, at, host string
		headers                []string
		status                 int
		known                  bool
		to, signIn             string
	}{
		{"nobody, anywhere", "GET", "/forward-auth", "", asked("GET", ours, "/x", page...), 200, false, "", ""},
		{"ana, anywhere", "GET", "/forward-auth", "", asked("GET", ours, "/x", as(page...)...), 200, true, "", ""},
		{"nobody, at a private path", "GET", "/forward-auth", "", asked("GET", ours, "/me?a=b", page...), 303, false, "/account/sign-in?to=%2Fme%3Fa%3Db", ""},
		{"nobody, nginx", "GET", "/forward-auth?redirect=no", "", asked("GET", ours, "/me", page...), 401, false, "", "/account/sign-in?to=%2Fme"},
		{"a script, nginx", "GET", "/forward-auth?redirect=no", "", asked("POST", ours, "/me", page...), 401, false, "", "/account/sign-in"},
		{"a form for a private path", "GET", "/forward-auth", "", asked("POST", ours, "/me", page...), 401, false, "", "/account/sign-in"},
		{"a form of another site", "GET", "/forward-auth", "", asked("POST", ours, "/x", as("Sec-Fetch-Site", "cross-site")...), 200, false, "", ""},
		{"a form of ours", "GET", "/forward-auth", "", asked("POST", ours, "/x", as("Sec-Fetch-Site", "same-origin")...), 200, true, "", ""},
		{"another host", "GET", "/forward-auth", "", asked("GET", "evil.example", "/x", as()...), 403, false, "", ""},
		{"a path of two readings", "GET", "/forward-auth", "", asked("GET", ours, "/x/..%2fme", as()...), 403, false, "", ""},
		{"a path above", "GET", "/forward-auth", "", asked("GET", ours, "/x/../me", as()...), 403, false, "", ""},
		{"nothing said", "GET", "/forward-auth", "", as(), 400, false, "", ""},
		{"no method said", "GET", "/forward-auth", "", []string{"X-Forwarded-Host", ours, "X-Forwarded-Uri", "/x"}, 400, false, "", ""},
		{"two addresses", "GET", "/forward-auth", "", asked("GET", ours, "/x", "X-Forwarded-Uri", "/me"), 400, false, "", ""},
		{"Envoy, nobody", "GET", "/envoy/x", ours, nil, 200, false, "", ""},
		{"Envoy, ana", "POST", "/envoy/x", ours, as(), 200, true, "", ""},
		{"Envoy, a private path", "GET", "/envoy/me?a", ours, page, 303, false, "/account/sign-in?to=%2Fme%3Fa", ""},
		{"Envoy, with headers of the others", "GET", "/envoy/me", ours, asked("GET", ours, "/x"), 401, false, "", "/account/sign-in"},
		{"Envoy, a path of two readings", "GET", "/envoy/x/..%2fme", ours, as(), 403, false, "", ""},
		{"Envoy, a doubled slash", "GET", "/envoy//me", ours, page, 303, false, "/account/sign-in?to=%2F%2Fme", ""},
		{"Envoy, another host", "GET", "/envoy/x", "evil.example", as(), 403, false, "", ""},
		{"something else", "GET", "/x", ours, as(), 404, false, "", ""},
		{"the keys", "GET", "/account/keys.json", ours, nil, 200, false, "", ""},
	} {
		r := httptest.NewRequest(row.method, row.at, nil)
		if row.host != "" {
			r.Host = row.host
		}
		for i := 0; i+1 < len(row.headers); i += 2 {
			r.Header.Add(row.headers[i], row.headers[i+1])
		}
		a := httptest.NewRecorder()
		door.ServeHTTP(a, r)
		identity := a.Header().Get(gate.Header)
		if a.Code != row.status || (identity != "") != row.known || a.Header().Get("Location") != row.to || a.Header().Get(gate.SignIn) != row.signIn {
			t.Errorf("%s: %d, identity %q, to %q, sign in at %q", row.name, a.Code, identity, a.Header().Get("Location"), a.Header().Get(gate.SignIn))
		}
		if row.status == 200 && !row.known && row.at != "/account/keys.json" && a.Header().Get("X-Envoy-Auth-Headers-To-Remove") != "clause-identity" {
			t.Errorf("%s: the client's own copy is not removed", row.name)
		}
		if row.known {
			if got := w.claims(identity)["sub"]; got != "ana" {
				t.Errorf("%s: it is of %v", row.name, got)
			}
		}
	}
	w.down = true
	r := httptest.NewRequest("GET", "/envoy/x", nil)
	r.Host = ours
	r.Header.Set("Cookie", sessionCookie+"="+token)
	a := httptest.NewRecorder()
	if door.ServeHTTP(a, r); a.Code != http.StatusServiceUnavailable {
		t.Errorf("with the store down: %d", a.Code)
	}
}

// TestWhatProxiesLetPassIsTold: of whom, what and whence, and nothing that is turned away.
func TestWhatProxiesLetPassIsTold(t *testing.T) {
	told := &log{}
	w := open(t, nil, func(c *gate.Config) { c.Passed = told.add })
	door := w.gate.Forward()
	for _, uri := range []string{"/me", "/x/../y", "/x?a=b"} {
		for _, headers := range [][]string{nil, as()} {
			r := httptest.NewRequest("GET", "/forward-auth", nil)
			r.Header = http.Header{"X-Forwarded-Method": {"POST"}, "X-Forwarded-Host": {w.host()}, "X-Forwarded-Uri": {uri}}
			if len(headers) > 0 {
				r.Header.Set(headers[0], headers[1])
			}
			r.RemoteAddr = "203.0.113.9:1"
			door.ServeHTTP(httptest.NewRecorder(), r)
		}
	}
	last := told.last(t, 3)
	if last.Subject != "ana" || last.Session == "" || last.Method != "POST" || last.Path != "/x" || last.From.String() != "203.0.113.9" || last.At.IsZero() {
		t.Errorf("told is %+v", last)
	}
	if first, second := told.all[0], told.all[1]; first.Path != "/me" || first.Subject != "ana" || second.Path != "/x" || second.Subject != "" {
		t.Errorf("told are %+v, %+v", first, second)
	}
}

// TestAddresses that the gate does not take.
func TestAddresses(t *testing.T) {
	w := open(t, nil)
	for _, to := range []string{"", "http://127.0.0.1", "https://", "https://a.example/x"} {
		c := w.config
		c.URL = to
		if _, err := gate.New(c); err == nil {
			t.Errorf("people come to %q", to)
		}
	}
	for to, ok := range map[string]bool{
		"http://127.0.0.1:3000": true, "http://localhost:3000/": true, "http://[::1]:1": true, "https://app.internal": true, "http://app.internal": false, "http://10.0.0.1": false,
		"http://127.0.0.1.evil.example": false, "ftp://127.0.0.1": false, "https://u:p@app.internal": false, "https://app.internal/x": false, "https://app.internal?x": false, "/x": false,
	} {
		at, err := w.config.Upstream.Parse(to)
		if to == "/x" {
			at.Host = ""
		}
		if err != nil || (gate.CheckUpstream(at) == nil) != ok {
			t.Errorf("%q: %v, %v", to, err, gate.CheckUpstream(at))
		}
	}
	c := w.config
	c.Private = []string{"/a/../b"}
	if _, err := gate.New(c); err == nil {
		t.Error("a private path of two readings is taken")
	}
}
