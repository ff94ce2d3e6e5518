package client

import (
	"context"
	"net/http"

	"clause.dev/clause/api"
)

// AnnouncePolicy has people told of a version of the policy before it takes effect. It needs the scope
// admin. A version in the state free need not be announced, and was not kept.
func (c *Client) AnnouncePolicy(ctx context.Context, v api.NewPolicyVersion) (api.PolicyVersion, error) {
	var out api.PolicyVersion
	_, err := c.send(ctx, c.call(http.MethodPost, "v1", "policy-versions"), v, &out)
	return out, err
}

// PolicyVersions returns the version in force and those announced.
func (c *Client) PolicyVersions(ctx context.Context) ([]api.PolicyVersion, error) {
	var out api.PolicyVersions
	_, err := c.do(ctx, c.call(http.MethodGet, "v1", "policy-versions"), &out)
	return out.Versions, err
}

// PolicyVersion returns a version and how far its notice has got. It needs the scope admin.
func (c *Client) PolicyVersion(ctx context.Context, id string) (api.PolicyVersion, error) {
	var out api.PolicyVersion
	_, err := c.do(ctx, c.call(http.MethodGet, "v1", "policy-versions", id), &out)
	return out, err
}

// WithdrawPolicy takes an announced version back: it will not take effect. It needs the scope admin.
func (c *Client) WithdrawPolicy(ctx context.Context, id string) error {
	_, err := c.do(ctx, c.call(http.MethodDelete, "v1", "policy-versions", id), nil)
	return err
}
