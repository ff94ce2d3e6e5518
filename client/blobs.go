package client

import (
	"context"
	"io"
	"net/http"

	"clause.dev/clause/api"
)

// Blob is a large object on its way to the caller, who closes it. A read that ends with io.EOF
// ended where the object does; any other end is an error.
type Blob struct {
	io.ReadCloser
	ContentType string
	Size        int64 // bytes; -1 if the server did not say
}

// PutBlob streams a large object into a field of an existing record. It needs the scope data.
func (c *Client) PutBlob(ctx context.Context, t Target, field, contentType string, body io.Reader, options ...Option) (api.Stored, error) {
	q := c.on(http.MethodPut, t, "blobs", field).with(options)
	q.body = body
	if contentType == "" {
		contentType = "application/octet-stream"
	}
	q.header.Set("Content-Type", contentType)
	var out api.Stored
	_, err := c.do(ctx, q, &out)
	return out, err
}

// GetBlob streams a large object out of a field of a record. It needs the scope data.
func (c *Client) GetBlob(ctx context.Context, t Target, field string) (*Blob, error) {
	answer, err := c.open(ctx, c.on(http.MethodGet, t, "blobs", field))
	if err != nil {
		return nil, err
	}
	return &Blob{ReadCloser: answer.Body, ContentType: answer.Header.Get("Content-Type"), Size: answer.ContentLength}, nil
}
