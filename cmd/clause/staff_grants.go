package main

import (
	"context"
	"strconv"
	"strings"

	"clause.dev/clause/api"
	"clause.dev/clause/client"
	"clause.dev/clause/internal/fault"
)

// staffGrantsCmd holds what is done about grants.
type staffGrantsCmd struct {
	Ask      grantAskCmd      `cmd:"" help:"Ask for leave to see a tenant's data, with your own key."`
	List     grantListCmd     `cmd:"" help:"List the grants of a tenant, the newest first."`
	Show     grantShowCmd     `cmd:"" help:"Show one grant: who agreed, until when, how often it was used."`
	Approve  grantApproveCmd  `cmd:"" help:"Approve what another member asks for, with your own key."`
	Allow    grantAllowCmd    `cmd:"" help:"Allow it as the customer. Needs the scope grants."`
	Withdraw grantWithdrawCmd `cmd:"" help:"End a grant or a request, at once. For any member, and for the customer."`
}

// grantAskCmd asks for a grant.
type grantAskCmd struct {
	Tenant  string   `arg:"" help:"Whose data."`
	Purpose []string `required:"" placeholder:"ID" help:"A purpose of the policy that it is for; may be repeated."`
	Reason  string   `required:"" placeholder:"ID" help:"The id of why, such as a ticket's: ticket-4711. No name, no address."`
	Until   string   `required:"" placeholder:"TIME" help:"When it ends: in 4h or 7d, or at a time as 2027-01-31T00:00:00Z."`
	Server  server   `embed:""`
	JSON    bool     `help:"Print the grant as JSON."`
}

// Run asks for it.
func (c *grantAskCmd) Run(e *env) error {
	until, err := timeFrom("--until", c.Until, e.Now())
	if err != nil {
		return err
	}
	if until.IsZero() {
		return fault.New("clause.staff", fault.Invalid, "--until is empty").WithHint("4h, 7d, or 2027-01-31T00:00:00Z")
	}
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	g, err := s.RequestGrant(e.Context, c.Tenant, api.NewGrant{Purposes: c.Purpose, Reason: c.Reason, Until: until})
	return showGrant(e, "asked", g, err, c.JSON)
}

// grantListCmd lists grants.
type grantListCmd struct {
	Tenant string `arg:"" help:"Whose data."`
	All    bool   `help:"Those that are over, too."`
	Server server `embed:""`
	JSON   bool   `help:"Print the grants as JSON."`
}

// Run lists them.
func (c *grantListCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	found := []api.Grant{}
	for g, err := range s.Grants(e.Context, c.Tenant) {
		if err != nil {
			return told(err)
		}
		if c.All || g.Ended == nil {
			found = append(found, g)
		}
	}
	if c.JSON {
		return printJSON(e, api.Grants{Grants: found})
	}
	if len(found) == 0 {
		e.printf("no grants\n")
		return nil
	}
	rows := [][]string{{"GRANT", "STATE", "HOLDER", "PURPOSES", "WHY", "UNTIL", "APPROVED BY", "ALLOWED BY", "USES"}}
	for _, g := range found {
		rows = append(rows, []string{g.ID, g.State, g.Holder, listOrNone(g.Purposes), g.Reason, minute(g.Until), listOrNone(strings.Fields(g.ApprovedBy)), listOrNone(strings.Fields(g.AllowedBy)), strconv.FormatInt(g.Uses, 10)})
	}
	showTable(e, rows)
	return nil
}

// oneGrant names a grant.
type oneGrant struct {
	Tenant string `arg:"" help:"Whose data."`
	Grant  string `arg:"" help:"The grant, as clause staff grants list shows it."`
	Server server `embed:""`
	JSON   bool   `help:"Print the grant as JSON."`
}

func (o *oneGrant) do(e *env, what string, step func(*client.Client, context.Context, string, string) (api.Grant, error)) error {
	s, err := o.Server.client()
	if err != nil {
		return err
	}
	g, err := step(s, e.Context, o.Tenant, o.Grant)
	return showGrant(e, what, g, err, o.JSON)
}

// showGrant says what was done, what a grant is now, and what it waits for.
func showGrant(e *env, what string, g api.Grant, err error, asJSON bool) error {
	switch {
	case err != nil:
		return told(err)
	case asJSON:
		return printJSON(e, g)
	}
	e.printf("%s  grant %s of %s is %s, for %s, until %s, why: %s\n", e.paint(good, what), g.ID, g.Holder, g.State, strings.Join(g.Purposes, " and "), minute(g.Until), g.Reason)
	if g.ApprovedBy != "" {
		e.printf("       approved by %s\n", g.ApprovedBy)
	}
	if g.AllowedBy != "" {
		e.printf("       allowed by %s\n", g.AllowedBy)
	}
	if g.Uses > 0 {
		e.printf("       used %d times, the last on %s\n", g.Uses, minuteOrNone(g.Used))
	}
	return nil
}

// grantShowCmd shows a grant.
type grantShowCmd struct {
	Of oneGrant `embed:""`
}

// Run shows it.
func (c *grantShowCmd) Run(e *env) error { return c.Of.do(e, "found", (*client.Client).Grant) }

// grantApproveCmd approves a request.
type grantApproveCmd struct {
	Of oneGrant `embed:""`
}

// Run approves it.
func (c *grantApproveCmd) Run(e *env) error {
	return c.Of.do(e, "approved", (*client.Client).ApproveGrant)
}

// grantAllowCmd is the customer's leave.
type grantAllowCmd struct {
	Of oneGrant `embed:""`
}

// Run allows it.
func (c *grantAllowCmd) Run(e *env) error { return c.Of.do(e, "allowed", (*client.Client).AllowGrant) }

// grantWithdrawCmd ends a grant.
type grantWithdrawCmd struct {
	Of oneGrant `embed:""`
}

// Run ends it.
func (c *grantWithdrawCmd) Run(e *env) error {
	return c.Of.do(e, "withdrawn", (*client.Client).WithdrawGrant)
}
