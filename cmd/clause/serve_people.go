package main

import (
	"context"
	"errors"
	"net"
	"net/url"
	"os"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/password"
	"clause.dev/clause/internal/work"
)

// people is the door at which the people of one tenant register and sign in.
type people struct {
	People string `env:"CLAUSE_PEOPLE" placeholder:"HOST:PORT" help:"Listen here too, for people: the pages of their account (docs/accounts.md)."`
	Tenant string `name:"people-tenant" env:"CLAUSE_PEOPLE_TENANT" placeholder:"ID" help:"Whose people they are."`
	URL    string `name:"people-url" env:"CLAUSE_PEOPLE_URL" placeholder:"URL" help:"The address people use, which mails lead to. Default: the address listened at."`
	Leaked string `name:"leaked-passwords" env:"CLAUSE_LEAKED_PASSWORDS" placeholder:"FILE" help:"Passwords known from leaks, which nobody may choose: made by clause leaked."`

	at net.Listener
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
		return nil
	}
	if p.Tenant == "" {
		return fault.New(op, fault.Invalid, "--people does not say whose people come").WithHint("name the tenant: --people-tenant")
	}
	if u, err := url.Parse(p.URL); p.URL != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.Path != "") {
		return fault.New(op, fault.Invalid, "--people-url is not the address of a server").WithHint("for example https://app.acme.example")
	}
	if p.at, err = listenAt("--people", p.People); err != nil {
		return err
	}
	into.PeopleURL = p.URL
	if p.URL == "" {
		into.PeopleURL = "https://" + p.at.Addr().String()
	}
	return nil
}

// serve serves both doors until one of them ends.
func (p *people) serve(ctx context.Context, a *app.App, f front, main func(context.Context) error) error {
	if p.at == nil {
		return main(ctx)
	}
	return work.Go(ctx, main, func(ctx context.Context) error { return a.ServePeople(ctx, p.at, f.cert, p.Tenant) })
}

// close ends listening where serving never began.
func (p *people) close() error {
	if p.at == nil {
		return nil
	}
	if err := p.at.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
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
