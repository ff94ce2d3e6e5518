package account_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// TestALifeWithAnAccount: from the form to the mailbox and back, with a second step, and out.
func TestALifeWithAnAccount(t *testing.T) {
	s := open(t)
	p := s.person()
	p.expect(p.get("/account/"), http.StatusFound)
	p.expect(p.get("/account/en/register"), http.StatusOK, "Make an account", `name="identity.email"`, "insights")
	form := registering(ana, strong)
	p.expect(p.post("/account/en/register", form), http.StatusSeeOther)
	p.expect(p.post("/account/en/sign-in", url.Values{"login": {ana}, "password": {strong}}), http.StatusForbidden, "not verified")
	if p.in() || p.cookie() != "" {
		t.Fatal("in before the address is verified")
	}
	mail := s.mail(ana, "account-verify")
	if code := s.code(ana, "account-verify"); !strings.Contains(mail.Words.Text, s.web.URL+"/account/en/verify#"+code) {
		t.Errorf("the mail has no link: %s", mail.Words.Text)
	}
	a := p.expect(p.post("/account/en/verify", url.Values{"code": {s.code(ana, "account-verify")}, "password": {strong}}), http.StatusSeeOther)
	if set := a.Header.Values("Set-Cookie"); len(set) != 1 || !strings.HasPrefix(set[0], "__Host-session=") || !strings.HasSuffix(set[0], "; Path=/; HttpOnly; Secure; SameSite=Lax") {
		t.Errorf("cookies: %q", set)
	}
	p.expect(p.get("/account/en/"), http.StatusOK, "You have been signed in since")
	if who := s.standing(ana); who == nil || !slices.Equal(who.Consents, []string{"insights"}) {
		t.Errorf("in the vault: %+v", who)
	}

	old := p.cookie()
	p.expect(p.post("/account/en/sign-out", nil), http.StatusSeeOther)
	if p.cookie() != "" {
		t.Error("the cookie is still there")
	}
	again := s.person()
	r := again.form("/account/en/security", nil)
	r.Method, r.Body, r.ContentLength = http.MethodGet, nil, 0
	r.AddCookie(&http.Cookie{Name: "__Host-session", Value: old})
	again.expect(again.do(r), http.StatusSeeOther)

	p.expect(p.post("/account/en/sign-in", url.Values{"login": {ana}, "password": {strong}, "to": {"/account/en/security"}}), http.StatusSeeOther)
	page := p.expect(p.post("/account/en/second-factor", url.Values{"password": {strong}}), http.StatusOK, "<svg", "Scan this")
	secret := strings.ReplaceAll(between(page.Body, `<code dir="ltr">`, "</code>"), " ", "")
	code, err := totp.GenerateCode(secret, s.server.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	page = p.expect(p.post("/account/en/second-factor/confirm", url.Values{"code": {code}}), http.StatusOK, "Print these")
	recovery := between(page.Body, "<li><code>", "</code>")
	p.expect(p.post("/account/en/sign-out", nil), http.StatusSeeOther)
	a = p.expect(p.post("/account/en/sign-in", url.Values{"login": {ana}, "password": {strong}}), http.StatusSeeOther)
	if a.To != "/account/en/second" || p.in() {
		t.Fatalf("without the second step: to %q", a.To)
	}
	p.expect(p.post("/account/en/second", url.Values{"code": {"000000"}}), http.StatusUnauthorized, "not right")
	p.expect(p.post("/account/en/second", url.Values{"code": {recovery}}), http.StatusSeeOther)
	p.expect(p.get("/account/en/security"), http.StatusOK, "9 recovery codes")
}

func between(text, from, to string) string {
	_, rest, _ := strings.Cut(text, from)
	found, _, _ := strings.Cut(rest, to)
	return found
}

// TestRecovery: by the mailed code, in Arabic.
func TestRecovery(t *testing.T) {
	s := open(t)
	p := s.person()
	p.join(ana, strong)
	p.expect(p.post("/account/ar/recover", url.Values{"login": {ana}}), http.StatusSeeOther)
	p.expect(p.post("/account/ar/reset", url.Values{"code": {s.code(ana, "account-recover")}, "password": {"password"}}), http.StatusUnprocessableEntity, "كلمة المرور سهلة التخمين")
	p.expect(p.post("/account/ar/reset", url.Values{"code": {s.code(ana, "account-recover")}, "password": {fresh}}), http.StatusOK, "تغيّرت كلمة مرورك")
	if p.in() {
		t.Error("a session outlived the password")
	}
	p.expect(p.post("/account/ar/sign-in", url.Values{"login": {ana}, "password": {strong}}), http.StatusUnauthorized, "غير صحيح")
	p.expect(p.post("/account/ar/sign-in", url.Values{"login": {ana}, "password": {fresh}}), http.StatusSeeOther)
}

// TestStrangersLearnNothing: pages for an address with an account and one without are the same, byte for byte.
func TestStrangersLearnNothing(t *testing.T) {
	s := open(t)
	s.person().join(ana, strong)
	p := s.person()
	for _, path := range []string{"sign-in", "recover", "register"} {
		form := func(login string) url.Values {
			f := registering(login, fresh)
			f.Set("login", login)
			return f
		}
		known, unknown := p.post("/account/en/"+path, form(ana)), p.post("/account/en/"+path, form("nobody@example.ae"))
		if known.Status != unknown.Status || known.To != unknown.To || known.Body != unknown.Body || len(known.Header) != len(unknown.Header) {
			t.Errorf("%s answers %d %q and %d %q", path, known.Status, known.To, unknown.Status, unknown.To)
		}
	}
}

// TestForms: what is wrong is said at its form, and nothing typed is lost but the password.
func TestForms(t *testing.T) {
	s := open(t)
	p := s.person()
	for change, want := range map[string]struct {
		value  string
		status int
		says   string
	}{
		"identity.email":      {"no address", 422, `aria-invalid="true"`},
		"identity.first_name": {"", 422, "something is missing"},
		"password":            {"12345678", 422, "easy to guess"},
	} {
		form := registering("a"+ana, strong)
		form.Set(change, want.value)
		a := p.expect(p.post("/account/en/register", form), want.status, want.says, `role="alert"`)
		if strings.Contains(a.Body, strong) {
			t.Errorf("%s: the page repeats the password", change)
		}
		if change != "identity.email" && !strings.Contains(a.Body, "a"+ana) {
			t.Errorf("%s: the address must be typed again", change)
		}
	}
}

// TestHostileForms: other sites, other methods, other bodies, planted cookies, and addresses that lead away.
func TestHostileForms(t *testing.T) {
	s := open(t)
	p := s.person()
	p.join(ana, strong)
	foreign := p.form("/account/en/sign-out", nil)
	foreign.Header.Set("Origin", "https://evil.example")
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	p.expect(p.do(foreign), http.StatusForbidden, "Another site sent this form")
	if !p.in() {
		t.Error("another site signed somebody out")
	}
	json := p.form("/account/en/password", nil)
	json.Header.Set("Content-Type", "text/plain")
	p.expect(p.do(json), http.StatusUnprocessableEntity)
	huge := url.Values{"old": {strings.Repeat("x", 100_000)}}
	p.expect(p.post("/account/en/password", huge), http.StatusRequestEntityTooLarge)

	planted := p.form("/account/en/security", nil)
	planted.Method, planted.Body, planted.ContentLength = http.MethodGet, nil, 0
	planted.AddCookie(&http.Cookie{Name: "__Host-session", Value: "planted"}) // beside the real one
	p.expect(p.do(planted), http.StatusSeeOther)

	for _, to := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "/\t/evil.example", "javascript:alert(1)", "evil", "https:evil.example"} {
		q := s.person()
		a := q.post("/account/en/sign-in", url.Values{"login": {ana}, "password": {strong}, "to": {to}})
		if a.Status == http.StatusSeeOther && a.To != "/account/en/" {
			t.Errorf("%q leads to %q", to, a.To)
		}
	}
	for _, to := range []string{"/app/?a=b#c", "/account/ar/security"} {
		s.server.Clock.Move(10 * time.Minute)
		q := s.person()
		if a := q.expect(q.post("/account/en/sign-in", url.Values{"login": {ana}, "password": {strong}, "to": {to}}), http.StatusSeeOther); a.To != to {
			t.Errorf("%q leads to %q", to, a.To)
		}
	}
	for _, path := range []string{"/account/en/nothing", "/account/fr/sign-in", "/account/en/../../etc/passwd", "/account/%65n/second-factor/x"} {
		if a := p.get(path); a.Status != http.StatusNotFound && a.Status != http.StatusMovedPermanently && a.Status != http.StatusTemporaryRedirect {
			t.Errorf("%s answers %d", path, a.Status)
		}
	}
}

// TestFixation: the token somebody had before they signed in is not the one they have after.
func TestFixation(t *testing.T) {
	s := open(t)
	p := s.person()
	p.join(ana, strong)
	before := p.cookie()
	p.expect(p.post("/account/en/sign-in", url.Values{"login": {ana}, "password": {strong}}), http.StatusSeeOther)
	if p.cookie() == before || p.cookie() == "" {
		t.Error("the token was taken over")
	}
}

// TestNothingRunsThatWasTyped: what somebody typed comes back as text, in every page and field.
func TestNothingRunsThatWasTyped(t *testing.T) {
	s := open(t)
	p := s.person()
	const script = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	pages := []page{
		p.post("/account/en/register", url.Values{"identity.first_name": {script}, "identity.email": {script}, "password": {script}, "born": {script}, "consent": {script}}),
		p.post("/account/en/sign-in", url.Values{"login": {script}, "password": {script}, "to": {script}}),
		p.get("/account/en/sign-in?to=" + url.QueryEscape("/"+script)),
		p.post("/account/en/reset", url.Values{"code": {script}, "password": {fresh}}),
		p.get("/account/en/" + url.PathEscape(script)),
	}
	for i, a := range pages {
		if strings.Contains(a.Body, "<script>alert") || strings.Contains(a.Body, "<img") {
			t.Errorf("page %d holds what was typed as it was: %s", i, a.Body)
		}
		if csp := a.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") {
			t.Errorf("page %d: %q", i, csp)
		}
	}
}

// TestStuffing: two hundred log-ins a second from many places, and the owner still gets in, from where they
// are known.
func TestStuffing(t *testing.T) {
	s := open(t)
	p := s.person()
	p.join(ana, strong)
	p.expect(p.post("/account/en/sign-in", url.Values{"login": {ana}, "password": {strong}}), http.StatusSeeOther)
	got := map[int]int{}
	for i := range 60 {
		_, err := s.server.App.Accounts.SignIn(t.Context(), tenant, ana, fmt.Sprintf("guess number %d", i), fmt.Sprintf("203.0.%d.1", i), session())
		got[status(err)]++
	}
	if got[http.StatusTooManyRequests] < 20 || got[http.StatusOK] > 0 {
		t.Errorf("answers: %v", got)
	}
	q := s.person()
	q.expect(q.post("/account/en/sign-in", url.Values{"login": {ana}, "password": {strong}}), http.StatusSeeOther)
}
