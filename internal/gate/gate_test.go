package gate_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/gate"
)

// TestIdentity: the application learns who is signed in from the gate, and from nobody else.
func TestIdentity(t *testing.T) {
	w := open(t, nil)
	if w.get("/hello?x=1").StatusCode != 200 {
		t.Fatal("the application cannot be reached")
	}
	r := w.one()
	if r.Header.Get(gate.Header) != "" || r.URL.String() != "/hello?x=1" || r.Host != w.host() || r.Header.Get("X-Forwarded-Proto") != "https" || r.Header.Get("X-Forwarded-For") != "127.0.0.1" {
		t.Errorf("nobody is signed in, and the application sees %s of %s, %v", r.URL, r.Host, r.Header)
	}
	w.get("/hello", as()...)
	r = w.one()
	said := w.claims(r.Header.Get(gate.Header))
	for name, want := range map[string]any{"sub": "ana", "tenant": "acme", "iss": w.config.URL, "aud": w.config.URL, "purposes": []any{"insights"}, "amr": []any{"pwd"}, "auth_time": 1.8e9} {
		if got := said[name]; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if lasts := said["exp"].(float64) - said["iat"].(float64); lasts != 60 {
		t.Errorf("an identity lasts %v s", lasts)
	}
	if strings.Contains(fmt.Sprint(said), "s1") || r.Header.Get("Cookie") != "" {
		t.Errorf("the application is told what could end or use the session: %v, %v", said, r.Header["Cookie"])
	}
	for _, other := range []string{"nobody", "", token + "x"} {
		w.get("/hello", "Cookie", sessionCookie+"="+other)
		if got := w.one().Header.Get(gate.Header); got != "" {
			t.Errorf("the token %q gives %q", other, got)
		}
	}
	w.get("/hello", "Cookie", sessionCookie+"="+token+"; "+sessionCookie+"=planted")
	if w.one().Header.Get(gate.Header) != "" {
		t.Error("of two cookies of the name one is believed")
	}
	w.ended = true
	w.get("/hello", as()...)
	if w.one().Header.Get(gate.Header) != "" {
		t.Error("an identity goes on after signing out")
	}
	w.down = true
	if a := w.get("/hello", as()...); a.StatusCode != 503 || len(w.arrived()) != 0 {
		t.Errorf("with the store down it is %d", a.StatusCode)
	}
}

// TestIdentityIsMadeAnew before it is too old, and when the person's consents may have changed.
func TestIdentityIsMadeAnew(t *testing.T) {
	w := open(t, nil)
	var all []string
	for _, ahead := range []time.Duration{0, 20 * time.Second, 40 * time.Second, -time.Hour} {
		w.ahead = ahead
		w.get("/", as()...)
		all = append(all, w.one().Header.Get(gate.Header))
	}
	if all[0] != all[1] || all[1] == all[2] || all[2] == all[3] {
		t.Errorf("the identities are %q", all)
	}
}

// TestHeadersOfClients: no client says who it is, where it comes from or what it asks for in a proxy's name.
func TestHeadersOfClients(t *testing.T) {
	w := open(t, nil)
	for _, name := range []string{
		"Clause-Identity", "clause-identity", "CLAUSE-IDENTITY", "Clause_Identity", "Clause-Identity_", "Clause-Subject", "X-Forwarded-User", "X_Forwarded_For",
		"X-Forwarded-Prefix", "Forwarded", "X-Real-Ip", "X-Original-Url", "X-Rewrite-Url", "X-Http-Method-Override", "Remote-User", "True-Client-Ip", "X-Forwarded-Port",
	} {
		for _, headers := range [][]string{{name, "eve"}, as(name, "eve")} {
			w.get("/", headers...)
			r := w.one()
			for at, values := range r.Header {
				if slices.Contains(values, "eve") {
					t.Errorf("%s: the application sees %s: %q", name, at, values)
				}
			}
			if signed := strings.HasPrefix(headers[1], sessionCookie); signed != (len(r.Header[gate.Header]) == 1) {
				t.Errorf("%s: the identity is %q", name, r.Header[gate.Header])
			}
		}
	}
	w.get("/", "X-Forwarded-For", "203.0.113.9", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "http")
	if r := w.one(); r.Header.Get("X-Forwarded-For") != "127.0.0.1" || r.Header.Get("X-Forwarded-Host") != w.host() || r.Header.Get("X-Forwarded-Proto") != "https" {
		t.Errorf("the application sees %v", r.Header)
	}
	// The names of HTTP/1.1 as they are on the wire, and a trailer.
	w.raw("GET / HTTP/1.1\r\nHost: " + w.host() + "\r\nclause-identity: eve\r\nClause_identity: eve\r\nConnection: close\r\n\r\n")
	w.raw("GET / HTTP/1.1\r\nHost: " + w.host() + "\r\nClause-Identity: eve\r\nX-Real-Ip: eve\r\nConnection: Clause-Identity, X-Forwarded-For, close\r\n\r\n")
	w.raw("POST / HTTP/1.1\r\nHost: " + w.host() + "\r\nTransfer-Encoding: chunked\r\nTrailer: Clause-Identity\r\nConnection: close\r\n\r\n1\r\nx\r\n0\r\nClause-Identity: eve\r\n\r\n")
	all := w.arrived()
	if len(all) != 3 {
		t.Errorf("the application sees %d of 3 requests", len(all))
	}
	for _, r := range all {
		if len(r.Header[gate.Header])+len(r.Trailer)+len(r.Header["Clause_identity"])+len(r.Header["X-Real-Ip"]) != 0 || r.Header.Get("X-Forwarded-For") != "127.0.0.1" {
			t.Errorf("the application sees %v, %v", r.Header, r.Trailer)
		}
	}
}

// TestSigningIn: private paths, and an application that asks.
func TestSigningIn(t *testing.T) {
	w := open(t, func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/asks" && r.Header.Get(gate.Header) == "" {
			rw.Header().Set(gate.SignIn, "required")
			rw.WriteHeader(401)
			io.WriteString(rw, "secret of the application")
		}
		if r.URL.Path == "/basic" {
			rw.Header().Set("WWW-Authenticate", "Basic")
			rw.WriteHeader(401)
		}
	})
	page := []string{"Sec-Fetch-Mode", "navigate", "Accept", "text/html"}
	for _, row := range []struct {
		path, to string
		headers  []string
		status   int
	}{
		{"/private/x?a=b&c=d", "/account/sign-in?to=%2Fprivate%2Fx%3Fa%3Db%26c%3Dd", page, 303},
		{"/me", "/account/sign-in?to=%2Fme", page, 303},
		{"/ME", "/account/sign-in?to=%2FME", page, 303},
		{"/me;x=1", "/account/sign-in?to=%2Fme%3Bx%3D1", page, 303},
		{"//private//x", "/account/sign-in?to=%2F%2Fprivate%2F%2Fx", page, 303},
		{"/%70rivate/x", "/account/sign-in?to=%2F%2570rivate%2Fx", page, 303},
		{"/me", "", []string{"Accept", "application/json"}, 401},
		{"/me", "", []string{"Accept", "text/html", "Sec-Fetch-Mode", "cors"}, 401},
		{"/menu", "", page, 200},
		{"/privateer", "", page, 200},
		{"/me", "", as(page...), 200},
		{"/asks", "/account/sign-in?to=%2Fasks", page, 303},
		{"/asks", "", []string{"Accept", "application/json"}, 401},
		{"/asks", "", as(page...), 200},
		{"/basic", "", page, 401},
	} {
		a := w.get(row.path, row.headers...)
		if a.StatusCode != row.status || a.Header.Get("Location") != row.to {
			t.Errorf("%s, %v: %d to %q, want %d to %q", row.path, row.headers, a.StatusCode, a.Header.Get("Location"), row.status, row.to)
		}
		if asks := row.status == 401 && row.path != "/basic"; asks != (a.Header.Get(gate.SignIn) == "/account/sign-in") {
			t.Errorf("%s says %q", row.path, a.Header.Get(gate.SignIn))
		}
		if row.status == 303 && a.body != "" {
			t.Errorf("%s: %q is sent along", row.path, a.body)
		}
	}
	w.arrived()
	if a := w.do(w.request("POST", "/me")); a.StatusCode != 401 || len(w.arrived()) != 0 {
		t.Errorf("a form for a private path: %d", a.StatusCode)
	}
}

// TestPathConfusion: no address is one thing to the gate and another to the application.
func TestPathConfusion(t *testing.T) {
	w := open(t, nil)
	for _, path := range []string{
		"/x/../private/x", "/x/..%2fprivate/x", "/%2e%2e/private", "/x/%2e/private", "/x%2f..%2fprivate", "/private%2fx", "/x\\..\\private", "/x%5cprivate",
		"/x%252f..%252fprivate", "/%252e%252e/private", "/x%00", "/x%0d%0aClause-Identity:eve", "/..;/private/x", "/x/..;a=b/private", "/%c0%ae%c0%ae/private", "/x%3bprivate",
		"/account/../private/x", "/account%2fkeys.json", "/" + strings.Repeat("a", 9<<10),
	} {
		for _, head := range []string{"GET " + path + " HTTP/1.1\r\n", "GET " + w.config.URL + path + " HTTP/1.1\r\n"} {
			got := w.raw(head + "Host: " + w.host() + "\r\nConnection: close\r\n\r\n")
			if all := w.arrived(); len(all) != 0 || len(got) != 1 || got[0] != 400 {
				t.Errorf("%.60q: answered %v, the application sees %d", head, got, len(all))
			}
		}
	}
	for _, path := range []string{"//account/", "/Account/en/", "/ACCOUNT/keys.json", "/account;x/en/", "//account//en/", "/;/account/en", "/aCCount"} {
		got := w.raw("GET " + path + " HTTP/1.1\r\nHost: " + w.host() + "\r\nConnection: close\r\n\r\n")
		if all := w.arrived(); len(all) != 0 || !slices.Equal(got, []int{404}) {
			t.Errorf("%q: answered %v, the application sees %d", path, got, len(all))
		}
	}
	for path, want := range map[string]string{"/account/en/": "account /account/en/", "/%61ccount/en/": "account /account/en/", "/account/a//b;c": "account /account/a//b;c"} {
		if a := w.get(path); a.body != want || len(w.arrived()) != 0 {
			t.Errorf("%s answers %d %q", path, a.StatusCode, a.body)
		}
	}
	for _, path := range []string{"/", "/a/b//c", "/a;b=c", "/%D8%B9?x=/../y&z=%2f", "/a%20b", "/a.b/..c/d..", "/C%23.pdf", "/100%25", "/accounts", "/account.html"} {
		w.get(path)
		if got := w.one().RequestURI; got != path {
			t.Errorf("%s came as %s", path, got)
		}
	}
}

// TestHostTricks: nothing is answered, and nothing sent on, under a host name of somebody's choosing.
func TestHostTricks(t *testing.T) {
	w := open(t, nil)
	for _, head := range []string{
		"GET / HTTP/1.1\r\nHost: evil.example\r\n", "GET / HTTP/1.1\r\nHost: " + w.host() + ".evil.example\r\n", "GET / HTTP/1.1\r\nHost: " + w.host() + "@evil.example\r\n",
		"GET / HTTP/1.1\r\nHost: " + w.host() + "\r\nHost: evil.example\r\n", "GET https://evil.example/ HTTP/1.1\r\nHost: " + w.host() + "\r\n", "GET / HTTP/1.1\r\n", "GET / HTTP/1.0\r\n",
		"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", "GET /account/en/ HTTP/1.1\r\nHost: evil.example\r\n", "CONNECT " + w.host() + " HTTP/1.1\r\nHost: " + w.host() + "\r\n", "TRACE / HTTP/1.1\r\nHost: " + w.host() + "\r\n",
	} {
		got := w.raw(head + "Connection: close\r\n\r\n")
		if all := w.arrived(); len(all) != 0 || len(got) != 1 || got[0] < 400 {
			t.Errorf("%q: answered %v, the application sees %d", head, got, len(all))
		}
	}
	if w.get("/", "Host", strings.ToUpper(w.host())).StatusCode != 200 {
		t.Error("a host is not case-sensitive")
	}
}

// TestSmuggling: what one connection says is as many requests to the application as to the gate.
func TestSmuggling(t *testing.T) {
	w := open(t, func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })
	hidden := "GET /smuggled HTTP/1.1\r\nHost: " + w.host() + "\r\n\r\n"
	host := "Host: " + w.host() + "\r\n"
	for name, text := range map[string]string{
		"CL.TE":                     "POST / HTTP/1.1\r\n" + host + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nG",
		"TE.CL":                     "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\nConnection: close\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(hidden), hidden),
		"an obfuscated TE":          "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\n5c\r\n" + hidden,
		"two TE":                    "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 4\r\n\r\n5c\r\n" + hidden,
		"a TE with a tab":           "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding:\tchunked, identity\r\nContent-Length: 4\r\n\r\n5c\r\n" + hidden,
		"a TE with a space":         "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding : chunked\r\nContent-Length: 4\r\n\r\n5c\r\n" + hidden,
		"two lengths":               "POST / HTTP/1.1\r\n" + host + "Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello" + hidden,
		"a list of lengths":         "POST / HTTP/1.1\r\n" + host + "Content-Length: 0, 5\r\n\r\nhello" + hidden,
		"a length with a sign":      "POST / HTTP/1.1\r\n" + host + "Content-Length: +0\r\n\r\n" + hidden,
		"a bare line feed in chunk": "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n2;\nxx\r\n" + fmt.Sprintf("%x", len(hidden)) + "\r\n0\r\n\r\n" + hidden,
		"a folded header":           "POST / HTTP/1.1\r\n" + host + "X: y\r\n Content-Length: 10\r\nConnection: close\r\n\r\n",
		"a name with a line feed":   "GET / HTTP/1.1\r\n" + host + "X\n: y\r\n\r\n",
		"h2c":                       "GET / HTTP/1.1\r\n" + host + "Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n",
	} {
		w.raw(text)
		for _, r := range w.arrived() {
			if strings.Contains(r.URL.Path, "smuggled") || r.Header.Get("Upgrade") != "" || r.Header.Get("Http2-Settings") != "" {
				t.Errorf("%s: the application sees %s %v", name, r.URL, r.Header)
			}
		}
	}
	// Lengths that contradict each other on HTTP/2, and a header with a line in it.
	r := w.request("POST", "/", "X-Bad", "a\r\nClause-Identity: eve")
	if a, err := w.client().Do(r); err == nil {
		a.Body.Close()
		t.Error("a header with a line in it is sent")
	}
}

// TestForeignRequests: what another site has a browser send is nobody's.
func TestForeignRequests(t *testing.T) {
	w := open(t, nil)
	for _, row := range []struct {
		name, method string
		headers      []string
		known        bool
	}{
		{"a form of ours", "POST", []string{"Sec-Fetch-Site", "same-origin"}, true},
		{"a form of another site", "POST", []string{"Sec-Fetch-Site", "cross-site"}, false},
		{"a form of a sister site", "POST", []string{"Sec-Fetch-Site", "same-site"}, false},
		{"an old browser's form", "POST", []string{"Origin", w.config.URL}, true},
		{"an old browser's form of another site", "POST", []string{"Origin", "https://evil.example"}, false},
		{"a form of no origin", "POST", []string{"Origin", "null"}, false},
		{"a link from another site", "GET", []string{"Sec-Fetch-Site", "cross-site"}, true},
		{"no browser", "DELETE", nil, true},
	} {
		w.do(w.request(row.method, "/", as(row.headers...)...))
		if got := w.one().Header.Get(gate.Header) != ""; got != row.known {
			t.Errorf("%s: known: %v", row.name, got)
		}
	}
}

// TestWebSocket passes both ways, ends with the session, and is nobody's if another site opens it.
func TestWebSocket(t *testing.T) {
	w := open(t, func(rw http.ResponseWriter, r *http.Request) {
		conn, in, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSet-Cookie: track=1\r\n\r\n")
		io.Copy(conn, in)
	}, func(c *gate.Config) { c.Watch = 100 * time.Millisecond })
	dial := func(origin string) (*tls.Conn, *bufio.Reader, *http.Response) {
		conn, err := tls.Dial("tcp", w.host(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}) //nolint:gosec // a test
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		fmt.Fprintf(conn, "GET /live HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nCookie: %s=%s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n", w.host(), origin, sessionCookie, token)
		in := bufio.NewReader(conn)
		a, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		return conn, in, a
	}
	_, _, foreign := dial("https://evil.example")
	if r := w.one(); r.Header.Get(gate.Header) != "" || foreign.StatusCode != 101 {
		t.Errorf("a WebSocket of another site: %d, %v", foreign.StatusCode, r.Header)
	}
	conn, in, a := dial(w.config.URL)
	if a.StatusCode != 101 || a.Header.Get("Set-Cookie") != "" || w.one().Header.Get(gate.Header) == "" {
		t.Fatalf("a WebSocket: %d, %v", a.StatusCode, a.Header)
	}
	for range 3 {
		fmt.Fprintln(conn, "hello")
		if line, err := in.ReadString('\n'); err != nil || line != "hello\n" {
			t.Fatalf("back came %q, %v", line, err)
		}
	}
	w.mu.Lock()
	w.ended = true
	w.mu.Unlock()
	conn.SetReadDeadline(time.Now().Add(30 * time.Second))
	if _, err := in.ReadByte(); err != io.EOF {
		t.Errorf("a WebSocket goes on after signing out: %v", err)
	}
}
