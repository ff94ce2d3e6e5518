// Package apptest starts whole servers for tests: the real parts, over HTTPS on a free loopback port,
// in a temporary folder, with a clock that the test sets. What a test may sabotage is an option.
package apptest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/client"
	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/httpapi"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/identity/sso"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/trust"
	"clause.dev/clause/internal/vault/objects"
)

// Options say what differs from a server that keeps its policy. The zero value is Clesaro's, kept.
type Options struct {
	Policy []byte // the published policy; empty: examples/clesaro/policy.yaml
	// Engine returns the policy the server really runs, given a copy of the published one: a
	// sabotaged server runs a laxer one.
	Engine   func(*policy.Policy)
	Prepare  func(*app.App)                  // changes parts of the server before it serves
	Front    func(http.Handler) http.Handler // stands before the front door
	Beside   bool                            // the console and the figures are served too, each at a listener of its own
	Networks app.Networks                    // from where the listeners are reached
	TLS      func(*tls.Config)               // changes what the front door accepts
	System   func(*control.System)           // changes what probes are given
	Store    string                          // URL; empty: SQLite in the temporary folder
	Migrate  string
	Notify   app.Notify
	// Weaknesses is what is known to be weak.
	Weaknesses app.Weaknesses
	Region     string // of the server; empty: the policy's first
	// Web answers for addresses that the policy names elsewhere, given the front door; nil: there is nobody.
	Web       func(door http.Handler, r *http.Request) *http.Response
	Documents map[string]trust.Document // that the server serves
	SignIn    []sso.Provider            // with whose accounts people sign in
	Blobs     *objects.Place            // the bucket blobs are kept in; nil: the data folder
	Folder    string                    // data folder to use again; empty: a new one
	Limits    httpapi.Limits            // of requests
	Now       func() time.Time          // empty: a clock of the server's own, see Server.Clock
	Probes    bool                      // the server runs its probes by itself; else the test does
	Beat      time.Duration             // how often the server looks for what is due; probes wait as if it were ten times that
}

// Quick is a beat by which probes need not wait long for what the server does by itself.
const Quick = 200 * time.Millisecond

// Server is a running server.
type Server struct {
	App       *app.App
	Published *policy.Policy
	Door      app.Door
	Folder    string
	Clock     *Clock
	options   Options
	honest    http.Handler // the front door, with nothing before it
	stop      func()
}

// elsewhere is the way to what is not the server.
type elsewhere func(*http.Request) (*http.Response, error)

func (f elsewhere) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// elsewhere answers for other sites: no test asks the network.
func (s *Server) elsewhere(r *http.Request) (*http.Response, error) {
	if s.options.Web != nil && s.honest != nil {
		if a := s.options.Web(s.honest, r); a != nil {
			a.Request = r
			return a, nil
		}
	}
	return nil, errors.New("no such host")
}

// Start starts a server that ends with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s, err := start(t, o)
	if err != nil {
		t.Fatalf("the server did not start: %v", err)
	}
	t.Cleanup(s.Stop)
	return s
}

func start(t testing.TB, o Options) (*Server, error) {
	s := &Server{options: o, Folder: o.Folder, Clock: NewClock()}
	if s.Folder == "" {
		s.Folder = t.TempDir()
	}
	now := o.Now
	if now == nil {
		now = s.Clock.Now
	}
	s.Published = Parse(t, o.Policy)
	engine := s.Published
	if o.Engine != nil {
		engine = Parse(t, o.Policy)
		o.Engine(engine)
	}
	root, err := keyring.FileRoot(filepath.Join(s.Folder, "root.key"), true)
	if err != nil {
		return nil, err
	}
	left := []string{app.RunProbes}
	if o.Probes {
		left = nil
	}
	s.App, err = app.Open(t.Context(), app.Config{
		Beat:   o.Beat,
		Policy: engine, Data: filepath.Join(s.Folder, "data"), Keys: filepath.Join(s.Folder, "keys"), Root: root,
		Region: o.region(engine), Store: o.Store, Migrate: o.Migrate, Blobs: o.Blobs, Notify: o.Notify, Weaknesses: o.Weaknesses, Now: now, Wall: time.Now,
		Documents: o.Documents, SignIn: o.SignIn, Limits: o.Limits, Networks: o.Networks, Left: left, Web: &http.Client{Transport: elsewhere(s.elsewhere)},
	})
	if err != nil {
		return nil, err
	}
	if err := s.App.Start(t.Context()); err != nil {
		return nil, err
	}
	if o.Prepare != nil {
		o.Prepare(s.App)
	}
	return s, s.listen(t)
}

// region is where the server is, of the places its policy names.
func (o *Options) region(p *policy.Policy) string {
	if o.Region == "" && len(p.Regions) > 0 {
		return p.Regions[0].ID
	}
	return o.Region
}

func (s *Server) listen(t testing.TB) error {
	cert, err := app.SelfSigned(filepath.Join(s.Folder, "tls"), []string{"localhost", "127.0.0.1"}, time.Now())
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert.Leaf)
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.Door = app.Door{URL: "https://" + at.Addr().String(), Roots: roots}
	handler, err := s.App.Handler()
	if err != nil {
		return err
	}
	s.honest = handler
	if s.options.Front != nil {
		handler = s.options.Front(handler)
	}
	config := s.App.FrontTLS(cert)
	if s.options.TLS != nil {
		s.options.TLS(config)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	if s.options.Beside {
		s.App.Networks.Doors = []string{"--console", "--metrics"} // so that the first probes wait for them
		for _, serve := range []func(context.Context, net.Listener, tls.Certificate) error{s.App.ServeConsole, s.App.ServeMetrics} {
			beside, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				cancel()
				return err
			}
			if s.App.ConsoleURL == "" {
				s.App.ConsoleURL = "https://" + beside.Addr().String()
			}
			running.Go(func() {
				if err := serve(ctx, beside, cert); err != nil {
					t.Errorf("a listener ended: %v", err)
				}
			})
		}
	}
	running.Go(func() {
		if err := s.App.ServeHandler(ctx, at, handler, config, s.Door); err != nil {
			t.Errorf("the server ended: %v", err)
		}
	})
	s.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		if err := s.App.Close(); err != nil {
			t.Errorf("the store did not close: %v", err)
		}
	})
	for s.options.Beside && len(s.App.System(s.Door).Listeners) < 3 && t.Context().Err() == nil {
		time.Sleep(10 * time.Millisecond)
	}
	return nil
}

// Stop stops the server; once more does nothing.
func (s *Server) Stop() { s.stop() }

// System is what probes may use of the server. The policy in it is the published one, whatever the
// server runs.
func (s *Server) System() *control.System {
	sys := s.App.System(s.Door)
	sys.Policy = s.Published
	if s.options.Beat > 0 {
		sys.Beat = 10 * s.options.Beat // the machine may be busy
	}
	if s.options.System != nil {
		s.options.System(sys)
	}
	return sys
}

// Client returns a client with the key.
func (s *Server) Client(t testing.TB, key string) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{URL: s.Door.URL, Key: key, HTTP: s.App.System(s.Door).HTTP})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Application makes an application of all purposes and the scopes, and returns its key.
func (s *Server) Application(t testing.TB, tenants []string, scopes ...string) string {
	t.Helper()
	var purposes []string
	for _, p := range s.Published.Purposes {
		purposes = append(purposes, p.ID)
	}
	_, key, err := s.App.Applications.Create(t.Context(), "test", identity.Application{
		Title: "test", Tenants: tenants, Purposes: purposes, Scopes: scopes, Environment: s.App.Environment,
	})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Parse parses a policy, Clesaro's if there is none.
func Parse(t testing.TB, source []byte) *policy.Policy {
	t.Helper()
	if len(source) == 0 {
		var err error
		if source, err = os.ReadFile(Root(t, "examples/clesaro/policy.yaml")); err != nil {
			t.Fatal(err)
		}
	}
	p, err := policy.Parse("policy.yaml", source, control.Catalogue())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Root returns the path of a file of the repository.
func Root(t testing.TB, path string) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; folder != "/"; folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return filepath.Join(folder, path)
		}
	}
	t.Fatal("the test does not run inside the repository")
	return ""
}

// Clock is a clock that begins at the true time and goes on with it, and that a test moves.
type Clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

// NewClock returns a clock at the true time.
func NewClock() *Clock { return &Clock{} }

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

// Move moves the clock on, or back.
func (c *Clock) Move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += by
}
