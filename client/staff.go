package client

import (
	"context"
	"iter"
	"net/http"

	"clause.dev/clause/api"
)

// EnrolMember enrols a person of staff. Their key is in the answer, this once. It needs the scope admin.
func (c *Client) EnrolMember(ctx context.Context, in api.NewMember) (api.EnrolledMember, error) {
	var out api.EnrolledMember
	_, err := c.send(ctx, c.call(http.MethodPost, "v1", "staff"), in, &out)
	return out, err
}

// Members returns all members of staff, the oldest first.
func (c *Client) Members(ctx context.Context) ([]api.Member, error) {
	var out api.Members
	_, err := c.do(ctx, c.call(http.MethodGet, "v1", "staff"), &out)
	return out.Members, err
}

// NewMemberKey gives a member a new key; the old one ends.
func (c *Client) NewMemberKey(ctx context.Context, member string, in api.NewMemberKey) (api.EnrolledMember, error) {
	var out api.EnrolledMember
	_, err := c.send(ctx, c.call(http.MethodPost, "v1", "staff", member, "key"), in, &out)
	return out, err
}

// EndMember ends a membership, at once and for good.
func (c *Client) EndMember(ctx context.Context, member string) (api.Member, error) {
	var out api.Member
	_, err := c.do(ctx, c.call(http.MethodPost, "v1", "staff", member, "end"), &out)
	return out, err
}

// ReviewMember keeps or ends a member's access. It needs another member's key.
func (c *Client) ReviewMember(ctx context.Context, member string, keep bool) (api.Member, error) {
	var out api.Member
	_, err := c.send(ctx, c.call(http.MethodPost, "v1", "staff", member, "review"), api.AccessReview{Keep: keep}, &out)
	return out, err
}

// ReviewState says what is left of the review under way.
func (c *Client) ReviewState(ctx context.Context) (api.ReviewState, error) {
	var out api.ReviewState
	_, err := c.do(ctx, c.call(http.MethodGet, "v1", "staff", "review"), &out)
	return out, err
}

// CloseReview closes the review under way, once nothing is left. It needs a member's key.
func (c *Client) CloseReview(ctx context.Context) (api.ReviewState, error) {
	var out api.ReviewState
	_, err := c.do(ctx, c.call(http.MethodPost, "v1", "staff", "review"), &out)
	return out, err
}

// RequestGrant asks for leave to see a tenant's data, with a member's key.
func (c *Client) RequestGrant(ctx context.Context, tenant string, in api.NewGrant) (api.Grant, error) {
	var out api.Grant
	_, err := c.send(ctx, c.tenant(http.MethodPost, tenant, "grants"), in, &out)
	return out, err
}

// Grant returns one grant, with how often it was used.
func (c *Client) Grant(ctx context.Context, tenant, grant string) (api.Grant, error) {
	var out api.Grant
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "grants", grant), &out)
	return out, err
}

// ListGrants returns a page of a tenant's grants, the newest first.
func (c *Client) ListGrants(ctx context.Context, tenant, cursor string, limit int) (api.Grants, error) {
	q := c.tenant(http.MethodGet, tenant, "grants")
	q.query = page(cursor, limit)
	var out api.Grants
	_, err := c.do(ctx, q, &out)
	return out, err
}

// Grants goes through all grants of a tenant, the newest first.
func (c *Client) Grants(ctx context.Context, tenant string) iter.Seq2[api.Grant, error] {
	return pages(func(cursor string) ([]api.Grant, string, error) {
		p, err := c.ListGrants(ctx, tenant, cursor, api.MaxPage)
		return p.Grants, p.Next, err
	})
}

// ApproveGrant approves a request, with the key of another member than its holder.
func (c *Client) ApproveGrant(ctx context.Context, tenant, grant string) (api.Grant, error) {
	return c.grantStep(ctx, tenant, grant, "approve")
}

// AllowGrant is the customer's leave for a request. It needs the scope grants.
func (c *Client) AllowGrant(ctx context.Context, tenant, grant string) (api.Grant, error) {
	return c.grantStep(ctx, tenant, grant, "allow")
}

// WithdrawGrant ends a grant or a request, at once.
func (c *Client) WithdrawGrant(ctx context.Context, tenant, grant string) (api.Grant, error) {
	return c.grantStep(ctx, tenant, grant, "withdraw")
}

// ReviewGrant keeps or ends a grant, with the key of another member than its holder.
func (c *Client) ReviewGrant(ctx context.Context, tenant, grant string, keep bool) (api.Grant, error) {
	var out api.Grant
	_, err := c.send(ctx, c.tenant(http.MethodPost, tenant, "grants", grant, "review"), api.AccessReview{Keep: keep}, &out)
	return out, err
}

func (c *Client) grantStep(ctx context.Context, tenant, grant, step string) (api.Grant, error) {
	var out api.Grant
	_, err := c.do(ctx, c.tenant(http.MethodPost, tenant, "grants", grant, step), &out)
	return out, err
}
