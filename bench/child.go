package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"time"

	"clause.dev/clause/examples/clesaro"
	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/httpapi"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/work"
)

// The tenant of the benchmarks, and the record each of its people has.
const (
	tenant  = "bench"
	dataSet = "transactions"
	purpose = "budgeting"
)

// hello is what a child prints once it serves.
type hello struct {
	Addr   string
	Key    string
	People []string // ids, at most 10,000 of them
	Record []string // of each
}

// fields are those of a record of about 300 bytes.
func fields() map[string]any {
	return map[string]any{
		"date": "2026-11-21", "amount": "1250.00 AED", "direction": "expense", "category": "groceries",
		"merchant": "Union Co-operative Society, Al Wasl Road, Dubai", "description": strings.Repeat("n", 140),
	}
}

func beChild(ctx context.Context, kind, folder string, fill int) error {
	cert, err := app.SelfSigned(filepath.Join(folder, "tls"), []string{"127.0.0.1"}, time.Now())
	if err != nil {
		return err
	}
	at, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if file := os.Getenv("BENCH_PROFILE"); file != "" && (kind == "clause" || kind == "gate") {
		out, err := os.Create(file)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(out); err != nil {
			return err
		}
		defer func() { pprof.StopCPUProfile(); _ = out.Close() }()
	}
	switch kind {
	case "bare":
		return serveBare(ctx, at, cert)
	case "application":
		return serveApplication(ctx, at)
	case "proxy":
		return serveProxy(ctx, at, cert)
	case "gate":
		return serveGate(ctx, at, cert, folder)
	case "log-ins":
		return serveLogIns(ctx, at, cert, folder, fill)
	}
	return serveClause(ctx, at, cert, folder, fill)
}

// serveBare answers as Clause does, with the bytes it is told to: ?n=300 in the query.
func serveBare(ctx context.Context, at net.Listener, cert tls.Certificate) error {
	body := []byte(os.Getenv("BENCH_BODY"))
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})
	server := httpapi.Server(handler, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	return serveUntil(ctx, server, hello{Addr: at.Addr().String()}, func() error { return server.ServeTLS(at, "", "") })
}

func say(h hello) { _ = json.NewEncoder(os.Stdout).Encode(h) }

func openApp(ctx context.Context, folder string) (*app.App, error) {
	p, err := policy.Parse("policy.yaml", clesaro.Policy, control.Catalogue())
	if err != nil {
		return nil, err
	}
	root, err := keyring.FileRoot(filepath.Join(folder, "root.key"), true)
	if err != nil {
		return nil, err
	}
	a, err := app.Open(ctx, app.Config{
		Policy: p, Data: filepath.Join(folder, "data"), Keys: filepath.Join(folder, "keys"), Root: root, Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	return a, a.Start(ctx)
}

// filled opens a whole server, filled with people, and what its load has to know.
func filled(ctx context.Context, at net.Listener, folder string, fill int) (a *app.App, handler http.Handler, h hello, err error) {
	app.Tune()
	if a, err = openApp(ctx, folder); err != nil {
		return a, nil, h, err
	}
	h.Addr = at.Addr().String()
	if h.People, h.Record, err = populate(ctx, a, everything(a), fill); err != nil {
		return a, nil, h, err
	}
	if h.Key, err = application(ctx, a); err != nil {
		return a, nil, h, err
	}
	handler, err = a.Handler()
	return a, handler, h, err
}

// serveClause serves a whole server, filled first with people.
func serveClause(ctx context.Context, at net.Listener, cert tls.Certificate, folder string, fill int) error {
	a, handler, h, err := filled(ctx, at, folder, fill)
	if err != nil {
		return err
	}
	server := httpapi.Server(handler, a.TLSConfig(cert))
	server.TLSConfig.NextProtos = nil
	return errors.Join(serveUntil(ctx, server, h, func() error { return server.ServeTLS(at, "", "") }), a.Close())
}

func purposes(a *app.App) (ids []string) {
	for _, p := range a.Policy.Purposes {
		ids = append(ids, p.ID)
	}
	return ids
}

// everything is a caller inside the process, for filling the store.
func everything(a *app.App) vault.Caller {
	held, err := a.Rules.PurposeSet(purposes(a))
	if err != nil {
		panic(err)
	}
	return vault.Caller{
		Credential: decision.Credential{ID: "bench", Tenants: []string{tenant}, Purposes: held, Environment: a.Environment},
		Scopes:     []string{vault.ScopeData, vault.ScopeSubjects, vault.ScopeAdmin},
	}
}

func application(ctx context.Context, a *app.App) (string, error) {
	_, key, err := a.Applications.Create(ctx, "bench", identity.Application{
		Title: "bench", Tenants: []string{tenant}, Purposes: purposes(a), Scopes: []string{vault.ScopeData, vault.ScopeSubjects}, Environment: a.Environment,
	})
	return key, err
}

// populate makes people with a record each, many at a time so that commits are shared.
func populate(ctx context.Context, a *app.App, c vault.Caller, people int) (ids, records []string, err error) {
	if people == 0 {
		return nil, nil, nil
	}
	if _, err := a.Vault.CreateTenant(ctx, c, vault.Tenant{ID: tenant}); err != nil {
		return nil, nil, err
	}
	raw := vault.Fields{}
	for name, value := range fields() {
		if raw[name], err = json.Marshal(value); err != nil {
			return nil, nil, err
		}
	}
	const hands = 128
	keep := min(people, 10_000)
	ids, records = make([]string, keep), make([]string, keep)
	var all []func(context.Context) error
	for hand := range hands {
		all = append(all, func(ctx context.Context) error {
			for n := hand; n < people; n += hands {
				id, err := a.Vault.CreateSubject(ctx, c, tenant, vault.Idempotency{})
				if err != nil {
					return err
				}
				stored, err := a.Vault.Put(ctx, c, vault.Target{Tenant: tenant, Subject: id, DataSet: dataSet, Purpose: purpose}, raw, vault.Condition{}, vault.Idempotency{})
				if err != nil {
					return err
				}
				// Those that are read lie all over the store, not side by side in its first pages.
				if at := n / max(people/keep, 1); n%max(people/keep, 1) == 0 && at < keep {
					ids[at], records[at] = id, stored.Record
				}
			}
			return nil
		})
	}
	return ids, records, work.Go(ctx, all...)
}

// eraseTenant erases the whole tenant, and says after how long the first read failed, and after how
// long the call returned.
func eraseTenant(ctx context.Context, a *app.App, h hello) (gone, returned time.Duration, err error) {
	c := everything(a)
	read := func() error {
		_, err := a.Vault.Get(ctx, c, vault.Target{Tenant: tenant, Subject: h.People[0], DataSet: dataSet, Record: h.Record[0], Purpose: purpose})
		return err
	}
	if err := read(); err != nil {
		return 0, 0, fmt.Errorf("before the erasure: %w", err)
	}
	began := time.Now()
	err = work.Go(ctx,
		func(context.Context) error {
			err := a.Vault.EraseTenant(ctx, c, tenant)
			returned = time.Since(began)
			return err
		},
		func(context.Context) error {
			for read() == nil {
				gone = time.Since(began) // the last that was released
			}
			return nil
		},
	)
	return gone, returned, err
}
