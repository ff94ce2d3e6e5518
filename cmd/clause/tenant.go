package main

import (
	"bufio"
	"cmp"
	"io"
	"strings"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
)

// tenantCmd holds what an administrator does to tenants.
type tenantCmd struct {
	Create tenantCreateCmd `cmd:"" help:"Make a tenant: a customer whose people's data is kept apart from all others'."`
	List   tenantListCmd   `cmd:"" help:"List the tenants."`
	Erase  tenantEraseCmd  `cmd:"" help:"Make everything of a tenant unreadable, at once and for good."`

	OffBoard tenantOffBoardCmd `cmd:"" name:"off-board" help:"Erase a tenant that leaves, with a clock that runs until nothing is left, and a certificate that says so."`
}

// tenantCreateCmd makes a tenant.
type tenantCreateCmd struct {
	ID          string `arg:"" help:"Its id, for good: 2 to 63 lower-case letters, digits and hyphens, a letter first."`
	Title       string `placeholder:"TEXT" help:"Its name for people. Default: the id."`
	Region      string `required:"" placeholder:"ID" help:"The policy's region its data lives in."`
	Environment string `default:"production" placeholder:"ID" help:"The policy's environment. Default: ${default}."`
	Server      server `embed:""`
	JSON        bool   `help:"Print the tenant as JSON."`
}

// Run makes the tenant.
func (c *tenantCreateCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	t, err := s.CreateTenant(e.Context, api.NewTenant{ID: c.ID, Title: cmp.Or(c.Title, c.ID), Region: c.Region, Environment: c.Environment})
	if err != nil {
		return told(err)
	}
	if c.JSON {
		return printJSON(e, t)
	}
	e.printf("%s  %s, in %s, %s\n", e.paint(good, "created"), t.ID, t.Region, t.Environment)
	return nil
}

// tenantListCmd lists the tenants.
type tenantListCmd struct {
	Server server `embed:""`
	JSON   bool   `help:"Print the tenants as JSON."`
}

// Run lists the tenants, erased ones among them: their ids stay with their ledgers.
func (c *tenantListCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	all, err := s.Tenants(e.Context)
	if err != nil {
		return told(err)
	}
	if c.JSON {
		return printJSON(e, api.Tenants{Tenants: append([]api.Tenant{}, all...)})
	}
	rows := [][]string{{"TENANT", "STATE", "REGION", "ENVIRONMENT", "CREATED", "TITLE"}}
	for _, t := range all {
		rows = append(rows, []string{t.ID, t.State, t.Region, t.Environment, t.Created.Format("2006-01-02"), t.Title})
	}
	showTable(e, rows)
	return nil
}

// tenantEraseCmd erases a tenant.
type tenantEraseCmd struct {
	ID     string `arg:"" help:"The tenant."`
	Yes    bool   `help:"Do not ask for the id again."`
	Server server `embed:""`
}

// Run erases the tenant, once its id was typed again.
func (c *tenantEraseCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	if !c.Yes {
		if err := c.confirm(e); err != nil {
			return err
		}
	}
	if err := s.EraseTenant(e.Context, c.ID); err != nil {
		return told(err)
	}
	e.printf("%s  %s: nothing of it can be read any more, nor brought back\n", e.paint(good, "erased"), c.ID)
	return nil
}

func (c *tenantEraseCmd) confirm(e *env) error {
	write(e.Stderr, "All data of %s will be unreadable at once, and nothing brings it back.\nType the tenant's id to go on: ", c.ID)
	line, err := bufio.NewReader(io.LimitReader(e.Stdin, 256)).ReadString('\n')
	if err != nil && err != io.EOF {
		return fault.As("clause.tenant", fault.Invalid, err)
	}
	if strings.TrimSpace(line) != c.ID {
		return fault.New("clause.tenant", fault.Invalid, "that is not its id; nothing was erased").WithHint("a program says --yes")
	}
	return nil
}

// showTable prints rows in columns, the first row as their heading.
func showTable(e *env, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for n, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", widths[i]-len([]rune(cell))+2))
		}
		text := strings.TrimRight(line.String(), " ")
		if n == 0 {
			text = e.paint(faint, text)
		}
		e.printf("%s\n", text)
	}
}
