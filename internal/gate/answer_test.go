package gate_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/gate"
)

// TestCookiesThatLeave are those the policy names, as it describes them.
func TestCookiesThatLeave(t *testing.T) {
	for _, row := range []struct{ name, set, leaves string }{
		{"a tracking cookie", "_ga=GA1.2.3; Path=/; Max-Age=63072000", ""},
		{"one of another case", "Basket=1", ""},
		{"one that begins like a named one", "basket2=1", ""},
		{"the session's, planted by the application", sessionCookie + "=eve; Path=/; Secure", ""},
		{"one without a name", "=basket", ""},
		{"one without a value", "basket", ""},
		{"one of two lines", "basket=1\r\nSet-Cookie: track=1", `basket="1  Set-Cookie: track=1"; HttpOnly; Secure; SameSite=Lax`}, // one, of an odd value
		{"a named one", "basket=1; Path=/shop", "basket=1; Path=/shop; HttpOnly; Secure; SameSite=Lax"},
		{"a named one for all hosts", "basket=1; Domain=example.com; SameSite=None; Partitioned; Secure", "basket=1; HttpOnly; Secure; SameSite=Lax"},
		{"a named one that persists", "basket=1; Max-Age=99999; Expires=Wed, 21 Oct 2099 07:28:00 GMT", "basket=1; HttpOnly; Secure; SameSite=Lax"},
		{"a named one that ends", "basket=; Max-Age=0", "basket=; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
		{"a named one that ended", "basket=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "basket=; Max-Age=0; HttpOnly; Secure; SameSite=Lax"},
		{"one that lasts too long", "language=ar; Max-Age=31536000; SameSite=Strict", "language=ar; Max-Age=86400; Secure; SameSite=Strict"},
		{"one that lasts for ages", "language=ar; Max-Age=9223372036854775807", "language=ar; Max-Age=86400; Secure; SameSite=Lax"},
		{"one that lasts as long as it may", "language=ar; Max-Age=60; HttpOnly", "language=ar; Max-Age=60; HttpOnly; Secure; SameSite=Lax"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := open(t, func(rw http.ResponseWriter, _ *http.Request) {
				rw.Header()["Set-Cookie"] = []string{row.set}
				rw.Header().Set("Trailer", "Set-Cookie")
				rw.Write([]byte("hello"))
				rw.Header()["Set-Cookie"] = []string{row.set}
			})
			a := w.get("/")
			if got := strings.Join(a.Header["Set-Cookie"], " | "); got != row.leaves || len(a.Trailer["Set-Cookie"]) != 0 || a.body != "hello" {
				t.Errorf("out comes %q, want %q; trailer %v", got, row.leaves, a.Trailer)
			}
			reported := w.reported()
			if stripped := slices.ContainsFunc(reported, func(s string) bool { return strings.HasPrefix(s, "cookie set") }); stripped != (row.leaves == "") {
				t.Errorf("reported: %q", reported)
			}
		})
	}
}

// TestCookiesThatArrive at the application are those the policy names, and not the session's.
func TestCookiesThatArrive(t *testing.T) {
	w := open(t, nil)
	w.get("/", "Cookie", "_ga=1; basket=a=b; "+sessionCookie+"="+token+"; language=\"ar\"; x")
	if got := w.one().Header["Cookie"]; len(got) != 1 || got[0] != `basket=a=b; language="ar"` {
		t.Errorf("in come %q", got)
	}
	if got := w.reported(); !slices.Equal(got, []string{"cookie sent _ga", "cookie sent x"}) {
		t.Errorf("reported: %q", got)
	}
	w.get("/", "Cookie", "_ga=1")
	if got := w.one().Header["Cookie"]; len(got) != 0 {
		t.Errorf("in come %q", got)
	}
}

// TestWhatPagesMayLoad: nobody else's, whatever the application says; and no reports to others.
func TestWhatPagesMayLoad(t *testing.T) {
	ours := func(own string) bool {
		return strings.Contains(own, "default-src 'self'") && !strings.Contains(own, "http")
	}
	for _, row := range []struct {
		name string
		own  []string
		kept []string
		last string // a part of what the gate adds
		lax  bool   // scripts in pages are left to the application's own word
	}{
		{"nothing", nil, nil, "script-src 'self'", false},
		{"anything", []string{"default-src *"}, []string{"default-src *"}, "'unsafe-inline'", true},
		{"scripts by nonce", []string{"script-src 'nonce-x'; report-uri https://evil.example/r; report-to g"}, []string{"script-src 'nonce-x'"}, "'unsafe-eval'", true},
		{"reports alone", []string{"report-uri https://evil.example"}, nil, "script-src 'self'", false},
		{"reports in a policy beside another", []string{"img-src *, report-uri https://evil.example; script-src 'none'"}, []string{"img-src *", "script-src 'none'"}, "'unsafe-eval'", true},
		{"reports after a tab", []string{"report-uri\thttps://evil.example; img-src *"}, []string{"img-src *"}, "script-src 'self'", false},
		{"an address like a directive", []string{"img-src https://cdn.example/script-src"}, []string{"img-src https://cdn.example/script-src"}, "script-src 'self'", false},
		{"pictures alone", []string{"img-src https://cdn.example"}, []string{"img-src https://cdn.example"}, "script-src 'self'", false},
	} {
		w := open(t, func(rw http.ResponseWriter, _ *http.Request) {
			h := rw.Header()
			h["Content-Security-Policy"] = row.own
			for _, name := range []string{"Content-Security-Policy-Report-Only", "Report-To", "Nel", "Reporting-Endpoints", "Alt-Svc", "Server", "X-Powered-By", "Clause-Identity"} {
				h.Set(name, "https://evil.example")
			}
			h.Set("Strict-Transport-Security", "max-age=0")
			h.Set("X-Content-Type-Options", "none")
		})
		a := w.get("/")
		got := a.Header["Content-Security-Policy"]
		if len(got) != len(row.kept)+1 || !slices.Equal(got[:len(row.kept)], row.kept) || !ours(got[len(got)-1]) || !strings.Contains(got[len(got)-1], row.last) {
			t.Errorf("%s: %q", row.name, got)
		}
		if strings.Contains(got[len(got)-1], "script-src 'self'") == row.lax {
			t.Errorf("%s: scripts: %q", row.name, got)
		}
		for name, values := range a.Header {
			if name != "Content-Security-Policy" && strings.Contains(strings.Join(values, " "), "evil.example") {
				t.Errorf("%s: %s says %q", row.name, name, values)
			}
		}
		if a.Header.Get("Strict-Transport-Security") != "max-age=31536000" || a.Header.Get("X-Content-Type-Options") != "nosniff" || a.Header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: %v", row.name, a.Header)
		}
	}
}

// TestLinks: an address that the application gives of itself is one that people can follow.
func TestLinks(t *testing.T) {
	var to string
	w := open(t, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Location", to)
		rw.WriteHeader(302)
	})
	for from, want := range map[string]string{
		w.config.Upstream.String() + "/x?y": w.config.URL + "/x?y", "http://" + w.host() + "/x": w.config.URL + "/x", "/x": "/x",
		w.config.Upstream.String() + "0/": w.config.Upstream.String() + "0/", "https://bank.example/": "https://bank.example/",
	} {
		to = from
		if got := w.get("/").Header.Get("Location"); got != want {
			t.Errorf("%s leaves as %s, want %s", from, got, want)
		}
	}
}

// TestWhatIsOfOnePerson is given to no other by a cache.
func TestWhatIsOfOnePerson(t *testing.T) {
	own := ""
	w := open(t, func(rw http.ResponseWriter, _ *http.Request) {
		if own != "" {
			rw.Header().Set("Cache-Control", own)
		}
	})
	for _, row := range []struct {
		own, want string
		headers   []string
	}{{"", "private", as()}, {"", "", nil}, {"no-store", "no-store", as()}} {
		own = row.own
		if got := w.get("/", row.headers...).Header.Get("Cache-Control"); got != row.want {
			t.Errorf("Cache-Control is %q, want %q", got, row.want)
		}
	}
}

// TestEarlyHints are not passed on: what they name is loaded before it is known what may be.
func TestEarlyHints(t *testing.T) {
	w := open(t, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Link", "<https://evil.example/x.js>; rel=preload; as=script")
		rw.Header().Set("Set-Cookie", "track=1")
		rw.WriteHeader(http.StatusEarlyHints)
		rw.Header().Del("Link")
		rw.WriteHeader(200)
	})
	if got := w.raw("GET / HTTP/1.1\r\nHost: " + w.host() + "\r\nConnection: close\r\n\r\n"); !slices.Equal(got, []int{200}) {
		t.Errorf("the answers are %v", got)
	}
}

// TestUnreachable: an application that is down is told of, and nothing of where it is.
func TestUnreachable(t *testing.T) {
	w := open(t, nil, func(c *gate.Config) {
		gone := *c.Upstream
		gone.Host = "127.0.0.1:1"
		c.Upstream = &gone
	})
	a := w.get("/")
	if a.StatusCode != 502 || strings.Contains(a.body, "127.0.0.1") || a.Header.Get("Strict-Transport-Security") == "" {
		t.Errorf("answered %d %q", a.StatusCode, a.body)
	}
	if got := w.reported(); !slices.Equal(got, []string{"answer "}) {
		t.Errorf("reported: %q", got)
	}
}

// TestRates: who asks too often waits, and others do not.
func TestRates(t *testing.T) {
	w := open(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
		}
	}, func(c *gate.Config) {
		at := time.Now()
		c.Wall = func() time.Time { return at } // nothing is given back
		c.Limits = gate.Limits{Rate: 1, Burst: 20, Open: 4}
	})
	var got []int
	for range 22 {
		got = append(got, w.get("/").StatusCode)
	}
	if got[19] != 200 || got[20] != 429 || got[21] != 429 {
		t.Errorf("answered %v", got)
	}
	open := open(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, func(c *gate.Config) { c.Limits = gate.Limits{Open: 2} })
	done := make(chan int, 3)
	ctx, leave := context.WithTimeout(t.Context(), 30*time.Second)
	defer leave()
	client := open.client()
	for range 3 {
		r := open.request(http.MethodGet, "/").WithContext(ctx)
		go func() {
			a, err := client.Do(r)
			if err != nil {
				done <- 0
				return
			}
			a.Body.Close()
			done <- a.StatusCode
		}()
	}
	all := []int{<-done}
	leave() // the others are not answered until then
	if all = append(all, <-done, <-done); !slices.Equal(all, []int{429, 0, 0}) {
		t.Errorf("of three at a time, where two may be: %v", all)
	}
}
