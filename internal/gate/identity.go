package gate

import (
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/session"
)

// How long an identity is good for, and how long one is handed out again: the first second request of a person need
// not be signed anew.
const (
	goodFor = time.Minute
	again   = 30 * time.Second
)

// claims are what an identity says (RFC 7519, and OpenID Connect's names for how somebody signed in).
type claims struct {
	Issuer   string   `json:"iss"`
	Audience string   `json:"aud"`
	Subject  string   `json:"sub"`
	Tenant   string   `json:"tenant"`
	Purposes []string `json:"purposes"` // that the person consents to
	Session  string   `json:"sid"`
	Signed   int64    `json:"auth_time"`
	Methods  []string `json:"amr"`
	Issued   int64    `json:"iat"`
	Expires  int64    `json:"exp"`
}

// visitor is who sent a request: all empty for somebody who is not signed in.
type visitor struct {
	cookie           string // the session's token
	token            string // the identity
	subject, session string // whose, and which
}

// who finds out who sent a request. What another site had a browser send is nobody's: not a form, and not a
// WebSocket, which no browser keeps from being opened by others.
func (g *Gate) who(r *http.Request) (visitor, error) {
	cookie := one(r.Header["Cookie"], g.Session)
	if cookie == "" || g.foreign.Check(r) != nil || isUpgrade(r.Header) && !g.fromHere(r.Header) {
		return visitor{}, nil
	}
	return g.known(r.Context(), cookie)
}

func (g *Gate) known(ctx context.Context, cookie string) (visitor, error) {
	in, err := g.Check(ctx, cookie)
	if fault.Is(err, fault.Unauthenticated) {
		return visitor{}, nil
	}
	if err != nil {
		return visitor{}, err
	}
	token, err := g.identity(ctx, &in)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased) { // erased in this moment
		return visitor{}, nil
	}
	return visitor{cookie: cookie, token: token, subject: in.Subject, session: in.ID}, err
}

// fromHere reports whether a browser says that our own pages asked.
func (g *Gate) fromHere(h http.Header) bool {
	origin := h.Get("Origin")
	return origin == "" || strings.EqualFold(origin, "https://"+g.host)
}

// one is the value of a cookie; two of a name are none: one of them was planted.
func one(lines []string, name string) (value string) {
	found := 0
	for _, line := range lines {
		for part := range strings.SplitSeq(line, ";") {
			if n, v, _ := strings.Cut(strings.TrimSpace(part), "="); n == name {
				value = v
				found++
			}
		}
	}
	if found != 1 {
		return ""
	}
	return value
}

// identity is a session's, as made a moment ago or now.
func (g *Gate) identity(ctx context.Context, of *session.Session) (string, error) {
	now := g.Now()
	if token, ok := g.tokens.get(of.ID, now); ok {
		return token, nil
	}
	purposes, err := g.Purposes(ctx, of.Subject)
	if err != nil {
		return "", err
	}
	methods := []string{"pwd"}
	if !of.Strong.IsZero() {
		methods = append(methods, "otp", "mfa")
	}
	token := g.tokens.sign.sign(claims{
		Issuer: g.URL, Audience: g.URL, Subject: of.Subject, Tenant: g.Tenant, Purposes: append([]string{}, purposes...), Session: g.tokens.sign.pseudonym(of.ID),
		Signed: of.Began.Unix(), Methods: methods, Issued: now.Unix(), Expires: now.Add(goodFor).Unix(),
	})
	g.tokens.put(of.ID, token, now)
	return token, nil
}

// tokens are the identities handed out lately.
type tokens struct {
	sign signer
	mu   sync.Mutex
	made map[string]made
}

type made struct {
	token string
	at    time.Time
}

// maxTokens bounds what is remembered: some 30 MB.
const maxTokens = 50_000

func (t *tokens) get(id string, now time.Time) (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m, ok := t.made[id]
	age := now.Sub(m.at)
	return m.token, ok && age >= 0 && age < again
}

func (t *tokens) put(id, token string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.made == nil || len(t.made) >= maxTokens {
		t.made = map[string]made{}
	}
	t.made[id] = made{token, now}
}

// signer makes JSON Web Tokens (RFC 7515, RFC 8037) of one kind: there is no algorithm to choose, and so none to
// confuse.
type signer struct {
	key  ed25519.PrivateKey
	kid  string
	head string // of each token, encoded
}

var b64 = base64.RawURLEncoding

func newSigner(key ed25519.PrivateKey) signer {
	s := signer{key: key}
	if len(key) == 0 { // a gate of which nobody asks for an identity
		return s
	}
	// RFC 7638, RFC 8037 appendix A.3.
	print := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + s.x() + `"}`))
	s.kid = b64.EncodeToString(print[:])
	s.head = b64.EncodeToString([]byte(`{"alg":"EdDSA","typ":"JWT","kid":"`+s.kid+`"}`)) + "."
	return s
}

func (s *signer) x() string {
	public, _ := s.key.Public().(ed25519.PublicKey)
	return b64.EncodeToString(public)
}

func (s *signer) sign(c claims) string {
	body, _ := json.Marshal(c) // strings and numbers always can
	signed := s.head + b64.EncodeToString(body)
	return signed + "." + b64.EncodeToString(ed25519.Sign(s.key, []byte(signed)))
}

// pseudonym tells the application one session from another, and nothing that could end it.
func (s *signer) pseudonym(id string) string {
	made, _ := hkdf.Key(sha256.New, s.key.Seed(), nil, "clause session "+id, 12) // fails for longer ones alone
	return b64.EncodeToString(made)
}

// keys answers with what identities are checked by (RFC 7517).
func (g *Gate) keys(w http.ResponseWriter, r *http.Request) {
	guard(w.Header())
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		refuse(w, http.StatusMethodNotAllowed, "The keys can be read, and nothing else.")
		return
	}
	s := &g.tokens.sign
	_ = json.NewEncoder(w).Encode(map[string]any{"keys": []map[string]string{{
		"kty": "OKP", "crv": "Ed25519", "x": s.x(), "kid": s.kid, "alg": "EdDSA", "use": "sig",
	}}})
}
