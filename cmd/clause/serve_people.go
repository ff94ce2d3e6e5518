package main

import (
	"context"
	"net"
	"net/url"
	"os"
	"strings"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/gate"
	"clause.dev/clause/internal/identity/password"
)

// people is the door at which the people of one tenant register and sign in.
type people struct {
	People string `env:"CLAUSE_PEOPLE" placeholder:"HOST:PORT" help:"Listen here too, for people: the pages of their account (docs/accounts.md)."`
	Tenant string `name:"people-tenant" env:"CLAUSE_PEOPLE_TENANT" placeholder:"ID" help:"Whose people they are."`
	URL    string `name:"people-url" env:"CLAUSE_PEOPLE_URL" placeholder:"URL" help:"The address people use, which mails lead to. Default: the address listened at."`
	Leaked string `name:"leaked-passwords" env:"CLAUSE_LEAKED_PASSWORDS" placeholder:"FILE" help:"Passwords known from leaks, which nobody may choose: made by clause leaked."`

	Upstream string   `env:"CLAUSE_UPSTREAM" placeholder:"URL" help:"Your own application, which the listener for people stands in front of (docs/gate.md)."`
	Private  []string `name:"upstream-private" env:"CLAUSE_UPSTREAM_PRIVATE" placeholder:"PATH" help:"The beginning of paths of the application that nobody reaches without signing in."`
	Upload   int64    `name:"upstream-upload" env:"CLAUSE_UPSTREAM_UPLOAD" placeholder:"MIB" help:"The most that one request sends, in MiB. Default: 1024."`
	Rate     float64  `name:"upstream-rate" env:"CLAUSE_UPSTREAM_RATE" placeholder:"N" help:"How many requests a second may come from one address. Default: 100; negative: any."`
	Inspect  bool     `name:"upstream-inspect" env:"CLAUSE_UPSTREAM_INSPECT" help:"Look into forms for attacks, also where no clause promises that they are stopped (docs/gate.md)."`
	Forward  string   `name:"forward-auth" env:"CLAUSE_FORWARD_AUTH" placeholder:"HOST:PORT" help:"Listen here for another proxy that asks whom a request is of: nginx, Caddy, Traefik, Envoy (docs/gate.md)."`

	at, forward net.Listener
}

// config listens, and fills in what the server must know before it opens.
func (p *people) config(into *app.Config) (err error) {
	const op = "clause.people"
	if p.Leaked != "" {
		if into.Leaked, err = readLeaked(p.Leaked); err != nil {
			return err
		}
	}
	if p.People == "" {
		if p.Tenant != "" || p.URL != "" {
			return fault.New(op, fault.Invalid, "--people-tenant and --people-url need --people")
		}
		if p.Upstream != "" || p.Forward != "" || len(p.Private) > 0 || p.Inspect {
			return fault.New(op, fault.Invalid, "--upstream, --upstream-private, --upstream-inspect and --forward-auth need --people")
		}
		return nil
	}
	if p.Tenant == "" {
		return fault.New(op, fault.Invalid, "--people does not say whose people come").WithHint("name the tenant: --people-tenant")
	}
	if p.URL != "" && !isHost(p.URL) {
		return fault.New(op, fault.Invalid, "--people-url is not the address of a server").WithHint("for example https://app.acme.example")
	}
	if into.Gate, err = p.gate(); err != nil {
		return err
	}
	if host, _, err := net.SplitHostPort(p.People); err == nil && everywhere(host) && p.URL == "" {
		return fault.New(op, fault.Invalid, "--people does not say by which name people come").WithHint("--people-url https://app.acme.example")
	}
	if p.at, err = listenAt("--people", p.People); err != nil {
		return err
	}
	if p.Forward != "" {
		if p.forward, err = listenAt("--forward-auth", p.Forward); err != nil {
			return err
		}
		into.Networks.Doors = append(into.Networks.Doors, "--forward-auth")
	}
	into.Networks.Doors = append(into.Networks.Doors, "--people")
	into.PeopleURL = p.URL
	if p.URL == "" {
		into.PeopleURL = "https://" + p.at.Addr().String()
	}
	return nil
}

// gate reads what stands behind the gate.
func (p *people) gate() (g app.Gate, err error) {
	const op = "clause.people"
	g = app.Gate{Private: p.Private, Inspect: p.Inspect, Limits: gate.Limits{Rate: p.Rate, Upload: p.Upload << 20}}
	if p.Upload < 0 || p.Upload > 1<<30 {
		return g, fault.New(op, fault.Invalid, "--upstream-upload is no size")
	}
	for _, path := range p.Private {
		if !strings.HasPrefix(path, "/") {
			return g, fault.New(op, fault.Invalid, "--upstream-private %s is not the beginning of a path", path).WithHint("for example /private/")
		}
	}
	if p.Upstream == "" {
		return g, nil
	}
	if g.Upstream, err = url.Parse(p.Upstream); err != nil {
		return g, fault.New(op, fault.Invalid, "--upstream is not an address").WithHint("for example http://127.0.0.1:3000")
	}
	if err := gate.CheckUpstream(g.Upstream); err != nil {
		return g, fault.Wrap(op, err)
	}
	return g, nil
}

// doors serve people, and another proxy that asks whom a request is of, if they come.
func (p *people) doors(a *app.App, f front) (all []func(context.Context) error) {
	if p.at != nil {
		all = append(all, func(ctx context.Context) error { return a.ServePeople(ctx, p.at, f.cert, p.Tenant) })
	}
	if p.forward != nil {
		all = append(all, func(ctx context.Context) error { return a.ServeForward(ctx, p.forward, f.cert, p.Tenant) })
	}
	return all
}

func readLeaked(path string) (*password.Leaked, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, unreadable(path, err)
	}
	return password.ReadLeaked(f, info.Size())
}
