package httpapi

import (
	"strings"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// maxKey bounds a key, in bytes.
const maxKey = 512

// authenticate returns who calls, and takes a token of their rate. Failures are bounded by address
// and only delay failures: a program with a revoked key must not lock out its neighbours behind
// the same address, and a key of 256 bits is not guessed at any rate.
func (x *exchange) authenticate() (vault.Caller, error) {
	s := x.service
	app, err := s.Applications.Authenticate(x.Context(), x.key(), s.Now())
	if err != nil {
		if fault.Is(err, fault.Unauthenticated) && !s.failures.allow(addressKey(x.RemoteAddr), x.began) {
			return vault.Caller{}, fault.New("httpapi.authenticate", fault.TooMany, "too many failed authentications from this address")
		}
		return vault.Caller{}, fault.Wrap("httpapi.authenticate", err)
	}
	if app.ID == "" {
		return vault.Caller{}, fault.New("httpapi.authenticate", fault.Unauthenticated, "no valid key")
	}
	x.actor = app.ID
	if !s.byKey.allow(x.actor, x.began) {
		return vault.Caller{}, fault.New("httpapi.authenticate", fault.TooMany, "too many requests of this application")
	}
	return vault.Caller{Credential: app.Credential(s.Rules), Scopes: app.Scopes}, nil
}

// key returns the key of the Authorization field; "", which is nobody's, for anything but one
// well-formed field.
func (x *exchange) key() string {
	fields := x.Request.Header["Authorization"]
	if len(fields) != 1 || len(fields[0]) > maxKey {
		return ""
	}
	scheme, key, ok := strings.Cut(fields[0], " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return key
}
