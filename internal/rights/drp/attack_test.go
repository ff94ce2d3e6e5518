package drp_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/rights/drp"
)

// Each message that must not be taken is refused, and opens nothing.
func TestMessages(t *testing.T) {
	w := sqliteWorld(t)
	w.person("amal@example.com", "")
	a, other := w.agent("HELPER").pair(), w.agent("OTHER").pair()
	good := func(more fields) []byte {
		f := a.envelope(fields{"exercise": "access", "email": "amal@example.com", "email_verified": true})
		for k, v := range more {
			f[k] = v
		}
		return a.sign(f)
	}
	at := func(d time.Duration) string { return w.clock.Now().Add(d).Format(time.RFC3339Nano) }
	flip := func(body []byte, i int) []byte {
		raw, err := base64.StdEncoding.DecodeString(string(body))
		w.must(err)
		raw[(i+len(raw))%len(raw)] ^= 1
		return []byte(base64.StdEncoding.EncodeToString(raw))
	}
	text := func(json string) []byte { return a.signText([]byte(json)) }
	plain, err := json.Marshal(a.envelope(fields{"exercise": "access"}))
	w.must(err)
	for _, c := range []struct {
		name  string
		body  []byte
		kind  fault.Kind
		again bool // the same may be taken later
	}{
		{"nothing", nil, fault.Invalid, false},
		{"plain JSON", plain, fault.Invalid, false},
		{"base64 of nothing", []byte("AAAA"), fault.Invalid, false},
		{"a signature of nothing", a.signText(nil), fault.Invalid, false},
		{"too large", bytes.Repeat([]byte("A"), drp.MaxMessage+4), fault.TooLarge, true},
		{"base64 for addresses", []byte(strings.NewReplacer("+", "-", "/", "_").Replace(string(good(nil))) + "-"), fault.Invalid, false},
		{"a bit of the signature", flip(good(nil), 0), fault.Refused, false},
		{"a bit of the message", flip(good(nil), -3), fault.Refused, false},
		{"no signature", []byte(base64.StdEncoding.EncodeToString(append(make([]byte, 64), plain...))), fault.Refused, false},
		{"another's signature", other.sign(a.envelope(fields{"exercise": "access"})), fault.Refused, false},
		{"another's message", other.sign(other.envelope(fields{"exercise": "access"})), fault.Refused, false},
		{"signed for another", good(fields{"agent-id": "OTHER"}), fault.Refused, false},
		{"no agent", good(fields{"agent-id": nil}), fault.Refused, false},
		{"another business", good(fields{"business-id": "GLOBEX"}), fault.Refused, false},
		{"issued in the future", good(fields{"issued-at": at(time.Second)}), fault.Invalid, true},
		{"expired", good(fields{"issued-at": at(-time.Hour), "expires-at": at(-time.Microsecond)}), fault.Invalid, false},
		{"good for ever", good(fields{"expires-at": at(25 * time.Hour)}), fault.Invalid, false},
		{"no times", good(fields{"issued-at": nil}), fault.Invalid, false},
		{"a time of no zone", good(fields{"issued-at": "2026-03-02T08:00:00"}), fault.Invalid, false},
		{"a number for a time", good(fields{"issued-at": 1}), fault.Invalid, false},
		{"an old version", good(fields{"drp.version": "0.9"}), fault.Invalid, false},
		{"no version", good(fields{"drp.version": nil}), fault.Invalid, false},
		{"sale:opt-in", good(fields{"exercise": "sale:opt-in"}), fault.Invalid, false},
		{"no right", good(fields{"exercise": nil}), fault.Invalid, false},
		{"many rights", good(fields{"exercise": []string{"access"}}), fault.Invalid, false},
		{"a regime that is none", good(fields{"regime": "CCPA; DROP TABLE"}), fault.Invalid, false},
		{"an id that names somebody", good(fields{"agent-request-id": "amal@example.com"}), fault.Invalid, false},
		{"an id of no text", good(fields{"agent-request-id": 7}), fault.Invalid, false},
		{"a callback, though none was registered", good(fields{"status_callback": "https://helper.example/cb"}), fault.Invalid, false},
		{"a list", text("[]"), fault.Invalid, false},
		{"two documents", text(string(plain) + "{}"), fault.Invalid, false},
		{"a name twice", text(`{"agent-id":"HELPER",` + string(plain[1:])), fault.Invalid, false},
		{"no UTF-8", text("{\"agent-id\":\"\xff\"}"), fault.Invalid, false},
		{"half of it", text(string(plain[:len(plain)-1])), fault.Invalid, false},
	} {
		_, err := a.send(c.body)
		if !fault.Is(err, c.kind) || drp.Fatal(err) == c.again {
			t.Errorf("%s: %v (%s), fatal %t", c.name, err, fault.KindOf(err), drp.Fatal(err))
		}
	}
	if w.rows() != "" {
		t.Errorf("something was opened: %s", w.rows())
	}
	if s, err := a.send(good(nil)); err != nil || s.Status != "in_progress" {
		t.Errorf("%+v, %v", s, err)
	}
}

// The checks come in the protocol's order: what is wrong first is told, whatever else is wrong.
func TestOrderOfChecks(t *testing.T) {
	w := sqliteWorld(t)
	a := w.agent("HELPER").pair()
	past, future := w.clock.Now().Add(-time.Hour).Format(time.RFC3339), w.clock.Now().Add(time.Hour).Format(time.RFC3339)
	wrong := a.envelope(fields{"agent-id": "X", "business-id": "X", "issued-at": future, "expires-at": past, "drp.version": "0", "exercise": "x"})
	for _, step := range []struct{ says, name, mended string }{
		{"agent-id is not", "agent-id", "HELPER"}, {"business-id is not", "business-id", "ACME"}, {"yet to come", "issued-at", past}, {"has passed", "expires-at", future},
		{"drp.version", "drp.version", "1.0"}, {"Unsupported rights actions", "exercise", "access"},
	} {
		_, err := a.send(a.sign(wrong))
		if err == nil || !strings.Contains(fault.Public(err), step.says) {
			t.Fatalf("%q, want %q", err, step.says)
		}
		wrong[step.name] = step.mended
	}
}

// A message that was sent again, by whomever, has no further effect, however often and at once.
func TestReplay(t *testing.T) {
	each(t, func(w *world) {
		w.person("amal@example.com", "")
		a := w.agent("HELPER").pair()
		body := a.sign(a.envelope(fields{"exercise": "deletion", "email": "amal@example.com", "email_verified": true}))
		var all sync.WaitGroup
		var mu sync.Mutex
		seen := map[string]int{}
		by := a.by()
		for range 8 {
			all.Go(func() {
				s, err := w.desk.Exercise(w.Context(), by, body)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					seen[err.Error()]++
				}
				seen[s.ID]++
			})
		}
		all.Wait()
		if len(seen) != 1 {
			t.Fatalf("%v", seen)
		}
		var s api.ExerciseStatus
		for id := range seen {
			s = a.status(id)
		}
		w.answer(w.requests(s.ID)[0])
		wrapped := append([]byte("\r\n"), body...) // other base64 of the same bytes is the same message
		again, err := a.send(wrapped)
		if err != nil || again.ID != s.ID || again.Status != "fulfilled" {
			t.Errorf("%+v, %v", again, err)
		}
		w.clock.Forward(time.Hour)
		if _, err := a.send(body); !fault.Is(err, fault.Invalid) {
			t.Errorf("an hour later: %v", err)
		}
	})
}

// A pairing message makes one token. Sent again it makes none, so that who overheard it neither gets one nor
// throws the agent out; and the newest token alone holds.
func TestPairing(t *testing.T) {
	each(t, func(w *world) {
		a := w.agent("HELPER")
		first := a.sign(a.envelope(nil))
		got, err := w.desk.Pair(w.Context(), "HELPER", first)
		w.must(err)
		if got.Agent != "HELPER" || len(got.Token) < 60 {
			t.Fatalf("%+v", got)
		}
		a.token = got.Token
		a.by()
		_, err = w.desk.Pair(w.Context(), "HELPER", first)
		w.want(err, fault.Refused)
		a.by()
		old := a.token
		a.pair()
		if _, err := w.desk.Authenticate(w.Context(), old); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("the old token: %v", err)
		}
		_, err = w.desk.Pair(w.Context(), "HELPER", first)
		w.want(err, fault.Refused)
		stranger := &agent{w: w, known: a.known, key: w.agent("OTHER").key}
		for name, try := range map[string]func() (api.AgentToken, error){
			"another's key": func() (api.AgentToken, error) {
				return w.desk.Pair(w.Context(), "HELPER", stranger.sign(stranger.envelope(nil)))
			},
			"another's address": func() (api.AgentToken, error) { return w.desk.Pair(w.Context(), "OTHER", a.sign(a.envelope(nil))) },
			"another's name": func() (api.AgentToken, error) {
				return w.desk.Pair(w.Context(), "HELPER", a.sign(a.envelope(fields{"agent-id": "OTHER"})))
			},
			"another business": func() (api.AgentToken, error) {
				return w.desk.Pair(w.Context(), "HELPER", a.sign(a.envelope(fields{"business-id": "GLOBEX"})))
			},
			"no business": func() (api.AgentToken, error) {
				return w.desk.Pair(w.Context(), "HELPER", a.sign(a.envelope(fields{"business-id": ""})))
			},
			"an exercise from before": func() (api.AgentToken, error) {
				return w.desk.Pair(w.Context(), "HELPER", a.sign(a.envelope(fields{"issued-at": w.clock.Now().Add(-time.Minute).Format(time.RFC3339Nano)})))
			},
			"nobody":  func() (api.AgentToken, error) { return w.desk.Pair(w.Context(), "NOBODY", a.sign(a.envelope(nil))) },
			"no name": func() (api.AgentToken, error) { return w.desk.Pair(w.Context(), "' OR 1=1", a.sign(a.envelope(nil))) },
		} {
			if got, err := try(); !fault.Is(err, fault.Refused) || got.Token != "" {
				t.Errorf("%s: %v", name, err)
			}
		}
		a.by()
		for _, token := range []string{"", "clause_drp_", a.token + "x", a.token[:len(a.token)-1] + "!", strings.ToUpper(a.token), strings.Repeat("x", 10000)} {
			if _, err := w.desk.Authenticate(w.Context(), token); !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("%q: %v", token, err)
			}
		}
	})
}

// One agent for two businesses has two tokens, and each reaches its own tenant.
func TestTwoBusinesses(t *testing.T) {
	w := sqliteWorld(t)
	one := w.agent("HELPER")
	two := w.agent("HELPER", func(a *drp.Agent) { a.Business, a.Tenant, a.Key = "GLOBEX", "other", one.known.Key })
	two.key = one.key
	one.pair()
	two.pair()
	if a, b := one.by(), two.by(); a.Tenant != tenant || b.Tenant != "other" || one.token == two.token {
		t.Errorf("%+v, %+v", a, b)
	}
	w.person("amal@example.com", "")
	if s := two.ask("access", "amal@example.com"); s.Reason != "no_match" {
		t.Errorf("another tenant's person was found: %+v", s)
	}
	_, err := one.send(two.sign(two.envelope(fields{"exercise": "access", "email": "amal@example.com"})))
	w.want(err, fault.Refused) // meant for another business
}

// A fuzzed message opens nothing: only what the agent signed is taken.
func FuzzExercise(f *testing.F) {
	w := sqliteWorld(f)
	w.person("amal@example.com", "")
	a := w.agent("HELPER").pair()
	by := a.by()
	f.Add([]byte(`{"agent-id":"HELPER"}`), true)
	text, err := json.Marshal(a.envelope(fields{"exercise": "access", "email": "amal@example.com"}))
	w.must(err)
	f.Add(text, true)
	f.Add(text, false)
	f.Add([]byte(`{"agent-id":"HELPER","business-id":"ACME","issued-at":"2026-03-02T09:00:00Z","expires-at":"2026-03-02T09:10:00Z","drp.version":"1.0","exercise":"deletion","email":"x"}`), true)
	f.Fuzz(func(t *testing.T, body []byte, signed bool) {
		w.TB = t
		if signed {
			body = a.signText(body)
		}
		s, err := w.desk.Exercise(t.Context(), by, body)
		if err != nil {
			if k := fault.KindOf(err); k == fault.Other || k == fault.Unavailable {
				t.Fatalf("%v", err)
			}
			return
		}
		if !signed || s.ID == "" || s.Status == "" {
			t.Fatalf("taken: %+v", s)
		}
		if strings.Contains(w.rows(), "@") {
			t.Fatal("an address is kept")
		}
	})
}
