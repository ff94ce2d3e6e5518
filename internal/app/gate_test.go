package app_test

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/gate"
	"clause.dev/clause/internal/vault"
)

// TestPeopleComeThroughTheGate: somebody wants a private page of the application, registers and is let in; the
// application is told who they are, until they sign out.
func TestPeopleComeThroughTheGate(t *testing.T) {
	t.Parallel()
	var identity string // as the application saw it last
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		identity = r.Header.Get(gate.Header)
		w.Header().Add("Set-Cookie", "_ga=1; Max-Age=99999")
		io.WriteString(w, "the application's "+r.URL.Path)
	}))
	t.Cleanup(upstream.Close)
	var mails apptest.Mailbox
	s := apptest.Start(t, apptest.Options{Prepare: mails.Prepare})
	a := s.App
	if _, err := a.Vault.CreateTenant(t.Context(), a.Operator(), vault.Tenant{ID: "clesaro", Title: "Clesaro"}); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewUnstartedServer(nil)
	a.PeopleURL = "https://" + web.Listener.Addr().String()
	a.Config.Gate.Upstream, _ = url.Parse(upstream.URL)
	a.Config.Gate.Private = []string{"/mine"}
	door, err := a.Behind("clesaro")
	if err != nil {
		t.Fatal(err)
	}
	web.Config = gate.Server(door, &tls.Config{})
	web.StartTLS()
	t.Cleanup(web.Close)
	jar, _ := cookiejar.New(nil)
	browser := web.Client()
	browser.Jar = jar
	do := func(method, path string, form url.Values) (status int, at, body string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, a.PeopleURL+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/html")
		if method == "POST" {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		got, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer got.Body.Close()
		text, _ := io.ReadAll(got.Body)
		return got.StatusCode, got.Request.URL.RequestURI(), string(text)
	}
	if _, at, _ := do("GET", "/mine/x?y=1", nil); at != "/account/en/sign-in?to=%2Fmine%2Fx%3Fy%3D1" {
		t.Fatalf("a private page leads to %s", at)
	}
	const secret, ana = "gentle copper walrus 41 moons", "ana@example.ae"
	do("POST", "/account/en/register", url.Values{"identity.first_name": {"Ana"}, "identity.email": {ana}, "password": {secret}, "born": {"1990-05-01"}, "consent": {"insights"}})
	code, _ := mails.Code(t, s)
	do("POST", "/account/en/verify", url.Values{"code": {code}, "password": {secret}})
	do("POST", "/account/en/sign-out", url.Values{})
	status, at, body := do("POST", "/account/en/sign-in", url.Values{"login": {ana}, "password": {secret}, "to": {"/mine/x?y=1"}})
	if status != 200 || at != "/mine/x?y=1" || body != "the application's /mine/x" {
		t.Fatalf("signed in, %d at %s: %.300s", status, at, body)
	}
	parts := strings.Split(identity, ".")
	if len(parts) != 3 {
		t.Fatalf("the application is told %q", identity)
	}
	said, _ := base64.RawURLEncoding.DecodeString(parts[1])
	var who struct {
		Sub, Tenant, Iss string
		Purposes         []string
	}
	if err := json.Unmarshal(said, &who); err != nil {
		t.Fatal(err)
	}
	caller := a.Operator()
	caller.Credential.Tenants, caller.Scopes = []string{"clesaro"}, []string{vault.ScopeSubjects}
	subject, err := a.Vault.Whose(t.Context(), caller, "clesaro", "identity", "email", ana)
	if err != nil || who.Sub != subject || who.Tenant != "clesaro" || who.Iss != a.PeopleURL || len(who.Purposes) != 1 || who.Purposes[0] != "insights" {
		t.Errorf("the application is told %+v; it is %s, %v", who, subject, err)
	}
	here, _ := url.Parse(a.PeopleURL)
	if cookies := jar.Cookies(here); len(cookies) != 1 {
		t.Errorf("the browser has %v", cookies)
	}
	kept := jar.Cookies(here)
	do("POST", "/account/en/sign-out", url.Values{})
	jar.SetCookies(here, kept) // as a thief would
	if do("GET", "/open", nil); identity != "" {
		t.Error("after signing out the old cookie still tells who somebody is")
	}
	if _, at, _ := do("GET", "/mine/x", nil); !strings.HasPrefix(at, "/account/en/sign-in") {
		t.Errorf("after signing out a private page leads to %s", at)
	}
}
