package main

import (
	"strings"

	"clause.dev/clause/api"
)

// agentCmd holds what an administrator does to agents who exercise people's rights for them.
type agentCmd struct {
	Add    agentAddCmd    `cmd:"" help:"Let an agent ask for the people of a tenant."`
	List   agentListCmd   `cmd:"" help:"List the agents."`
	Remove agentRemoveCmd `cmd:"" help:"End what an agent may ask, from the next request on."`
}

// agentAddCmd registers an agent.
type agentAddCmd struct {
	Agent    string   `arg:"" help:"Its id in the network's directory (agent-id)."`
	Title    string   `arg:"" help:"Its name for people."`
	Key      string   `required:"" placeholder:"BASE64" help:"Its Ed25519 key, as the directory has it (verify_key)."`
	Business string   `required:"" placeholder:"ID" help:"Your id in the directory (business-id)."`
	Tenant   string   `required:"" placeholder:"ID" help:"The tenant whose people it asks for."`
	Verify   string   `required:"" placeholder:"URL" help:"Your page where a person proves who they are; {request} in it stands for the request's id."`
	Within   string   `required:"" placeholder:"SPAN" help:"How long that proof is waited for, such as 14 days."`
	Trust    []string `enum:"email,phone_number" placeholder:"CLAIM" help:"A claim (email, phone_number) that, where the agent has verified it, proves who a person is; may be repeated. Default: none."`
	Callback string   `placeholder:"URL" help:"Where its status callbacks begin. Default: it is not called back."`
	Server   server   `embed:""`
	JSON     bool     `help:"Print the agent as JSON."`
}

// Run registers the agent.
func (c *agentAddCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	a, err := s.AddAgent(e.Context, api.NewAgent{
		Agent: c.Agent, Title: c.Title, VerifyKey: c.Key, Business: c.Business, Tenant: c.Tenant, Verification: c.Verify, Within: c.Within, Trusts: c.Trust, Callback: c.Callback,
	})
	if err != nil {
		return told(err)
	}
	if c.JSON {
		return printJSON(e, a)
	}
	e.printf("%s  %s may ask %s for people of %s, as %s\n", e.paint(good, "added"), a.Agent, a.Business, a.Tenant, a.ID)
	e.printf("       it fetches its token by POST /v1/agent/%s\n", a.Agent)
	return nil
}

// agentListCmd lists the agents.
type agentListCmd struct {
	Server server `embed:""`
	JSON   bool   `help:"Print the agents as JSON."`
}

// Run lists the agents.
func (c *agentListCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	all, err := s.Agents(e.Context)
	if err != nil {
		return told(err)
	}
	if c.JSON {
		return printJSON(e, api.Agents{Agents: append([]api.Agent{}, all...)})
	}
	rows := [][]string{{"REGISTRATION", "AGENT", "BUSINESS", "TENANT", "TRUSTED FOR", "TOKEN", "TITLE"}}
	for _, a := range all {
		token := "not fetched"
		if a.Paired != nil {
			token = "of " + a.Paired.Format("2006-01-02")
		}
		rows = append(rows, []string{a.ID, a.Agent, a.Business, a.Tenant, listOrNone(a.Trusts), token, strings.TrimSpace(a.Title)})
	}
	showTable(e, rows)
	return nil
}

// agentRemoveCmd ends a registration.
type agentRemoveCmd struct {
	ID     string `arg:"" help:"The registration, as clause agent list shows it."`
	Server server `embed:""`
}

// Run removes the agent.
func (c *agentRemoveCmd) Run(e *env) error {
	s, err := c.Server.client()
	if err != nil {
		return err
	}
	if err := s.RemoveAgent(e.Context, c.ID); err != nil {
		return told(err)
	}
	e.printf("%s  %s: its token is refused from now on\n", e.paint(good, "removed"), c.ID)
	return nil
}
