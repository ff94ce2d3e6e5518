package gate_test

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/gate"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/policy"
)

const (
	sessionCookie = "__Host-session"
	token         = "anas-token"
)

// world is an application behind a gate, over TLS, and ana, whose token opens a session.
type world struct {
	*testing.T
	web    *httptest.Server
	gate   *gate.Gate
	config gate.Config

	mu      sync.Mutex
	ended   bool // ana signed out
	down    bool // the store cannot be asked
	ahead   time.Duration
	reports []gate.Report
	seen    []*http.Request // by the application
}

// open starts a world. The application answers as do says; nil: nothing of its own.
func open(t *testing.T, do http.HandlerFunc, change ...func(*gate.Config)) *world {
	t.Helper()
	w := &world{T: t}
	upstream := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.seen = append(w.seen, r.Clone(context.Background()))
		w.mu.Unlock()
		if do != nil {
			do(rw, r)
		}
	}))
	t.Cleanup(upstream.Close)
	at, err := url.Parse(upstream.URL)
	if err != nil {
		t.Fatal(err)
	}
	w.web = httptest.NewUnstartedServer(nil)
	w.web.EnableHTTP2 = true
	w.config = gate.Config{
		URL: "https://" + w.web.Listener.Addr().String(), Upstream: at, Tenant: "acme", Session: sessionCookie,
		Account: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { io.WriteString(rw, "account "+r.URL.Path) }),
		Cookies: []policy.Cookie{
			{Name: sessionCookie, Kind: policy.Necessary, HTTPOnly: true, Secure: true},
			{Name: "basket", Kind: policy.Necessary, HTTPOnly: true, Secure: true},
			{Name: "language", Kind: policy.Preference, Lifetime: 24 * time.Hour},
		},
		Private: []string{"/private/", "/me"}, Key: ed25519.NewKeyFromSeed(make([]byte, 32)), Check: w.check,
		Purposes: func(context.Context, string) ([]string, error) { return []string{"insights"}, nil },
		Now:      w.now, Wall: time.Now, Report: w.report,
	}
	for _, c := range change {
		c(&w.config)
	}
	if w.gate, err = gate.New(w.config); err != nil {
		t.Fatal(err)
	}
	server := gate.Server(w.gate, nil)
	server.TLSConfig = nil
	w.web.Config = server
	w.web.StartTLS()
	t.Cleanup(w.web.Close)
	return w
}

func (w *world) check(_ context.Context, given string) (session.Session, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		return session.Session{}, fault.New("test", fault.Unavailable, "the store is down")
	}
	if given != token || w.ended {
		return session.Session{}, fault.New("test", fault.Unauthenticated, "nobody is signed in")
	}
	return session.Session{ID: "s1", Subject: "ana", Began: time.Unix(1_800_000_000, 0)}, nil
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

func (w *world) report(r gate.Report) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reports = append(w.reports, r)
}

// reported lists what did not pass, and forgets it.
func (w *world) reported() (all []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.reports {
		all = append(all, r.What+" "+r.Name)
	}
	w.reports = nil
	return all
}

// arrived returns the requests the application saw, and forgets them.
func (w *world) arrived() []*http.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.seen
	w.seen = nil
	return all
}

// one returns the only request the application saw.
func (w *world) one() *http.Request {
	w.Helper()
	all := w.arrived()
	if len(all) != 1 {
		w.Fatalf("the application saw %d requests, want 1", len(all))
	}
	return all[0]
}

type answer struct {
	*http.Response
	body string
}

func (w *world) client() *http.Client {
	c := w.web.Client()
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

func (w *world) request(method, path string, headers ...string) *http.Request {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), method, w.config.URL+path, nil)
	if err != nil {
		w.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header[headers[i]] = append(r.Header[headers[i]], headers[i+1])
	}
	return r
}

func (w *world) do(r *http.Request) answer {
	w.Helper()
	a, err := w.client().Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		w.Fatal(err)
	}
	return answer{a, string(body)}
}

func (w *world) get(path string, headers ...string) answer {
	w.Helper()
	return w.do(w.request(http.MethodGet, path, headers...))
}

// as is the header of somebody signed in.
func as(more ...string) []string {
	return append([]string{"Cookie", sessionCookie + "=" + token}, more...)
}

// raw sends bytes as they are, and returns all answers that came back.
func (w *world) raw(text string) (statuses []int) {
	w.Helper()
	conn, err := tls.Dial("tcp", w.web.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}) //nolint:gosec // a test
	if err != nil {
		w.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, text); err != nil {
		return nil
	}
	for in := bufio.NewReader(conn); ; {
		a, err := http.ReadResponse(in, nil)
		if err != nil {
			return statuses
		}
		statuses = append(statuses, a.StatusCode)
		if _, err := io.Copy(io.Discard, a.Body); err != nil || a.Close {
			return statuses
		}
	}
}

// host is the gate's, as in Host.
func (w *world) host() string { return strings.TrimPrefix(w.config.URL, "https://") }

// claims checks an identity as an application does, by the published keys, and returns what it says.
func (w *world) claims(identity string) map[string]any {
	w.Helper()
	var set struct {
		Keys []struct{ Kty, Crv, X, Kid string }
	}
	if err := json.Unmarshal([]byte(w.get("/account/keys.json").body), &set); err != nil || len(set.Keys) != 1 {
		w.Fatalf("the keys: %+v, %v", set, err)
	}
	parts := strings.Split(identity, ".")
	if len(parts) != 3 {
		w.Fatalf("%q is no token", identity)
	}
	var head struct{ Alg, Kid string }
	json.Unmarshal(decoded(parts[0]), &head)
	if head.Alg != "EdDSA" || head.Kid != set.Keys[0].Kid || !ed25519.Verify(decoded(set.Keys[0].X), []byte(parts[0]+"."+parts[1]), decoded(parts[2])) {
		w.Fatalf("%q is not signed by the published key", identity)
	}
	var all map[string]any
	if err := json.Unmarshal(decoded(parts[1]), &all); err != nil {
		w.Fatal(err)
	}
	return all
}

func decoded(s string) []byte {
	b, _ := base64.RawURLEncoding.DecodeString(s)
	return b
}
