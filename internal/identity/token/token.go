// Package token makes and reads access tokens of applications: JSON Web Tokens as RFC 9068 has them, signed with
// Ed25519.
//
// A token's header is one constant, and another one is refused before anything is read: there is no algorithm to
// confuse. Who reads a token asks the store besides whether the application and its key still live.
package token

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// Signer makes and reads the tokens of one issuer. Safe for use by many at once.
type Signer struct {
	key    ed25519.PrivateKey
	issuer string
}

// New returns the signer of a secret, which must sign nothing else. issuer is the server's address.
func New(secret [32]byte, issuer string) *Signer {
	return &Signer{ed25519.NewKeyFromSeed(secret[:]), issuer}
}

// Claims are what a token says.
type Claims struct {
	Application string
	Key         string // the key that it was had with: it ends with it
	Scopes      []string
	Certificate string    // that of the client, by its thumbprint, which alone may show the token; "": none
	Issued      time.Time // whole seconds
	Expires     time.Time
}

// MaxLen bounds a token, in bytes.
const MaxLen = 2048

var b64 = base64.RawURLEncoding.Strict()

// header is that of every token.
var header = b64.EncodeToString([]byte(`{"alg":"EdDSA","typ":"at+jwt"}`))

// wire is the payload, by the names of RFC 9068.
type wire struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Subject  string `json:"sub"`
	Client   string `json:"client_id"`
	Key      string `json:"key"`
	Scope    string `json:"scope"`
	Issued   int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	ID       string `json:"jti"`

	Confirmed confirmed `json:"cnf,omitzero"`
}

// confirmed is how a token is bound to a certificate, RFC 8705 section 3.1.
type confirmed struct {
	Thumbprint string `json:"x5t#S256"`
}

// Sign makes a token.
func (s *Signer) Sign(c Claims) string {
	// Strings and numbers: it cannot fail.
	body, _ := json.Marshal(wire{
		Issuer: s.issuer, Audience: s.issuer, Subject: c.Application, Client: c.Application, Key: c.Key,
		Scope: strings.Join(c.Scopes, " "), Issued: c.Issued.Unix(), Expires: c.Expires.Unix(), ID: rand.Text(), Confirmed: confirmed{c.Certificate},
	})
	signed := header + "." + b64.EncodeToString(body)
	return signed + "." + b64.EncodeToString(ed25519.Sign(s.key, []byte(signed)))
}

// Like reports whether a text has the form of a token, rather than that of a key.
func Like(text string) bool { return strings.HasPrefix(text, header+".") }

// Read returns what a token says, if it is one of this issuer's and its time is not over.
func (s *Signer) Read(text string, now time.Time) (Claims, bool) {
	if len(text) > MaxLen || !Like(text) {
		return Claims{}, false
	}
	at := strings.LastIndexByte(text, '.')
	signature, err := b64.DecodeString(text[at+1:])
	if err != nil || len(signature) != ed25519.SignatureSize || at <= len(header) ||
		!ed25519.Verify(s.key.Public().(ed25519.PublicKey), []byte(text[:at]), signature) {
		return Claims{}, false
	}
	body, err := b64.DecodeString(text[len(header)+1 : at])
	var w wire
	if err != nil || json.Unmarshal(body, &w) != nil {
		return Claims{}, false
	}
	c := Claims{Application: w.Client, Key: w.Key, Scopes: strings.Fields(w.Scope), Certificate: w.Confirmed.Thumbprint, Issued: time.Unix(w.Issued, 0).UTC(), Expires: time.Unix(w.Expires, 0).UTC()}
	if w.Issuer != s.issuer || w.Audience != s.issuer || w.Subject != w.Client || !c.Holds(now) {
		return Claims{}, false
	}
	return c, true
}

// Holds reports whether it is a token's time. One from the future is one of a clock that was set back: it would outlive
// its time.
func (c *Claims) Holds(now time.Time) bool {
	return now.Before(c.Expires) && !c.Issued.After(now.Add(time.Minute))
}
