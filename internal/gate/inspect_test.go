package gate_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/gate"
	"clause.dev/clause/internal/gate/inspect"
)

// inspector is made once: reading the rules takes a moment.
var inspector = sync.OnceValues(func() (*inspect.Inspector, error) { return inspect.New(2) })

// guarded is a gate that looks into forms and bans for an hour.
func guarded(t *testing.T) func(*gate.Config) {
	i, err := inspector()
	if err != nil {
		t.Fatal(err)
	}
	return func(c *gate.Config) { c.Inspect, c.Ban = i, time.Hour }
}

func (w *world) send(values url.Values, headers ...string) answer {
	w.Helper()
	r := w.request(http.MethodPost, "/comments", append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...)...)
	text := values.Encode()
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	return w.do(r)
}

var evil = url.Values{"text": {"' UNION SELECT password FROM users -- "}}

// TestAttacksAreStopped: they do not reach the application, and who sent one by mistake is told what to do; from where
// several come, nothing does for an hour.
func TestAttacksAreStopped(t *testing.T) {
	var got []string
	w := open(t, func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		got = append(got, string(text))
	}, guarded(t))
	kind := url.Values{"text": {"It's fine; isn't it?"}}
	if a := w.send(kind); a.StatusCode != 200 || len(got) != 1 || got[0] != kind.Encode() {
		t.Fatalf("an ordinary form: %d, the application reads %q", a.StatusCode, got)
	}
	w.arrived()
	for i := range 3 {
		a := w.send(evil)
		if a.StatusCode != 403 || len(w.arrived()) != 0 || !strings.Contains(a.body, "looks like an attack") || !strings.Contains(a.body, `lang="ar"`) {
			t.Fatalf("attack %d: %d, %.100s", i, a.StatusCode, a.body)
		}
		if a.Header.Get("Content-Security-Policy") == "" || a.Header.Get("Strict-Transport-Security") == "" {
			t.Errorf("the page says %v", a.Header)
		}
	}
	if said := fmt.Sprint(w.reported()); said != "[attack sqli attack sqli attack sqli ban ]" {
		t.Errorf("it is reported %s", said)
	}
	for _, path := range []string{"/", "/account/en/sign-in"} {
		if a := w.get(path); a.StatusCode != 403 || a.Header.Get("Retry-After") == "" || len(w.arrived()) != 0 {
			t.Errorf("%s of who is banned: %d, %v", path, a.StatusCode, a.Header)
		}
	}
	if n := w.gate.Banned(); n != 1 {
		t.Errorf("%d are banned", n)
	}
	away := w.gate.TurnedAway()
	if away["attack"] != 3 || away["ban"] != 2 {
		t.Errorf("%v are counted", away)
	}
	w.mu.Lock()
	w.ahead = time.Hour + time.Second
	w.mu.Unlock()
	if a := w.get("/"); a.StatusCode != 200 || w.gate.Banned() != 0 {
		t.Errorf("after an hour: %d", a.StatusCode)
	}
	w.arrived()
	if a := w.send(evil); a.StatusCode != 403 || w.gate.Banned() != 0 {
		t.Errorf("the first attack after that: %d, %d banned", a.StatusCode, w.gate.Banned())
	}
}

// TestABanIsOfASource: of an address, or a household's, and not of a proxy that all stand behind.
func TestABanIsOfASource(t *testing.T) {
	w := open(t, nil, guarded(t), func(c *gate.Config) {
		c.Proxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32"), netip.MustParsePrefix("2001:db8:9::5/128")}
	})
	status := func(remote, method string, values url.Values) int {
		r := w.request(method, "/", "Content-Type", "application/x-www-form-urlencoded")
		r.Body, r.RemoteAddr = io.NopCloser(strings.NewReader(values.Encode())), remote
		r.ContentLength = int64(len(values.Encode()))
		rec := newRecorder()
		w.gate.ServeHTTP(rec, r)
		return rec.status
	}
	for _, from := range []string{"203.0.113.9:1", "[2001:db8::1]:1", "10.0.0.1:1", "[2001:db8:9::5]:1"} {
		for range 3 {
			if got := status(from, "POST", evil); got != 403 {
				t.Fatalf("an attack from %s: %d", from, got)
			}
		}
	}
	for from, want := range map[string]int{
		"203.0.113.9:2": 403, "203.0.113.10:1": 200, "[2001:db8::2]:1": 403, "[2001:db8:0:1::1]:1": 200, "[::ffff:203.0.113.9]:1": 403, "10.0.0.1:1": 200, "[2001:db8:9::5]:1": 200,
	} {
		if got := status(from, "GET", nil); got != want {
			t.Errorf("from %s: %d, want %d", from, got, want)
		}
	}
}

// TestSlowAttacksAreStoppedAndNotBanned: three in a day are three mistakes.
func TestSlowAttacksAreStoppedAndNotBanned(t *testing.T) {
	w := open(t, nil, guarded(t))
	for i := range 5 {
		w.mu.Lock()
		w.ahead = time.Duration(i) * 6 * time.Minute
		w.mu.Unlock()
		if a := w.send(evil); a.StatusCode != 403 {
			t.Fatalf("attack %d: %d", i, a.StatusCode)
		}
		if i == 1 || i == 4 {
			if n := w.gate.Banned(); n != 0 {
				t.Errorf("after %d attacks %d are banned", i+1, n)
			}
		}
	}
}

// TestAnAttackAfterALargeFileIsStopped: the application is not given the end of that form.
func TestAnAttackAfterALargeFileIsStopped(t *testing.T) {
	var text []byte
	var whole error
	over := make(chan struct{})
	w := open(t, func(_ http.ResponseWriter, r *http.Request) {
		defer close(over)
		text, whole = io.ReadAll(r.Body)
	}, guarded(t))
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	file, _ := form.CreateFormFile("photo", "photo.jpg")
	file.Write(bytes.Repeat([]byte("x"), 4*inspect.MaxForm))
	form.WriteField("text", evil.Get("text"))
	form.Close()
	r := w.request(http.MethodPost, "/photos", "Content-Type", form.FormDataContentType())
	r.Body, r.ContentLength = io.NopCloser(&b), int64(b.Len())
	if a := w.do(r); a.StatusCode != 403 || !strings.Contains(a.body, "looks like an attack") {
		t.Errorf("it is answered %d, %.100s", a.StatusCode, a.body)
	}
	<-over
	if whole == nil || bytes.Contains(text, []byte("UNION")) {
		t.Errorf("of %d bytes the application has the attack, or takes them for all: %v", len(text), whole)
	}
	if away := w.gate.TurnedAway(); away["attack"] != 1 {
		t.Errorf("%v are counted", away)
	}
}

// TestABanIsNotEndedByItsSource: an attack that was on its way when its source was banned, and arrives once those
// before it are old, is not the first of a new count.
func TestABanIsNotEndedByItsSource(t *testing.T) {
	w := open(t, nil, guarded(t))
	later := func(by time.Duration) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ahead = by
	}
	w.send(evil)
	slow := w.request(http.MethodPost, "/", "Content-Type", "application/x-www-form-urlencoded")
	body, rest := io.Pipe()
	slow.Body, slow.ContentLength, slow.RemoteAddr = body, -1, "127.0.0.1:1"
	rec, over := newRecorder(), make(chan struct{})
	go func() {
		defer close(over)
		w.gate.ServeHTTP(rec, slow)
	}()
	io.WriteString(rest, evil.Encode()) // it came in
	later(9 * time.Minute)
	w.send(evil)
	w.send(evil)
	later(11 * time.Minute)
	rest.Close()
	<-over
	if rec.status != http.StatusForbidden || w.gate.Banned() != 1 {
		t.Errorf("an attack that was on its way is answered %d, and %d are banned", rec.status, w.gate.Banned())
	}
	if a := w.get("/"); a.StatusCode != http.StatusForbidden {
		t.Errorf("its source is let in: %d", a.StatusCode)
	}
}

// TestWhatIsNotLookedInto passes as it came: JSON, however it reads; and all where nobody asks for it.
func TestWhatIsNotLookedInto(t *testing.T) {
	w := open(t, nil, guarded(t))
	r := w.request("POST", "/api", "Content-Type", "application/json")
	r.Body = io.NopCloser(strings.NewReader(`{"q":"' UNION SELECT password FROM users -- "}`))
	if a := w.do(r); a.StatusCode != 200 {
		t.Errorf("JSON: %d", a.StatusCode)
	}
	off := open(t, nil)
	if a := off.send(evil); a.StatusCode != 200 {
		t.Errorf("without looking: %d", a.StatusCode)
	}
}

// TestFormsAreBounded: what nobody writes is not read, and what reads two ways goes nowhere.
func TestFormsAreBounded(t *testing.T) {
	w := open(t, nil, guarded(t))
	if a := w.send(url.Values{"text": {strings.Repeat("a word. ", inspect.MaxForm/8)}}); a.StatusCode != 413 {
		t.Errorf("a large form: %d", a.StatusCode)
	}
	r := w.request("POST", "/", "Content-Type", "application/x-www-form-urlencoded; charset=utf-7")
	r.Body = io.NopCloser(strings.NewReader("a=1"))
	if a := w.do(r); a.StatusCode != 400 || len(w.arrived()) != 0 {
		t.Errorf("a form in another alphabet: %d", a.StatusCode)
	}
	away := w.gate.TurnedAway()
	if away["size"] != 1 || away["form"] != 1 {
		t.Errorf("%v are counted", away)
	}
}

// recorder keeps the status alone.
type recorder struct {
	header http.Header
	status int
}

func newRecorder() *recorder { return &recorder{header: http.Header{}} }

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return len(p), nil
}

// TestAFloodOfFormsWaitsBehindItsOwn: somebody else's form is looked into meanwhile.
func TestAFloodOfFormsWaitsBehindItsOwn(t *testing.T) {
	w := open(t, nil, guarded(t))
	long := url.Values{"text": {strings.Repeat("it's a word. ", 2000)}}.Encode()
	var turned, served int
	var mu sync.Mutex
	var all sync.WaitGroup
	one := func(remote string) int {
		r := w.request(http.MethodPost, "/", "Content-Type", "application/x-www-form-urlencoded")
		r.Body, r.RemoteAddr, r.ContentLength = io.NopCloser(strings.NewReader(long)), remote, int64(len(long))
		rec := newRecorder()
		w.gate.ServeHTTP(rec, r)
		return rec.status
	}
	for range 12 {
		all.Go(func() {
			got := one("203.0.113.9:1")
			mu.Lock()
			defer mu.Unlock()
			switch got {
			case http.StatusTooManyRequests:
				turned++
			case http.StatusOK:
				served++
			}
		})
	}
	if got := one("203.0.113.10:1"); got != http.StatusOK {
		t.Errorf("somebody else's form: %d", got)
	}
	all.Wait()
	if turned == 0 || served == 0 {
		t.Errorf("of 12 forms at once %d are served and %d turned away", served, turned)
	}
}
