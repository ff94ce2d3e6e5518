package client

import (
	"context"
	"iter"
	"net/http"
	"strings"

	"clause.dev/clause/api"
)

// OrganisationLog is the tenant id of the organisation's own log, which holds the heads of all
// tenants' logs and the administrative acts.
const OrganisationLog = "_org"

// ListEntries reads one page of a tenant's ledger, newest first. It needs the scope audit.
func (c *Client) ListEntries(ctx context.Context, tenant, cursor string, limit int) (api.Entries, error) {
	q := c.tenant(http.MethodGet, tenant, "entries")
	q.query = page(cursor, limit)
	var out api.Entries
	_, err := c.do(ctx, q, &out)
	return out, err
}

// Entries yields the entries of a tenant's ledger, newest first. It ends after an error.
func (c *Client) Entries(ctx context.Context, tenant string) iter.Seq2[api.Entry, error] {
	return pages(func(cursor string) ([]api.Entry, string, error) {
		p, err := c.ListEntries(ctx, tenant, cursor, api.MaxPage)
		return p.Entries, p.Next, err
	})
}

// Checkpoint returns the signed head of a tenant's ledger (c2sp.org/tlog-checkpoint).
func (c *Client) Checkpoint(ctx context.Context, tenant string) ([]byte, error) {
	return c.bytes(ctx, c.call(http.MethodGet, "ledger", tenant, "checkpoint"))
}

// LedgerKey returns the key that verifies the ledger's checkpoints (c2sp.org/signed-note). Whoever
// verifies should know it from elsewhere.
func (c *Client) LedgerKey(ctx context.Context, tenant string) (string, error) {
	key, err := c.bytes(ctx, c.call(http.MethodGet, "ledger", tenant, "key"))
	return strings.TrimSpace(string(key)), err
}

// Tile returns a tile by its path of c2sp.org/tlog-tiles, as "tile/0/000" or "tile/entries/000.p/5".
// Entries need the scope audit.
func (c *Client) Tile(ctx context.Context, tenant, path string) ([]byte, error) {
	segments := append([]string{"ledger", tenant}, strings.Split(path, "/")...)
	return c.bytes(ctx, c.call(http.MethodGet, segments...))
}

// list splits a header field's comma-separated ids.
func list(value string) []string {
	if value == "" {
		return nil
	}
	ids := strings.Split(value, ",")
	for i := range ids {
		ids[i] = strings.TrimSpace(ids[i])
	}
	return ids
}
