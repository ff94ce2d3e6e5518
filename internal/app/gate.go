package app

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/gate"
	"clause.dev/clause/internal/gate/inspect"
	"clause.dev/clause/internal/gate/network"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/policy"
)

// Gate says what stands behind the gate, at the listener for people.
type Gate struct {
	Upstream *url.URL // the company's application; nil: it stands behind another proxy, or nowhere
	Private  []string // beginnings of paths that nobody reaches without signing in
	Limits   gate.Limits
	Inspect  bool // look into forms for attacks where no clause asks for it
}

// Behind returns the gate of a tenant's people.
func (a *App) Behind(tenant string) (*gate.Gate, error) {
	pages, err := a.People(tenant)
	if err != nil {
		return nil, err
	}
	c, err := a.gateConfig(tenant)
	if err != nil {
		return nil, err
	}
	c.Account = pages
	a.observe(&c, tenant, gateDoor, false)
	return gate.New(c)
}

func (a *App) gateConfig(tenant string) (c gate.Config, err error) {
	seed, err := a.Ring.Derive("identities at the gate")
	if err != nil {
		return c, err
	}
	var inspector *inspect.Inspector
	if a.Config.Gate.Inspect || a.Plan.Ban > 0 {
		if inspector, err = a.inspector(); err != nil {
			return c, err
		}
	}
	return gate.Config{
		Inspect: inspector, Ban: a.Plan.Ban, Proxies: a.Networks.Proxies,
		URL: a.PeopleURL, Upstream: a.Config.Gate.Upstream, Tenant: tenant, Session: control.CookieOf(a.Policy),
		Cookies: a.mayLeave(), Private: a.Config.Gate.Private, Limits: a.Config.Gate.Limits, Key: ed25519.NewKeyFromSeed(seed[:]),
		Check: func(ctx context.Context, token string) (session.Session, error) {
			return a.Accounts.Sessions.Check(ctx, tenant, token, a.Now())
		},
		Purposes: func(ctx context.Context, subject string) (purposes []string, err error) {
			err = a.DB.Read(ctx, tenant, func(tx *db.Tx) error {
				who, err := a.Vault.DataSubject(tx, subject)
				if err == nil {
					purposes = who.Consents
				}
				return err
			})
			return purposes, err
		},
		Now: a.Now, Wall: a.Wall, Report: a.gateReports(),
	}, nil
}

// canaryHost is where the gate of the probes stands: a name that nobody has (RFC 2606).
const canaryHost = "canary.invalid"

// behindCanary puts an application of the probes behind a gate like that of the people of this server.
func (a *App) behindCanary(application http.RoundTripper) (control.Behind, error) {
	c, err := a.gateConfig(canaryA)
	if err != nil {
		return control.Behind{}, err
	}
	c.URL, c.Upstream, c.Transport = "https://"+canaryHost, &url.URL{Scheme: "http", Host: "127.0.0.1"}, application
	c.Private, c.Limits, c.Report = nil, gate.Limits{Rate: -1, Open: -1}, nil
	c.Account = http.NotFoundHandler()
	if a.Accounts != nil {
		if c.Account, err = a.People(canaryA); err != nil {
			return control.Behind{}, err
		}
	}
	door := a.observeCanary(&c)
	var ahead atomic.Int64
	c.Now = func() time.Time { return a.Now().Add(time.Duration(ahead.Load())) }
	g, err := gate.New(c)
	return control.Behind{Host: canaryHost, Handler: g, Door: door, Later: func(by time.Duration) { ahead.Add(int64(by)) }}, err
}

// application is where people come to the company's application.
func (a *App) application() string {
	if a.Config.Gate.Upstream == nil {
		return ""
	}
	return a.PeopleURL
}

// mayLeave are the cookies of the policy: with a clause that says so, none but the necessary ones.
func (a *App) mayLeave() (all []policy.Cookie) {
	for _, c := range a.Policy.Cookies {
		if c.Kind == policy.Necessary || !a.Plan.Necessary {
			all = append(all, c)
		}
	}
	return all
}

// How often the same thing is told of the gate, and of how many things in that time.
const (
	reportEvery = time.Hour
	mostReports = 200
)

// gateReports tells the operator what the gate does not let pass: each thing once an hour.
func (a *App) gateReports() func(gate.Report) {
	var mu sync.Mutex
	told := map[gate.Report]bool{}
	var since time.Time
	return func(r gate.Report) {
		why := ""
		if r.Err != nil {
			why, r.Err = rootOf(r.Err), nil
		}
		mu.Lock()
		if now := a.Now(); now.Sub(since) >= reportEvery || now.Before(since) {
			clear(told)
			since = now
		}
		first := !told[r] && len(told) < mostReports
		if first {
			told[r] = true
		}
		mu.Unlock()
		switch {
		case !first:
		case r.What == "answer":
			a.Log.Warn("the application behind the gate does not answer", "why", why)
		case r.What == "attack":
			a.Log.Warn("the gate stopped an attack", "kind", r.Name)
		case r.What == "ban":
			a.Log.Warn("the gate banned where attacks came from", "for", a.Plan.Ban)
		default:
			a.Log.Warn("the gate took away a cookie that the policy does not name", "how", r.What, "cookie", r.Name[:min(len(r.Name), 60)])
		}
	}
}

// rootOf is what lies under an error: the address above it says nothing new.
func rootOf(err error) string {
	for {
		under, ok := err.(interface{ Unwrap() error })
		if !ok || under.Unwrap() == nil {
			return err.Error()
		}
		err = under.Unwrap()
	}
}

// ServePeople serves the people of a tenant at a listener of their own, beside Serve: their accounts and, with an
// application behind the gate, that.
func (a *App) ServePeople(ctx context.Context, at net.Listener, cert tls.Certificate, tenant string) error {
	g, err := a.Behind(tenant)
	if err != nil {
		return err
	}
	a.gate.Store(g)
	defer a.recordRest(ctx)
	return a.serveDoor(ctx, at, peopleDoor, gate.Server(g, a.TLSConfig(cert)))
}

// ServeForward answers other proxies who ask whom a request is of, at a listener that they alone reach.
func (a *App) ServeForward(ctx context.Context, at net.Listener, cert tls.Certificate, tenant string) error {
	g, err := a.Behind(tenant)
	if err != nil {
		return err
	}
	defer a.recordRest(ctx)
	asked := network.Rules{Proxies: a.Networks.Proxies}.Handler(g.Forward()) // what it says of the client, if it is named
	return a.serveDoor(ctx, at, forwardDoor, gate.Server(asked, a.TLSConfig(cert)))
}
