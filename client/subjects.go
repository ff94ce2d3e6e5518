package client

import (
	"context"
	"net/http"

	"clause.dev/clause/api"
)

// CreateSubject makes a person and returns their id. It needs the scope subjects, as do all calls
// of this file.
func (c *Client) CreateSubject(ctx context.Context, tenant string, options ...Option) (string, error) {
	var out api.Subject
	_, err := c.do(ctx, c.tenant(http.MethodPost, tenant, "subjects").with(options), &out)
	return out.ID, err
}

// EraseSubject makes all data of the person unreadable for good, before it returns.
func (c *Client) EraseSubject(ctx context.Context, tenant, subject string) error {
	_, err := c.do(ctx, c.tenant(http.MethodDelete, tenant, "subjects", subject), nil)
	return err
}

// Standing tells what a person has allowed, refused and restricted.
func (c *Client) Standing(ctx context.Context, tenant, subject string) (api.Standing, error) {
	var out api.Standing
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "subjects", subject, "standing"), &out)
	return out, err
}

// SetConsent records that a person consents to a purpose, or withdraws.
func (c *Client) SetConsent(ctx context.Context, tenant, subject, purpose string, given bool) error {
	q := c.tenant(http.MethodPut, tenant, "subjects", subject, "consents", purpose)
	_, err := c.send(ctx, q, api.Consent{Given: given}, nil)
	return err
}

// SetObjection records that a person objects to a purpose, or no longer does.
func (c *Client) SetObjection(ctx context.Context, tenant, subject, purpose string, objected bool) error {
	q := c.tenant(http.MethodPut, tenant, "subjects", subject, "objections", purpose)
	_, err := c.send(ctx, q, api.Objection{Objected: objected}, nil)
	return err
}

// SetRestriction restricts the processing of a person's data, or lifts that.
func (c *Client) SetRestriction(ctx context.Context, tenant, subject string, restricted bool) error {
	q := c.tenant(http.MethodPut, tenant, "subjects", subject, "restriction")
	_, err := c.send(ctx, q, api.Restriction{Restricted: restricted}, nil)
	return err
}
