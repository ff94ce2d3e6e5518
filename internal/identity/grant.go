package identity

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"slices"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/token"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// TokenLife is how long an access token works at most.
const TokenLife = 10 * time.Minute

// MaxToken bounds an access token, in bytes.
const MaxToken = token.MaxLen

// Token is an access token, as it is handed out.
type Token struct {
	Text   string
	Scopes []string
	Life   time.Duration
}

// Grant gives an application an access token for its key: OAuth 2.0 client credentials, RFC 6749 section 4.4. No
// scopes: all that it has. The token ends with its time, with the key, with the application. One that was had with a
// client certificate works with that certificate alone (RFC 8705 section 3), so that it is of no use to a thief.
// Faults: Unauthenticated for all that is wrong with the application or its key, Invalid with the field scope.
func (a *Applications) Grant(ctx context.Context, id, key string, scopes []string, shown *x509.Certificate, now time.Time) (Token, error) {
	const op = "identity.Grant"
	if a.Tokens == nil {
		return Token{}, fault.New(op, fault.NotFound, "this server gives no tokens")
	}
	found, err := a.known(ctx, key, shown, now)
	if err != nil {
		return Token{}, err
	}
	if found.app.ID != id {
		return Token{}, notValid()
	}
	if len(scopes) == 0 {
		scopes = found.app.Scopes
	}
	for i, s := range scopes {
		if !found.app.Has(s) || slices.Contains(scopes[:i], s) {
			return Token{}, fault.New(op, fault.Invalid, "the application does not have that scope").WithField("scope")
		}
	}
	now = now.UTC().Truncate(time.Second)
	claims := token.Claims{Application: id, Key: found.key.ID, Scopes: scopes, Certificate: thumbprint(shown), Issued: now, Expires: now.Add(TokenLife)}
	for _, end := range []time.Time{found.app.Expires, found.key.Expires} {
		if !end.IsZero() && end.Before(claims.Expires) {
			claims.Expires = end.Truncate(time.Second)
		}
	}
	err = a.db.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		return ledger.Append(tx, proof.Entry{Kind: "application.token", Actor: id, Detail: map[string]string{"application": id, "key": found.key.ID}})
	})
	if err != nil {
		return Token{}, fault.Wrap(op, err)
	}
	return Token{Text: a.Tokens.Sign(claims), Scopes: scopes, Life: claims.Expires.Sub(now)}, nil
}

// bearer returns the application that a token speaks for, with the scopes of the token. The store is asked: what was
// revoked since is refused.
func (a *Applications) bearer(ctx context.Context, text string, shown *x509.Certificate, now time.Time) (proven, error) {
	if a.Tokens == nil || len(text) > MaxToken {
		return proven{}, notValid()
	}
	hash := sha256.Sum256([]byte(text))
	found, seen, known := a.cache.get(hash)
	if !known { // else its signature was looked at
		var ok bool
		if found.token, ok = a.Tokens.Read(text, now); !ok {
			return proven{}, notValid()
		}
		if err := a.speaks(ctx, &found); err != nil {
			return proven{}, err
		}
	}
	bound := found.token.Certificate
	if now.IsZero() || !found.live(now) || !found.token.Holds(now) || !found.app.shows(shown) || bound != "" && bound != thumbprint(shown) {
		return proven{}, notValid()
	}
	if !known {
		a.cache.put(hash, found, seen)
	}
	return found, nil
}

// speaks finds the application of a token, and the key that the token was had with.
func (a *Applications) speaks(ctx context.Context, of *proven) error {
	c := &of.token
	stored, err := byKey(ctx, a.db, c.Key)
	if fault.Is(err, fault.NotFound) {
		return notValid()
	}
	if err == nil {
		of.app, err = stored.application()
	}
	if err != nil {
		return fault.Wrap("identity.Authenticate", err)
	}
	of.key = Key{ID: c.Key, Expires: db.Moment(stored.until)}
	if of.app.ID != c.Application {
		return notValid()
	}
	// The token's scopes that the application still has.
	of.app.Scopes = slices.DeleteFunc(slices.Clone(c.Scopes), func(s string) bool { return !slices.Contains(of.app.Scopes, s) })
	return nil
}
