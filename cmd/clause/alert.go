package main

import (
	"strconv"
	"strings"

	"clause.dev/clause/api"
)

// alertCmd holds what is done about alerts.
type alertCmd struct {
	List    alertListCmd    `cmd:"" help:"List alerts, the newest first, those that are over left out."`
	Ack     alertAckCmd     `cmd:"" help:"Say that you see to an alert: it goes to nobody else."`
	Resolve alertResolveCmd `cmd:"" help:"Say that an alert is over, which a detector raised."`
}

// ofTenant says whose alerts are meant.
type ofTenant struct {
	Tenant string `placeholder:"ID" help:"The tenant it concerns; without it the organisation's, of clauses that are broken."`
	Server server `embed:""`
	JSON   bool   `help:"Print it as JSON."`
}

// alertListCmd lists alerts.
type alertListCmd struct {
	All bool     `help:"Those that are over, too."`
	Of  ofTenant `embed:""`
}

// Run lists them.
func (c *alertListCmd) Run(e *env) error {
	s, err := c.Of.Server.client()
	if err != nil {
		return err
	}
	found := []api.Alert{}
	for a, err := range s.Alerts(e.Context, c.Of.Tenant) {
		if err != nil {
			return told(err)
		}
		if c.All || a.State != "resolved" {
			found = append(found, a)
		}
	}
	if c.Of.JSON {
		return printJSON(e, api.Alerts{Alerts: found})
	}
	if len(found) == 0 {
		e.printf("no alerts\n")
		return nil
	}
	rows := [][]string{{"ALERT", "STATE", "SEVERITY", "KIND", "CAUSE", "RAISED", "TIMES", "TOLD"}}
	for _, a := range found {
		rows = append(rows, []string{a.ID, a.State, a.Severity, a.Kind, a.Cause, minute(a.Raised), strconv.Itoa(a.Times), toldTo(&a)})
	}
	showTable(e, rows)
	return nil
}

// toldTo says who was told last, and how often somebody was.
func toldTo(a *api.Alert) string {
	if len(a.Told) == 0 {
		return "nobody is on call"
	}
	last := a.Told[len(a.Told)-1]
	if a.Steps == 1 {
		return last.Role
	}
	return last.Role + ", number " + strconv.Itoa(a.Steps)
}

// alertAckCmd acknowledges an alert.
type alertAckCmd struct {
	ID string   `arg:"" help:"The alert."`
	Of ofTenant `embed:""`
}

// Run acknowledges it.
func (c *alertAckCmd) Run(e *env) error {
	s, err := c.Of.Server.client()
	if err != nil {
		return err
	}
	a, err := s.AcknowledgeAlert(e.Context, c.Of.Tenant, c.ID)
	return c.Of.show(e, "acknowledged", a, err)
}

// alertResolveCmd ends an alert.
type alertResolveCmd struct {
	ID     string   `arg:"" help:"The alert."`
	Reason string   `required:"" placeholder:"WORD" help:"Why, in small letters and hyphens: blocked-at-the-firewall."`
	Of     ofTenant `embed:""`
}

// Run ends it.
func (c *alertResolveCmd) Run(e *env) error {
	s, err := c.Of.Server.client()
	if err != nil {
		return err
	}
	a, err := s.ResolveAlert(e.Context, c.Of.Tenant, c.ID, c.Reason)
	return c.Of.show(e, "resolved", a, err)
}

func (o *ofTenant) show(e *env, what string, a api.Alert, err error) error {
	if err != nil {
		return told(err)
	}
	if o.JSON {
		return printJSON(e, a)
	}
	by := ""
	if a.AcknowledgedBy != "" {
		by = ", acknowledged by " + a.AcknowledgedBy
	}
	e.printf("%s  %s: %s of %s%s\n", e.paint(good, what), a.ID, strings.ReplaceAll(a.Kind, "-", " "), a.Cause, by)
	return nil
}
