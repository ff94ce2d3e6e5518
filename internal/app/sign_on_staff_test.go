package app_test

import (
	"encoding/pem"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/identity/sso"
	"clause.dev/clause/internal/identity/sso/openid"
)

// staffSite is a console, and the directory that vouches for who comes.
type staffSite struct {
	*testing.T
	server   *apptest.Server
	web, at  *httptest.Server
	provider *openid.Provider
}

func openStaff(t *testing.T) *staffSite {
	t.Helper()
	source, err := os.ReadFile(apptest.Root(t, "examples/clear/policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s := &staffSite{T: t, server: apptest.Start(t, apptest.Options{Policy: source})}
	s.at, s.web = httptest.NewUnstartedServer(nil), httptest.NewUnstartedServer(nil)
	for _, w := range []*httptest.Server{s.at, s.web} {
		w.StartTLS()
		t.Cleanup(w.Close)
	}
	if s.provider, err = openid.New(s.at.URL, "console", s.server.Clock.Now); err != nil {
		t.Fatal(err)
	}
	s.at.Config.Handler = s.provider
	a := s.server.App
	a.ConsoleURL = s.web.URL
	a.SignIn = []sso.Provider{{
		ID: "directory", Title: "Clear's directory", Issuer: s.at.URL, Client: "console", Secret: s.provider.Secret, Door: sso.Staff,
		Domains: []string{"clear.example"}, GroupsClaim: "groups", Roles: map[string][]string{"managers": {"the manager"}, "engineers": {"engineer"}},
		CA: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.at.Certificate().Raw}),
	}}
	s.provider.Redirect = s.web.URL + "/callback/directory"
	if s.web.Config.Handler, err = a.Console(); err != nil {
		t.Fatal(err)
	}
	s.is("mia-1", "engineers")
	return s
}

func (s *staffSite) is(subject string, groups ...string) {
	s.provider.Claims = map[string]any{"sub": subject, "email": subject + "@clear.example", "email_verified": true, "amr": []string{"pwd", "mfa"}, "groups": groups}
}

// browser is one of nobody yet.
func (s *staffSite) browser() *http.Client {
	jar, _ := cookiejar.New(nil)
	pool := s.web.Client().Transport.(*http.Transport).Clone()
	pool.TLSClientConfig.RootCAs.AddCert(s.at.Certificate())
	return &http.Client{Jar: jar, Transport: pool, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (s *staffSite) get(b *http.Client, at string) (int, string) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodGet, at, nil)
	if err != nil {
		s.Fatal(err)
	}
	a, err := b.Do(r)
	if err != nil {
		s.Fatal(err)
	}
	a.Body.Close()
	return a.StatusCode, a.Header.Get("Location")
}

// leaves goes to the directory, and returns where that sends the browser back to.
func (s *staffSite) leaves(b *http.Client) string {
	s.Helper()
	status, to := s.get(b, s.web.URL+"/console/en/sign-in/directory?to="+url.QueryEscape("/console/ar/"))
	if status != http.StatusSeeOther || !strings.HasPrefix(to, s.at.URL) {
		s.Fatalf("it leads to %q (%d)", to, status)
	}
	_, back := s.get(b, to)
	return back
}

func (s *staffSite) in(b *http.Client) bool {
	status, _ := s.get(b, s.web.URL+"/console/en/")
	return status == http.StatusOK
}

// members are the ids and roles of those who are active.
func (s *staffSite) members() map[string]string {
	s.Helper()
	all := map[string]string{}
	err := s.server.App.DB.Read(s.Context(), db.Organisation, func(tx *db.Tx) error {
		return tx.Each(`SELECT member_id, details FROM staff WHERE tenant_id = $1 AND state = 'active'`, []any{db.Organisation}, func(scan func(...any) error) error {
			var id, details string
			err := scan(&id, &details)
			all[id] = details
			return err
		})
	})
	if err != nil {
		s.Fatal(err)
	}
	return all
}

// TestStaffSignIn: a member by way of the directory; roles follow the groups; who is in none is shut out at once.
func TestStaffSignIn(t *testing.T) {
	t.Parallel()
	s := openStaff(t)
	mia := s.browser()
	if status, to := s.get(mia, s.leaves(mia)); status != http.StatusSeeOther || to != "/console/ar/" || !s.in(mia) {
		t.Fatalf("back it leads to %q (%d)", to, status)
	}
	all := s.members()
	if len(all) != 1 {
		t.Fatalf("%d members", len(all))
	}
	for _, details := range all {
		if !strings.Contains(details, "engineer") || strings.Contains(details, "mia") {
			t.Errorf("kept of her: %s", details)
		}
	}
	s.is("mia-1", "managers")
	again := s.browser()
	s.get(again, s.leaves(again))
	if !s.in(again) || s.in(mia) {
		t.Error("a new sign-in must replace the one before")
	}
	for _, details := range s.members() {
		if !strings.Contains(details, "the manager") || strings.Contains(details, "engineer") {
			t.Errorf("her roles are those of before: %s", details)
		}
	}
	s.is("mia-1", "somebody else's")
	late := s.browser()
	if status, _ := s.get(late, s.leaves(late)); status != http.StatusForbidden || s.in(late) || s.in(again) {
		t.Errorf("in no group she is let in (%d), or stays in", status)
	}
	s.is("mia-1", "managers")
	s.get(late, s.leaves(late))
	if !s.in(late) || len(s.members()) != 1 {
		t.Error("in a group again she is the same member")
	}
}

// TestStaffSignInRefuses: one factor, other organisations, other browsers, answers twice, one more than may be.
func TestStaffSignInRefuses(t *testing.T) {
	t.Parallel()
	s := openStaff(t)
	refused := func(what string, b *http.Client, back string) {
		t.Helper()
		if status, to := s.get(b, back); status < 400 || s.in(b) {
			t.Errorf("%s: %d, to %q", what, status, to)
		}
	}
	b := s.browser()
	s.provider.Claims["amr"] = []string{"pwd"}
	refused("one factor", b, s.leaves(b))
	s.is("eve-1", "engineers")
	s.provider.Claims["email"] = "eve@evil.example"
	refused("another organisation", b, s.leaves(b))
	s.is("eve-1")
	refused("in no group", b, s.leaves(b))
	s.is("eve-1", "engineers")
	s.provider.Token = openid.Forged
	refused("a forged token", b, s.leaves(b))
	s.provider.Token = nil
	theirs := s.leaves(s.browser())
	refused("another browser's answer", b, theirs)
	if len(s.members()) != 0 {
		t.Errorf("members: %v", s.members())
	}
	once := s.leaves(b)
	s.get(b, once)
	if !s.in(b) {
		t.Fatal("nobody can sign in, so that refusing others proves nothing")
	}
	refused("an answer twice", s.browser(), once)

	// Clear lets five people reach production.
	for _, id := range []string{"a", "b", "c", "d"} {
		s.is(id, "engineers")
		one := s.browser()
		if s.get(one, s.leaves(one)); !s.in(one) {
			t.Fatalf("%s is not let in", id)
		}
	}
	s.is("e", "engineers")
	sixth := s.browser()
	refused("a sixth", sixth, s.leaves(sixth))

	// A membership that ended stays so.
	s.is("a", "engineers")
	err := s.server.App.DB.Write(s.Context(), db.Organisation, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE staff SET state = 'ended' WHERE tenant_id = $1`, db.Organisation)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s.server.Clock.Move(time.Minute)
	ended := s.browser()
	refused("a membership that ended", ended, s.leaves(ended))
}

// TestStaffLeave: who sends browsers to the directory without end is slowed down, and writes no row for each.
func TestStaffLeave(t *testing.T) {
	t.Parallel()
	s := openStaff(t)
	stranger, last := s.browser(), 0
	for range 200 {
		if last, _ = s.get(stranger, s.web.URL+"/console/en/sign-in/directory"); last != http.StatusSeeOther {
			break
		}
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the last is answered %d", last)
	}
}
