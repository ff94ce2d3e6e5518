package account_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/password"
	identitysession "clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/vault"
)

const (
	tenant = "clesaro"
	ana    = "ana@example.ae"
	strong = "gentle copper walrus 41 moons"
	fresh  = "seven quiet lanterns under ice"
)

// site is the door of accounts of a whole server, over TLS, and the mailbox of everybody.
type site struct {
	*testing.T
	server *apptest.Server
	web    *httptest.Server

	mu    sync.Mutex
	mails []*notify.Dispatch
}

// Send takes a mail, in place of a mail server.
func (s *site) Send(_ context.Context, d *notify.Dispatch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, d)
	return nil
}

func open(t *testing.T) *site {
	t.Helper()
	return openAt(t, "127.0.0.1")
}

// openAt opens the site under a name of this machine: browsers make no passkeys for an address.
func openAt(t *testing.T, name string) *site {
	t.Helper()
	s := &site{T: t}
	s.server = apptest.Start(t, apptest.Options{Prepare: func(a *app.App) {
		a.Outbox.Senders[notify.Email] = s
		// What is slow on purpose is tested in identity.
		a.Accounts.Hasher = password.NewHasher(password.Rule{Algorithm: password.Bcrypt, Cost: 4}, 2)
		a.Accounts.Wait = func(context.Context, time.Duration) {}
	}})
	a := s.server.App
	operator := a.Operator()
	if _, err := a.Vault.CreateTenant(t.Context(), operator, vault.Tenant{ID: tenant, Title: "Clesaro"}); err != nil {
		t.Fatal(err)
	}
	s.web = httptest.NewUnstartedServer(nil)
	_, port, err := net.SplitHostPort(s.web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	a.PeopleURL = "https://" + net.JoinHostPort(name, port)
	if s.web.Config.Handler, err = a.People(tenant); err != nil {
		t.Fatal(err)
	}
	s.web.StartTLS()
	t.Cleanup(s.web.Close)
	return s
}

// mail returns the newest mail once the outbox was sent.
func (s *site) mail(to, template string) *notify.Dispatch {
	s.Helper()
	for range 300 { // the server's own run may have it just now
		if _, err := s.server.App.Outbox.Run(s.Context(), s.server.Clock.Now().Add(time.Second)); err != nil {
			s.Fatal(err)
		}
		s.mu.Lock()
		for i := len(s.mails) - 1; i >= 0; i-- {
			if d := s.mails[i]; d.Template == template && len(d.To) == 1 && d.To[0].Email == to {
				s.mu.Unlock()
				return d
			}
		}
		s.mu.Unlock()
		time.Sleep(100 * time.Millisecond)
	}
	s.Fatalf("no mail %s to %s", template, to)
	return nil
}

var codeForm = regexp.MustCompile(`(?m)^[0-9A-Z]{5}(-[0-9A-Z]{5}){3}$`)

func (s *site) code(to, template string) string {
	s.Helper()
	text := s.mail(to, template).Words.Text
	code := codeForm.FindString(text)
	if code == "" {
		s.Fatalf("no code in %q", text)
	}
	return code
}

// person is somebody with a browser of no scripts.
type person struct {
	*site
	http *http.Client
}

func (s *site) person() *person { s.Helper(); return &person{site: s, http: apptest.Visitor(s, s.web)} }

// page is an answer.
type page = apptest.Answer

func (p *person) do(r *http.Request) page { p.Helper(); return apptest.Ask(p, p.http, r) }

func (p *person) get(path string) page {
	p.Helper()
	r, err := http.NewRequestWithContext(p.Context(), http.MethodGet, p.web.URL+path, nil)
	if err != nil {
		p.Fatal(err)
	}
	return p.do(r)
}

// post sends a form as a browser does, from the site itself.
func (p *person) post(path string, form url.Values) page {
	p.Helper()
	return p.do(p.form(path, form))
}

func (p *person) form(path string, form url.Values) *http.Request {
	p.Helper()
	r, err := http.NewRequestWithContext(p.Context(), http.MethodPost, p.web.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", p.web.URL)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

func (p *person) expect(a page, status int, says ...string) page {
	p.Helper()
	if a.Status != status {
		p.Fatalf("answered %d, want %d: %.600s", a.Status, status, a.Body)
	}
	for _, text := range says {
		if !strings.Contains(a.Body, text) {
			p.Errorf("the page does not say %q: %.900s", text, a.Body)
		}
	}
	return a
}

func registering(login, secret string) url.Values {
	return url.Values{"identity.first_name": {"Ana"}, "identity.email": {login}, "password": {secret}, "born": {"1990-05-01"}, "consent": {"insights"}}
}

// join registers and verifies.
func (p *person) join(login, secret string) {
	p.Helper()
	p.expect(p.post("/account/en/register", registering(login, secret)), http.StatusSeeOther)
	p.expect(p.post("/account/en/verify", url.Values{"code": {p.code(login, "account-verify")}, "password": {secret}}), http.StatusSeeOther)
}

// cookie is the one in the browser.
func (p *person) cookie() string {
	u, _ := url.Parse(p.web.URL)
	for _, c := range p.http.Jar.Cookies(u) {
		return c.Value
	}
	return ""
}

// in reports whether the browser is signed in.
func (p *person) in() bool { return p.get("/account/en/").Status == http.StatusOK }

// standing is what the vault knows of whom an address is of.
func (s *site) standing(login string) *vault.Standing {
	s.Helper()
	a := s.server.App
	who := s.caller()
	subject, err := a.Vault.Whose(s.Context(), who, tenant, "identity", "email", login)
	if err != nil {
		return nil
	}
	standing, err := a.Vault.Standing(s.Context(), who, tenant, subject)
	if err != nil {
		s.Fatal(err)
	}
	return &standing
}

func (s *site) caller() vault.Caller {
	c := s.server.App.Operator()
	c.Credential.Tenants, c.Scopes = []string{tenant}, []string{vault.ScopeSubjects}
	return c
}

func session() identitysession.Device { return identitysession.Device{} }

func status(err error) int {
	switch fault.KindOf(err) {
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.Unauthenticated:
		return http.StatusUnauthorized
	}
	return http.StatusOK
}
