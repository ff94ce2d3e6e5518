package sso_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/sso"
	"clause.dev/clause/internal/identity/sso/openid"
)

const (
	tenant   = "acme"
	issuer   = "https://id.acme.example"
	redirect = "https://app.acme.example/account/en/callback/acme"
	cookie   = "the cookie of a browser"
)

// world is a relying party, and the provider it trusts.
type world struct {
	testing.TB
	rounds   *sso.Rounds
	provider *openid.Provider
	party    *sso.Party
	mu       sync.Mutex
	at       time.Time
	down     error
	calls    int
	says     map[string]string // what goes wrong at a path, in the provider's words
	logged   []string
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = w.at.Add(time.Microsecond)
	return w.at
}

func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	w.calls++
	if w.down != nil {
		return nil, w.down
	}
	if body, wrong := w.says[r.URL.Path]; wrong {
		return &http.Response{StatusCode: http.StatusBadGateway, Status: "502 Bad Gateway", Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
	return w.provider.RoundTrip(r)
}

func ana() map[string]any {
	return map[string]any{"sub": "ana-1", "email": "ana@acme.example", "email_verified": true}
}

func openWorld(t *testing.T, change func(*sso.Provider)) *world {
	t.Helper()
	w := &world{TB: t, at: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	var err error
	if w.provider, err = openid.New(issuer, "clause", w.now); err != nil {
		t.Fatal(err)
	}
	w.provider.Redirect, w.provider.Claims = redirect, ana()
	p := sso.Provider{ID: "acme", Title: "Acme", Issuer: issuer, Client: "clause", Secret: w.provider.Secret, Door: sso.People}
	if change != nil {
		change(&p)
	}
	w.party = &sso.Party{Provider: p, Redirect: redirect, HTTP: sso.Bounded(w), Now: w.now, Log: func(err error) { w.logged = append(w.logged, err.Error()) }}
	d := dbtest.Open(t, db.Config{URL: "sqlite:" + t.TempDir() + "/db", Now: w.now})
	w.rounds = &sso.Rounds{DB: d, Key: [32]byte{3}, Parties: []*sso.Party{w.party}}
	return w
}

// away sends a browser to the provider, and returns what it comes back with.
func (w *world) away(browser string) url.Values {
	w.Helper()
	to, err := w.rounds.Begin(context.Background(), tenant, "acme", sso.Trip{Browser: browser, Back: "/here"})
	if err != nil {
		w.Fatal(err)
	}
	r, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, to, nil)
	a, err := w.provider.RoundTrip(r)
	if err != nil || a.StatusCode != http.StatusFound {
		w.Fatalf("the provider answers %v, %v", a, err)
	}
	back, err := url.Parse(a.Header.Get("Location"))
	if err != nil {
		w.Fatal(err)
	}
	return back.Query()
}

func (w *world) back(answer url.Values, browser string) (*sso.Identity, error) {
	who, _, err := w.rounds.End(context.Background(), tenant, "acme", answer, browser)
	return who, err
}

func (w *world) signIn() (*sso.Identity, error) { w.Helper(); return w.back(w.away(cookie), cookie) }

func (w *world) refuses(kind fault.Kind, says string, err error) {
	w.Helper()
	if !fault.Is(err, kind) || !strings.Contains(fault.Public(err), says) {
		w.Errorf("got %v, want it %v and to say %q", err, kind, says)
	}
}

func TestSignIn(t *testing.T) {
	w := openWorld(t, nil)
	who, err := w.signIn()
	if err != nil || who.Subject != "ana-1" || who.Email != "ana@acme.example" || who.Strong || who.Handle() != issuer+"\nana-1" {
		t.Fatalf("%+v, %v", who, err)
	}
	q := w.provider.Asked
	if q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) != 43 || len(q.Get("nonce")) != 43 || len(q.Get("state")) != 43 || q.Get("scope") != "openid email" {
		t.Errorf("it asked %v", q)
	}
}

// Nothing that is stored of a round opens it: neither the state, nor what is made of it, nor the cookie.
func TestStoreHoldsNoSecret(t *testing.T) {
	w := openWorld(t, nil)
	answer := w.away(cookie)
	err := w.rounds.DB.Read(t.Context(), tenant, func(tx *db.Tx) error {
		return tx.Each(`SELECT state_hash, browser, provider, back FROM sign_ins WHERE tenant_id = $1`, []any{tenant}, func(scan func(...any) error) error {
			var state, browser []byte
			var provider, back string
			err := scan(&state, &browser, &provider, &back)
			for _, secret := range []string{answer.Get("state"), cookie, w.provider.Asked.Get("nonce")} {
				if strings.Contains(string(state)+string(browser)+provider+back, secret) {
					t.Error("a secret is stored")
				}
			}
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestRounds: a state is good once, in its browser, at its provider, for ten minutes.
func TestRounds(t *testing.T) {
	w := openWorld(t, nil)
	once := w.away(cookie)
	if _, err := w.back(once, cookie); err != nil {
		t.Fatal(err)
	}
	_, err := w.back(once, cookie)
	w.refuses(fault.Unauthenticated, "used already", err)
	for _, other := range []string{"", "another browser"} {
		_, err := w.back(w.away(cookie), other)
		w.refuses(fault.Unauthenticated, "another browser", err)
	}
	invented := w.away(cookie)
	invented.Set("state", "invented")
	_, err = w.back(invented, cookie)
	w.refuses(fault.Unauthenticated, "used already", err)
	late := w.away(cookie)
	w.at = w.at.Add(10 * time.Minute)
	_, err = w.back(late, cookie)
	w.refuses(fault.Unauthenticated, "took too long", err)
	// What was tried with a wrong cookie is over for the right one too.
	burnt := w.away(cookie)
	_, _ = w.back(burnt, "another browser")
	_, err = w.back(burnt, cookie)
	w.refuses(fault.Unauthenticated, "used already", err)
	if _, err := w.rounds.Begin(t.Context(), tenant, "nobody", sso.Trip{Browser: cookie}); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown provider: %v", err)
	}
	if _, _, err := w.rounds.End(t.Context(), "another", "acme", w.away(cookie), cookie); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("another tenant's door: %v", err)
	}
}

// TestLies: what a provider, or who stands between, says that must not be believed.
func TestLies(t *testing.T) {
	claim := func(name string, value any) func(*world) {
		return func(w *world) {
			w.provider.Token = func(c map[string]any) string {
				if c[name] = value; value == nil {
					delete(c, name)
				}
				return ""
			}
		}
	}
	answer := func(change func(url.Values)) func(*world) { return func(w *world) { w.provider.Answer = change } }
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		lie  func(*world)
		kind fault.Kind
		says string
	}{
		"no signature":        {func(w *world) { w.provider.Token = openid.Unsigned }, fault.Unauthenticated, "not one of theirs"},
		"another's signature": {func(w *world) { w.provider.Token = openid.Forged }, fault.Unauthenticated, "not one of theirs"},
		"a secret as the key": {func(w *world) {
			w.provider.Token = func(map[string]any) string { return "eyJhbGciOiJIUzI1NiJ9.e30.AAAA" }
		}, fault.Unauthenticated, "not one of theirs"},
		"no token":               {func(w *world) { w.provider.Token = func(map[string]any) string { return "nothing" } }, fault.Unauthenticated, "not one of theirs"},
		"another audience":       {claim("aud", "another"), fault.Unauthenticated, "not one of theirs"},
		"another issuer":         {claim("iss", "https://evil.example"), fault.Unauthenticated, "not one of theirs"},
		"it is too old":          {claim("exp", now.Add(-time.Second).Unix()), fault.Unauthenticated, "not one of theirs"},
		"made for another":       {claim("azp", "another"), fault.Unauthenticated, "made for another"},
		"made for several":       {claim("aud", []string{"clause", "another"}), fault.Unauthenticated, "made for another"},
		"no nonce":               {claim("nonce", nil), fault.Unauthenticated, "another sign-in"},
		"another nonce":          {claim("nonce", "replayed"), fault.Unauthenticated, "another sign-in"},
		"of nobody":              {claim("sub", ""), fault.Unauthenticated, "names nobody"},
		"of a number":            {claim("sub", 7), fault.Unauthenticated, ""},
		"too long a name":        {claim("sub", strings.Repeat("x", 256)), fault.Unauthenticated, "names nobody"},
		"another access token":   {claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), fault.Unauthenticated, "access token"},
		"a mix-up":               {answer(func(v url.Values) { v.Set("iss", "https://evil.example") }), fault.Unauthenticated, "another provider"},
		"it does not say who":    {answer(func(v url.Values) { v.Del("iss") }), fault.Unauthenticated, "another provider"},
		"two issuers":            {answer(func(v url.Values) { v.Add("iss", "https://evil.example") }), fault.Unauthenticated, "twice"},
		"two codes":              {answer(func(v url.Values) { v.Add("code", "x") }), fault.Unauthenticated, "twice"},
		"an invented code":       {answer(func(v url.Values) { v.Set("code", "invented") }), fault.Unauthenticated, "used, or is too old"},
		"the person refused":     {answer(func(v url.Values) { v.Del("code"); v.Set("error", "access_denied") }), fault.Refused, "called it off"},
		"the provider failed":    {answer(func(v url.Values) { v.Del("code"); v.Set("error", "server_error") }), fault.Unavailable, ""},
		"another's failure":      {answer(func(v url.Values) { v.Set("error", "access_denied"); v.Set("iss", "https://evil.example") }), fault.Unauthenticated, "another provider"},
		"another secret is told": {func(w *world) { w.provider.Secret = "another" }, fault.Unavailable, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := openWorld(t, nil)
			if _, err := w.signIn(); err != nil {
				t.Fatal(err)
			}
			c.lie(w)
			_, err := w.signIn()
			w.TB = t
			w.refuses(c.kind, c.says, err)
		})
	}
}

// A code that somebody else was given opens nothing: the verifier of another round does not fit it.
func TestStolenCode(t *testing.T) {
	w := openWorld(t, nil)
	victims := w.away("the victim's browser")
	mine := w.away(cookie)
	mine.Set("code", victims.Get("code"))
	_, err := w.back(mine, cookie)
	w.refuses(fault.Unauthenticated, "used, or is too old", err)
}

// TestWhose: domains, groups, addresses that were not verified, second factors.
func TestWhose(t *testing.T) {
	byEdov := func(p *sso.Provider) { p.VerifiedClaim = "xms_edov" } // as at Microsoft Entra
	for name, c := range map[string]struct {
		provider func(*sso.Provider)
		claims   map[string]any
		refused  bool
		check    func(*sso.Identity) bool
	}{
		"the domain":                   {func(p *sso.Provider) { p.Domains = []string{"Acme.example"} }, nil, false, nil},
		"another domain":               {func(p *sso.Provider) { p.Domains = []string{"other.example"} }, nil, true, nil},
		"part of a domain":             {func(p *sso.Provider) { p.Domains = []string{"cme.example"} }, nil, true, nil},
		"a domain below":               {func(p *sso.Provider) { p.Domains = []string{"acme.example"} }, map[string]any{"email": "ana@evil.acme.example"}, true, nil},
		"two domains":                  {func(p *sso.Provider) { p.Domains = []string{"acme.example"} }, map[string]any{"email": "ana@evil.example@acme.example"}, true, nil},
		"a domain of no proof":         {func(p *sso.Provider) { p.Domains = []string{"acme.example"} }, map[string]any{"email_verified": false}, true, nil},
		"the claim":                    {func(p *sso.Provider) { p.Domains, p.DomainClaim = []string{"acme.example"}, "hd" }, map[string]any{"hd": "acme.example"}, false, nil},
		"an address without the claim": {func(p *sso.Provider) { p.Domains, p.DomainClaim = []string{"acme.example"}, "hd" }, nil, true, nil},
		"a group":                      {func(p *sso.Provider) { p.Groups, p.GroupsClaim = []string{"buyers"}, "groups" }, map[string]any{"groups": []string{"x", "buyers"}}, false, nil},
		"no group":                     {func(p *sso.Provider) { p.Groups, p.GroupsClaim = []string{"buyers"}, "groups" }, map[string]any{"groups": "sellers"}, true, nil},
		"an address of no proof":       {nil, map[string]any{"email_verified": "no"}, false, func(i *sso.Identity) bool { return i.Email == "" }},
		"proof by another claim":       {byEdov, map[string]any{"email_verified": nil, "xms_edov": "1"}, false, func(i *sso.Identity) bool { return i.Email != "" }},
		"proof by the wrong claim":     {byEdov, map[string]any{"email_verified": true}, false, func(i *sso.Identity) bool { return i.Email == "" }},
		"another claim says no":        {byEdov, map[string]any{"email_verified": true, "xms_edov": "0"}, false, func(i *sso.Identity) bool { return i.Email == "" }},
		"proof as a word":              {nil, map[string]any{"email_verified": "true"}, false, func(i *sso.Identity) bool { return i.Email != "" }},
		"two factors":                  {nil, map[string]any{"amr": []string{"pwd", "mfa"}}, false, func(i *sso.Identity) bool { return i.Strong }},
		"one factor":                   {nil, map[string]any{"amr": []string{"pwd"}}, false, func(i *sso.Identity) bool { return !i.Strong }},
		"the level":                    {func(p *sso.Provider) { p.Factor.ACR = []string{"phr"} }, map[string]any{"acr": "phr"}, false, func(i *sso.Identity) bool { return i.Strong }},
		"a lower level":                {func(p *sso.Provider) { p.Factor.ACR = []string{"phr"} }, map[string]any{"acr": "0", "amr": []string{"mfa"}}, false, func(i *sso.Identity) bool { return !i.Strong }},
		"always":                       {func(p *sso.Provider) { p.Factor.Always = true }, nil, false, func(i *sso.Identity) bool { return i.Strong }},
	} {
		t.Run(name, func(t *testing.T) {
			w := openWorld(t, c.provider)
			maps.Copy(w.provider.Claims, c.claims)
			who, err := w.signIn()
			switch {
			case c.refused:
				w.refuses(fault.Refused, "", err)
			case err != nil:
				t.Error(err)
			case c.check != nil && !c.check(who):
				t.Errorf("%+v", who)
			}
		})
	}
}

// TestKeysTurn: a new key is taken as soon as it signs, an old one no longer than ten minutes.
func TestKeysTurn(t *testing.T) {
	w := openWorld(t, nil)
	if _, err := w.signIn(); err != nil {
		t.Fatal(err)
	}
	if err := w.provider.Rotate(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.signIn(); err != nil {
		t.Errorf("a new key: %v", err)
	}
	old := ""
	w.provider.Token = func(c map[string]any) string { return "" }
	answer := w.away(cookie)
	nonce := w.provider.Asked.Get("nonce")
	w.provider.Claims["nonce"] = nonce
	if _, err := w.back(answer, cookie); err != nil {
		t.Fatal(err)
	}
	old = w.provider.Given
	if err := w.provider.Rotate(); err != nil {
		t.Fatal(err)
	}
	w.at = w.at.Add(11 * time.Minute)
	w.provider.Token = func(map[string]any) string { return old }
	_, err := w.signIn()
	w.refuses(fault.Unauthenticated, "not one of theirs", err)
}

// TestProviderDown: it is said, at once to whoever comes next, and it works again when it is back.
func TestProviderDown(t *testing.T) {
	w := openWorld(t, nil)
	w.down = errors.New("no route")
	for range 3 {
		_, err := w.rounds.Begin(t.Context(), tenant, "acme", sso.Trip{Browser: cookie})
		w.refuses(fault.Unavailable, "does not answer", err)
	}
	if w.calls != 1 {
		t.Errorf("a provider that is down was asked %d times", w.calls)
	}
	w.down, w.at = nil, w.at.Add(6*time.Second)
	if _, err := w.signIn(); err != nil {
		t.Error(err)
	}
	answer := w.away(cookie)
	w.down = errors.New("reset")
	_, err := w.back(answer, cookie)
	w.refuses(fault.Unavailable, "does not answer", err)
}

// TestFalseDiscovery: what a provider publishes of itself is not believed if it is not its own, or not over TLS.
func TestFalseDiscovery(t *testing.T) {
	for name, issues := range map[string]string{"another issuer": "https://evil.example", "no TLS": "http://id.acme.example"} {
		w := openWorld(t, nil)
		w.provider.Issuer = issues
		if name == "no TLS" {
			w.party.Issuer = issues
		}
		_, err := w.rounds.Begin(t.Context(), tenant, "acme", sso.Trip{Browser: cookie})
		w.TB = t
		w.refuses(fault.Unavailable, "", err)
	}
}

// TestPledge: what a browser carries of somebody new is good there alone, for ten minutes, unchanged.
func TestPledge(t *testing.T) {
	w := openWorld(t, nil)
	i := &sso.Identity{Provider: "acme", Issuer: issuer, Subject: "ana-1", Email: "ana@acme.example"}
	text := w.rounds.Pledge(tenant, cookie, i, w.at)
	if got, err := w.rounds.Redeem(tenant, cookie, text, w.at.Add(time.Minute)); err != nil || got.Subject != i.Subject || got.Email != i.Email {
		t.Errorf("%+v, %v", got, err)
	}
	if strings.Contains(text, cookie) {
		t.Error("the page holds the cookie")
	}
	for name, try := range map[string]func() (*sso.Identity, error){
		"another browser": func() (*sso.Identity, error) { return w.rounds.Redeem(tenant, "x", text, w.at) },
		"no browser":      func() (*sso.Identity, error) { return w.rounds.Redeem(tenant, "", text, w.at) },
		"another tenant":  func() (*sso.Identity, error) { return w.rounds.Redeem("other", cookie, text, w.at) },
		"too late":        func() (*sso.Identity, error) { return w.rounds.Redeem(tenant, cookie, text, w.at.Add(10*time.Minute)) },
		"changed":         func() (*sso.Identity, error) { return w.rounds.Redeem(tenant, cookie, "x"+text[1:], w.at) },
		"cut":             func() (*sso.Identity, error) { return w.rounds.Redeem(tenant, cookie, text[:len(text)-1], w.at) },
		"nothing":         func() (*sso.Identity, error) { return w.rounds.Redeem(tenant, cookie, "", w.at) },
	} {
		if got, err := try(); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
