package control

import (
	"context"
	"fmt"
	"html"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/identity/sso/openid"
	"clause.dev/clause/internal/policy"
)

// SingleSignOn keeps clauses that say whose accounts customers can sign in with.
type SingleSignOn struct {
	Providers []string `param:"providers" doc:"the identity providers, such as Google Workspace"`
}

// Check finds a clause that names nobody.
func (c *SingleSignOn) Check(*policy.Policy) error {
	if len(c.Providers) == 0 || slices.Contains(c.Providers, "") {
		return problem("single-sign-on", "providers", "it does not say with whose accounts customers sign in")
	}
	return nil
}

// Plan asks for nothing: who the providers are is the operator's to say (serve --sign-in).
func (c *SingleSignOn) Plan(*Plan) {}

// Probe looks whether each provider is offered and can be reached, and signs a canary in with a provider of the
// probe's own, at a door made like the server's. Then that provider lies, in all ways that are known.
func (c *SingleSignOn) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.asMember(ctx, t, func(m *member) {
		for _, name := range c.Providers {
			c.offered(ctx, m, name)
		}
		if s.SignOn == nil {
			t.hurdle("no door for canaries can be made.")
		}
		if len(t.hurdles) > 0 { // by a front door in trouble no canary could be erased again
			return
		}
		if v, ok := newSignOn(m); ok {
			v.run(ctx)
		}
	})
	return t.finding("Customers sign in with accounts of " + list(c.Providers) + "; what is forged, of others, or of another organisation is refused.")
}

var continues = regexp.MustCompile(`href="/account/en/continue/([a-z0-9-]+)[^"]*">([^<]*)<`)

// offered looks whether the page for signing in leads to a provider as it should.
func (c *SingleSignOn) offered(ctx context.Context, m *member, name string) {
	a, err := m.get(ctx, "sign-in")
	if !m.trial.mustShow("the page sign-in", a, err) {
		return
	}
	id := ""
	for _, found := range continues.FindAllStringSubmatch(string(a.body), -1) {
		if strings.HasSuffix(strings.ToLower(html.UnescapeString(found[2])), strings.ToLower(name)) {
			id = found[1]
		}
	}
	if id == "" {
		m.trial.breach("Nobody can sign in with %s: it is not offered (serve --sign-in).", name)
		return
	}
	if a, err = m.get(ctx, "continue/"+id); err != nil || a.status >= http.StatusInternalServerError {
		m.trial.hurdle("%s does not answer now: %v", name, came(a, err))
		return
	}
	to, err := url.Parse(a.header.Get("Location"))
	switch q := to.Query(); {
	case err != nil || !moved(a) || to.Scheme != "https" || to.Host == "" || to.Host == m.People.Host:
		m.trial.breach("The way to %s leads nowhere.", name)
	case q.Get("code_challenge_method") != "S256" || len(q.Get("code_challenge")) < 43 || q.Get("nonce") == "" || q.Get("state") == "" || q.Get("response_type") != "code":
		m.trial.breach("The way to %s is not guarded by a state, a nonce and PKCE.", name)
	default:
		m.trial.good("%s is offered, and answers.", name)
	}
}

// signOn is a browser at a door whose provider is the probe.
type signOn struct {
	*member
	gate     Behind
	provider *openid.Provider
	subject  string
}

func newSignOn(m *member) (*signOn, bool) {
	_, domain, _ := strings.Cut(m.login, "@")
	v := &signOn{member: m, subject: token()}
	var err error
	if v.provider, err = openid.New("https://id."+token()+".canary.invalid", "canary", m.Now); err == nil {
		v.gate, err = m.SignOn(Foreign{Issuer: v.provider.Issuer, Client: v.provider.Client, Secret: v.provider.Secret, Domains: []string{domain}, Transport: v.provider})
	}
	if err != nil {
		m.trial.hurdle("no door for canaries could be made: %v", err)
		return nil, false
	}
	v.honest()
	return v, true
}

// honest has the provider say of the canary what is so.
func (v *signOn) honest() {
	v.provider.Token, v.provider.Answer = nil, nil
	v.provider.Claims = map[string]any{"sub": v.subject, "email": v.login, "email_verified": true}
}

// visit is one request of a browser to the door, without a network.
func (v *signOn) visit(ctx context.Context, jar map[string]string, method, at string, form url.Values) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, method, "https://"+v.gate.Host+at, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	r.RemoteAddr = "127.0.0.1:1"
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := &written{header: http.Header{}}
	v.gate.ServeHTTP(w, r)
	for _, c := range (&http.Response{Header: w.sent}).Cookies() {
		if gone(c, v.Now()) {
			delete(jar, c.Name)
		} else {
			jar[c.Name] = c.Value
		}
	}
	return answer{status: w.status, header: w.sent, body: w.body.Bytes()}, nil
}

// leaves goes to the provider, and returns the address that it sends the browser back to.
func (v *signOn) leaves(ctx context.Context, jar map[string]string) (string, error) {
	a, err := v.visit(ctx, jar, http.MethodGet, "/account/en/continue/canary", nil)
	if err != nil {
		return "", err
	}
	to, err := url.Parse(a.header.Get("Location"))
	if err != nil || !moved(a) || !strings.HasPrefix(to.String(), v.provider.Issuer+"/") {
		return "", fmt.Errorf("the way to the provider: %s", a)
	}
	if v.provider.Redirect == "" {
		v.provider.Redirect = to.Query().Get("redirect_uri")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, to.String(), nil)
	if err != nil {
		return "", err
	}
	back, err := v.provider.RoundTrip(r)
	if err != nil {
		return "", err
	}
	at, err := url.Parse(back.Header.Get("Location"))
	if err != nil || at.Host != v.gate.Host {
		return "", fmt.Errorf("the provider did not send the browser back: status %d", back.StatusCode)
	}
	return at.RequestURI(), nil
}

// comes goes to the provider and back, with a browser of no cookies.
func (v *signOn) comes(ctx context.Context) (map[string]string, answer, error) {
	jar := map[string]string{}
	at, err := v.leaves(ctx, jar)
	if err != nil {
		return jar, answer{}, err
	}
	a, err := v.visit(ctx, jar, http.MethodGet, at, nil)
	return jar, a, err
}

func (v *signOn) signedIn(ctx context.Context, jar map[string]string) (bool, error) {
	a, err := v.visit(ctx, maps.Clone(jar), http.MethodGet, "/account/en/", nil)
	return err == nil && a.ok(), err
}

var pledges = regexp.MustCompile(`name="pledge" value="([^"]+)"`)

// run signs the canary in, and then tries what must not.
func (v *signOn) run(ctx context.Context) {
	jar, a, err := v.comes(ctx)
	if err == nil && a.ok() {
		form := url.Values{"born": {v.born}}
		maps.Copy(form, v.form)
		if found := pledges.FindSubmatch(a.body); found != nil {
			form.Set("pledge", html.UnescapeString(string(found[1])))
		}
		a, err = v.visit(ctx, jar, http.MethodPost, "/account/en/join", form)
	}
	if in, e := v.signedIn(ctx, jar); err != nil || e != nil || !in {
		v.trial.hurdle("a canary could not sign in with a provider: %v", came(a, err))
		return
	}
	v.trial.good("A canary signs in with a provider for the first time.")
	v.opens(ctx, "An answer that was used", func(jar map[string]string, at string) (map[string]string, string) {
		_, _ = v.visit(ctx, jar, http.MethodGet, at, nil)
		_, _ = v.visit(ctx, jar, http.MethodPost, "/account/en/sign-out", nil)
		return map[string]string{}, at
	})
	v.opens(ctx, "An answer in another browser", func(_ map[string]string, at string) (map[string]string, string) {
		other := map[string]string{}
		_, _ = v.leaves(ctx, other) // who is on the way too
		return other, at
	})
	v.opens(ctx, "A state that was never given", func(jar map[string]string, at string) (map[string]string, string) {
		return jar, changedQuery(at, "state", token())
	})
	v.opens(ctx, "Another provider's answer", func(jar map[string]string, at string) (map[string]string, string) {
		return jar, changedQuery(at, "iss", "https://id.other.invalid")
	})
	past := v.Now().Add(-time.Hour).Unix()
	for _, lie := range []struct {
		what  string
		token func(map[string]any) string
	}{
		{"An ID token without a signature", openid.Unsigned},
		{"An ID token signed by somebody else", openid.Forged},
		{"An ID token for another application", claimed("aud", "another")},
		{"An ID token of another provider", claimed("iss", "https://id.other.invalid")},
		{"An ID token of another sign-in", claimed("nonce", token())},
		{"An ID token that is too old", claimed("exp", past)},
		{"The account of another organisation", claimed("email", token()+"@elsewhere.invalid")},
		{"An address that is not verified", claimed("email_verified", false)},
		{"Another account with the same address", claimed("sub", token())},
	} {
		v.provider.Token = lie.token
		v.opens(ctx, lie.what, nil)
		v.honest()
	}
	jar, a, err = v.comes(ctx)
	if in, e := v.signedIn(ctx, jar); err != nil || e != nil || !in {
		v.trial.hurdle("the canary could not sign in again, so that refusing others proves nothing: %v", came(a, err))
		return
	}
	v.trial.good("The same canary signs in again with the same provider.")
}

func claimed(name string, value any) func(map[string]any) string {
	return func(c map[string]any) string {
		c[name] = value
		return ""
	}
}

func changedQuery(at, name, value string) string {
	u, err := url.ParseRequestURI(at)
	if err != nil {
		return at
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.RequestURI()
}

// opens looks whether something opens the account that must not. turn says with which cookies the browser comes back
// from the provider, and where; nil: as it should.
func (v *signOn) opens(ctx context.Context, what string, turn func(jar map[string]string, at string) (map[string]string, string)) {
	jar := map[string]string{}
	at, err := v.leaves(ctx, jar)
	if err != nil {
		v.trial.hurdle("%s: %v", what, err)
		return
	}
	if turn != nil {
		jar, at = turn(jar, at)
	}
	a, err := v.visit(ctx, jar, http.MethodGet, at, nil)
	in := false
	if err == nil {
		in, err = v.signedIn(ctx, jar)
	}
	switch {
	case err != nil:
		v.trial.hurdle("%s: %v", what, err)
	case in:
		v.trial.breach("%s opens an account.", what)
	case a.ok():
		v.trial.breach("%s is taken for somebody new.", what)
	case a.status >= http.StatusInternalServerError:
		v.trial.hurdle("%s: %s", what, a)
	default:
		v.trial.good("%s opens nothing.", what)
	}
}
