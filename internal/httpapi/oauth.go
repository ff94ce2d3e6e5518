package httpapi

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity"
)

// The addresses of OAuth 2.0: where tokens are given, and where clients read that (RFC 8414).
const (
	tokenPath     = "/oauth/token"
	oauthMetadata = wellKnown + "oauth-authorization-server"
)

// maxForm bounds the body of a request for a token, in bytes.
const maxForm = 4 << 10

const formType = "application/x-www-form-urlencoded"

func (s *service) oauth(r *routes) {
	if s.Issuer == "" {
		return
	}
	r.public(operation{
		method: "POST", path: tokenPath, id: "get-token", tag: "administration", summary: "An application fetches an access token",
		about:  "OAuth 2.0 client credentials (RFC 6749, section 4.4): HTTP Basic with the application's id and key; grant_type=client_credentials; scope, if less than all.",
		inType: formType, out: api.AccessToken{}, failure: api.OAuthError{},
	}, s.giveToken)
	r.public(operation{
		method: "GET", path: oauthMetadata, id: "get-oauth-metadata", tag: "administration", summary: "How tokens are had", about: "RFC 8414.", out: api.OAuthMetadata{},
	}, s.tellOAuth)
}

func (s *service) tellOAuth(x *exchange) error {
	return x.answer(http.StatusOK, api.OAuthMetadata{
		Issuer: s.Issuer, TokenEndpoint: strings.TrimSuffix(s.Issuer, "/") + tokenPath, ResponseTypes: []string{}, GrantTypes: []string{"client_credentials"},
		AuthMethods: []string{"client_secret_basic"}, Scopes: identity.Scopes(), Bound: s.ClientCertificates, Documentation: strings.TrimSuffix(s.Issuer, "/") + "/docs",
	})
}

// giveToken answers failures as RFC 6749 section 5.2 does.
func (s *service) giveToken(x *exchange) error {
	id, key, ok := x.Request.BasicAuth()
	if !ok || len(x.Request.Header["Authorization"]) != 1 || len(key) > maxKey {
		return x.oauthFailure(http.StatusUnauthorized, "invalid_client", "the application proves itself by HTTP Basic: its id, and its key")
	}
	scopes, problem := x.tokenForm()
	if problem != "" {
		return x.oauthFailure(http.StatusBadRequest, problem, "")
	}
	if !s.byKey.allow("token "+addressKey(x.RemoteAddr), x.began) {
		return fault.New("httpapi.giveToken", fault.TooMany, "too many requests from this address")
	}
	given, err := s.Applications.Grant(x.Context(), id, key, scopes, x.certificate(), s.Now())
	switch {
	case fault.Is(err, fault.Unauthenticated):
		if !s.failures.allow(addressKey(x.RemoteAddr), x.began) {
			return fault.New("httpapi.giveToken", fault.TooMany, "too many failed authentications from this address")
		}
		return x.oauthFailure(http.StatusUnauthorized, "invalid_client", "the application or its key is not valid")
	case fault.Is(err, fault.Invalid):
		return x.oauthFailure(http.StatusBadRequest, "invalid_scope", "the application does not have that scope")
	case err != nil:
		return err
	}
	x.actor = id
	x.Header().Set("Pragma", "no-cache")
	return x.answer(http.StatusOK, api.AccessToken{Token: given.Text, Type: "Bearer", Life: int64(given.Life.Seconds()), Scope: strings.Join(given.Scopes, " ")})
}

// tokenForm reads the body: the scopes that are asked for, or what is wrong. A parameter that is there twice is
// refused, so that nobody before this server can have read another than it does.
func (x *exchange) tokenForm() (scopes []string, problem string) {
	kind, _, err := mime.ParseMediaType(x.Request.Header.Get("Content-Type"))
	if err != nil || kind != formType || x.URL.RawQuery != "" {
		return nil, "invalid_request"
	}
	body, err := x.bounded(maxForm)
	if err != nil {
		return nil, "invalid_request"
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, "invalid_request"
	}
	for _, values := range form {
		if len(values) != 1 {
			return nil, "invalid_request"
		}
	}
	switch {
	case form.Has("client_secret") || form.Has("client_assertion"): // two proofs, of which one would not be looked at
		return nil, "invalid_request"
	case form.Get("grant_type") == "":
		return nil, "invalid_request"
	case form.Get("grant_type") != "client_credentials":
		return nil, "unsupported_grant_type"
	}
	return strings.Fields(form.Get("scope")), ""
}

func (x *exchange) oauthFailure(status int, code, about string) error {
	if status == http.StatusUnauthorized {
		x.Header().Set("Www-Authenticate", `Basic realm="clause"`)
	}
	// Strings: it cannot fail.
	body, _ := json.Marshal(api.OAuthError{Error: code, Description: about})
	return x.send(status, append(body, '\n'))
}
