package signed_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/examples/clesaro/app/signed"
	"clause.dev/clause/internal/gate"
	"clause.dev/clause/internal/identity/session"
)

const (
	issuer = "https://clesaro.example"
	zoe    = "sub_zoe"
)

var (
	noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	key  = ed25519.NewKeyFromSeed(sum("gate"))
	b64  = base64.RawURLEncoding
)

func sum(text string) []byte { s := sha256.Sum256([]byte(text)); return s[:] }

// keys serves the gate's keys and counts how often they are asked for.
type keys struct {
	asked int
	fail  bool
}

func (k *keys) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	k.asked++
	if k.fail {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	public, _ := key.Public().(ed25519.PublicKey)
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{
		{"kty": "RSA", "kid": "other", "n": "AQAB"}, {"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": b64.EncodeToString(public)}, {"kty": "OKP", "crv": "Ed25519", "kid": "short", "x": "AQAB"},
	}})
}

func verifier(t *testing.T, at *keys, now *time.Time) *signed.Verifier {
	t.Helper()
	s := httptest.NewServer(at)
	t.Cleanup(s.Close)
	return &signed.Verifier{Issuer: issuer, Keys: s.URL, Tenant: "clesaro", Now: func() time.Time { return *now }}
}

type object = map[string]any

func claims(change object) object {
	c := object{"iss": issuer, "aud": issuer, "sub": zoe, "tenant": "clesaro", "purposes": []string{"insights"}, "iat": noon.Unix(), "exp": noon.Add(time.Minute).Unix()}
	for name, v := range change {
		c[name] = v
	}
	return c
}

func token(t *testing.T, with ed25519.PrivateKey, head, body object) string {
	t.Helper()
	part := func(o object) string {
		raw, err := json.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		return b64.EncodeToString(raw)
	}
	text := part(head) + "." + part(body)
	return text + "." + b64.EncodeToString(ed25519.Sign(with, []byte(text)))
}

func request(t *testing.T, tokens ...string) *http.Request {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for _, one := range tokens {
		r.Header.Add(signed.Header, one)
	}
	return r
}

func TestWho(t *testing.T) {
	now := noon
	v := verifier(t, &keys{}, &now)
	head := object{"alg": "EdDSA", "typ": "JWT", "kid": "k1"}
	good := token(t, key, head, claims(nil))
	p, err := v.Who(request(t, good))
	if err != nil || p.Subject != zoe || p.Tenant != "clesaro" || len(p.Purposes) != 1 {
		t.Fatalf("%+v, %v", p, err)
	}
	parts := strings.Split(good, ".")
	other := ed25519.NewKeyFromSeed(sum("attacker"))
	for name, tokens := range map[string][]string{
		"none":                    {},
		"two":                     {good, good},
		"empty":                   {""},
		"no signature":            {parts[0] + "." + parts[1] + "."},
		"no algorithm":            {token(t, key, object{"alg": "none", "kid": "k1"}, claims(nil))},
		"a key shared in secret":  {token(t, key, object{"alg": "HS256", "kid": "k1"}, claims(nil))},
		"another's signature":     {token(t, other, head, claims(nil))},
		"another's claims":        {parts[0] + "." + strings.Split(token(t, key, head, claims(object{"sub": "sub_eve"})), ".")[1] + "." + parts[2]},
		"a key nobody knows":      {token(t, key, object{"alg": "EdDSA", "kid": "k2"}, claims(nil))},
		"a key of another kind":   {token(t, key, object{"alg": "EdDSA", "kid": "short"}, claims(nil))},
		"what must be understood": {token(t, key, object{"alg": "EdDSA", "kid": "k1", "crit": []string{"b64"}}, claims(nil))},
		"expired":                 {token(t, key, head, claims(object{"exp": noon.Add(-time.Minute).Unix()}))},
		"no end":                  {token(t, key, head, claims(object{"exp": 0}))},
		"of the future":           {token(t, key, head, claims(object{"iat": noon.Add(time.Minute).Unix()}))},
		"another gate's":          {token(t, key, head, claims(object{"iss": "https://evil.example"}))},
		"for another application": {token(t, key, head, claims(object{"aud": "https://other.example"}))},
		"of another tenant":       {token(t, key, head, claims(object{"tenant": "acme"}))},
		"of nobody":               {token(t, key, head, claims(object{"sub": ""}))},
		"too long":                {strings.Repeat("a", 9000)},
		"padding":                 {parts[0] + "=." + parts[1] + "." + parts[2]},
	} {
		if p, err := v.Who(request(t, tokens...)); !errors.Is(err, signed.ErrNobody) {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

// TestUnknownKeysAreNoFlood: tokens with keys that nobody knows must not become as many questions to the gate.
func TestUnknownKeysAreNoFlood(t *testing.T) {
	now, at := noon, &keys{}
	v := verifier(t, at, &now)
	bad := token(t, key, object{"alg": "EdDSA", "kid": "k2"}, claims(nil))
	for range 100 {
		if _, err := v.Who(request(t, bad)); !errors.Is(err, signed.ErrNobody) {
			t.Fatal(err)
		}
	}
	if at.asked != 1 {
		t.Errorf("the gate was asked %d times", at.asked)
	}
	now = now.Add(11 * time.Second) // a key that was replaced is found soon
	if _, err := v.Who(request(t, bad)); !errors.Is(err, signed.ErrNobody) || at.asked != 2 {
		t.Errorf("the gate was asked %d times: %v", at.asked, err)
	}
}

func TestAGateThatFailsIsNoSignIn(t *testing.T) {
	now := noon
	v := verifier(t, &keys{fail: true}, &now)
	good := token(t, key, object{"alg": "EdDSA", "kid": "k1"}, claims(nil))
	if _, err := v.Who(request(t, good)); err == nil || errors.Is(err, signed.ErrNobody) {
		t.Errorf("%v", err)
	}
}

// TestTheGateItself signs, and its identity holds.
func TestTheGateItself(t *testing.T) {
	now := noon
	var v *signed.Verifier
	var seen signed.Person
	var failed error
	inside := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen, failed = v.Who(r) }))
	t.Cleanup(inside.Close)
	g, err := gate.New(gate.Config{
		URL: issuer, Upstream: parse(t, inside.URL), Tenant: "clesaro", Session: "__Host-session", Key: key, Account: http.NotFoundHandler(),
		Check: func(context.Context, string) (session.Session, error) {
			return session.Session{ID: "s", Subject: zoe}, nil
		},
		Purposes: func(context.Context, string) ([]string, error) { return []string{"insights"}, nil },
		Now:      func() time.Time { return now }, Wall: time.Now, Report: func(r gate.Report) { t.Errorf("%+v", r) },
	})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = "clesaro.example"
		g.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	v = &signed.Verifier{Issuer: issuer, Keys: front.URL + "/account/keys.json", Tenant: "clesaro", Now: func() time.Time { return now }}
	ask := func(cookie string) {
		r, err := http.NewRequest(http.MethodGet, front.URL+"/en/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(signed.Header, token(t, key, object{"alg": "EdDSA", "kid": "k1"}, claims(object{"sub": "sub_eve"})))
		if cookie != "" {
			r.Header.Set("Cookie", "__Host-session="+cookie)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
	}
	if ask("token"); failed != nil || seen.Subject != zoe || len(seen.Purposes) != 1 {
		t.Errorf("%+v, %v", seen, failed)
	}
	if ask(""); !errors.Is(failed, signed.ErrNobody) {
		t.Errorf("nobody is %+v, %v", seen, failed)
	}
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
