package client

import (
	"context"
	"iter"
	"net/http"

	"clause.dev/clause/api"
)

// OpenClocks begins the clocks of what a clause owes on an occasion. It needs the scope duties, as do
// all calls of this file. The same occasion of a clause again is a Problem of status 409.
func (c *Client) OpenClocks(ctx context.Context, tenant, clause, about string) ([]api.Clock, error) {
	var out api.Clocks
	_, err := c.send(ctx, c.tenant(http.MethodPost, tenant, "clocks"), api.Occasion{Clause: clause, About: about}, &out)
	return out.Clocks, err
}

// ListClocks returns a page of the clocks that are running or paused, those due first first.
func (c *Client) ListClocks(ctx context.Context, tenant, cursor string, limit int) (api.Clocks, error) {
	q := c.tenant(http.MethodGet, tenant, "clocks")
	q.query = page(cursor, limit)
	var out api.Clocks
	_, err := c.do(ctx, q, &out)
	return out, err
}

// Clocks goes through all clocks that are running or paused, those due first first.
func (c *Client) Clocks(ctx context.Context, tenant string) iter.Seq2[api.Clock, error] {
	return pages(func(cursor string) ([]api.Clock, string, error) {
		p, err := c.ListClocks(ctx, tenant, cursor, api.MaxPage)
		return p.Clocks, p.Next, err
	})
}

// Clock returns one clock.
func (c *Client) Clock(ctx context.Context, tenant, clock string) (api.Clock, error) {
	var out api.Clock
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "clocks", clock), &out)
	return out, err
}

// Discharge ends a clock by evidence of the kind that it names.
func (c *Client) Discharge(ctx context.Context, tenant, clock, kind, evidence string) (api.Clock, error) {
	return c.clock(ctx, tenant, clock, "discharge", api.Discharge{Kind: kind, Evidence: evidence})
}

// Pause stops a clock for a reason, at most for a limit such as "14 days".
func (c *Client) Pause(ctx context.Context, tenant, clock, reason, limit string) (api.Clock, error) {
	return c.clock(ctx, tenant, clock, "pause", api.Pause{Reason: reason, Limit: limit})
}

// Resume lets a paused clock run on.
func (c *Client) Resume(ctx context.Context, tenant, clock string) (api.Clock, error) {
	var out api.Clock
	_, err := c.do(ctx, c.tenant(http.MethodPost, tenant, "clocks", clock, "resume"), &out)
	return out, err
}

// Void ends a clock that is no longer owed, for a reason. One that was missed cannot be ended so.
func (c *Client) Void(ctx context.Context, tenant, clock, reason string) (api.Clock, error) {
	return c.clock(ctx, tenant, clock, "void", api.Void{Reason: reason})
}

func (c *Client) clock(ctx context.Context, tenant, clock, act string, in any) (api.Clock, error) {
	var out api.Clock
	_, err := c.send(ctx, c.tenant(http.MethodPost, tenant, "clocks", clock, act), in, &out)
	return out, err
}
