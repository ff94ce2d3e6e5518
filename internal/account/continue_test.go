package account_test

import (
	"encoding/pem"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"clause.dev/clause/internal/account"
	"clause.dev/clause/internal/identity/sso"
	"clause.dev/clause/internal/identity/sso/openid"
)

// elsewhere is a site whose people can continue with an account they have at a provider.
type elsewhere struct {
	*site
	provider *openid.Provider
	at       *httptest.Server
}

func openElsewhere(t *testing.T, change func(*sso.Provider)) *elsewhere {
	t.Helper()
	s := &elsewhere{site: open(t)}
	s.at = httptest.NewUnstartedServer(nil)
	s.at.StartTLS()
	t.Cleanup(s.at.Close)
	var err error
	if s.provider, err = openid.New(s.at.URL, "clause", s.server.Clock.Now); err != nil {
		t.Fatal(err)
	}
	s.at.Config.Handler = s.provider
	s.provider.Redirect = s.web.URL + account.Callback("google")
	s.is("ana-1", ana)
	p := sso.Provider{
		ID: "google", Title: "Google Workspace", Issuer: s.at.URL, Client: "clause", Secret: s.provider.Secret, Door: sso.People,
		CA: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.at.Certificate().Raw}),
	}
	if change != nil {
		change(&p)
	}
	s.server.App.SignIn = []sso.Provider{p}
	if s.web.Config.Handler, err = s.server.App.People(tenant); err != nil {
		t.Fatal(err)
	}
	return s
}

// is says who sits before the browser, as the provider knows them.
func (s *elsewhere) is(subject, email string) {
	s.provider.Claims = map[string]any{"sub": subject, "email": email, "email_verified": true}
}

// goes follows a link to the provider, and returns where that sends the browser back to.
func (s *elsewhere) goes(p *person, path string) string {
	s.Helper()
	return s.there(p.expect(p.get(path), http.StatusSeeOther).To)
}

// adds presses the button by which somebody signed in adds the provider, and returns where that sends the browser back to.
func (s *elsewhere) adds(p *person) string {
	s.Helper()
	a := p.expect(p.post("/account/en/providers/google", url.Values{"password": {strong}}), http.StatusOK, "Go on to Google Workspace")
	return s.there(html.UnescapeString(between(a.Body, `<p><a href="`, `"`)))
}

// there goes to the provider, and returns where that sends the browser back to.
func (s *elsewhere) there(at string) string {
	s.Helper()
	if !strings.HasPrefix(at, s.at.URL+"/authorize?") {
		s.Fatalf("it leads to %q", at)
	}
	r, err := http.NewRequestWithContext(s.Context(), http.MethodGet, at, nil)
	if err != nil {
		s.Fatal(err)
	}
	client := *s.at.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	back, err := client.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer back.Body.Close()
	to := back.Header.Get("Location")
	if !strings.HasPrefix(to, s.web.URL) {
		s.Fatalf("the provider leads to %q (%d)", to, back.StatusCode)
	}
	return strings.TrimPrefix(to, s.web.URL)
}

func (s *elsewhere) continues(p *person) page {
	s.Helper()
	return p.get(s.goes(p, "/account/en/continue/google"))
}

func joining(pledge string) url.Values {
	return url.Values{"pledge": {pledge}, "identity.first_name": {"Ana"}, "born": {"1990-05-01"}, "consent": {"insights"}}
}

func pledgeOf(a page) string { return between(a.Body, `name="pledge" value="`, `"`) }

// TestContinue: a new person by way of a provider, out, and in again; no password, one cookie, no account made unasked.
func TestContinue(t *testing.T) {
	s := openElsewhere(t, nil)
	p := s.person()
	p.expect(p.get("/account/en/sign-in?to=/app/x"), http.StatusOK, "Continue with Google Workspace", "/account/en/continue/google?to=%2Fapp%2Fx")
	form := p.expect(s.continues(p), http.StatusOK, ana, `name="identity.first_name"`, `name="born"`)
	if strings.Contains(form.Body, `type="password"`) || strings.Contains(form.Body, `name="identity.email"`) {
		t.Error("it asks what is known or not needed")
	}
	if s.standing(ana) != nil || p.in() {
		t.Fatal("an account was made that nobody asked for")
	}
	wrong := joining(pledgeOf(form))
	wrong.Set("identity.first_name", "")
	form = p.expect(p.post("/account/en/join", wrong), http.StatusUnprocessableEntity, "missing")
	a := p.expect(p.post("/account/en/join", joining(pledgeOf(form))), http.StatusSeeOther)
	if set := a.Header.Values("Set-Cookie"); len(set) != 1 || !strings.HasPrefix(set[0], "__Host-session=") || !strings.HasSuffix(set[0], "; Path=/; HttpOnly; Secure; SameSite=Lax") {
		t.Errorf("cookies: %q", set)
	}
	p.expect(p.get("/account/en/security"), http.StatusOK, "Accounts elsewhere", "Google Workspace")
	if who := s.standing(ana); who == nil || len(who.Consents) != 1 {
		t.Errorf("in the vault: %+v", who)
	}
	p.expect(p.post("/account/en/join", joining(pledgeOf(form))), http.StatusUnauthorized) // the pledge was that of another cookie
	p.expect(p.post("/account/en/sign-out", nil), http.StatusSeeOther)

	back := s.goes(p, "/account/ar/continue/google?to=/app/x")
	if a := p.expect(p.get(back), http.StatusSeeOther); a.To != "/app/x" || !p.in() {
		t.Errorf("back it leads to %q", a.To)
	}
	// Nobody has a password, so none opens it, and what needs one says so.
	p.expect(s.person().post("/account/en/sign-in", url.Values{"login": {ana}, "password": {""}}), http.StatusUnauthorized)
	p.expect(p.post("/account/en/password", url.Values{"old": {""}, "password": {fresh}}), http.StatusForbidden, "has no password", "mailed")
	p.expect(p.post("/account/en/providers", url.Values{"issuer": {s.at.URL}}), http.StatusConflict, "only way")
	p.expect(p.post("/account/en/recover", url.Values{"login": {ana}}), http.StatusSeeOther)
	p.expect(p.post("/account/en/reset", url.Values{"code": {p.code(ana, "account-recover")}, "password": {fresh}}), http.StatusOK)
	p.expect(p.post("/account/en/sign-in", url.Values{"login": {ana}, "password": {fresh}}), http.StatusSeeOther)
	p.expect(p.post("/account/en/providers", url.Values{"issuer": {s.at.URL}}), http.StatusSeeOther)
	s.mail(ana, "account-provider")
	p.expect(s.continues(s.person()), http.StatusConflict, "You have an account with this address")
}

// TestContinueTooYoung: the age is asked of whoever a provider knows too, and nothing is left of who is refused.
func TestContinueTooYoung(t *testing.T) {
	s := openElsewhere(t, nil)
	p := s.person()
	form := joining(pledgeOf(p.expect(s.continues(p), http.StatusOK)))
	form.Set("born", s.server.Clock.Now().AddDate(-17, 0, 0).Format(time.DateOnly))
	p.expect(p.post("/account/en/join", form), http.StatusForbidden)
	if s.standing(ana) != nil {
		t.Error("a minor is stored")
	}
}

// TestContinueWithAnAccount: a provider does not get into an account that it did not open, until its owner says so.
func TestContinueWithAnAccount(t *testing.T) {
	s := openElsewhere(t, nil)
	owner := s.person()
	owner.join(ana, strong)
	s.is("somebody who says they are Ana", ana)
	p := s.person()
	p.expect(s.continues(p), http.StatusConflict, "Sign in as before")
	if p.in() {
		t.Fatal("a provider opens an account that was not opened with it")
	}
	s.is("ana-1", ana)
	owner.expect(owner.post("/account/en/providers/google", url.Values{"password": {fresh}}), http.StatusForbidden, "password is not right")
	back := s.adds(owner)
	if a := owner.expect(owner.get(back), http.StatusSeeOther); a.To != "/account/en/security" {
		t.Errorf("it leads to %q", a.To)
	}
	s.mail(ana, "account-provider")
	p.expect(s.continues(p), http.StatusSeeOther)
	if !p.in() {
		t.Error("the account that was added opens nothing")
	}
	ben := s.person()
	ben.join("ben@example.ae", strong)
	ben.expect(ben.get(s.adds(ben)), http.StatusConflict, "Somebody else")
}

// secondStep sets up an authenticator app.
func (p *person) secondStep(password string) {
	p.Helper()
	a := p.expect(p.post("/account/en/second-factor", url.Values{"password": {password}}), http.StatusOK)
	code, err := totp.GenerateCode(strings.ReplaceAll(between(a.Body, `<code dir="ltr">`, "</code>"), " ", ""), p.server.Clock.Now())
	if err != nil {
		p.Fatal(err)
	}
	p.expect(p.post("/account/en/second-factor/confirm", url.Values{"code": {code}}), http.StatusOK)
}

// TestContinueSecondStep: what was set up here is asked for where the provider proved no second factor.
func TestContinueSecondStep(t *testing.T) {
	s := openElsewhere(t, nil)
	p := s.person()
	p.join(ana, strong)
	p.expect(p.get(s.adds(p)), http.StatusSeeOther)
	p.secondStep(strong)
	q := s.person()
	if a := q.expect(s.continues(q), http.StatusSeeOther); a.To != "/account/en/second" || q.in() {
		t.Errorf("with one factor it leads to %q", a.To)
	}
	s.provider.Claims["amr"] = []string{"pwd", "mfa"}
	r := s.person()
	if r.expect(s.continues(r), http.StatusSeeOther); !r.in() {
		t.Error("two factors at the provider are not enough")
	}
}

// TestContinueAttacks: other people's answers, planted and replayed ones, addresses of no proof, ways that lead away.
func TestContinueAttacks(t *testing.T) {
	s := openElsewhere(t, func(p *sso.Provider) { p.Domains = []string{"example.ae"} })
	t.Run("the attacker's answer in the victim's browser", func(t *testing.T) {
		attacker, victim := s.person(), s.person()
		back := s.goes(attacker, "/account/en/continue/google")
		victim.expect(victim.get(back), http.StatusUnauthorized, "another browser")
		s.goes(victim, "/account/en/continue/google") // who is on the way as well
		victim.expect(victim.get(back), http.StatusUnauthorized)
	})
	t.Run("the attacker's account added to the victim's", func(t *testing.T) {
		victim := s.person()
		victim.join("victim@example.ae", strong)
		attacker := s.person()
		victim.expect(victim.get(s.goes(attacker, "/account/en/continue/google")), http.StatusUnauthorized)
	})
	t.Run("an attacker's account added by another site", func(t *testing.T) {
		victim := s.person() // whose browser was made to sign in to the attacker's account at the provider
		victim.join("linked@example.ae", strong)
		victim.expect(victim.get("/account/en/providers/google"), http.StatusNotFound) // no address begins it, nor does one to come back to
		foreign := victim.form("/account/en/providers/google", url.Values{"password": {strong}})
		foreign.Header.Set("Origin", "https://evil.example")
		foreign.Header.Set("Sec-Fetch-Site", "cross-site")
		victim.expect(victim.do(foreign), http.StatusForbidden)
		victim.expect(s.person().post("/account/en/providers/google", nil), http.StatusSeeOther) // to sign in, and not on to it
	})
	t.Run("an answer twice", func(t *testing.T) {
		p := s.person()
		back := s.goes(p, "/account/en/continue/google")
		p.expect(p.get(back), http.StatusOK)
		p.expect(p.get(back), http.StatusUnauthorized)
	})
	t.Run("another organisation's account", func(t *testing.T) {
		s.is("eve-1", "eve@evil.example")
		p := s.person()
		p.expect(s.continues(p), http.StatusForbidden, "another organisation")
	})
	t.Run("an address of no proof", func(t *testing.T) {
		s.is("eve-1", "victim@example.ae")
		s.provider.Claims["email_verified"] = false
		p := s.person()
		p.expect(s.continues(p), http.StatusForbidden)
	})
	t.Run("a way that leads away", func(t *testing.T) {
		s.is("ana-1", ana)
		p := s.person()
		p.expect(p.post("/account/en/join", joining(pledgeOf(s.continues(p)))), http.StatusSeeOther)
		for _, to := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "javascript:alert(1)"} {
			p.expect(p.post("/account/en/sign-out", nil), http.StatusSeeOther)
			if a := p.expect(p.get(s.goes(p, "/account/en/continue/google?"+url.Values{"to": {to}}.Encode())), http.StatusSeeOther); a.To != "/account/en/" {
				t.Errorf("%q leads to %q", to, a.To)
			}
		}
	})
	t.Run("a pledge of another", func(t *testing.T) {
		s.is("new-1", "new@example.ae")
		p, thief := s.person(), s.person()
		pledge := pledgeOf(s.continues(p))
		s.goes(thief, "/account/en/continue/google")
		thief.expect(thief.post("/account/en/join", joining(pledge)), http.StatusUnauthorized)
		forged := joining(pledge)
		forged.Set("identity.email", "victim@example.ae")
		p.expect(p.post("/account/en/join", forged), http.StatusSeeOther)
		if s.standing("new@example.ae") == nil {
			t.Error("the address of the form counts, not that of the provider")
		}
	})
	t.Run("no such provider", func(t *testing.T) {
		p := s.person()
		p.expect(p.get("/account/en/continue/nobody"), http.StatusNotFound)
		p.expect(p.get("/account/en/callback/nobody?code=x&state=y"), http.StatusNotFound)
	})
	t.Run("the provider is down", func(t *testing.T) {
		s.server.Clock.Move(time.Hour)
		s.at.Close()
		p := s.person()
		p.expect(p.get("/account/en/continue/google"), http.StatusServiceUnavailable, "does not answer")
	})
}

// TestContinueTooLate: an account that somebody opened with the address, while the form was open, stays as it is.
func TestContinueTooLate(t *testing.T) {
	s := openElsewhere(t, nil)
	p := s.person()
	form := joining(pledgeOf(s.continues(p)))
	form.Set("identity.first_name", "Another")
	owner := s.person()
	owner.join(ana, strong)
	p.expect(p.post("/account/en/join", form), http.StatusConflict, "You have an account with this address")
	if a := owner.expect(owner.get("/account/en/data"), http.StatusOK, "Ana"); strings.Contains(a.Body, "Another") || p.in() {
		t.Error("somebody else is let in, or changes what is there")
	}
}

// TestContinueAfterSquatting: who registered somebody's address before them, and could not verify it, has nothing of it.
func TestContinueAfterSquatting(t *testing.T) {
	s := openElsewhere(t, nil)
	squatter := s.person()
	squatter.expect(squatter.post("/account/en/register", registering(ana, fresh)), http.StatusSeeOther)
	code := s.code(ana, "account-verify")
	p := s.person()
	p.expect(p.post("/account/en/join", joining(pledgeOf(s.continues(p)))), http.StatusSeeOther)
	if !p.in() {
		t.Fatal("the owner of the address is not let in")
	}
	squatter.expect(squatter.post("/account/en/sign-in", url.Values{"login": {ana}, "password": {fresh}}), http.StatusUnauthorized)
	squatter.expect(squatter.post("/account/en/verify", url.Values{"code": {code}, "password": {fresh}}), http.StatusUnauthorized)
}
