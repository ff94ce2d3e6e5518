package sso

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"clause.dev/clause/internal/fault"
)

// Party is this server as one provider sees it. Safe for use by many at once.
type Party struct {
	Provider
	Redirect string // where the provider sends people back to
	HTTP     *http.Client
	Now      func() time.Time
	Log      func(err error) // of what only the operator can mend; nil: nobody

	mu     sync.Mutex
	found  *found
	failed time.Time
}

// found is what a provider publishes of itself.
type found struct {
	at       time.Time
	oauth    oauth2.Config
	verifier *oidc.IDTokenVerifier
	provider *oidc.Provider
	saysWho  bool // answers name their issuer
}

const (
	// fresh is how long that counts: a key that was withdrawn is trusted no longer than this.
	fresh = 10 * time.Minute
	// again is how long a provider that did not answer is not asked: who waits for it would wait in a row.
	again = 5 * time.Second
	// within is how long one answer of a provider may take, and maxAnswer how large it may be.
	within    = 10 * time.Second
	maxAnswer = 1 << 20
)

// Web returns the client by which a provider is asked: bounded, over TLS, and led on nowhere.
func (p *Provider) Web() (*http.Client, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if p.CA != nil {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(p.CA) {
			return nil, fault.New("sso.Web", fault.Invalid, "the certificate of the authority of %s cannot be read", p.ID)
		}
	}
	return Bounded(&http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true}), nil
}

// Bounded returns a client over a transport that waits and reads no more than a provider's answer needs.
func Bounded(over http.RoundTripper) *http.Client {
	return &http.Client{Timeout: within, Transport: bounded{over}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		return nil, errors.New("a provider is asked over TLS alone")
	}
	a, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		a.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(a.Body, maxAnswer), a.Body}
	}
	return a, err
}

// away says that the provider does not do what it should. Why is for the operator: in short, and without what a token
// endpoint wrote, in which people may be named.
func (p *Party) away(err error) error {
	var said *oauth2.RetrieveError
	if errors.As(err, &said) {
		err = fmt.Errorf("its token endpoint answers %d, %.40q", said.Response.StatusCode, said.ErrorCode)
	}
	if p.Log != nil {
		p.Log(fault.As("sso."+p.ID, fault.Unavailable, fmt.Errorf("%.300s", err)))
	}
	return fault.New("sso.away", fault.Unavailable, "the identity provider does not answer as it should").WithHint("try again later, or sign in with your password")
}

// discover returns what the provider publishes of itself, which is read anew from time to time.
func (p *Party) discover(ctx context.Context) (*found, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.Now()
	if p.found != nil && now.Sub(p.found.at).Abs() < fresh {
		return p.found, nil
	}
	if now.Sub(p.failed).Abs() < again {
		return nil, fault.New("sso.discover", fault.Unavailable, "the identity provider does not answer as it should").WithHint("try again in a moment, or sign in with your password")
	}
	made, err := p.ask(ctx, now)
	if err != nil {
		if ctx.Err() == nil {
			p.failed = now
		}
		return nil, p.away(err)
	}
	p.found = made
	return made, nil
}

func (p *Party) ask(ctx context.Context, now time.Time) (*found, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, p.HTTP), p.Issuer)
	if err != nil {
		return nil, err
	}
	var says struct {
		Keys    string   `json:"jwks_uri"`
		SaysWho bool     `json:"authorization_response_iss_parameter_supported"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := provider.Claims(&says); err != nil {
		return nil, err
	}
	at := provider.Endpoint()
	for _, address := range []string{at.AuthURL, at.TokenURL, says.Keys} {
		if !secure(address) {
			return nil, errors.New("an address that the provider names is not one over TLS")
		}
	}
	at.AuthStyle = oauth2.AuthStyleInHeader
	if p.Secret == "" || len(says.Methods) > 0 && !slices.Contains(says.Methods, "client_secret_basic") {
		at.AuthStyle = oauth2.AuthStyleInParams
	}
	scopes := append([]string{oidc.ScopeOpenID, "email"}, p.Scopes...)
	return &found{
		at: now, provider: provider, saysWho: says.SaysWho,
		oauth:    oauth2.Config{ClientID: p.Client, ClientSecret: p.Secret, Endpoint: at, RedirectURL: p.Redirect, Scopes: scopes},
		verifier: provider.Verifier(&oidc.Config{ClientID: p.Client, Now: p.Now}),
	}, nil
}

// Start returns the address at the provider to which a browser is sent.
func (p *Party) Start(ctx context.Context, s secrets) (string, error) {
	at, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oauth2.S256ChallengeOption(s.verifier), oidc.Nonce(s.nonce)}
	if len(p.Factor.ACR) > 0 {
		options = append(options, oauth2.SetAuthURLParam("acr_values", strings.Join(p.Factor.ACR, " ")))
	}
	if p.DomainClaim == googleHD && p.Issuer == google && len(p.Domains) == 1 {
		options = append(options, oauth2.SetAuthURLParam("hd", p.Domains[0])) // which accounts Google offers: no more than that
	}
	return at.oauth.AuthCodeURL(s.state, options...), nil
}

func untrue(why string) error {
	return fault.New("sso.Finish", fault.Unauthenticated, "the identity provider's answer cannot be trusted: %s", why).WithHint("begin again")
}

// Finish takes what the provider sent back with the browser, and returns whose account it is.
func (p *Party) Finish(ctx context.Context, answer url.Values, s secrets) (*Identity, error) {
	at, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	for _, values := range answer {
		if len(values) != 1 { // RFC 6749 section 3.1
			return nil, untrue("it says something twice")
		}
	}
	// Whose answer it is comes before what it says (RFC 9207 section 2.4).
	if who, ok := answer["iss"]; ok && who[0] != p.Issuer || !ok && at.saysWho {
		return nil, untrue("it is another provider's")
	}
	if why := answer.Get("error"); why != "" {
		if why == "access_denied" {
			return nil, fault.New("sso.Finish", fault.Refused, "you called it off at the identity provider")
		}
		return nil, p.away(errors.New("the provider refused to begin"))
	}
	token, err := at.oauth.Exchange(oidc.ClientContext(ctx, p.HTTP), answer.Get("code"), oauth2.VerifierOption(s.verifier))
	if err != nil {
		return nil, p.refused(err)
	}
	said, err := p.read(ctx, at, token, s.nonce)
	if err != nil {
		return nil, err
	}
	return p.judge(said)
}

// refused tells a code that opens nothing from a provider in trouble.
func (p *Party) refused(err error) error {
	var no *oauth2.RetrieveError
	if errors.As(err, &no) && no.ErrorCode == "invalid_grant" {
		return untrue("it was used, or is too old")
	}
	return p.away(err)
}

// read checks the ID token and returns what it says of somebody, with what the provider's UserInfo adds.
func (p *Party) read(ctx context.Context, at *found, token *oauth2.Token, nonce string) (claims, error) {
	raw, _ := token.Extra("id_token").(string)
	if raw == "" {
		return nil, untrue("it has no ID token")
	}
	id, err := at.verifier.Verify(oidc.ClientContext(ctx, p.HTTP), raw)
	if err != nil {
		if p.Log != nil {
			p.Log(fault.As("sso."+p.ID, fault.Unauthenticated, err))
		}
		return nil, untrue("the ID token is not one of theirs for us, now")
	}
	said := claims{}
	switch {
	case id.Nonce == "" || id.Nonce != nonce:
		return nil, untrue("the ID token is of another sign-in")
	case id.AccessTokenHash != "" && id.VerifyAccessToken(token.AccessToken) != nil:
		return nil, untrue("the access token is not of the ID token")
	case id.Claims(&said) != nil:
		return nil, untrue("the ID token cannot be read")
	case said["azp"] != nil && said["azp"] != p.Client || said["azp"] == nil && len(id.Audience) > 1:
		return nil, untrue("the ID token was made for another")
	}
	if said["email"] != nil || at.provider.UserInfoEndpoint() == "" {
		return said, nil
	}
	more, err := at.provider.UserInfo(oidc.ClientContext(ctx, p.HTTP), oauth2.StaticTokenSource(token))
	if err != nil {
		var unheard *url.Error
		if !errors.As(err, &unheard) { // else it would tell what was answered of somebody
			err = errors.New("its UserInfo endpoint does not answer as it should")
		}
		return nil, p.away(err)
	}
	if more.Subject != id.Subject { // OpenID Connect Core section 5.3.2
		return nil, untrue("what it adds is of somebody else")
	}
	added := claims{}
	if more.Claims(&added) != nil {
		return nil, untrue("what it adds cannot be read")
	}
	for name, value := range added {
		if _, ok := said[name]; !ok {
			said[name] = value
		}
	}
	return said, nil
}

// maxSubject is how long the id of an account may be (OpenID Connect Core section 2).
const maxSubject = 255

// judge decides whether an account is taken.
func (p *Party) judge(said claims) (*Identity, error) {
	i := &Identity{Provider: p.ID, Issuer: p.Issuer, Subject: said.text("sub"), Strong: p.Factor.strong(said)}
	if i.Subject == "" || len(i.Subject) > maxSubject {
		return nil, untrue("it names nobody")
	}
	if said.yes(cmp.Or(p.VerifiedClaim, "email_verified")) {
		i.Email = said.text("email")
	}
	if p.GroupsClaim != "" {
		i.Groups = said.texts(p.GroupsClaim)
	}
	return i, p.whose(said, i)
}
