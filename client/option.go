package client

import (
	"net/http"
	"strconv"
	"strings"

	"clause.dev/clause/api"
)

// Option adds a condition or a key to one change.
type Option func(http.Header)

// IfVersion makes the change happen only to that version of the record; otherwise the call fails
// with status 412.
func IfVersion(version int64) Option {
	return func(h http.Header) { h.Set("If-Match", `"`+strconv.FormatInt(version, 10)+`"`) }
}

// IfAbsent makes a put happen only if there is no such record yet.
func IfAbsent() Option {
	return func(h http.Header) { h.Set("If-None-Match", "*") }
}

// IdempotencyKey makes the change happen once, however often it is sent with that key: 1 to 128
// printable characters, not guessable by others who share the credential.
func IdempotencyKey(key string) Option {
	return func(h http.Header) { h.Set(api.HeaderIdempotencyKey, key) }
}

// Target names a record, or where to make one, and why it is asked for.
type Target struct {
	Tenant, Subject, DataSet string
	Record                   string   // empty to create, list or find
	Purpose                  string   // of the policy; every call on data needs one
	Recipient                string   // set when the data is about to be disclosed to that party
	Fields                   []string // ask for these fields only; nil for all the purpose may see
}

// on starts a call on the target's data.
func (c *Client) on(method string, t Target, segments ...string) *call {
	path := []string{"subjects", t.Subject, "data", t.DataSet}
	if t.Record != "" {
		path = append(path, t.Record)
	}
	return c.tenant(method, t.Tenant, append(path, segments...)...).asked(t)
}

// asked adds the purpose, the recipient and the fields asked for.
func (q *call) asked(t Target) *call {
	q.header.Set(api.HeaderPurpose, t.Purpose)
	if t.Recipient != "" {
		q.header.Set(api.HeaderRecipient, t.Recipient)
	}
	if len(t.Fields) > 0 {
		q.header.Set(api.HeaderFields, strings.Join(t.Fields, ","))
	}
	return q
}
