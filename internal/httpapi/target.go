package httpapi

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/vault"
)

// parameter is a field of the header, or of the query, that an operation takes.
type parameter struct {
	name, doc string
	required  bool
	number    bool
}

// The parameters that operations share.
var (
	purposeHeader   = parameter{name: api.HeaderPurpose, doc: "The purpose the data is processed for. The credential must hold it and the policy allow it.", required: true}
	fieldsHeader    = parameter{name: api.HeaderFields, doc: "Only these fields, comma-separated; without it all that the purpose may see."}
	recipientHeader = parameter{name: api.HeaderRecipient, doc: "The party that the data is about to be disclosed to; the policy must name it."}
	idemHeader      = parameter{name: api.HeaderIdempotencyKey, doc: "1 to 128 printable characters. The same key with the same request has one effect and one answer; with another request it is a conflict."}
	ifMatchHeader   = parameter{name: "If-Match", doc: `Only if this is still the version, as "3" in quotes.`}
	ifNoneHeader    = parameter{name: "If-None-Match", doc: "Only *: if there is no such record yet."}
	cursorQuery     = parameter{name: "cursor", doc: "next of the page before."}
	limitQuery      = parameter{name: "limit", doc: "At most so many; 1 to 100, 50 without it.", number: true}
)

// maxFields bounds a projection; no data set has more.
const maxFields = 64

// single returns a field of the request's header that may be given once at most.
func (x *exchange) single(name string) (string, error) {
	switch values := x.Request.Header[name]; len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	}
	return "", invalid(name, "the header field is repeated")
}

// id returns a header field that holds an id.
func (x *exchange) id(name string) (string, error) {
	v, err := x.single(name)
	if err == nil && v != "" && !isID(v) {
		err = invalid(name, "the header field must be one id")
	}
	return v, err
}

// purpose returns the purpose the caller named.
func (x *exchange) purpose() (string, error) {
	purpose, err := x.id(api.HeaderPurpose)
	if err == nil && purpose == "" {
		err = invalid(api.HeaderPurpose, "the request names no purpose").
			WithHint("send the header field %s with a purpose of the policy", api.HeaderPurpose)
	}
	return purpose, err
}

// target returns what the path and the header ask for.
func (x *exchange) target() (t vault.Target, err error) {
	t = vault.Target{
		Tenant: x.PathValue("tenant"), Subject: x.PathValue("subject"),
		DataSet: x.PathValue("data_set"), Record: x.PathValue("record"),
	}
	if t.Purpose, err = x.purpose(); err != nil {
		return t, err
	}
	if t.Recipient, err = x.id(api.HeaderRecipient); err != nil {
		return t, err
	}
	t.Fields, err = x.fields()
	return t, err
}

func (x *exchange) fields() ([]string, error) {
	list, err := x.single(api.HeaderFields)
	if err != nil || list == "" {
		return nil, err
	}
	names := strings.Split(list, ",")
	for i, name := range names {
		if names[i] = strings.TrimSpace(name); !isID(names[i]) || i == maxFields {
			return nil, invalid(api.HeaderFields, "the header field must be a comma-separated list of field ids")
		}
	}
	return names, nil
}

// condition returns the version the caller makes the change depend on.
func (x *exchange) condition() (vault.Condition, error) {
	match, err := x.single("If-Match")
	if err != nil {
		return vault.Condition{}, err
	}
	none, err := x.single("If-None-Match")
	if err != nil {
		return vault.Condition{}, err
	}
	switch {
	case match == "" && none == "":
		return vault.Condition{}, nil
	case match == "" && none == "*":
		return vault.Condition{Set: true}, nil
	case match == "":
		return vault.Condition{}, invalid("If-None-Match", "the header field must be * alone")
	case none != "":
		return vault.Condition{}, invalid("If-Match", "If-Match and If-None-Match exclude each other")
	}
	n := len(match)
	if n > 2 && match[0] == '"' && match[n-1] == '"' && match[1] != '+' {
		if version, err := strconv.ParseInt(match[1:n-1], 10, 64); err == nil && version > 0 {
			return vault.Condition{Set: true, Version: version}, nil
		}
	}
	return vault.Condition{}, invalid("If-Match", "the header field must be one version in quotes").
		WithHint(`send the ETag of an answer, as "3"`)
}

const maxIdempotencyKey = 128

// idempotency returns the caller's key with a digest of all that makes this request what it is.
func (x *exchange) idempotency(body []byte) (vault.Idempotency, error) {
	key, err := x.single(api.HeaderIdempotencyKey)
	if err != nil || key == "" {
		return vault.Idempotency{}, err
	}
	if len(key) > maxIdempotencyKey || !printable(key) {
		return vault.Idempotency{}, invalid(api.HeaderIdempotencyKey, "the key must be 1 to %d printable characters", maxIdempotencyKey)
	}
	digest := sha256.New()
	h := x.Request.Header
	for _, part := range []string{
		x.Method, x.URL.Path, h.Get(api.HeaderPurpose), h.Get(api.HeaderRecipient), h.Get(api.HeaderFields),
		h.Get("If-Match"), h.Get("If-None-Match"), string(body),
	} {
		// Lengths keep two requests apart whose parts only together are the same.
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		digest.Write(length[:])
		digest.Write([]byte(part))
	}
	idem := vault.Idempotency{Key: key}
	digest.Sum(idem.Request[:0])
	return idem, nil
}

func printable(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '!' || s[i] > '~' {
			return false
		}
	}
	return true
}
