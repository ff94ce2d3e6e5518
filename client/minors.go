package client

import (
	"context"
	"iter"
	"net/http"

	"clause.dev/clause/api"
)

// ReportMinor says that somebody may be younger than the policy lets people be. It needs the scope duties, as do
// all calls of this file.
func (c *Client) ReportMinor(ctx context.Context, tenant, subject string) (api.Minor, error) {
	return c.minor(ctx, api.MinorReport{Subject: subject}, tenant)
}

// FindMinor says whether they are. If so they are erased, and it needs the scope subjects too.
func (c *Client) FindMinor(ctx context.Context, tenant, minor string, in api.MinorFinding) (api.Minor, error) {
	return c.minor(ctx, in, tenant, minor, "finding")
}

// Minor returns one open report.
func (c *Client) Minor(ctx context.Context, tenant, minor string) (api.Minor, error) {
	var out api.Minor
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "minors", minor), &out)
	return out, err
}

// ListMinors returns a page of the open reports, the newest first.
func (c *Client) ListMinors(ctx context.Context, tenant, cursor string, limit int) (api.Minors, error) {
	q := c.tenant(http.MethodGet, tenant, "minors")
	q.query = page(cursor, limit)
	var out api.Minors
	_, err := c.do(ctx, q, &out)
	return out, err
}

// Minors goes through all open reports, the newest first.
func (c *Client) Minors(ctx context.Context, tenant string) iter.Seq2[api.Minor, error] {
	return pages(func(cursor string) ([]api.Minor, string, error) {
		p, err := c.ListMinors(ctx, tenant, cursor, api.MaxPage)
		return p.Minors, p.Next, err
	})
}

func (c *Client) minor(ctx context.Context, in any, tenant string, rest ...string) (api.Minor, error) {
	var out api.Minor
	_, err := c.send(ctx, c.tenant(http.MethodPost, tenant, append([]string{"minors"}, rest...)...), in, &out)
	return out, err
}
