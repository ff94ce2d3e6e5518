package control_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

// reaching returns the way to a server of a test, from an address of this machine.
func reaching(to *httptest.Server) func(netip.Addr) *http.Client {
	return func(from netip.Addr) *http.Client {
		dialer := &net.Dialer{}
		if from.IsValid() {
			dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
		}
		return &http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, to.Listener.Addr().String())
			},
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true, //nolint:gosec // a test
		}}
	}
}

// instead puts another handler at one of the listeners.
func instead(flag string, stand func(honest http.Handler) http.Handler) func(*world, *control.System) {
	return func(_ *world, sys *control.System) {
		for i := range sys.Listeners {
			if l := &sys.Listeners[i]; l.Flag == flag {
				l.Handler = stand(l.Handler)
				l.From = reaching(httptest.NewTLSServer(l.Handler))
			}
		}
	}
}

// from has every request come from an address that is listed.
func from(at func(*http.Request) string) func(http.Handler) http.Handler {
	return func(honest http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if said := at(r); said != "" {
				r.RemoteAddr = said + ":1"
			}
			honest.ServeHTTP(w, r)
		})
	}
}

// TestListenersThatAreMissing prove nothing.
func TestListenersThatAreMissing(t *testing.T) {
	for name, c := range map[string]control.Control{"separate-listeners": &control.SeparateListeners{}, "address-rules": &control.AddressRules{}, "attack-bans": &control.AttackBans{For: hours(1, policy.Hour)}} {
		if f := c.Probe(t.Context(), &control.System{}); f.Outcome != control.Unable {
			t.Errorf("%s: %s: %s", name, f.Outcome, f.Summary)
		}
	}
	w := newWorld(t, sabotage{})
	for _, name := range []string{"--console", "--metrics"} {
		sys := w.System()
		for i := range sys.Listeners {
			if sys.Listeners[i].Flag == name {
				sys.Listeners[i].Handler = http.NotFoundHandler()
				sys.Listeners[i].From = reaching(httptest.NewTLSServer(http.NotFoundHandler()))
			}
		}
		for what, c := range map[string]control.Control{"separate-listeners": &control.SeparateListeners{}, "address-rules": &control.AddressRules{}} {
			if what == "address-rules" && name == "--console" { // without the clause nobody is listed there
				continue
			}
			if f := c.Probe(t.Context(), sys); f.Outcome == control.Kept {
				t.Errorf("%s with %s shut: %s: %s", what, name, f.Outcome, f.Summary)
			}
		}
	}
}
