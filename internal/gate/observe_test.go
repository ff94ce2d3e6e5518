package gate_test

import (
	"bufio"
	"crypto/ed25519"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clause.dev/clause/internal/detection"
	"clause.dev/clause/internal/gate"
)

// log is what a gate tells of requests.
type log struct {
	mu  sync.Mutex
	all []detection.Interaction
}

func (l *log) add(i detection.Interaction) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, i)
}

// last waits for the newest of so many.
func (l *log) last(t *testing.T, n int) detection.Interaction {
	t.Helper()
	for range 3000 {
		l.mu.Lock()
		if len(l.all) >= n {
			defer l.mu.Unlock()
			if len(l.all) > n {
				t.Fatalf("%d interactions, want %d", len(l.all), n)
			}
			return l.all[n-1]
		}
		l.mu.Unlock()
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("interaction %d did not come", n)
	return detection.Interaction{}
}

// TestEveryRequestIsObserved: answers of the application, of the account pages and of the gate itself; who sent
// them; and what became of attempts to sign in.
func TestEveryRequestIsObserved(t *testing.T) {
	seen := &log{}
	var ahead atomic.Int64
	begun := make(chan struct{})
	pages := http.NewServeMux()
	pages.HandleFunc("POST /account/{lang}/sign-in", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("password") != "right" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	w := open(t, func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			io.WriteString(rw, "head")
			rw.(http.Flusher).Flush()
			<-begun
			ahead.Add(int64(time.Hour)) // seems to pass before the rest
			io.WriteString(rw, "body")
		case "/gone":
			rw.WriteHeader(http.StatusNotFound)
		}
	}, func(c *gate.Config) {
		c.Observe, c.Account = seen.add, pages
		c.Wall = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	slow := func() {
		a, err := w.client().Do(w.request(http.MethodGet, "/slow", as()...))
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		close(begun)
		io.Copy(io.Discard, a.Body)
	}
	for n, row := range []struct {
		ask    func()
		status int
		route  string
		try    detection.Try
		who    string
	}{
		{func() { w.get("/gone?q=1") }, 404, "", detection.None, ""},
		{slow, 200, "", detection.None, "ana"},
		{func() { w.get("/private/x") }, 401, "", detection.None, ""},
		{func() { w.get("/a%2fb") }, 400, "", detection.None, ""},
		{func() { w.get("/", "Host", "evil.example") }, 421, "", detection.None, ""},
		{func() { w.form("/account/en/sign-in", "wrong") }, 401, "POST /account/{lang}/sign-in", detection.Failed, ""},
		{func() { w.form("/account/ar/sign-in", "right") }, 303, "POST /account/{lang}/sign-in", detection.Passed, ""},
	} {
		row.ask()
		got := seen.last(t, n+1)
		if got.Status != row.status || got.Route != row.route || got.Try != row.try || got.Subject != row.who || (got.Session != "") != (row.who != "") {
			t.Errorf("request %d is observed as %+v", n+1, got)
		}
		if !got.From.IsLoopback() || got.Took <= 0 || got.Took > time.Minute || got.At.IsZero() {
			t.Errorf("request %d is observed as %+v", n+1, got)
		}
	}
	if got := seen.all[1]; got.Bytes != 8 || got.Method != "GET" || got.Path != "/slow" {
		t.Errorf("the answer in parts is observed as %+v", got)
	}
}

// TestAWebSocketIsObserved once it is over: the gate does not stand in its way.
func TestAWebSocketIsObserved(t *testing.T) {
	seen := &log{}
	w := open(t, func(rw http.ResponseWriter, r *http.Request) {
		conn, both, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		line, _ := both.ReadString('\n')
		io.WriteString(conn, strings.ToUpper(line))
	}, func(c *gate.Config) { c.Observe = seen.add })
	conn, err := tls.Dial("tcp", w.host(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}) //nolint:gosec // a test
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: "+w.host()+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	in := bufio.NewReader(conn)
	if a, err := http.ReadResponse(in, nil); err != nil || a.StatusCode != 101 {
		t.Fatalf("the upgrade: %v, %v", a, err)
	}
	io.WriteString(conn, "hello\n")
	if line, _ := in.ReadString('\n'); line != "HELLO\n" {
		t.Errorf("over the WebSocket came %q", line)
	}
	conn.Close()
	if got := seen.last(t, 1); got.Path != "/ws" {
		t.Errorf("it is observed as %+v", got)
	}
}

func (w *world) form(path, password string) {
	w.Helper()
	r := w.request(http.MethodPost, path, "Content-Type", "application/x-www-form-urlencoded")
	body := url.Values{"password": {password}}.Encode()
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	w.do(r)
}

// answering is an application without a network.
type answering struct{}

func (answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("hello")), Request: r}, nil
}

// BenchmarkGate is a request through the gate, without connections: with nobody who is told of it, and with a search.
func BenchmarkGate(b *testing.B) {
	for name, observe := range map[string]func(detection.Interaction){
		"alone":    nil,
		"observed": detection.New(detection.Search{Threats: true, Outliers: true}).Scope("acme", "gate", false).Observe,
	} {
		b.Run(name, func(b *testing.B) {
			at, _ := url.Parse("http://127.0.0.1:1")
			g, err := gate.New(gate.Config{
				URL: "https://app.example", Upstream: at, Transport: answering{}, Session: sessionCookie, Key: ed25519.NewKeyFromSeed(make([]byte, 32)),
				Limits: gate.Limits{Rate: -1, Open: -1}, Now: time.Now, Wall: time.Now, Observe: observe,
			})
			if err != nil {
				b.Fatal(err)
			}
			r := httptest.NewRequest(http.MethodGet, "https://app.example/a", nil)
			b.ReportAllocs()
			for b.Loop() {
				g.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
