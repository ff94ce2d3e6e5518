package api

// AccessToken is an access token, RFC 6749 section 5.1.
type AccessToken struct {
	Token string `json:"access_token" doc:"For the Authorization header, after Bearer."`
	Type  string `json:"token_type" enum:"Bearer"`
	Life  int64  `json:"expires_in" doc:"Seconds."`
	Scope string `json:"scope"`
}

// OAuthError is why there is no token, RFC 6749 section 5.2.
type OAuthError struct {
	Error       string `json:"error" enum:"invalid_request,invalid_client,invalid_scope,unsupported_grant_type"`
	Description string `json:"error_description,omitempty"`
}

// OAuthMetadata says how tokens are had, RFC 8414.
type OAuthMetadata struct {
	Issuer        string   `json:"issuer"`
	TokenEndpoint string   `json:"token_endpoint"`
	ResponseTypes []string `json:"response_types_supported" nullable:"false"`
	GrantTypes    []string `json:"grant_types_supported" nullable:"false"`
	AuthMethods   []string `json:"token_endpoint_auth_methods_supported" nullable:"false"`
	Scopes        []string `json:"scopes_supported" nullable:"false"`
	Documentation string   `json:"service_documentation"`
	Bound         bool     `json:"tls_client_certificate_bound_access_tokens" doc:"A token that was had with a client certificate works with that certificate alone."`
}
