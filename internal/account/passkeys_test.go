package account_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	virtual "github.com/descope/virtualwebauthn"

	"clause.dev/clause/internal/app/apptest/browser"
)

var (
	optionsForm = regexp.MustCompile(`data-options="([^"]*)"`)
	removeForm  = regexp.MustCompile(`name="passkey" value="([^"]*)"`)
)

func options(t *testing.T, a page) string {
	t.Helper()
	found := optionsForm.FindStringSubmatch(a.Body)
	if found == nil {
		t.Fatalf("the page asks for no passkey: %.900s", a.Body)
	}
	return html.UnescapeString(found[1])
}

// TestPasskeyPages: a passkey is made, signs in past a password and on to where somebody went, and is removed.
func TestPasskeyPages(t *testing.T) {
	s := openAt(t, "localhost")
	p := s.person()
	p.join(ana, strong)
	site := virtual.RelyingParty{ID: "localhost", Name: "Clesaro", Origin: s.server.App.PeopleURL}
	device, key := virtual.NewAuthenticator(), virtual.NewCredential(virtual.KeyTypeEC2)
	p.expect(p.post("/account/en/passkeys", url.Values{"name": {"Ana’s <telephone>"}, "password": {"wrong"}}), http.StatusForbidden, "the password is not right")
	offer := p.expect(p.post("/account/en/passkeys", url.Values{"name": {"Ana’s <telephone>"}, "password": {strong}}), http.StatusOK)
	made, err := virtual.ParseAttestationOptions(options(t, offer))
	if err != nil {
		t.Fatal(err)
	}
	device.Options.UserHandle = []byte(made.UserID)
	answer := virtual.CreateAttestationResponse(site, device, key, *made)
	p.expect(s.person().post("/account/en/passkeys/add", url.Values{"name": {"x"}, "response": {answer}}), http.StatusSeeOther) // to sign in
	p.expect(p.post("/account/en/passkeys/add", url.Values{"name": {"Ana’s <telephone>"}, "response": {answer}}), http.StatusSeeOther)
	security := p.expect(p.get("/account/en/security"), http.StatusOK, "Ana’s &lt;telephone&gt;", "not used yet")
	if p.mail(ana, "account-passkey").Words.Text == "" {
		t.Error("nobody is told")
	}

	q := s.person()
	sign := func() string {
		asked, err := virtual.ParseAssertionOptions(options(t, q.expect(s.person().get("/account/en/sign-in?to=/account/en/data"), http.StatusOK)))
		if err != nil {
			t.Fatal(err)
		}
		return virtual.CreateAssertionResponse(site, device, key, *asked)
	}
	signed := sign()
	foreign := q.form("/account/en/sign-in/passkey", url.Values{"response": {signed}})
	foreign.Header.Set("Origin", "https://evil.example")
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	q.expect(q.do(foreign), http.StatusForbidden) // nobody is signed in as somebody else by another site
	in := q.expect(q.post("/account/en/sign-in/passkey", url.Values{"response": {signed}, "to": {"/account/en/data"}}), http.StatusSeeOther)
	if in.To != "/account/en/data" || !q.in() {
		t.Errorf("sent on to %q", in.To)
	}
	if c := in.Header.Get("Set-Cookie"); !strings.HasPrefix(c, "__Host-") || strings.Contains(c, "Max-Age") || strings.Contains(c, "Expires") {
		t.Errorf("the cookie is %q", c)
	}
	again := s.person()
	again.expect(again.post("/account/ar/sign-in/passkey", url.Values{"response": {signed}}), http.StatusUnauthorized, "مفتاح المرور غير صحيح", "data-options")
	if again.in() {
		t.Error("the same answer signs in twice")
	}
	late := sign()
	s.server.Clock.Move(11 * time.Minute)
	again.expect(again.post("/account/en/sign-in/passkey", url.Values{"response": {late}, "to": {"/account/en/data"}}), http.StatusUnauthorized, "This took too long", `value="/account/en/data"`)
	out := again.post("/account/en/sign-in/passkey", url.Values{"response": {sign()}, "to": {"https://evil.example/"}})
	if out.To != "/account/en/" {
		t.Errorf("sent on to %q", out.To)
	}

	id := removeForm.FindStringSubmatch(security.Body)
	if id == nil {
		t.Fatal("it cannot be removed")
	}
	p.expect(p.post("/account/en/passkeys/remove", url.Values{"passkey": {id[1]}}), http.StatusSeeOther)
	if q.in() || !p.in() {
		t.Error("the devices that are signed out are the others")
	}
	again = s.person()
	again.expect(again.post("/account/en/sign-in/passkey", url.Values{"response": {sign()}}), http.StatusUnauthorized)
}

// TestNoPasskeysAtAnAddress: where browsers make none, none is asked for.
func TestNoPasskeysAtAnAddress(t *testing.T) {
	s := open(t)
	p := s.person()
	if a := p.get("/account/en/sign-in"); strings.Contains(a.Body, "passkey") {
		t.Error("a passkey is asked for")
	}
	p.expect(p.post("/account/en/sign-in/passkey", url.Values{"response": {"{}"}}), http.StatusNotFound)
	p.join(ana, strong)
	p.expect(p.get("/account/en/security"), http.StatusOK, "None can be added at this address")
	p.expect(p.post("/account/en/passkeys", url.Values{"name": {"x"}, "password": {strong}}), http.StatusNotFound)
	p.expect(p.post("/account/en/passkeys/add", url.Values{"name": {"x"}, "response": {"{}"}}), http.StatusNotFound)
}

// TestPasskeysInABrowser has Chromium make a passkey and sign in with it, by keyboard.
func TestPasskeysInABrowser(t *testing.T) {
	s := openAt(t, "localhost")
	at := s.server.App.PeopleURL
	s.person().join(ana, strong)
	b := browser.Open(t, browser.Look{Width: 360})
	recognised := b.Authenticator()
	button := func() {
		browser.Eval[bool](b, `document.querySelector("#passkey button").focus(), true`)
		b.Submit()
	}
	signOut := func() {
		browser.Eval[bool](b, `document.querySelector("nav form button").focus(), true`)
		b.Submit()
	}
	b.Visit(at + "/account/en/sign-in")
	browser.Eval[bool](b, `document.getElementById("login").value = `+quoted(ana)+`, document.getElementById("password").value = `+quoted(strong)+`, document.getElementById("password").focus(), true`)
	b.Submit()
	b.Visit(at + "/account/en/security")
	browser.Eval[bool](b, `document.getElementById("passkey-password").value = `+quoted(strong)+`, document.getElementById("passkey-password").focus(), true`)
	b.Submit()
	b.Keep("passkey")
	sound(t, b, "passkey", at)
	button()
	if where := browser.Eval[string](b, "location.pathname"); where != "/account/en/security" {
		t.Fatalf("at %s after a passkey was made: %s", where, browser.Eval[string](b, "document.body.innerText"))
	}
	for name, path := range map[string]string{"passkeys": "en/security", "passkeys ar": "ar/security"} {
		b.Visit(at + "/account/" + path)
		browser.Eval[bool](b, `document.getElementById("h-passkeys").scrollIntoView(), true`)
		b.Keep(name)
		sound(t, b, path, at)
	}
	t.Run("one device makes one", func(t *testing.T) {
		browser.Eval[bool](b, `document.getElementById("passkey-password").value = `+quoted(strong)+`, document.getElementById("passkey-password").focus(), true`)
		b.Submit()
		refusesHere(t, b)
	})
	b.Visit(at + "/account/en/security")
	signOut()
	b.Visit(at + "/account/en/sign-in?to=/account/en/data")
	b.Keep("sign-in passkey")
	sound(t, b, "sign-in", at)
	button()
	if where := browser.Eval[string](b, "location.pathname"); where != "/account/en/data" {
		t.Fatalf("at %s after signing in with a passkey: %s", where, browser.Eval[string](b, "document.body.innerText"))
	}
	signOut()
	t.Run("not recognised", func(t *testing.T) {
		recognised(false)
		b.Visit(at + "/account/ar/sign-in")
		refusesHere(t, b)
		b.Keep("sign-in not recognised")
	})
	t.Run("without scripts", func(t *testing.T) {
		b := browser.Open(t, browser.Look{Width: 360, NoScript: true})
		b.Visit(at + "/account/en/sign-in")
		if shown := browser.Eval[bool](b, `document.getElementById("passkey").checkVisibility()`); shown {
			t.Error("a button that does nothing")
		}
		sound(t, b, "sign-in without scripts", at)
	})
}

// refusesHere presses the button for a passkey: the page stays, and says that nothing came of it.
func refusesHere(t *testing.T, b *browser.Page) {
	t.Helper()
	browser.Eval[bool](b, `document.querySelector("#passkey button").click(), true`)
	for range 1500 {
		if browser.Eval[string](b, `document.querySelector("#passkey [role=status]").textContent`) != "" {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("the page says nothing")
}
