package console_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/console"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/vault"
)

const tenant = "acme"

// roles are those of the tests: what somebody's role is called says what it may do.
const roles = `{
 "auditor": {"scopes": ["audit"]},
 "officer": {"scopes": ["duties", "rights", "admin", "audit", "subjects"]},
 "support": {"scopes": ["duties"], "tenants": ["acme"]}
}`

// site is a whole server and its console, over TLS.
type site struct {
	*testing.T
	server *apptest.Server
	web    *httptest.Server
	admin  string // an application's key, which enrols members
}

func open(t *testing.T) *site { t.Helper(); return openOf(t, "clear") }

// openOf is open with the policy of an example.
func openOf(t *testing.T, example string) *site {
	t.Helper()
	return openUnder(t, published(t, example))
}

func published(t *testing.T, example string) []byte {
	t.Helper()
	policy, err := os.ReadFile(apptest.Root(t, "examples/"+example+"/policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// openUnder is open with a policy.
func openUnder(t *testing.T, policy []byte) *site {
	t.Helper()
	var err error
	s := &site{T: t}
	s.server = apptest.Start(t, apptest.Options{Policy: policy})
	a := s.server.App
	for _, id := range []string{tenant, "globex"} {
		if _, err := a.Vault.CreateTenant(t.Context(), a.Operator(), vault.Tenant{ID: id, Title: "Zoe's Tea House", Region: a.Region}); err != nil {
			t.Fatal(err)
		}
	}
	_, s.admin, err = a.Applications.Create(t.Context(), "operator", identity.Application{Title: "test", Scopes: []string{vault.ScopeAdmin, vault.ScopeDuties, vault.ScopeSubjects}, Tenants: []string{tenant, "globex"}, Environment: a.Environment})
	if err != nil {
		t.Fatal(err)
	}
	if a.ConsoleRoles, err = console.ParseRoles([]byte(roles)); err != nil {
		t.Fatal(err)
	}
	s.rest("POST", "/v1/tenants/acme/subjects", nil, nil)
	s.web = httptest.NewUnstartedServer(nil)
	s.web.StartTLS()
	t.Cleanup(s.web.Close)
	a.ConsoleURL = s.web.URL
	if s.web.Config.Handler, err = a.Console(); err != nil {
		t.Fatal(err)
	}
	return s
}

// rest asks the server's interface.
func (s *site) rest(method, path string, in, out any) {
	s.Helper()
	var raw []byte
	if in != nil {
		raw, _ = json.Marshal(in)
	}
	r, err := http.NewRequestWithContext(s.Context(), method, s.server.Door.URL+path, bytes.NewReader(raw))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.admin)
	if in != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	a, err := s.server.System().HTTP.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer a.Body.Close()
	body, _ := io.ReadAll(a.Body)
	if a.StatusCode >= 300 {
		s.Fatalf("%s %s: %d %s", method, path, a.StatusCode, body)
	}
	if out != nil {
		if err := json.Unmarshal(body, out); err != nil {
			s.Fatalf("%s: %v", body, err)
		}
	}
}

// enrol makes a member of staff.
func (s *site) enrol(roles ...string) api.EnrolledMember {
	s.Helper()
	if roles == nil {
		roles = []string{}
	}
	until := s.server.Clock.Now().Add(80 * 24 * time.Hour)
	var out api.EnrolledMember
	s.rest("POST", "/v1/staff", api.NewMember{Roles: roles, KeyUntil: &until}, &out)
	return out
}

// person is somebody with a browser of no scripts.
type person struct {
	*site
	http   *http.Client
	member api.EnrolledMember
}

func (s *site) person() *person { s.Helper(); return &person{site: s, http: apptest.Visitor(s, s.web)} }

// staff is a member with these roles, signed in.
func (s *site) staff(roles ...string) *person {
	s.Helper()
	p := s.person()
	p.member = s.enrol(roles...)
	p.expect(p.post("/console/en/sign-in", url.Values{"key": {p.member.Key}}), http.StatusSeeOther)
	return p
}

// page is an answer.
type page = apptest.Answer

func (p *person) do(r *http.Request) page { p.Helper(); return apptest.Ask(p, p.http, r) }

func (p *person) request(method, path string, form url.Values) *http.Request {
	p.Helper()
	r, err := http.NewRequestWithContext(p.Context(), method, p.web.URL+path, strings.NewReader(form.Encode()))
	if err != nil {
		p.Fatal(err)
	}
	if method == http.MethodPost { // as a browser does, from the site itself
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", p.web.URL)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	return r
}

func (p *person) get(path string) page {
	p.Helper()
	return p.do(p.request(http.MethodGet, path, nil))
}

func (p *person) post(path string, form url.Values) page {
	p.Helper()
	return p.do(p.request(http.MethodPost, path, form))
}

func (p *person) expect(a page, status int, says ...string) page {
	p.Helper()
	if a.Status != status {
		p.Fatalf("answered %d, want %d: %.1500s", a.Status, status, a.Body)
	}
	for _, text := range says {
		if !strings.Contains(a.Body, text) {
			p.Errorf("the page does not say %q: %.2500s", text, a.Body)
		}
	}
	return a
}

// in reports whether the browser is signed in.
func (p *person) in() bool { p.Helper(); return p.get("/console/en/").Status == http.StatusOK }

// cookies are those in the browser.
func (p *person) cookies() []*http.Cookie {
	u, _ := url.Parse(p.web.URL)
	return p.http.Jar.Cookies(u)
}
