// Package client calls a Clause server: one method for each thing that an application, or a member of staff, asks of it.
//
//	c, err := client.New(client.Config{URL: "https://clause.example", Key: key})
//	person, err := c.CreateSubject(ctx, "acme")
//	target := client.Target{Tenant: "acme", Subject: person, DataSet: "financial", Purpose: "health-score"}
//	stored, err := c.Create(ctx, target, map[string]any{"income": "12500.00 AED"})
//	target.Record = stored.Record
//	record, err := c.Get(ctx, target)
//
// A refusal of the server is a *Problem; the clause that refused is in it. A Client keeps its
// connections open and may be used by any number of goroutines. It never retries: a call that
// must have one effect carries an IdempotencyKey and may then be sent again by the caller.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"clause.dev/clause/api"
)

// Config is what a Client needs.
type Config struct {
	URL  string       // of the server, "https://host:port"
	Key  string       // of the application; empty for the public part alone
	HTTP *http.Client // nil: one of its own, which keeps up to 64 idle connections
}

// Client calls one server with one key.
type Client struct {
	base string
	key  string
	http *http.Client
}

// maxAnswer bounds an answer that is held in memory, in bytes.
const maxAnswer = 64 << 20

// New returns a Client. It does not connect yet.
func New(c Config) (*Client, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, errors.New("client.New: the URL must be https://host or http://host")
	}
	if strings.ContainsAny(c.Key, "\r\n\x00 ") {
		return nil, errors.New("client.New: the key holds characters that no key has")
	}
	if c.HTTP == nil {
		c.HTTP = ownHTTP()
	}
	return &Client{base: strings.TrimSuffix(u.Scheme+"://"+u.Host+u.EscapedPath(), "/"), key: c.Key, http: c.HTTP}, nil
}

func ownHTTP() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 64
	transport.ResponseHeaderTimeout = time.Minute
	return &http.Client{
		Transport: transport,
		// The server never redirects; one that does must not be handed the key.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// call is one request in the making.
type call struct {
	method, path string
	query        url.Values
	header       http.Header
	body         io.Reader
}

func (c *Client) call(method string, segments ...string) *call {
	var path strings.Builder
	for _, s := range segments {
		path.WriteByte('/')
		path.WriteString(url.PathEscape(s))
	}
	return &call{method: method, path: path.String(), header: http.Header{}}
}

// tenant starts a call on a part of a tenant.
func (c *Client) tenant(method, tenant string, segments ...string) *call {
	return c.call(method, append([]string{"v1", "tenants", tenant}, segments...)...)
}

func (q *call) json(v any) (*call, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("client: the content is not JSON: %w", err)
	}
	q.body = bytes.NewReader(body)
	q.header.Set("Content-Type", "application/json")
	return q, nil
}

func (q *call) with(options []Option) *call {
	for _, o := range options {
		o(q.header)
	}
	return q
}

// open sends the call; the caller closes the answer's body. Any status of 300 or more is a *Problem.
func (c *Client) open(ctx context.Context, q *call) (*http.Response, error) {
	address := c.base + q.path
	if len(q.query) > 0 {
		address += "?" + q.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, q.method, address, q.body)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	request.Header = q.header
	if c.key != "" {
		request.Header.Set("Authorization", "Bearer "+c.key)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if answer.StatusCode >= 300 {
		defer answer.Body.Close()
		return nil, problemOf(answer)
	}
	return answer, nil
}

// do sends the call and decodes the answer into out, unless out is nil.
func (c *Client) do(ctx context.Context, q *call, out any) (http.Header, error) {
	answer, err := c.open(ctx, q)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := readAll(answer.Body)
	if err != nil {
		return nil, fmt.Errorf("client: reading the answer: %w", err)
	}
	if out == nil {
		return answer.Header, nil
	}
	if err := json.Unmarshal(body, out); err != nil {
		return nil, fmt.Errorf("client: the answer is not what the interface says: %w", err)
	}
	return answer.Header, nil
}

// send sends v as JSON and decodes the answer into out.
func (c *Client) send(ctx context.Context, q *call, v, out any) (http.Header, error) {
	q, err := q.json(v)
	if err != nil {
		return nil, err
	}
	return c.do(ctx, q, out)
}

// bytes sends the call and returns the answer as it is.
func (c *Client) bytes(ctx context.Context, q *call) ([]byte, error) {
	answer, err := c.open(ctx, q)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return readAll(answer.Body)
}

func readAll(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxAnswer+1))
	if err == nil && len(body) > maxAnswer {
		return nil, errors.New("the answer is over 64 MiB")
	}
	return body, err
}

// Healthy returns nil when the server is ready to serve.
func (c *Client) Healthy(ctx context.Context) error {
	_, err := c.do(ctx, c.call(http.MethodGet, "healthz"), nil)
	return err
}

// OpenAPI returns the description of the interface, OpenAPI 3.1 in JSON.
func (c *Client) OpenAPI(ctx context.Context) ([]byte, error) {
	return c.bytes(ctx, c.call(http.MethodGet, "openapi.json"))
}

// Evidence returns the status of every clause.
func (c *Client) Evidence(ctx context.Context) (api.Evidence, error) {
	var out api.Evidence
	_, err := c.do(ctx, c.call(http.MethodGet, "v1", "evidence"), &out)
	return out, err
}

// RunProbes runs every probe now and returns what they saw. It needs the scope admin and may take
// a minute or more.
func (c *Client) RunProbes(ctx context.Context) (api.Findings, error) {
	var out api.Findings
	_, err := c.do(ctx, c.call(http.MethodPost, "v1", "probes"), &out)
	return out, err
}
