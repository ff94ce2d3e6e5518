package client

import (
	"context"
	"net/http"

	"clause.dev/clause/api"
)

// AddAgent lets an agent ask for people by the Data Rights Protocol. It needs the scope admin, as do Agents
// and RemoveAgent.
func (c *Client) AddAgent(ctx context.Context, a api.NewAgent) (api.Agent, error) {
	var out api.Agent
	_, err := c.send(ctx, c.call(http.MethodPost, "v1", "agents"), a, &out)
	return out, err
}

// Agents lists the agents.
func (c *Client) Agents(ctx context.Context) ([]api.Agent, error) {
	var out api.Agents
	_, err := c.do(ctx, c.call(http.MethodGet, "v1", "agents"), &out)
	return out.Agents, err
}

// RemoveAgent makes the token of an agent useless at once; id is that of its registration.
func (c *Client) RemoveAgent(ctx context.Context, id string) error {
	_, err := c.do(ctx, c.call(http.MethodDelete, "v1", "agents", id), nil)
	return err
}

// AgentRequests returns a page of what agents asked for the people of a tenant. It needs the scope rights.
func (c *Client) AgentRequests(ctx context.Context, tenant, cursor string, limit int) (api.AgentRequests, error) {
	q := c.tenant(http.MethodGet, tenant, "agent-requests")
	q.query = page(cursor, limit)
	var out api.AgentRequests
	_, err := c.do(ctx, q, &out)
	return out, err
}
