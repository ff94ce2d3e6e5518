package client

import (
	"context"
	"iter"
	"net/http"

	"clause.dev/clause/api"
)

// RaiseAlert raises an alert: whoever is on call is told. Of a tenant it needs the scope duties, of the
// organisation, for which the tenant is "", the scope admin, as do all calls of this file.
func (c *Client) RaiseAlert(ctx context.Context, tenant string, in api.Alarm) (api.Alert, error) {
	var out api.Alert
	_, err := c.send(ctx, c.alerts(http.MethodPost, tenant), in, &out)
	return out, err
}

// Alert returns one alert.
func (c *Client) Alert(ctx context.Context, tenant, alert string) (api.Alert, error) {
	var out api.Alert
	_, err := c.do(ctx, c.alerts(http.MethodGet, tenant, alert), &out)
	return out, err
}

// ListAlerts returns a page of the alerts, the newest first.
func (c *Client) ListAlerts(ctx context.Context, tenant, cursor string, limit int) (api.Alerts, error) {
	q := c.alerts(http.MethodGet, tenant)
	q.query = page(cursor, limit)
	var out api.Alerts
	_, err := c.do(ctx, q, &out)
	return out, err
}

// Alerts goes through all alerts, the newest first.
func (c *Client) Alerts(ctx context.Context, tenant string) iter.Seq2[api.Alert, error] {
	return pages(func(cursor string) ([]api.Alert, string, error) {
		p, err := c.ListAlerts(ctx, tenant, cursor, api.MaxPage)
		return p.Alerts, p.Next, err
	})
}

// AcknowledgeAlert says that somebody sees to an alert: it goes to nobody else.
func (c *Client) AcknowledgeAlert(ctx context.Context, tenant, alert string) (api.Alert, error) {
	var out api.Alert
	_, err := c.do(ctx, c.alerts(http.MethodPost, tenant, alert, "acknowledge"), &out)
	return out, err
}

// ResolveAlert ends an alert that was raised through the door, for a reason such as blocked.
func (c *Client) ResolveAlert(ctx context.Context, tenant, alert, reason string) (api.Alert, error) {
	var out api.Alert
	_, err := c.send(ctx, c.alerts(http.MethodPost, tenant, alert, "resolve"), api.Resolution{Reason: reason}, &out)
	return out, err
}

// RemoveAlertDrill removes an alert that is a drill.
func (c *Client) RemoveAlertDrill(ctx context.Context, tenant, alert string) error {
	_, err := c.do(ctx, c.alerts(http.MethodDelete, tenant, alert), nil)
	return err
}

// alerts starts a call on a tenant's alerts, or the organisation's.
func (c *Client) alerts(method, tenant string, rest ...string) *call {
	if tenant == "" {
		return c.call(method, append([]string{"v1", "alerts"}, rest...)...)
	}
	return c.tenant(method, tenant, append([]string{"alerts"}, rest...)...)
}
