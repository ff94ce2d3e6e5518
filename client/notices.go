package client

import (
	"context"
	"net/http"

	"clause.dev/clause/api"
)

// Recipients returns the policy's recipients, and where they stand with a tenant.
func (c *Client) Recipients(ctx context.Context, tenant string) ([]api.Recipient, error) {
	var out api.Recipients
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "recipients"), &out)
	return out.Recipients, err
}

// AllowRecipient says that a tenant allows a recipient, or no longer does. The next disclosure feels it.
func (c *Client) AllowRecipient(ctx context.Context, tenant, recipient string, allowed bool) error {
	_, err := c.send(ctx, c.tenant(http.MethodPut, tenant, "recipients", recipient), api.Allowance{Allowed: allowed}, nil)
	return err
}

// SetOptOut says that a person wants nothing disclosed to a recipient, of the policy or announced, or no longer.
func (c *Client) SetOptOut(ctx context.Context, tenant, subject, recipient string, out bool) error {
	_, err := c.send(ctx, c.tenant(http.MethodPut, tenant, "subjects", subject, "opt-outs", recipient), api.OptOut{OptedOut: out}, nil)
	return err
}

// SetElectronicNotice says whether a person consents to notice by electronic means.
func (c *Client) SetElectronicNotice(ctx context.Context, tenant, subject string, consented bool) error {
	_, err := c.send(ctx, c.tenant(http.MethodPut, tenant, "subjects", subject, "electronic-notice"), api.ElectronicNotice{Consented: consented}, nil)
	return err
}

// AskWrittenNotice asks for a notice on paper, in a person's name: the one about an event, "" for the newest.
func (c *Client) AskWrittenNotice(ctx context.Context, tenant, subject, about string) (api.WrittenNotice, error) {
	var out api.WrittenNotice
	_, err := c.send(ctx, c.tenant(http.MethodPost, tenant, "subjects", subject, "written-notices"), api.NewWrittenNotice{About: about}, &out)
	return out, err
}

// WrittenNotices returns the notices that a person asked for on paper.
func (c *Client) WrittenNotices(ctx context.Context, tenant, subject string) ([]api.WrittenNotice, error) {
	var out api.WrittenNotices
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "subjects", subject, "written-notices"), &out)
	return out.Notices, err
}
