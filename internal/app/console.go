package app

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"slices"

	"clause.dev/clause/internal/console"
	"clause.dev/clause/internal/duty"
	"clause.dev/clause/internal/evidence"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/httpapi"
)

// Console is the door for staff.
func (a *App) Console() (http.Handler, error) {
	c := a.consoleConfig()
	var err error
	if c.Ways, err = a.staffWays(a.access(a.Vault)); err != nil {
		return nil, err
	}
	return console.New(c)
}

func (a *App) consoleConfig() console.Config {
	return console.Config{
		URL: a.ConsoleURL, Roles: a.ConsoleRoles, Policy: a.Policy, Now: a.Now,
		Desks: console.Desks{
			Board:  &evidence.Board{Vault: a.Vault, Evidence: a.Evidence, Now: a.Now, Tenants: a.customers},
			Clocks: a.desk(a.Vault), Audit: &duty.Audit{Vault: a.Vault, Ledger: a.Ledger}, Alerts: a.alerts(a.Vault), Configured: a.configured,
			Work: console.Work{
				Rights: a.rights(a.Vault, a.Ledger), Incidents: a.incidents(a.Vault, a.Ledger), Assurance: a.assurance(a.Vault),
				Retention: a.retention(a.Vault, a.Ledger), Access: a.access(a.Vault), Vault: a.Vault,
			},
		},
		Log: func(err error) {
			a.Log.Error("a page of the console failed", "kind", fault.KindOf(err).String(), "why", fault.Public(err))
		},
	}
}

// customers are the tenants, the organisation first, and those that have left; without the canaries.
func (a *App) customers(ctx context.Context) ([]string, error) {
	all, err := a.Clocks.Tenants(ctx)
	return slices.DeleteFunc(all, isCanary), err
}

// ServeConsole serves staff at a listener of their own, beside Serve.
func (a *App) ServeConsole(ctx context.Context, at net.Listener, cert tls.Certificate) error {
	handler, err := a.Console()
	if err != nil {
		return err
	}
	return a.serveDoor(ctx, at, consoleDoor, httpapi.Server(handler, a.TLSConfig(cert)))
}
