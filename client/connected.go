package client

import (
	"context"
	"net/http"

	"clause.dev/clause/api"
)

// SetExternalIDs replaces the ids by which systems outside the vault know a person. It needs the scope
// subjects, as do the next two.
func (c *Client) SetExternalIDs(ctx context.Context, tenant, subject string, ids map[string][]string) error {
	_, err := c.send(ctx, c.tenant(http.MethodPut, tenant, "subjects", subject, "external-ids"), api.ExternalIDs{IDs: ids}, nil)
	return err
}

// ExternalIDs returns the ids by which systems outside the vault know a person.
func (c *Client) ExternalIDs(ctx context.Context, tenant, subject string) (map[string][]string, error) {
	var out api.ExternalIDs
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "subjects", subject, "external-ids"), &out)
	return out.IDs, err
}

// RemoveExternalIDs forgets them.
func (c *Client) RemoveExternalIDs(ctx context.Context, tenant, subject string) error {
	_, err := c.do(ctx, c.tenant(http.MethodDelete, tenant, "subjects", subject, "external-ids"), nil)
	return err
}

// Connected returns the systems outside the vault that hold data of a tenant's people, and what the last look
// at each found. It needs the scope subjects, rights, audit or admin.
func (c *Client) Connected(ctx context.Context, tenant string) ([]api.ConnectedSystem, error) {
	var out api.ConnectedSystems
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "connected"), &out)
	return out.Systems, err
}

// SettleConnected says that a system needs no more for a request or a certificate, for a reason, and returns
// what was done in all of them. It needs the scope rights, subjects or admin.
func (c *Client) SettleConnected(ctx context.Context, tenant, system string, s api.Settlement) ([]api.SystemLine, error) {
	var out api.SystemLines
	_, err := c.send(ctx, c.tenant(http.MethodPost, tenant, "connected", system, "settle"), s, &out)
	return out.Systems, err
}
