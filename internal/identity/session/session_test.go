package session_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/session"
)

type world struct {
	testing.TB
	*session.Sessions
	mu sync.Mutex
	at time.Time
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.at
}

func (w *world) forward(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(d)
}

func each(t *testing.T, run func(w *world)) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		w := &world{TB: t, at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
		w.Sessions = &session.Sessions{DB: open(func(c *db.Config) { c.Now = w.now }), Key: [32]byte{1}, Idle: time.Hour, Longest: 12 * time.Hour}
		run(w)
	})
}

func (w *world) write(fn func(*db.Tx) error) {
	w.Helper()
	if err := w.DB.Write(context.Background(), "acme", fn); err != nil {
		w.Fatal(err)
	}
}

func (w *world) begin(subject string, p session.Proof) (s session.Session, token string) {
	w.Helper()
	w.write(func(tx *db.Tx) (err error) {
		s, token, err = w.Begin(tx, subject, p, session.DeviceOf("192.0.2.77", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"))
		return err
	})
	return s, token
}

// in reports who is signed in by a token, "" for nobody.
func (w *world) in(tenant, token string) string {
	w.Helper()
	s, err := w.Check(context.Background(), tenant, token, w.now())
	if err != nil && !fault.Is(err, fault.Unauthenticated) {
		w.Fatal(err)
	}
	if err != nil && (s != session.Session{} || len(token) > 4 && strings.Contains(err.Error(), token)) {
		w.Errorf("a refusal tells %v, %v", s, err)
	}
	return s.Subject
}

func TestSession(t *testing.T) {
	each(t, func(w *world) {
		first, token := w.begin("ana", session.First)
		second, other := w.begin("ana", session.Second)
		_, bens := w.begin("ben", session.First)
		for tok, want := range map[string]string{token: "ana", other: "ana", bens: "ben"} {
			if got := w.in("acme", tok); got != want {
				t.Errorf("in as %q, want %q", got, want)
			}
		}
		if !first.Strong.IsZero() || second.Strong.IsZero() {
			t.Error("the second factor is noted where there was none, or not where there was")
		}
		w.write(func(tx *db.Tx) error {
			all, err := w.Of(tx, "ana")
			if len(all) != 2 || all[0].Device != (session.Device{Address: "192.0.2.0/24", Browser: "Firefox on Linux"}) {
				t.Errorf("listed: %v", all)
			}
			if err := w.End(tx, "ben", first.ID); !fault.Is(err, fault.NotFound) {
				t.Errorf("ben ends ana's session: %v", err)
			}
			return err
		})
		w.write(func(tx *db.Tx) error { return w.End(tx, "ana", first.ID) })
		if w.in("acme", token) != "" || w.in("acme", other) != "ana" {
			t.Error("signing out did not end this session alone, at once")
		}
		_, third := w.begin("ana", session.First)
		w.write(func(tx *db.Tx) error { _, err := w.EndOthers(tx, "ana", second.ID); return err })
		if w.in("acme", third) != "" || w.in("acme", other) != "ana" || w.in("acme", bens) != "ben" {
			t.Error("ending the others ended the wrong ones")
		}
	})
}

// TestHalf: who has still to prove the second factor is not in, and has five minutes.
func TestHalf(t *testing.T) {
	each(t, func(w *world) {
		_, half := w.begin("ana", session.Half)
		_, whole := w.begin("ana", session.First)
		if w.in("acme", half) != "" {
			t.Error("half a proof signs in")
		}
		if s, err := w.CheckHalf(t.Context(), "acme", half, w.now()); err != nil || s.Subject != "ana" {
			t.Error(s, err)
		}
		if _, err := w.CheckHalf(t.Context(), "acme", whole, w.now()); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("a whole session passes for half a one: %v", err)
		}
		w.forward(5 * time.Minute)
		if _, err := w.CheckHalf(t.Context(), "acme", half, w.now()); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("after five minutes: %v", err)
		}
	})
}

// TestEnds: unused for an hour, or after half a day at the latest; being used keeps it.
func TestEnds(t *testing.T) {
	each(t, func(w *world) {
		_, used := w.begin("ana", session.First)
		_, unused := w.begin("ana", session.First)
		for range 23 {
			w.forward(30 * time.Minute)
			if w.in("acme", used) != "ana" {
				t.Fatalf("ended at %v though it is used", w.now())
			}
		}
		if w.in("acme", unused) != "" {
			t.Error("an unused session lasts")
		}
		w.forward(30 * time.Minute)
		if w.in("acme", used) != "" {
			t.Error("it lasts for ever")
		}
		w.write(w.Tidy)
		var left int
		w.write(func(tx *db.Tx) error {
			return tx.One(`SELECT COUNT(*) FROM sessions WHERE tenant_id = $1`, []any{"acme"}, &left)
		})
		if left != 0 {
			t.Errorf("%d are left", left)
		}
	})
}

// TestForged: no token but those issued here, to this tenant, by this key, opens anything.
func TestForged(t *testing.T) {
	each(t, func(w *world) {
		_, token := w.begin("ana", session.First)
		if w.in("other", token) != "" {
			t.Error("a token of one tenant opens another's door")
		}
		for i := range token {
			c := byte('A')
			if token[i] == c {
				c = 'B'
			}
			if forged := token[:i] + string(c) + token[i+1:]; w.in("acme", forged) != "" {
				t.Errorf("changed at %d it still opens", i)
			}
		}
		for _, forged := range []string{"", ".", "..", token + "A", token[1:], strings.Repeat(".", len(token)), strings.Repeat("A", 1_000_000)} {
			if w.in("acme", forged) != "" {
				t.Errorf("%.20q opens", forged)
			}
		}
		w.Key[0]++
		if w.in("acme", token) != "" {
			t.Error("a token signed by another key opens")
		}
	})
}

// TestStolenStore: what the store keeps opens nothing.
func TestStolenStore(t *testing.T) {
	each(t, func(w *world) {
		s, token := w.begin("ana", session.First)
		var hash []byte
		w.write(func(tx *db.Tx) error {
			return tx.One(`SELECT secret_hash FROM sessions WHERE tenant_id = $1 AND session_id = $2`, []any{"acme", s.ID}, &hash)
		})
		if strings.Contains(token, string(hash)) || len(hash) != 32 {
			t.Error("the store keeps the secret")
		}
	})
}

func TestCookie(t *testing.T) {
	c := session.Cookie("__Host-session", "abc").String()
	for _, want := range []string{"__Host-session=abc", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(c, want) {
			t.Errorf("%q lacks %s", c, want)
		}
	}
	for _, not := range []string{"Expires", "Max-Age", "Domain"} {
		if strings.Contains(c, not) {
			t.Errorf("%q has %s: it would persist, or go elsewhere", c, not)
		}
	}
	if gone := session.Cookie("__Host-session", ""); gone.MaxAge >= 0 || gone.SameSite != http.SameSiteLaxMode {
		t.Errorf("signing out sends %v", gone)
	}
}

func TestDevice(t *testing.T) {
	for in, want := range map[[2]string]session.Device{
		{"192.0.2.77", ""}:            {Address: "192.0.2.0/24"},
		{"::ffff:192.0.2.77", "curl"}: {Address: "192.0.2.0/24", Browser: "curl"},
		{"2001:db8:1:2::3%eth0", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"}: {Address: "2001:db8:1::/48", Browser: "Safari on iOS"},
		{"nowhere", "<script>alert(1)</script>"}: {},
	} {
		if got := session.DeviceOf(in[0], in[1]); got != want {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
	}
}

// BenchmarkCheck is what each request of somebody signed in costs.
func BenchmarkCheck(b *testing.B) {
	c := dbtest.SQLite(b)
	s := &session.Sessions{DB: dbtest.Open(b, c), Idle: time.Hour, Longest: time.Hour}
	var token string
	if err := s.DB.Write(b.Context(), "acme", func(tx *db.Tx) (err error) {
		_, token, err = s.Begin(tx, "ana", session.First, session.Device{})
		return err
	}); err != nil {
		b.Fatal(err)
	}
	now := time.Now()
	for b.Loop() {
		if _, err := s.Check(b.Context(), "acme", token, now); err != nil {
			b.Fatal(err)
		}
	}
}
