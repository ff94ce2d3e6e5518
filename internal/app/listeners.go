package app

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"clause.dev/clause/internal/console"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/gate/network"
)

// Networks say from which addresses each listener is reached; none: see rules.
type Networks struct {
	Front, People, Console, Metrics []netip.Prefix
	Proxies                         []netip.Prefix // whose word for where a request comes from counts
	// Doors are the listeners beside the front door that are asked for, by their flags: the first probes wait for them.
	Doors []string
}

// The listeners, by the flag that asks for each.
const (
	frontDoor   = "--listen"
	peopleDoor  = "--people"
	forwardDoor = "--forward-auth"
	consoleDoor = "--console"
	metricsDoor = "--metrics"
)

// rules are those of a listener. Figures are for this machine alone unless a list says who else reads them; with a
// clause that promises address rules, what is for staff and machines is for nobody who is not listed.
func (a *App) rules(flag string) network.Rules {
	n := a.Networks
	listed := func(list []netip.Prefix, must bool) []netip.Prefix {
		if len(list) == 0 && must {
			return network.Here()
		}
		return list
	}
	switch flag {
	case peopleDoor:
		return network.Rules{Admit: n.People, Proxies: n.Proxies}
	case consoleDoor:
		return network.Rules{Admit: listed(n.Console, a.Plan.AddressRules), Proxies: n.Proxies}
	case forwardDoor: // who asks is a proxy
		return network.Rules{Admit: listed(n.Proxies, a.Plan.AddressRules)}
	case metricsDoor:
		return network.Rules{Admit: listed(n.Metrics, true)}
	}
	return network.Rules{Admit: n.Front, Proxies: n.Proxies}
}

// shown is what a listener alone answers, to anybody who gets through.
var shown = map[string]control.Listener{
	frontDoor:   {Audience: control.Public, Shows: "/openapi.json", Says: `"/v1/tenants/{tenant}"`},
	peopleDoor:  {Audience: control.Public, Shows: "/account/en/sign-in", Says: "/account/style.css"},
	forwardDoor: {Audience: control.Machines, Shows: "/forward-auth", Says: "X-Forwarded-Uri"},
	consoleDoor: {Audience: control.Staff, Shows: console.Prefix + "en/sign-in", Says: console.Prefix + "style.css"},
	metricsDoor: {Audience: control.Machines, Shows: metricsPath, Says: "clause_ready"},
}

// listeners are those that are served now, and what came to each.
type listeners struct {
	mu  sync.Mutex
	all []*listener
}

type listener struct {
	flag, address string
	handler       http.Handler
	requests      atomic.Int64
	open          atomic.Int64
}

// add has a listener be known, until remove is called.
func (l *listeners) add(one *listener) (remove func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, one)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.all = slices.DeleteFunc(l.all, func(other *listener) bool { return other == one })
	}
}

func (l *listeners) now() []*listener {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all)
}

// doorsWithin is how long probes wait for the listeners at the start of the server.
const doorsWithin = 2 * time.Second

// awaitDoors waits until every listener that was asked for is served: the first probes look at them too.
func (a *App) awaitDoors(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, doorsWithin)
	defer cancel()
	missing := func(flag string) bool {
		return !slices.ContainsFunc(a.listeners.now(), func(l *listener) bool { return l.flag == flag })
	}
	for ctx.Err() == nil && (missing(frontDoor) || slices.ContainsFunc(a.Networks.Doors, missing)) {
		wait(ctx, 20*time.Millisecond)
	}
}

// counted counts the requests that come.
func (l *listener) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.requests.Add(1)
		l.open.Add(1)
		defer l.open.Add(-1)
		next.ServeHTTP(w, r)
	})
}

// serveDoor serves at a listener under its address rules.
func (a *App) serveDoor(ctx context.Context, at net.Listener, flag string, server *http.Server) error {
	rules := a.rules(flag)
	one := &listener{flag: flag, address: at.Addr().String()}
	server.Handler = rules.Handler(one.counted(server.Handler))
	one.handler = server.Handler
	defer a.listeners.add(one)()
	return a.serveAt(ctx, rules.Listen(at), server)
}

// served are the listeners as probes see them.
func (a *App) served(d Door) (all []control.Listener) {
	for _, one := range a.listeners.now() {
		l, rules := shown[one.flag], a.rules(one.flag)
		l.Flag, l.Handler, l.Admit, l.Proxies = one.flag, one.handler, rules.Admit, rules.Proxies
		switch at, _ := url.Parse(d.URL); one.flag {
		case frontDoor:
			l.URL = d.URL
		case peopleDoor:
			l.URL = a.PeopleURL
		case consoleDoor:
			l.URL = a.ConsoleURL
		default:
			_, port, _ := net.SplitHostPort(one.address)
			l.URL = "https://" + net.JoinHostPort(at.Hostname(), port)
		}
		l.From = func(from netip.Addr) *http.Client { return d.reach(one.address, from) }
		all = append(all, l)
	}
	return all
}

// reachWithin is how long an answer of a listener may take.
const reachWithin = 10 * time.Second

// reach returns a client that asks at one listener of this machine whatever the address names, from an address of
// this machine. All listeners show the front door's certificate.
func (d Door) reach(address string, from netip.Addr) *http.Client {
	name := ""
	if at, err := url.Parse(d.URL); err == nil {
		name = at.Hostname()
	}
	dialer := &net.Dialer{Timeout: reachWithin}
	if from.IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
	}
	if at, err := netip.ParseAddrPort(address); err == nil && at.Addr().IsUnspecified() { // an address of this machine must be named
		here := netip.AddrFrom4([4]byte{127, 0, 0, 1})
		if from.Is6() {
			here = netip.IPv6Loopback()
		}
		address = netip.AddrPortFrom(here, at.Port()).String()
	}
	return &http.Client{
		Timeout:       reachWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, address)
			},
			TLSClientConfig: &tls.Config{RootCAs: d.Roots, ServerName: name, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true,
		},
	}
}
