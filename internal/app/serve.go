package app

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/httpapi"
	"clause.dev/clause/internal/rights/drp"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/work"
)

// operator is the actor of what the one who runs the server does at its machine.
const operator = "operator"

// Operator is the caller who owns the machine the server runs on: it administers, and sees no data.
func (a *App) Operator() vault.Caller {
	return vault.Caller{
		Credential: decision.Credential{ID: operator, Environment: a.Environment},
		Scopes:     []string{vault.ScopeAdmin},
	}
}

// Start prepares for serving: what a killed server left behind is removed, erasures and revocations that
// the store does not know of are done again, the policy in force is recorded, the canary tenants are made.
func (a *App) Start(ctx context.Context) error {
	const op = "app.Start"
	if err := a.dropScratch(); err != nil {
		return fault.Wrap(op, err)
	}
	people, tenants, err := a.Vault.Reconcile(ctx)
	if err != nil {
		return fault.Wrap(op, err)
	}
	if people+tenants > 0 {
		a.Log.Warn("erased again what the store did not know was erased", "people", people, "tenants", tenants)
	}
	if _, err := a.Applications.Reconcile(ctx); err != nil {
		return fault.Wrap(op, err)
	}
	if err := (&drp.Registry{DB: a.DB, Gone: a.Ring}).Reconcile(ctx); err != nil {
		return fault.Wrap(op, err)
	}
	if err := a.takeEffect(ctx); err != nil {
		return fault.Wrap(op, err)
	}
	if err := a.assurance(a.Vault).Begin(ctx); err != nil {
		return fault.Wrap(op, err)
	}
	if err := a.access(a.Vault).Begin(ctx); err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, a.canaries.tenants(ctx, a.Vault, a.Operator()))
}

// TLSConfig is what the policy's clauses allow at the front door.
func (a *App) TLSConfig(cert tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: a.Plan.TLSMin, NextProtos: []string{"h2", "http/1.1"}}
}

// FrontTLS is TLSConfig for the door of applications, who may show certificates; readers of the trust page have none.
func (a *App) FrontTLS(cert tls.Certificate) *tls.Config {
	c := a.TLSConfig(cert)
	if a.ClientCAs != nil {
		c.ClientCAs, c.ClientAuth = a.ClientCAs, tls.VerifyClientCertIfGiven
	}
	return c
}

// Serve serves at the listener until ctx ends, then lets requests under way finish. door says how
// the probes reach it.
func (a *App) Serve(ctx context.Context, at net.Listener, cert tls.Certificate, door Door) error {
	handler, err := a.Handler()
	if err != nil {
		return err
	}
	return a.ServeHandler(ctx, at, handler, a.FrontTLS(cert), door)
}

// shutdownWithin is how long requests under way may take once the server is told to end.
const shutdownWithin = 10 * time.Second

// ServeHandler is Serve with a front door of the caller's making.
func (a *App) ServeHandler(ctx context.Context, at net.Listener, handler http.Handler, config *tls.Config, door Door) error {
	a.door.Store(&door)
	return work.Go(ctx,
		func(ctx context.Context) error {
			return a.serveDoor(ctx, at, frontDoor, httpapi.Server(handler, config))
		},
		func(ctx context.Context) error {
			work.Run(ctx, a.Log, a.duties()...)
			return nil
		},
	)
}

// serveAt serves until ctx ends, then lets requests under way finish.
func (a *App) serveAt(ctx context.Context, at net.Listener, server *http.Server) error {
	server.ErrorLog = slog.NewLogLogger(a.Log.Handler(), slog.LevelDebug)
	return work.Go(ctx,
		func(context.Context) error {
			if err := server.ServeTLS(at, "", ""); !errors.Is(err, http.ErrServerClosed) {
				return fault.As("app.Serve", fault.Unavailable, err)
			}
			return nil
		},
		func(ctx context.Context) error {
			<-ctx.Done()
			ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownWithin)
			defer cancel()
			return fault.As("app.Serve", fault.Unavailable, server.Shutdown(ending))
		},
	)
}

// RunProbes is the name of what has the probes run, from the start on.
const RunProbes = "run probes"

// duties are what the server does by itself, and how often.
func (a *App) duties() []work.Duty {
	duties := []work.Duty{
		{Name: "reconcile erasures", Every: time.Minute, Do: func(ctx context.Context) error {
			if err := a.Ring.Refresh(ctx); err != nil {
				return err
			}
			_, _, err := a.Vault.Reconcile(ctx)
			return err
		}},
		{Name: "end keys of applications", Every: time.Minute, Do: func(ctx context.Context) error {
			_, err := a.Applications.EndKeys(ctx)
			return err
		}},
		{Name: "turn keys", Every: time.Minute, Now: true, Do: a.Vault.RunKeys},
		{Name: "sweep", Every: 2 * a.Beat, Now: true, Do: func(ctx context.Context) error {
			return errors.Join(a.Vault.Sweep(ctx), a.retention(a.Vault, a.Ledger).Run(ctx))
		}},
		{Name: "expire records", Every: time.Hour, Now: true, Do: a.Vault.Expire},
		{Name: "announce policies", Every: a.Beat, Now: true, Do: a.announce},
		a.messageDuty(),
		a.agentDuty(),
		{Name: "finish requests", Every: time.Minute, Now: true, Do: a.finishRequests},
		{Name: "run clocks", Every: a.Beat, Now: true, Do: func(ctx context.Context) error {
			_, err := a.Clocks.RunDue(ctx, a.Now())
			return err
		}},
		{Name: "watch alerts", Every: 2 * a.Beat, Now: true, Do: func(ctx context.Context) error {
			return a.alerts(a.Vault).Run(ctx, a.Now())
		}},
		{Name: "end grants", Every: a.Beat, Now: true, Do: func(ctx context.Context) error {
			return a.access(a.Vault).Run(ctx, a.Now())
		}},
		{Name: "watch the calendar", Every: 24 * time.Hour, Now: true, Do: a.watchCalendar},
		{Name: "go on with incidents", Every: a.Beat, Now: true, Do: func(ctx context.Context) error {
			return a.incidents(a.Vault, a.Ledger).Run(ctx, a.Now())
		}},
		{Name: "keep reports of weaknesses", Every: time.Minute, Now: true, Do: func(ctx context.Context) error {
			return a.assurance(a.Vault).Run(ctx, a.Now())
		}},
		{Name: "anchor ledgers", Every: time.Minute, Do: a.Ledger.Anchor},
		// A quarter of how long an outcome counts: one run may fail and nothing is stale.
		{Name: RunProbes, Every: a.MaxAge / 4, Now: true, Do: func(ctx context.Context) error {
			a.awaitDoors(ctx)
			_, err := probes{a}.Run(ctx, "clause")
			debug.FreeOSMemory() // what the probes needed, for hours nobody will
			return err
		}},
	}
	if a.Backups.Folder != "" {
		duties = append(duties, a.backupDuty())
	}
	if a.Accounts != nil {
		duties = append(duties, a.accountDuty())
	}
	duties = append(duties, a.detectionDuties()...)
	if a.Connected != nil {
		duties = append(duties, a.connectDuty(), a.walkDuty())
	}
	return slices.DeleteFunc(duties, func(d work.Duty) bool { return slices.Contains(a.Left, d.Name) })
}
