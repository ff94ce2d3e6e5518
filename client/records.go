package client

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"

	"clause.dev/clause/api"
)

// content is api.Content with values that are yet to be encoded.
type content struct {
	Fields map[string]any `json:"fields"`
}

func write(fields map[string]any) content {
	if fields == nil {
		fields = map[string]any{}
	}
	return content{Fields: fields}
}

// Create makes a new record. It needs the scope data, as do all calls of this file.
func (c *Client) Create(ctx context.Context, t Target, fields map[string]any, options ...Option) (api.Stored, error) {
	t.Record = ""
	var out api.Stored
	_, err := c.send(ctx, c.on(http.MethodPost, t).with(options), write(fields), &out)
	return out, err
}

// Put replaces a record, or makes it.
func (c *Client) Put(ctx context.Context, t Target, fields map[string]any, options ...Option) (api.Stored, error) {
	var out api.Stored
	_, err := c.send(ctx, c.on(http.MethodPut, t).with(options), write(fields), &out)
	return out, err
}

// Patch changes the fields given and keeps the others; nil removes an optional field.
func (c *Client) Patch(ctx context.Context, t Target, fields map[string]any, options ...Option) (api.Stored, error) {
	var out api.Stored
	_, err := c.send(ctx, c.on(http.MethodPatch, t).with(options), write(fields), &out)
	return out, err
}

// Delete removes a record.
func (c *Client) Delete(ctx context.Context, t Target, options ...Option) error {
	_, err := c.do(ctx, c.on(http.MethodDelete, t).with(options), nil)
	return err
}

// Get reads a record.
func (c *Client) Get(ctx context.Context, t Target) (api.Record, error) {
	record, _, err := c.GetExplained(ctx, t)
	return record, err
}

// GetExplained reads a record and tells the clauses that the decision rests on.
func (c *Client) GetExplained(ctx context.Context, t Target) (api.Record, []string, error) {
	if t.Record == "" {
		return api.Record{}, nil, errors.New("client: the target names no record")
	}
	var out api.Record
	header, err := c.do(ctx, c.on(http.MethodGet, t), &out)
	return out, list(header.Get(api.HeaderRestsOn)), err
}

// List reads one page of a person's records in a data set: after the cursor ("" for the first),
// limit at most (0 for the server's own choice). The next cursor is empty on the last page.
func (c *Client) List(ctx context.Context, t Target, cursor string, limit int) (api.Records, error) {
	t.Record = ""
	q := c.on(http.MethodGet, t)
	q.query = page(cursor, limit)
	var out api.Records
	_, err := c.do(ctx, q, &out)
	return out, err
}

// Records yields all of a person's records in a data set, page by page. It ends after an error.
func (c *Client) Records(ctx context.Context, t Target) iter.Seq2[api.Record, error] {
	return pages(func(cursor string) ([]api.Record, string, error) {
		p, err := c.List(ctx, t, cursor, api.MaxPage)
		return p.Records, p.Next, err
	})
}

// Find reads the tenant's records whose field has exactly the value. Subject and Record of the
// target are not used.
func (c *Client) Find(ctx context.Context, t Target, field, value string) ([]api.Record, error) {
	q := c.tenant(http.MethodPost, t.Tenant, "find").asked(t)
	var out api.Records
	_, err := c.send(ctx, q, api.Find{DataSet: t.DataSet, Field: field, Value: value}, &out)
	return out.Records, err
}

// Batch makes all the changes or none.
func (c *Client) Batch(ctx context.Context, tenant, purpose string, operations []api.Operation, options ...Option) ([]api.Stored, error) {
	q := c.tenant(http.MethodPost, tenant, "batch").asked(Target{Purpose: purpose}).with(options)
	var out api.BatchResult
	_, err := c.send(ctx, q, api.Batch{Operations: operations}, &out)
	return out.Results, err
}

// Aggregate asks for a statistic over the people of a tenant.
func (c *Client) Aggregate(ctx context.Context, tenant, purpose string, query api.AggregateQuery) (api.Aggregate, error) {
	q := c.tenant(http.MethodPost, tenant, "aggregates").asked(Target{Purpose: purpose})
	var out api.Aggregate
	_, err := c.send(ctx, q, query, &out)
	return out, err
}

// Encode turns values into fields, for a batch.
func Encode(values map[string]any) (api.Fields, error) {
	fields := make(api.Fields, len(values))
	for name, v := range values {
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		fields[name] = raw
	}
	return fields, nil
}

func page(cursor string, limit int) url.Values {
	q := url.Values{}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	if limit > 0 {
		q.Set("limit", strconv.Itoa(limit))
	}
	return q
}

// pages yields the items of all pages; a cursor that does not move ends it rather than looping.
func pages[T any](next func(cursor string) ([]T, string, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for cursor := ""; ; {
			items, following, err := next(cursor)
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if following == "" || following == cursor {
				return
			}
			cursor = following
		}
	}
}
