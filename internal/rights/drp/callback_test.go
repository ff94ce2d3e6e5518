package drp_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/rights/drp"
)

func as(err error, target any) bool { return errors.As(err, target) }

// receiver is an agent's server.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	got    []api.ExerciseStatus
	raw    []string
	paths  []string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{status: 200}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		var s api.ExerciseStatus
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.status == 302 {
			w.Header().Set("Location", "/elsewhere")
		}
		r.raw, r.paths = append(r.raw, string(body)), append(r.paths, q.Method+" "+q.URL.Path)
		if r.status == 200 && json.Unmarshal(body, &s) == nil {
			r.got = append(r.got, s)
		}
		w.WriteHeader(r.status)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) set(status int) { r.mu.Lock(); r.status = status; r.mu.Unlock() }

func (r *receiver) statuses() (all []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.got {
		all = append(all, s.Status)
	}
	return all
}

func (w *world) run() {
	w.Helper()
	w.must(w.desk.Run(w.Context(), w.clock.Now()))
}

// An agent is told of each step, once, in the protocol's words and without the address of the results.
func TestCallbacks(t *testing.T) {
	each(t, func(w *world) {
		w.person("amal@example.com", "")
		r := newReceiver(t)
		a := w.agent("HELPER", func(a *drp.Agent) { a.Callback = r.URL + "/drp/" }).pair()
		s := a.ask("access", "amal@example.com", fields{"status_callback": r.URL + "/drp/status/1"})
		w.run()
		w.run()
		if got := strings.Join(r.statuses(), " "); got != "in_progress" {
			t.Fatalf("told %q", got)
		}
		w.answer(w.requests(s.ID)[0])
		w.run()
		w.run()
		if got := strings.Join(r.statuses(), " "); got != "in_progress fulfilled" || r.got[1].ResultsURL != "" || r.got[1].ID != s.ID {
			t.Fatalf("told %q, %+v", got, r.got)
		}
		for _, raw := range r.raw {
			if strings.Contains(raw, "amal") || strings.Contains(raw, "sub_") {
				t.Errorf("personal data leaves: %s", raw)
			}
		}
		if r.paths[0] != "POST /drp/status/1" {
			t.Error(r.paths[0])
		}
		w.clock.Forward(8 * 24 * time.Hour) // the package is over
		w.run()
		if got := strings.Join(r.statuses(), " "); got != "in_progress fulfilled expired" {
			t.Fatalf("told %q", got)
		}
		w.clock.Forward(61 * 24 * time.Hour)
		w.run()
		if kept := w.rows(); kept != "" {
			t.Errorf("kept for longer than promised: %s", kept)
		}
		_, err := w.desk.Status(w.Context(), a.by(), s.ID)
		w.want(err, fault.Refused)
	})
}

// A deletion is told of though the person, and their key, are gone.
func TestDeletionIsTold(t *testing.T) {
	w := sqliteWorld(t)
	w.person("amal@example.com", "")
	r := newReceiver(t)
	a := w.agent("HELPER", func(a *drp.Agent) { a.Callback = r.URL }).pair()
	s := a.ask("deletion", "amal@example.com", fields{"status_callback": r.URL + "/cb"})
	w.answer(w.requests(s.ID)[0])
	w.run()
	if got := strings.Join(r.statuses(), " "); got != "fulfilled" {
		t.Errorf("told %q", got)
	}
}

// What is denied at once is kept no longer than anything else.
func TestDeniedAtOnceEnds(t *testing.T) {
	w := sqliteWorld(t)
	w.agent("HELPER").pair().ask("access", "who@example.com")
	w.run()
	w.clock.Forward(61 * 24 * time.Hour)
	w.run()
	if kept := w.rows(); kept != "" {
		t.Errorf("kept: %s", kept)
	}
}

// An agent's server that is down for a day hears the newest status afterwards, once; one that never answers is
// given up; a redirection is not followed.
func TestAgentIsDown(t *testing.T) {
	each(t, func(w *world) {
		w.person("amal@example.com", "")
		r := newReceiver(t)
		a := w.agent("HELPER", func(a *drp.Agent) { a.Callback = r.URL }).pair()
		s := a.ask("access", "amal@example.com", fields{"status_callback": r.URL + "/cb"})
		r.set(503)
		for range 24 {
			w.run()
			w.clock.Forward(time.Hour)
		}
		r.set(302)
		w.run()
		if n := len(r.raw); n < 20 || n > 30 || strings.Contains(strings.Join(r.paths, " "), "elsewhere") {
			t.Fatalf("tried %d times in a day: %v", n, r.paths)
		}
		w.answer(w.requests(s.ID)[0])
		r.set(200)
		w.run()
		w.clock.Forward(2 * time.Hour)
		w.run()
		if got := strings.Join(r.statuses(), " "); got != "fulfilled" {
			t.Fatalf("told %q", got)
		}
	})
}

func TestAgentIsGivenUp(t *testing.T) {
	w := sqliteWorld(t)
	w.person("amal@example.com", "")
	r := newReceiver(t)
	a := w.agent("HELPER", func(a *drp.Agent) { a.Callback = r.URL }).pair()
	a.ask("access", "amal@example.com", fields{"status_callback": r.URL + "/cb"})
	r.set(500)
	for range 200 {
		w.run()
		w.clock.Forward(2 * time.Hour)
	}
	if n := len(r.raw); n != 125 {
		t.Errorf("tried %d times", n)
	}
}

// The server posts where the operator said, and nowhere else, whatever an agent signs.
func TestCallbacksStayAtHome(t *testing.T) {
	w := sqliteWorld(t)
	w.person("amal@example.com", "")
	a := w.agent("HELPER", func(a *drp.Agent) { a.Callback = "https://helper.example/drp" }).pair()
	for _, address := range []string{
		"https://169.254.169.254/latest/meta-data", "http://helper.example/drp/1", "https://helper.example", "https://helper.example/drpx", "https://helper.example/drp@evil.example/",
		"https://helper.example.evil.example/drp/1", "https://helper.example/drp/../admin", "https://helper.example/drp/%2e%2e/admin", "https://helper.example/drp/./x",
		"https://helper.example/drp/1?who=amal@example.com", "https://helper.example/drp/1#x", "https://helper.example/drp/amal@example.com", "https://helper.example/drp//x",
		"https://user@helper.example/drp/1", "file:///etc/passwd", "https://helper.example/drp/\r\nHost: x", "https://helper.example:8443/drp/1", strings.Repeat("https://helper.example/drp/", 30),
	} {
		_, err := a.send(a.sign(a.envelope(fields{"exercise": "access", "email": "amal@example.com", "status_callback": address})))
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"https://helper.example/drp", "https://helper.example/drp/", "https://helper.example/drp/status/7-a_b.json"} {
		email := "p" + strings.ReplaceAll(strings.TrimPrefix(address, "https://helper.example/drp"), "/", ".") + "x@example.com"
		w.person(email, "")
		if s := a.ask("access", email, fields{"status_callback": address}); s.Status != "in_progress" {
			t.Errorf("%s: %+v", address, s)
		}
	}
}

// Who is removed is called back no more.
func TestRemovedIsNotCalled(t *testing.T) {
	w := sqliteWorld(t)
	w.person("amal@example.com", "")
	r := newReceiver(t)
	a := w.agent("HELPER", func(a *drp.Agent) { a.Callback = r.URL }).pair()
	a.ask("access", "amal@example.com", fields{"status_callback": r.URL + "/cb"})
	w.must(w.registry.Remove(w.Context(), "operator", a.known.ID))
	w.run()
	if len(r.raw) != 0 {
		t.Errorf("told %v", r.raw)
	}
}
