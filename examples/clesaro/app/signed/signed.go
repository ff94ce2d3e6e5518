// Package signed tells who sent a request, by what Clause's gate signed: a JSON Web Token (RFC 7519) in the header
// Clause-Identity, of the one algorithm EdDSA (RFC 8037), checked by keys that the gate publishes (RFC 7517).
package signed

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Header carries the identity.
const Header = "Clause-Identity"

// Person is who sent a request.
type Person struct {
	Subject, Tenant string
	Purposes        []string // that the person consents to
}

// Verifier checks identities. Safe for use by many at once.
type Verifier struct {
	Issuer string       // the address of the gate, which is the audience too: https://host
	Keys   string       // where its keys are; empty: Issuer + /account/keys.json
	Tenant string       // whose people come; others are refused
	HTTP   *http.Client // nil: one of ten seconds
	Now    func() time.Time

	mu    sync.Mutex
	known map[string]ed25519.PublicKey
	asked time.Time
}

// ErrNobody says that a request carries no identity that holds.
var ErrNobody = errors.New("nobody is signed in")

// How far the clocks of gate and application may differ, and how often the keys are asked for at most: a flood of
// tokens with keys nobody knows must not become a flood of questions to the gate.
const (
	skew      = 5 * time.Second
	askedOnce = 10 * time.Second
	maxToken  = 8 << 10
	maxKeys   = 64 << 10
)

// Who is the person that the gate says sent the request: ErrNobody if there is none.
func (v *Verifier) Who(r *http.Request) (Person, error) {
	values := r.Header.Values(Header)
	if len(values) != 1 || len(values[0]) > maxToken {
		return Person{}, ErrNobody
	}
	head, rest, _ := strings.Cut(values[0], ".")
	body, signature, ok := strings.Cut(rest, ".")
	var h struct {
		Alg, Kid string
		Crit     json.RawMessage
	}
	if !ok || decode(head, &h) != nil || h.Alg != "EdDSA" || h.Crit != nil {
		return Person{}, ErrNobody
	}
	sum, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	if err != nil {
		return Person{}, ErrNobody
	}
	key, err := v.key(r.Context(), h.Kid)
	if err != nil {
		return Person{}, err
	}
	if !ed25519.Verify(key, []byte(head+"."+body), sum) {
		return Person{}, ErrNobody
	}
	return v.read(body)
}

func (v *Verifier) read(body string) (Person, error) {
	var c struct {
		Iss, Aud, Sub, Tenant string
		Purposes              []string
		Iat, Exp              int64
	}
	now := v.Now()
	if err := decode(body, &c); err != nil ||
		c.Iss != v.Issuer || c.Aud != v.Issuer || c.Tenant != v.Tenant || c.Sub == "" ||
		now.After(time.Unix(c.Exp, 0).Add(skew)) || now.Before(time.Unix(c.Iat, 0).Add(-skew)) {
		return Person{}, ErrNobody
	}
	return Person{Subject: c.Sub, Tenant: c.Tenant, Purposes: c.Purposes}, nil
}

func decode(part string, into any) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

// key is the key of an id; one that is not known is asked for.
func (v *Verifier) key(ctx context.Context, kid string) (ed25519.PublicKey, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if key, ok := v.known[kid]; ok {
		return key, nil
	}
	if now := v.Now(); v.known == nil || now.Sub(v.asked) >= askedOnce || now.Before(v.asked) {
		v.asked = now
		known, err := v.fetch(ctx)
		if err != nil {
			return nil, err
		}
		v.known = known
	}
	if key, ok := v.known[kid]; ok {
		return key, nil
	}
	return nil, ErrNobody
}

func (v *Verifier) fetch(ctx context.Context) (map[string]ed25519.PublicKey, error) {
	at := v.Keys
	if at == "" {
		at = v.Issuer + "/account/keys.json"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	way := v.HTTP
	if way == nil {
		way = &http.Client{Timeout: 10 * time.Second}
	}
	answer, err := way.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the gate's keys: %w", err)
	}
	defer answer.Body.Close()
	var set struct {
		Keys []struct{ Kty, Crv, X, Kid string }
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the gate's keys: status %d", answer.StatusCode)
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxKeys)).Decode(&set); err != nil {
		return nil, fmt.Errorf("the gate's keys: %w", err)
	}
	keys := map[string]ed25519.PublicKey{}
	for _, k := range set.Keys {
		x, err := base64.RawURLEncoding.DecodeString(k.X)
		if err == nil && k.Kty == "OKP" && k.Crv == "Ed25519" && len(x) == ed25519.PublicKeySize {
			keys[k.Kid] = x
		}
	}
	return keys, nil
}
