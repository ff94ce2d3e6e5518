// Package openid is an identity provider of OpenID Connect, as small as one can be: it signs in whoever it is told to,
// without asking. The probes put it in a real provider's place, and can have it lie; so can tests.
package openid

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"
)

// Provider answers at the paths of its issuer. What is exported may be changed between requests, by who holds it
// alone.
type Provider struct {
	Issuer         string // its address, https://…
	Client, Secret string // of the one relying party it knows
	Redirect       string // the one address that it sends people back to
	Now            func() time.Time

	// Claims are what it says of whoever signs in, beside the claims of the sign-in itself.
	Claims map[string]any
	// Info is what its UserInfo endpoint says of whoever signed in last; nil: it has none.
	Info map[string]any
	// Token changes the ID token on its way out: the claims, or the whole of it where it returns one.
	Token func(claims map[string]any) (raw string)
	// Answer changes what goes back with the browser.
	Answer func(url.Values)

	mu     sync.Mutex
	key    *ecdsa.PrivateKey
	kid    string
	codes  map[string]url.Values
	access string // the newest access token
	// Asked is the newest request to sign somebody in, Given the newest ID token.
	Asked url.Values
	Given string
}

var b64 = base64.RawURLEncoding

// New returns a provider with a key of its own.
func New(issuer, client string, now func() time.Time) (*Provider, error) {
	p := &Provider{Issuer: issuer, Client: client, Secret: rand.Text(), Now: now, codes: map[string]url.Values{}}
	return p, p.Rotate()
}

// Rotate replaces the key that it signs with; the old one is published no more.
func (p *Provider) Rotate() (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kid = rand.Text()
	p.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return err
}

// ServeHTTP answers as a provider does.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		says := map[string]any{
			"issuer": p.Issuer, "authorization_endpoint": p.Issuer + "/authorize", "token_endpoint": p.Issuer + "/token", "jwks_uri": p.Issuer + "/keys",
			"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"ES256"},
			"token_endpoint_auth_methods_supported": []string{"client_secret_basic"}, "code_challenge_methods_supported": []string{"S256"},
			"authorization_response_iss_parameter_supported": true,
		}
		if p.Info != nil {
			says["userinfo_endpoint"] = p.Issuer + "/userinfo"
		}
		answer(w, says)
	case "/keys":
		answer(w, map[string]any{"keys": []any{p.public()}})
	case "/authorize":
		p.authorize(w, r)
	case "/token":
		p.token(w, r)
	case "/userinfo":
		if p.Info == nil || p.access == "" || r.Header.Get("Authorization") != "Bearer "+p.access {
			http.Error(w, "nobody known asks", http.StatusUnauthorized)
			return
		}
		answer(w, p.Info)
	default:
		http.NotFound(w, r)
	}
}

// RoundTrip answers without a network.
func (p *Provider) RoundTrip(r *http.Request) (*http.Response, error) {
	got := httptest.NewRecorder()
	p.ServeHTTP(got, r)
	a := got.Result()
	a.Request = r
	return a, nil
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(body) // who went away needs no answer
}

func (p *Provider) public() map[string]any {
	point, err := p.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return nil
	}
	return map[string]any{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": p.kid, "x": b64.EncodeToString(point[1:33]), "y": b64.EncodeToString(point[33:65])}
}

// authorize signs the browser's person in and sends them back with a code.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("client_id") != p.Client || q.Get("redirect_uri") != p.Redirect || q.Get("response_type") != "code" {
		http.Error(w, "nobody known asks", http.StatusBadRequest)
		return
	}
	p.Asked = q
	code := rand.Text()
	p.codes[code] = q
	back := url.Values{"code": {code}, "state": {q.Get("state")}, "iss": {p.Issuer}}
	if p.Answer != nil {
		p.Answer(back)
	}
	http.Redirect(w, r, p.Redirect+"?"+back.Encode(), http.StatusFound)
}

// token gives an ID token for a code, once, to whoever began (RFC 6749 section 4.1.3, RFC 7636 section 4.6).
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	refuse := func(status int, why string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": why})
	}
	id, secret, ok := r.BasicAuth()
	if !ok || id != p.Client || secret != p.Secret {
		refuse(http.StatusUnauthorized, "invalid_client")
		return
	}
	code := r.PostFormValue("code")
	began, ok := p.codes[code]
	delete(p.codes, code)
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || r.PostFormValue("redirect_uri") != p.Redirect || began.Get("code_challenge_method") != "S256" || began.Get("code_challenge") != b64.EncodeToString(challenge[:]) {
		refuse(http.StatusBadRequest, "invalid_grant")
		return
	}
	now := p.Now()
	claims := map[string]any{"iss": p.Issuer, "aud": p.Client, "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "nonce": began.Get("nonce")}
	maps.Copy(claims, p.Claims)
	raw := ""
	if p.Token != nil {
		raw = p.Token(claims)
	}
	if raw == "" {
		raw = p.sign(claims)
	}
	p.Given, p.access = raw, rand.Text()
	answer(w, map[string]any{"access_token": p.access, "token_type": "Bearer", "expires_in": 300, "id_token": raw})
}

func (p *Provider) sign(claims map[string]any) string {
	text := encode(map[string]string{"alg": "ES256", "kid": p.kid, "typ": "JWT"}) + "." + encode(claims)
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, sum[:])
	if err != nil {
		return ""
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + b64.EncodeToString(signature)
}

// Unsigned is an ID token that says that it needs no signature.
func Unsigned(claims map[string]any) string {
	return encode(map[string]string{"alg": "none", "typ": "JWT"}) + "." + encode(claims) + "."
}

// Forged is an ID token signed with a key that the provider does not have.
func Forged(claims map[string]any) string {
	other, err := New("", "", nil)
	if err != nil {
		return ""
	}
	return other.sign(claims)
}

func encode(part any) string {
	text, err := json.Marshal(part)
	if err != nil {
		return ""
	}
	return b64.EncodeToString(text)
}
