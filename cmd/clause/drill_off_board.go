package main

import (
	"context"
	"os"
	"time"

	"clause.dev/clause/internal/app"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
)

// drillOffBoardCmd has a made-up customer leave a server.
type drillOffBoardCmd struct {
	Within      time.Duration `default:"5m" placeholder:"TIME" help:"How long to wait for the certificate. Default: ${default}."`
	Certificate string        `placeholder:"FILE" help:"Write the certificate there: clause certificate verify checks it."`
	Drilling    drilling      `embed:""`
}

// Help is the rest of what --help shows.
func (*drillOffBoardCmd) Help() string {
	return `Makes one of the server's canary tenants, an application for it and somebody in it, with data of every kind; then off-boards it. Everything must be unreadable at once and nobody may be added; the clock must end when the policy says; once the server has removed everything, the certificate must verify and count what was there. The application is revoked again. Whether backups can bring anything back, the server's own probe sees, and a drill from afar does not. The key needs the scope admin.` + drillStatus
}

// Run has the drill.
func (c *drillOffBoardCmd) Run(e *env) error {
	if c.Within <= 0 {
		return fault.New("clause.drill", fault.Invalid, "the certificate cannot be waited for that long").WithHint("--within takes a time such as 5m")
	}
	customers, err := c.customers(e)
	if err != nil {
		return err
	}
	var document []byte
	err = c.Drilling.run(e, drillKind{
		within: c.Within + time.Minute, about: "a customer that leaves", hint: "bind a clause to off-boarding", end: "Only its ledger and its certificate stay.",
		probe: func(ctx context.Context, promise control.Control, sys *control.System) (control.Finding, bool) {
			leaving, ok := promise.(*control.OffBoarding)
			if !ok {
				return control.Finding{}, false
			}
			sys.Canary.Leavers, sys.Canary.Admin = customers, sys.Canary.Auditor
			f, certificate := leaving.Drill(ctx, sys, c.Within)
			if certificate != nil {
				document = certificate
			}
			return f, true
		},
	})
	if c.Certificate == "" || document == nil {
		return err
	}
	if failed := os.WriteFile(c.Certificate, document, 0o644); failed != nil {
		return fault.New("clause.drill", fault.Invalid, "%q cannot be written: %v", c.Certificate, rootCause(failed))
	}
	return err
}

// customers are the tenants that can be made and off-boarded again and again, where the server's other canaries are.
func (c *drillOffBoardCmd) customers(e *env) ([]control.Tenant, error) {
	s, err := c.Drilling.Remote.client(c.Drilling.URL)
	if err != nil {
		return nil, err
	}
	tenants, err := s.Tenants(e.Context)
	if err = told(err); fault.Is(err, fault.Refused) { // no sign of a promise that does not hold
		return nil, fault.New("clause.drill", fault.Invalid, "the key may not have a tenant leave").WithHint("it needs the scope admin")
	}
	if err != nil {
		return nil, err
	}
	canary, leave := app.CanaryTenants()
	for _, t := range tenants {
		if t.ID != canary {
			continue
		}
		var all []control.Tenant
		for _, id := range leave {
			all = append(all, control.Tenant{ID: id, Region: t.Region, Environment: t.Environment})
		}
		return all, nil
	}
	return nil, fault.New("clause.drill", fault.Unavailable, "the server has no canary tenant").WithHint("it makes them when it starts: is this a Clause server of this version?")
}
