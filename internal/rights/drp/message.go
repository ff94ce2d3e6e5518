// Package drp is the desk at which authorised agents exercise people's rights, by the Data Rights Protocol
// 1.0 (https://github.com/consumer-reports-innovation-lab/data-rights-protocol). An agent signs what it asks
// with the Ed25519 key that the operator registered; what it asks becomes a request of package rights, with
// its clocks, its check of identity and its ledger.
package drp

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"clause.dev/clause/internal/fault"
)

// MaxMessage bounds what an agent sends, in bytes.
const MaxMessage = 64 << 10

// maxWindow is the longest time between issued-at and expires-at: the protocol recommends ten minutes, and
// what can be replayed for months is no message of the moment.
const maxWindow = 24 * time.Hour

// Version is that of the protocol.
const Version = "1.0"

// message is what was signed, once all was checked.
type message struct {
	digest [sha256.Size]byte // of the signed bytes
	issued time.Time
	fields map[string]json.RawMessage
}

// sealed is a message that is yet to be verified.
type sealed struct{ bytes []byte }

// unpack is the first of the protocol's checks (section 3.07): the body is base64.
func unpack(body []byte) (sealed, error) {
	if len(body) > MaxMessage {
		return sealed{}, fault.New("drp.unpack", fault.TooLarge, "a message is at most %d bytes", MaxMessage)
	}
	raw := make([]byte, base64.StdEncoding.DecodedLen(len(body)))
	n, err := base64.StdEncoding.Strict().Decode(raw, bytes.TrimSpace(body))
	if err != nil || n <= ed25519.SignatureSize {
		return sealed{}, never(fault.New("drp.unpack", fault.Invalid, "the body is not base64 of a signature and a JSON document"))
	}
	return sealed{raw[:n]}, nil
}

// by is the second: the signature is that of the key.
func (s sealed) by(key ed25519.PublicKey) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, s.bytes[ed25519.SignatureSize:], s.bytes[:ed25519.SignatureSize])
}

// open reads what was signed. Nothing of it is looked at before the signature holds.
func (s sealed) open() (*message, error) {
	fields, err := object(s.bytes[ed25519.SignatureSize:])
	if err != nil {
		return nil, never(err)
	}
	return &message{digest: sha256.Sum256(s.bytes), fields: fields}, nil
}

// check runs the other four, in their order: the agent is the one whose token or address it is, we are the
// business, the time is after issued-at and before expires-at.
func (m *message) check(agent, business string, now time.Time) error {
	const op = "drp.check"
	if m.text("agent-id") != agent {
		return never(fault.New(op, fault.Refused, "agent-id is not the agent whose token was sent"))
	}
	if m.text("business-id") != business {
		return never(fault.New(op, fault.Refused, "business-id is not the business whose token was sent"))
	}
	return m.timely(now)
}

func (m *message) timely(now time.Time) error {
	const op = "drp.check"
	issued, expires := m.moment("issued-at"), m.moment("expires-at")
	switch {
	case issued.IsZero() || expires.IsZero():
		return never(fault.New(op, fault.Invalid, "issued-at and expires-at are times of ISO 8601 with their zone, such as 2026-03-02T09:00:00Z"))
	case !now.After(issued):
		return fault.New(op, fault.Invalid, "issued-at is yet to come: a clock is wrong")
	case !now.Before(expires):
		return never(fault.New(op, fault.Invalid, "expires-at has passed"))
	case expires.Sub(issued) > maxWindow:
		return never(fault.New(op, fault.Invalid, "expires-at is more than %s after issued-at", maxWindow))
	}
	m.issued = issued
	return nil
}

// text is a field that is a string; "" for any other.
func (m *message) text(name string) string {
	var s string
	if json.Unmarshal(m.fields[name], &s) != nil {
		return ""
	}
	return s
}

// flag is a field that is true.
func (m *message) flag(name string) bool { return string(m.fields[name]) == "true" }

func (m *message) has(name string) bool { return m.fields[name] != nil }

// moment is a field that is a time, zero for any other.
func (m *message) moment(name string) time.Time {
	s := m.text(name)
	if len(s) > 64 {
		return time.Time{}
	}
	for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "20060102T150405Z0700"} {
		if t, err := time.Parse(form, s); err == nil {
			return t
		}
	}
	return time.Time{}
}

// object reads one JSON object strictly: what two readers could read differently is refused.
func object(text []byte) (map[string]json.RawMessage, error) {
	bad := fault.New("drp.object", fault.Invalid, "what was signed is not one JSON object, each name in it once")
	if !utf8.Valid(text) {
		return nil, bad
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, bad
	}
	fields := map[string]json.RawMessage{}
	for d.More() {
		name, err := d.Token()
		key, ok := name.(string)
		var value json.RawMessage
		if err != nil || !ok || fields[key] != nil || d.Decode(&value) != nil {
			return nil, bad
		}
		fields[key] = value
	}
	if _, err := d.Token(); err != nil {
		return nil, bad
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, bad
	}
	return fields, nil
}

// finality marks an error after which the same message will never be taken.
type finality struct{ error }

func (f finality) Unwrap() error { return f.error }

func never(err error) error { return finality{err} }

// Fatal reports whether the same message will never be taken.
func Fatal(err error) bool {
	var f finality
	return errors.As(err, &f)
}
