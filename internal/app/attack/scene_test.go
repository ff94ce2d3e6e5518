package attack_test

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/examples/clesaro/app/signed"
	"clause.dev/clause/examples/clesaro/app/web"
	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/gate"
	"clause.dev/clause/internal/httpapi"
	"clause.dev/clause/internal/vault"
)

const (
	tenant = "clesaro"
	ana    = "ana@example.ae"
	secret = "gentle copper walrus 41 moons"
)

// scene is a whole server as people meet it: Clesaro's application behind the gate, the pages of accounts beside it,
// and the interface for applications.
type scene struct {
	*testing.T
	server *apptest.Server
	at     string // the gate's address
	cookie string // of ana, who is signed in; name and value

	mails  apptest.Mailbox
	newest string // mail with a code

	mu    sync.Mutex
	asked int         // requests at the gate
	seen  map[int]int // how they were answered
	broke []string    // requests, there and at the interface, that were answered with a failure of the server's own
}

// stage says what differs from a server as it comes.
type stage struct {
	limits gate.Limits
	// unhurried takes away what slows guessing down, so that a program's every request is looked at.
	unhurried bool
	// friendly answers 200 for 401, at which hydra gives up: it takes any 401 for what browsers ask a password for.
	friendly bool
	// kept signs nobody out who presses each button.
	kept bool
	// inspect has the gate look into forms.
	inspect bool
}

// scanned is a server that answers a program however often it asks.
var scanned = stage{limits: gate.Limits{Rate: -1, Open: -1}, unhurried: true}

func open(t *testing.T, st stage) *scene {
	t.Helper()
	s := &scene{T: t, seen: map[int]int{}}
	s.server = apptest.Start(t, apptest.Options{Limits: httpapi.Limits{Failures: 1e6, FailureBurst: 1e6}, Front: s.watched(false), Prepare: func(a *app.App) {
		s.mails.Prepare(a)
		if st.unhurried {
			var calls atomic.Int64
			now := a.Accounts.Now
			a.Accounts.Now = func() time.Time { return now().Add(time.Duration(calls.Add(1)) * time.Hour) }
		}
	}})
	a := s.server.App
	s.must(a.Vault.CreateTenant(t.Context(), a.Operator(), vault.Tenant{ID: tenant, Title: "Clesaro"}))
	front := httptest.NewUnstartedServer(nil)
	s.at = "https://" + front.Listener.Addr().String()
	a.PeopleURL = s.at
	application := httptest.NewServer(s.application(front))
	t.Cleanup(application.Close)
	var err error
	a.Config.Gate.Limits, a.Config.Gate.Inspect = st.limits, st.inspect
	if a.Config.Gate.Upstream, err = url.Parse(application.URL); err != nil {
		t.Fatal(err)
	}
	door, err := a.Behind(tenant)
	if err != nil {
		t.Fatal(err)
	}
	front.Config = gate.Server(s.watched(true)(eased(door, st)), &tls.Config{})
	front.StartTLS()
	t.Cleanup(front.Close)
	return s
}

func (s *scene) must(_ any, err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// application is Clesaro's, as its own program starts it.
func (s *scene) application(front *httptest.Server) http.Handler {
	s.Helper()
	key := s.server.Application(s, []string{tenant}, api.ScopeData, api.ScopeSubjects)
	anybody := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // a test's own certificate
	who := &signed.Verifier{Issuer: s.at, Tenant: tenant, HTTP: anybody, Now: time.Now}
	site, err := web.New(web.Config{Client: s.server.Client(s, key), Who: who.Who, Now: time.Now, Log: func(error) {}})
	if err != nil {
		s.Fatal(err)
	}
	return site
}

// watched keeps what breaks the server, and counts what is asked: at the gate, for at the interface the server's own
// probes ask too.
func (s *scene) watched(counts bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			said := &status{ResponseWriter: w}
			next.ServeHTTP(said, r)
			s.noted(r, cmp.Or(said.code, http.StatusOK), counts)
		})
	}
}

func (s *scene) noted(r *http.Request, code int, counts bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if counts {
		s.asked++
		s.seen[code]++
	}
	if code >= http.StatusInternalServerError && len(s.broke) < 20 {
		s.broke = append(s.broke, fmt.Sprintf("%d %s %s", code, r.Method, r.RequestURI))
	}
}

// eased makes things as easy for a program as the stage says.
func eased(next http.Handler, st stage) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if st.kept && (strings.HasSuffix(r.URL.Path, "/sign-out") || strings.HasSuffix(r.URL.Path, "/sessions")) {
			http.NotFound(w, r)
			return
		}
		next.ServeHTTP(&status{ResponseWriter: w, friendly: st.friendly}, r)
	})
}

type status struct {
	http.ResponseWriter
	code     int
	friendly bool
}

func (s *status) WriteHeader(code int) {
	if s.code == 0 {
		s.code = code
	}
	if s.friendly && code == http.StatusUnauthorized {
		code = http.StatusOK
	}
	s.ResponseWriter.WriteHeader(code)
}

func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// browser is a browser without scripts.
func (s *scene) browser() *http.Client {
	jar, _ := cookiejar.New(nil)
	return &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, //nolint:gosec // a test's own certificate
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// post sends a form, and returns the status.
func (s *scene) post(b *http.Client, path string, form url.Values) int {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodPost, s.at+path, strings.NewReader(form.Encode()))
	if err != nil {
		s.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return apptest.Ask(s, b, r).Status
}

// code is the newest that was mailed.
func (s *scene) code() (code string) {
	s.Helper()
	code, s.newest = s.mails.Code(s, s.server)
	return code
}

// join makes an account for somebody, who has an income, and returns their browser.
func (s *scene) join(login string) *http.Client { return s.joinAs(login, "Ana") }

func (s *scene) joinAs(login, name string) *http.Client {
	s.Helper()
	b := s.browser()
	for _, step := range []struct {
		path string
		form func() url.Values
	}{
		{"/account/en/register", func() url.Values {
			return url.Values{"identity.first_name": {name}, "identity.email": {login}, "password": {secret}, "born": {"1990-05-01"}, "consent": {"insights"}}
		}},
		{"/account/en/verify", func() url.Values { return url.Values{"code": {s.code()}, "password": {secret}} }},
		{"/en/income", func() url.Values { return url.Values{"monthly_income": {"12000"}} }},
	} {
		if code := s.post(b, step.path, step.form()); code != http.StatusSeeOther {
			s.Fatalf("%s answers %d", step.path, code)
		}
	}
	here, _ := url.Parse(s.at)
	for _, c := range b.Jar.Cookies(here) {
		s.cookie = c.Name + "=" + c.Value
	}
	return b
}

// unbroken fails if a request broke the server, or fewer came than a program that looks around sends.
func (s *scene) unbroken(atLeast int) {
	s.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.broke) > 0 {
		s.Errorf("the server failed at %q", s.broke)
	}
	if s.asked < atLeast {
		s.Errorf("the program sent %d requests only, and so proves nothing", s.asked)
	}
	s.Logf("%d requests, answered %v", s.asked, s.seen)
}
