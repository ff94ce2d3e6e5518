package client

import (
	"context"
	"io"
	"iter"
	"net/http"
	"strings"

	"clause.dev/clause/api"
)

// OpenRequest opens what a person asks for by one of their rights. It needs the scope rights, as do all
// calls of this file but Download. A right that the person has an open request of is a Problem of status
// 409 that names it.
func (c *Client) OpenRequest(ctx context.Context, tenant string, ask api.NewRequest) (api.Request, error) {
	var out api.Request
	_, err := c.send(ctx, c.tenant(http.MethodPost, tenant, "requests"), ask, &out)
	return out, err
}

// ListRequests returns a page of requests, the oldest first. A state of "" is any, "open" all that are yet
// to be answered.
func (c *Client) ListRequests(ctx context.Context, tenant, state, cursor string, limit int) (api.Requests, error) {
	q := c.tenant(http.MethodGet, tenant, "requests")
	q.query = page(cursor, limit)
	if state != "" {
		q.query.Set("state", state)
	}
	var out api.Requests
	_, err := c.do(ctx, q, &out)
	return out, err
}

// Requests goes through all requests in a state, the oldest first.
func (c *Client) Requests(ctx context.Context, tenant, state string) iter.Seq2[api.Request, error] {
	return pages(func(cursor string) ([]api.Request, string, error) {
		p, err := c.ListRequests(ctx, tenant, state, cursor, api.MaxPage)
		return p.Requests, p.Next, err
	})
}

// Request returns one request.
func (c *Client) Request(ctx context.Context, tenant, request string) (api.Request, error) {
	var out api.Request
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "requests", request), &out)
	return out, err
}

// Acknowledge confirms the receipt of a request to the person.
func (c *Client) Acknowledge(ctx context.Context, tenant, request string) (api.Request, error) {
	var out api.Request
	_, err := c.do(ctx, c.tenant(http.MethodPost, tenant, "requests", request, "acknowledge"), &out)
	return out, err
}

// AskIdentity pauses the clocks of a request until the person has shown who they are, at most for a limit
// such as "14 days".
func (c *Client) AskIdentity(ctx context.Context, tenant, request, limit string) (api.Request, error) {
	return c.request(ctx, tenant, request, "identity", api.IdentityCheck{Limit: limit})
}

// ProveIdentity says that the person has shown who they are.
func (c *Client) ProveIdentity(ctx context.Context, tenant, request string) (api.Request, error) {
	return c.request(ctx, tenant, request, "identity", api.IdentityCheck{Proven: true})
}

// Extend gives a complex request more time, once, for the reason "complexity" or "number-of-requests".
func (c *Client) Extend(ctx context.Context, tenant, request, reason string) (api.Request, error) {
	return c.request(ctx, tenant, request, "extend", api.MoreTime{Reason: reason})
}

// Refuse ends a request by a legal ground, which the person is told.
func (c *Client) Refuse(ctx context.Context, tenant, request, ground string) (api.Request, error) {
	return c.request(ctx, tenant, request, "refuse", api.Refusal{Ground: ground})
}

// Withdraw ends a request that the person has taken back.
func (c *Client) Withdraw(ctx context.Context, tenant, request string) (api.Request, error) {
	var out api.Request
	_, err := c.do(ctx, c.tenant(http.MethodPost, tenant, "requests", request, "withdraw"), &out)
	return out, err
}

// Answer has a request carried out and ends it; a rectification by the corrections. Sent again it does
// nothing, but that an access or a portability gives a new link, and the one before holds no longer.
func (c *Client) Answer(ctx context.Context, tenant, request string, corrections ...api.Correction) (api.Answer, error) {
	var out api.Answer
	_, err := c.send(ctx, c.tenant(http.MethodPost, tenant, "requests", request, "answer"), api.Carry{Corrections: corrections}, &out)
	return out, err
}

func (c *Client) request(ctx context.Context, tenant, request, act string, in any) (api.Request, error) {
	var out api.Request
	_, err := c.send(ctx, c.tenant(http.MethodPost, tenant, "requests", request, act), in, &out)
	return out, err
}

// Download fetches the package that a link of Answer leads to, once; it needs no key. The caller closes it,
// and must take one that ends with an error for nothing.
func (c *Client) Download(ctx context.Context, link string) (io.ReadCloser, error) {
	answer, err := c.open(ctx, c.call(http.MethodGet, "download", strings.TrimPrefix(link, "/download/")))
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}
