package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"clause.dev/clause/client"
	"clause.dev/clause/examples/clesaro"
	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/work"
)

// demoCmd runs a server of its own and shows what it does.
type demoCmd struct {
	Once   bool   `help:"End after the tour; the exit status says whether all held."`
	Listen string `help:"Where to serve." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
	People int    `help:"How many people the demo makes up." default:"100"`
}

// The demo's tenants: the second is there to be kept out of.
const (
	demoTenant = "souk-finance"
	demoOther  = "other-bank"
)

// demo is a running demo.
type demo struct {
	*env
	app    *app.App
	door   app.Door
	client *client.Client // of an application of demoTenant
	folder string
	key    string
	failed int
}

// Run serves Clesaro's policy from a temporary folder and walks through it.
func (c *demoCmd) Run(e *env) error {
	if c.People < 25 || c.People > 10000 {
		return fault.New("clause.demo", fault.Invalid, "the demo makes up 25 to 10000 people")
	}
	folder, err := os.MkdirTemp("", "clause-demo-")
	if err != nil {
		return fault.As("clause.demo", fault.Unavailable, err)
	}
	app.Tune()
	d := &demo{env: e, folder: folder}
	return errors.Join(d.run(c), os.RemoveAll(folder))
}

func (d *demo) run(c *demoCmd) (err error) {
	started := d.Now()
	at, err := d.open(c.Listen)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.app.Close()) }()
	cert, err := app.SelfSigned(filepath.Join(d.folder, "tls"), []string{"localhost", "127.0.0.1"}, d.Now())
	if err != nil {
		return errors.Join(err, at.Close())
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert.Leaf)
	d.door = app.Door{URL: "https://" + at.Addr().String(), Roots: roots}
	d.printf("%s\n\n", d.paint(strong, "Clause runs the policy a company publishes. This is Clesaro's, on this machine alone."))
	d.printf("  %d clauses from examples/clesaro/policy.yaml, SQLite in %s,\n  HTTPS at %s with a certificate made for it; ready in %d ms\n",
		len(d.app.Policy.Clauses), d.folder, d.door.URL, d.Now().Sub(started).Milliseconds())

	over := errors.New("the tour is over")
	err = work.Go(d.Context,
		func(ctx context.Context) error { return d.app.Serve(ctx, at, cert, d.door) },
		func(ctx context.Context) error {
			if err := d.tour(ctx, c.People); err != nil {
				return err
			}
			if !c.Once {
				d.stay(ctx)
			}
			return over
		},
	)
	if errors.Is(err, over) || (err != nil && d.Context.Err() != nil) {
		err = nil
	}
	if err == nil && d.failed > 0 {
		return notKept
	}
	return err
}

// open makes the store, the keys and the server's parts.
func (d *demo) open(listen string) (net.Listener, error) {
	p, err := policy.Parse("examples/clesaro/policy.yaml", clesaro.Policy, vocabulary{control.Catalogue()})
	if err != nil {
		return nil, err
	}
	root, err := keyring.FileRoot(filepath.Join(d.folder, "root.key"), true)
	if err != nil {
		return nil, err
	}
	d.app, err = app.Open(d.Context, app.Config{
		Policy: p, Data: filepath.Join(d.folder, "data"), Keys: filepath.Join(d.folder, "keys"), Root: root,
		Now: d.Now, Log: slog.New(slog.NewTextHandler(d.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		return nil, err
	}
	at, err := net.Listen("tcp", listen)
	if err != nil {
		err = fault.As("clause.demo", fault.Unavailable, err)
	} else {
		err = d.app.Start(d.Context)
	}
	if err != nil {
		return nil, errors.Join(err, d.app.Close())
	}
	return at, nil
}

// stay tells the addresses and waits for Ctrl-C.
func (d *demo) stay(ctx context.Context) {
	d.printf("\n%s\n", d.paint(strong, "The server stays up until Ctrl-C."))
	d.printf("  the trust page      %s/\n  the API's pages     %s/docs\n  the certificate     %s\n  an application key  %s\n",
		d.door.URL, d.door.URL, filepath.Join(d.folder, "tls", "cert.pem"), d.key)
	d.printf("  try                 curl --cacert %s %s/trust.json\n", filepath.Join(d.folder, "tls", "cert.pem"), d.door.URL)
	<-ctx.Done()
	d.printf("\nGone, and everything in %s with it.\n", d.folder)
}

// application makes an application of the tenant with every purpose, and returns a client of it.
func (d *demo) application(ctx context.Context, title string, tenants []string, scopes ...string) (*client.Client, string, error) {
	var purposes []string
	for _, p := range d.app.Policy.Purposes {
		purposes = append(purposes, p.ID)
	}
	_, key, err := d.app.Applications.Create(ctx, "operator", identity.Application{
		Title: title, Tenants: tenants, Purposes: purposes, Scopes: scopes,
		Environment: d.app.Environment, Expires: d.Now().Add(24 * time.Hour),
	})
	if err != nil {
		return nil, "", err
	}
	c, err := client.New(client.Config{URL: d.door.URL, Key: key, HTTP: d.app.System(d.door).HTTP})
	return c, key, err
}

// step shows one step of the tour and counts it if it did not hold.
func (d *demo) step(n int, title string, held bool, seen string, args ...any) {
	mark := d.paint(good, "✓ held")
	if !held {
		mark = d.paint(bad, "✗ DID NOT HOLD")
		d.failed++
	}
	d.printf("\n%s %s\n   %s  %s\n", d.paint(strong, fmt.Sprintf("%2d.", n)), title, mark, fmt.Sprintf(seen, args...))
}
