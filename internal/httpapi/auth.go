package httpapi

import (
	"crypto/x509"
	"strings"

	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/vault"
)

// maxKey bounds a key or an access token with its scheme, in bytes.
const maxKey = identity.MaxToken + 16

// authenticate returns who calls, and takes a token of their rate. Failures are bounded by address,
// save those that guess nothing, and only delay failures: a program with a revoked key must not lock out its neighbours behind
// the same address, and a key of 256 bits is not guessed at any rate.
func (x *exchange) authenticate() (vault.Caller, error) {
	s := x.service
	if key := x.key(); strings.HasPrefix(key, access.KeyPrefix) {
		return x.member(key)
	}
	app, err := s.Applications.Authenticate(x.Context(), x.key(), x.certificate(), s.Now())
	if err != nil {
		if fault.Is(err, fault.Unauthenticated) && x.key() != "" && !s.failures.allow(addressKey(x.RemoteAddr), x.began) {
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

// member returns who of staff calls, with what they were granted in the tenant they turn to.
func (x *exchange) member(key string) (vault.Caller, error) {
	const op = "httpapi.member"
	s, tenant := x.service, x.PathValue("tenant")
	if !isID(tenant) {
		tenant = ""
	}
	c, err := s.Staff.Authenticate(x.Context(), key, tenant, s.Now())
	if fault.Is(err, fault.Unauthenticated) && !s.failures.allow(addressKey(x.RemoteAddr), x.began) {
		return vault.Caller{}, fault.New(op, fault.TooMany, "too many failed authentications from this address")
	}
	if err != nil {
		return vault.Caller{}, fault.Wrap(op, err)
	}
	x.actor = c.Credential.ID
	if !s.byKey.allow(x.actor, x.began) {
		return vault.Caller{}, fault.New(op, fault.TooMany, "too many requests of this member")
	}
	return c, nil
}

// certificate returns the certificate that the client showed, if an authority whom the operator named has signed it.
func (x *exchange) certificate() *x509.Certificate {
	if x.Request.TLS == nil || len(x.Request.TLS.VerifiedChains) == 0 {
		return nil
	}
	return x.Request.TLS.PeerCertificates[0]
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
