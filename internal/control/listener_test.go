package control_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
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

func addressSabotages() []sabotage {
	believes := func(name string) func(*http.Request) string {
		return func(r *http.Request) string {
			said, _, _ := strings.Cut(r.Header.Get(name), ",")
			return strings.Trim(strings.TrimPrefix(said, "for="), `"[]`)
		}
	}
	list := func(change func(*control.Listener)) func(*world, *control.System) {
		return func(_ *world, sys *control.System) {
			for i := range sys.Listeners {
				if sys.Listeners[i].Audience != control.Public {
					change(&sys.Listeners[i])
				}
			}
		}
	}
	return []sabotage{
		{name: "a server that was promised no rules", says: "--console is reached from anywhere", engine: func(p *policy.Policy) { without(p, "address-rules") }},
		{name: "figures for everybody", says: "--metrics serves an address that is not listed (status 200)", system: instead("--metrics", from(func(*http.Request) string { return "127.0.0.1" }))},
		{name: "a console for everybody", says: "--console serves an address that is not listed (status 200)", system: instead("--console", from(func(*http.Request) string { return "127.0.0.1" }))},
		{name: "a header that is believed", says: `by "X-Forwarded-For" to be another`, system: instead("--console", from(believes("X-Forwarded-For")))},
		{name: "the standard's header, believed", says: `by "Forwarded" to be another`, system: instead("--metrics", from(believes("Forwarded")))},
		{name: "another header, believed", says: `by "X-Real-Ip" to be another`, system: instead("--metrics", from(believes("X-Real-Ip")))},
		{name: "no list", says: "is reached from anywhere", system: list(func(l *control.Listener) { l.Admit = nil })},
		{name: "a list of everybody", says: "holds every address", system: list(func(l *control.Listener) { l.Admit = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")} })},
	}
}

func separateSabotages() []sabotage {
	figures := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/metrics" {
				fmt.Fprintln(w, "clause_ready 1")
				return
			}
			next.ServeHTTP(w, r)
		})
	}
	also := func(flag string) func(*world, *control.System) { // serves what the front door does, under its name
		return func(w *world, sys *control.System) {
			instead(flag, func(honest http.Handler) http.Handler {
				return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
					if "https://"+r.Host == w.Door.URL {
						w.door.ServeHTTP(rw, r)
						return
					}
					honest.ServeHTTP(rw, r)
				})
			})(w, sys)
		}
	}
	return []sabotage{
		{name: "figures at the front door", says: "at --metrics, for machines, is shown at --listen too", front: func(_ *control.System, next http.Handler) http.Handler { return figures(next) }},
		{name: "figures at the console", says: "at --metrics, for machines, is shown at --console too", system: instead("--console", figures)},
		{name: "the console at the front door", says: "at --console, for staff, is shown at --listen too", front: func(_ *control.System, next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.Path, "/console/") {
					io.WriteString(w, `<link rel="stylesheet" href="/console/style.css"><form>`)
					return
				}
				next.ServeHTTP(w, r)
			})
		}},
		{name: "the front door at the console, by its name", says: "at --listen, for public, is shown at --console too", system: also("--console")},
		{name: "the front door at the figures, by its name", says: "at --listen, for public, is shown at --metrics too", system: also("--metrics")},
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
