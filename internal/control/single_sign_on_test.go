package control_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/identity/sso"
	"clause.dev/clause/internal/identity/sso/openid"
)

// signingOn is Clear's policy on a server whose customers can sign in with Google Workspace.
const signingOn = "clear, signing on"

// providersOf are the identity providers of an example's server: one that stands in for Google's.
func providersOf(t *testing.T, example string) []sso.Provider {
	if example != signingOn {
		return nil
	}
	at := httptest.NewUnstartedServer(nil)
	at.StartTLS()
	t.Cleanup(at.Close)
	provider, err := openid.New(at.URL, "clear", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	at.Config.Handler = provider
	return []sso.Provider{{ID: "google", Title: "Google Workspace", Issuer: at.URL, Client: "clear", Secret: provider.Secret, Door: sso.People,
		CA: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: at.Certificate().Raw})}}
}

func TestSingleSignOnCheck(t *testing.T) {
	checks(t, []check{
		{name: "one", control: &control.SingleSignOn{Providers: []string{"Google Workspace"}}},
		{name: "none", control: &control.SingleSignOn{}, param: "providers", finds: []string{"whose accounts"}},
	})
}

// trip is one answer that comes back from a provider, as a careless relying party sees it.
type trip struct {
	query          url.Values
	header, claims map[string]any
	cookie, began  string // the browser's, now and when it left
	again          bool
}

// careless lets in whoever the door refuses, where when says so, as whom the provider knew first.
func careless(when func(trip) bool) func(*world, *control.System) { return lax(when, false) }

// lax is careless; it takes whoever it means for somebody new, if it is to.
func lax(when func(trip) bool, greets bool) func(*world, *control.System) {
	return func(w *world, sys *control.System) {
		honest := sys.SignOn
		sys.SignOn = func(f control.Foreign) (control.Behind, error) {
			c := &carelessDoor{w: w, sys: sys, when: when, greets: greets, issuer: f.Issuer, began: map[string]string{}, seen: map[string]bool{}, over: f.Transport}
			f.Transport = c
			gate, err := honest(f)
			c.door, gate.Handler = gate.Handler, c
			return gate, err
		}
	}
}

type carelessDoor struct {
	w      *world
	sys    *control.System
	when   func(trip) bool
	greets bool // with the form of who is new
	issuer string
	door   http.Handler
	over   http.RoundTripper

	mu             sync.Mutex
	subject        string
	header, claims map[string]any
	began          map[string]string
	seen           map[string]bool
}

// RoundTrip reads along what the provider says.
func (c *carelessDoor) RoundTrip(r *http.Request) (*http.Response, error) {
	a, err := c.over.RoundTrip(r)
	if err != nil || r.URL.Path != "/token" {
		return a, err
	}
	body, err := io.ReadAll(a.Body)
	if err != nil {
		return nil, err
	}
	a.Body = io.NopCloser(strings.NewReader(string(body)))
	var said struct {
		Token string `json:"id_token"`
	}
	_ = json.Unmarshal(body, &said)
	parts := strings.Split(said.Token, ".")
	c.mu.Lock()
	defer c.mu.Unlock()
	c.header, c.claims = map[string]any{}, map[string]any{}
	for i, into := range []*map[string]any{&c.header, &c.claims} {
		if i < len(parts) {
			text, _ := base64.RawURLEncoding.DecodeString(parts[i])
			_ = json.Unmarshal(text, into)
		}
	}
	if sub, _ := c.claims["sub"].(string); c.subject == "" {
		c.subject = sub
	}
	return a, nil
}

func (c *carelessDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := control.CookieOf(c.sys.Policy)
	cookie := ""
	if held, err := r.Cookie(name); err == nil {
		cookie = held.Value
	}
	c.mu.Lock()
	c.header, c.claims = nil, nil
	c.mu.Unlock()
	got, set := signedIn(c.door, r)
	switch {
	case strings.Contains(r.URL.Path, "/continue/"):
		to, _ := url.Parse(got.Header().Get("Location"))
		c.began[to.Query().Get("state")] = set
	case strings.Contains(r.URL.Path, "/callback/") && got.Code != http.StatusSeeOther:
		q := r.URL.Query()
		t := trip{query: q, header: c.header, claims: c.claims, cookie: cookie, began: c.began[q.Get("state")], again: c.seen[q.Get("state")]}
		if c.when(t) {
			if c.greets {
				io.WriteString(w, "<form>")
				return
			}
			in, err := c.w.App.Accounts.SignInWith(r.Context(), c.sys.Canary.A.ID, &sso.Identity{Issuer: c.issuer, Subject: c.subject}, session.Device{})
			if err == nil {
				http.SetCookie(w, session.Cookie(name, in.Token))
				http.Redirect(w, r, "/account/en/", http.StatusSeeOther)
				return
			}
		}
	}
	c.seen[r.URL.Query().Get("state")] = true
	copyOut(w, got)
}

func singleSignOnSabotages() []sabotage {
	claim := func(name string, honest func(any, trip) bool) func(trip) bool {
		return func(t trip) bool { return t.claims != nil && !honest(t.claims[name], t) }
	}
	page := func(change func(page, body string) string, redirect func(string) string) func(*control.System, http.Handler) http.Handler {
		return func(sys *control.System, next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got := httptest.NewRecorder()
				next.ServeHTTP(got, r)
				if r.Host == sys.People.Host {
					body := change(r.URL.Path, got.Body.String())
					got.Body.Reset()
					got.Body.WriteString(body)
					if to := got.Header().Get("Location"); to != "" {
						got.Header().Set("Location", redirect(to))
					}
				}
				copyOut(w, got)
			})
		}
	}
	same := func(_, body string) string { return body }
	stay := func(to string) string { return to }
	return []sabotage{
		{name: "it is not offered", says: "it is not offered", front: page(func(_, body string) string { return strings.ReplaceAll(body, "Google Workspace", "Others") }, stay)},
		{name: "it leads nowhere", says: "leads nowhere", front: page(same, func(string) string { return "/account/en/" })},
		{name: "the way is not guarded", says: "is not guarded", front: page(same, func(to string) string { return strings.Replace(to, "code_challenge_method=S256", "", 1) })},
		{name: "answers count twice", says: "An answer that was used", system: careless(func(t trip) bool { return t.again })},
		{name: "answers count in any browser", says: "in another browser", system: careless(func(t trip) bool { return !t.again && t.began != "" && t.cookie != t.began })},
		{name: "any state is taken", says: "never given", system: careless(func(t trip) bool { return t.began == "" })},
		{name: "whose answer it is does not matter", says: "Another provider's answer", system: careless(func(t trip) bool { return strings.Contains(t.query.Get("iss"), "other") })},
		{name: "no signature is needed", says: "without a signature", system: careless(func(t trip) bool { return t.header["alg"] == "none" })},
		{name: "any signature is taken", says: "signed by somebody else", system: careless(func(t trip) bool {
			return t.header["alg"] == "ES256" && t.claims["aud"] == "canary" && t.claims["sub"] != nil && strings.HasPrefix(t.query.Get("iss"), "https://id.") && t.claims["iss"] == t.query.Get("iss")
		})},
		{name: "tokens for others are taken", says: "for another application", system: careless(claim("aud", func(v any, _ trip) bool { return v == "canary" }))},
		{name: "tokens of others are taken", says: "of another provider", system: careless(claim("iss", func(v any, t trip) bool { return v == t.query.Get("iss") }))},
		{name: "the nonce is not looked at", says: "of another sign-in", system: careless(claim("nonce", func(v any, _ trip) bool { s, _ := v.(string); return len(s) == 43 }))},
		{name: "tokens last for ever", says: "too old", system: careless(func(t trip) bool {
			exp, _ := t.claims["exp"].(float64)
			iat, _ := t.claims["iat"].(float64)
			return t.claims != nil && exp < iat
		})},
		{name: "anybody's domain is taken", says: "another organisation", system: careless(claim("email", func(v any, _ trip) bool { s, _ := v.(string); return !strings.HasSuffix(s, "elsewhere.invalid") }))},
		{name: "no address is verified", says: "not verified", system: careless(claim("email_verified", func(v any, _ trip) bool { return v == true }))},
		{name: "anybody is somebody new", says: "The account of another organisation is taken for somebody new", system: lax(claim("email", func(v any, _ trip) bool { s, _ := v.(string); return !strings.HasSuffix(s, "elsewhere.invalid") }), true)},
		{name: "an address is enough", says: "the same address", system: func(w *world, sys *control.System) {
			first := ""
			careless(func(t trip) bool {
				sub, _ := t.claims["sub"].(string)
				if first == "" {
					first = sub
				}
				return sub != "" && sub != first
			})(w, sys)
		}},
	}
}
