package client

import (
	"context"
	"net/http"

	"clause.dev/clause/api"
)

// CreateTenant makes a tenant. It needs the scope admin, as do all calls of this file.
func (c *Client) CreateTenant(ctx context.Context, t api.NewTenant) (api.Tenant, error) {
	var out api.Tenant
	_, err := c.send(ctx, c.call(http.MethodPost, "v1", "tenants"), t, &out)
	return out, err
}

// Tenants lists the tenants.
func (c *Client) Tenants(ctx context.Context) ([]api.Tenant, error) {
	var out api.Tenants
	_, err := c.do(ctx, c.call(http.MethodGet, "v1", "tenants"), &out)
	return out.Tenants, err
}

// EraseTenant makes all data of the tenant unreadable for good, before it returns.
func (c *Client) EraseTenant(ctx context.Context, tenant string) error {
	_, err := c.do(ctx, c.tenant(http.MethodDelete, tenant), nil)
	return err
}

// CreateApplication makes a credential and returns its key, which cannot be had again.
func (c *Client) CreateApplication(ctx context.Context, a api.NewApplication) (api.Application, string, error) {
	var out api.CreatedApplication
	_, err := c.send(ctx, c.call(http.MethodPost, "v1", "applications"), a, &out)
	return out.Application, out.Key, err
}

// Applications lists the applications.
func (c *Client) Applications(ctx context.Context) ([]api.Application, error) {
	var out api.Applications
	_, err := c.do(ctx, c.call(http.MethodGet, "v1", "applications"), &out)
	return out.Applications, err
}

// RevokeApplication makes the application's key useless at once.
func (c *Client) RevokeApplication(ctx context.Context, application string) error {
	_, err := c.do(ctx, c.call(http.MethodDelete, "v1", "applications", application), nil)
	return err
}

// RotateKey makes an application a new key and returns it, which cannot be had again; the keys before it end when
// the request says.
func (c *Client) RotateKey(ctx context.Context, application string, k api.NewKey) (api.ApplicationKey, string, error) {
	var out api.CreatedKey
	_, err := c.send(ctx, c.call(http.MethodPost, "v1", "applications", application, "keys"), k, &out)
	return out.ApplicationKey, out.Key, err
}

// ApplicationKeys lists the keys of an application that have not ended.
func (c *Client) ApplicationKeys(ctx context.Context, application string) ([]api.ApplicationKey, error) {
	var out api.ApplicationKeys
	_, err := c.do(ctx, c.call(http.MethodGet, "v1", "applications", application, "keys"), &out)
	return out.Keys, err
}

// EndKey makes one key of an application useless at once.
func (c *Client) EndKey(ctx context.Context, application, key string) error {
	_, err := c.do(ctx, c.call(http.MethodDelete, "v1", "applications", application, "keys", key), nil)
	return err
}
