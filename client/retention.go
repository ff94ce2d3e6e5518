package client

import (
	"context"
	"net/http"

	"clause.dev/clause/api"
)

// PlaceHold places a legal hold on a person. It needs the scope subjects, as do the next three.
func (c *Client) PlaceHold(ctx context.Context, tenant, subject string, h api.NewHold) (api.Hold, error) {
	var out api.Hold
	_, err := c.send(ctx, c.tenant(http.MethodPost, tenant, "subjects", subject, "hold"), h, &out)
	return out, err
}

// Hold returns the legal hold on a person, who may have been erased under it.
func (c *Client) Hold(ctx context.Context, tenant, subject string) (api.Hold, error) {
	var out api.Hold
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "subjects", subject, "hold"), &out)
	return out, err
}

// ReleaseHold ends a legal hold; what it kept of somebody erased is unreadable for good before it returns.
func (c *Client) ReleaseHold(ctx context.Context, tenant, subject string) error {
	_, err := c.do(ctx, c.tenant(http.MethodDelete, tenant, "subjects", subject, "hold"), nil)
	return err
}

// CertifyErasure makes all data of the person unreadable for good, before it returns. A certificate that names
// the caller's id of the erasure, and no other, follows.
func (c *Client) CertifyErasure(ctx context.Context, tenant, subject, about string) (api.Certificate, error) {
	var out api.Certificate
	_, err := c.send(ctx, c.tenant(http.MethodPost, tenant, "subjects", subject, "erasure"), api.Erasure{About: about}, &out)
	return out, err
}

// OffBoard makes all data of the tenant unreadable for good, before it returns; that it is removed, and a
// certificate, follow. It needs the scope admin.
func (c *Client) OffBoard(ctx context.Context, tenant string) (api.OffBoarding, error) {
	var out api.OffBoarding
	_, err := c.do(ctx, c.tenant(http.MethodPost, tenant, "off-boarding"), &out)
	return out, err
}

// OffBoarding tells how far the off-boarding of a tenant has come. It needs the scope admin.
func (c *Client) OffBoarding(ctx context.Context, tenant string) (api.OffBoarding, error) {
	var out api.OffBoarding
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "off-boarding"), &out)
	return out, err
}

// Certificates returns a page of a tenant's certificates of erasure. It needs one of the scopes subjects,
// audit and admin, as do the next two.
func (c *Client) Certificates(ctx context.Context, tenant, cursor string, limit int) (api.Certificates, error) {
	q := c.tenant(http.MethodGet, tenant, "certificates")
	q.query = page(cursor, limit)
	var out api.Certificates
	_, err := c.do(ctx, q, &out)
	return out, err
}

// Certificate tells how far a certificate of erasure has come.
func (c *Client) Certificate(ctx context.Context, tenant, certificate string) (api.Certificate, error) {
	var out api.Certificate
	_, err := c.do(ctx, c.tenant(http.MethodGet, tenant, "certificates", certificate), &out)
	return out, err
}

// CertificateDocument returns a certificate as it was signed, byte for byte.
func (c *Client) CertificateDocument(ctx context.Context, tenant, certificate string) ([]byte, error) {
	return c.bytes(ctx, c.tenant(http.MethodGet, tenant, "certificates", certificate, "document"))
}
