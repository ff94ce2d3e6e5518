// Package sso lets people and staff sign in with the account they have at an identity provider: this server is a
// relying party of OpenID Connect Core 1.0, by the authorization code flow with PKCE (RFC 7636).
//
// What is defended against is in RFC 9700: each round trip has a state of 256 random bits that is good once, in the
// browser it began in, at the provider it went to. The nonce and the verifier are made of it, and stored nowhere. Each
// provider has a redirect address of its own, and says who it is (RFC 9207): answers of one do not pass as another's.
package sso

import (
	"net/url"
	"slices"
	"strings"

	"clause.dev/clause/internal/fault"
)

// The doors at which a provider is offered.
const (
	People = "people"
	Staff  = "staff"
)

// Provider is an identity provider, as the operator describes it.
type Provider struct {
	ID     string // in addresses
	Title  string // what people read
	Issuer string
	Client string // this server's id there
	Secret string // "" for a public client
	Door   string
	CA     []byte // PEM, of the authority that signed its certificate; nil for the machine's
	Scopes []string

	// Whose accounts are taken: all where nothing is said.
	Domains     []string
	DomainClaim string // says the domain; "": the verified address does
	// VerifiedClaim says that the address is verified; "": email_verified does. Not every provider sends that.
	VerifiedClaim string
	Groups        []string
	GroupsClaim   string

	Factor Factor
	// Roles are what members of staff are, by the groups they are in.
	Roles map[string][]string
}

// Factor says by what a second factor is known to have been proven at the provider.
type Factor struct {
	ACR, AMR []string
	Always   bool // the provider lets nobody in without, as its operator says
}

// Identity is somebody as a provider knows them, once everything about the answer was checked.
type Identity struct {
	Provider string
	Issuer   string
	Subject  string
	Email    string // "" unless the provider has verified it
	Strong   bool   // a second factor was proven
	Groups   []string
}

// Handle is what they are known by: nobody else ever has it (OpenID Connect Core section 5.7).
func (i *Identity) Handle() string { return i.Issuer + "\n" + i.Subject }

// IssuerOf is the issuer of a handle.
func IssuerOf(handle string) string {
	issuer, _, _ := strings.Cut(handle, "\n")
	return issuer
}

// Google's claim of the Workspace an account is of. The domain of an address says nothing of that: anybody can have a
// Google account with an address of any domain.
const (
	google   = "https://accounts.google.com"
	googleHD = "hd"
)

// whose refuses an account that is not of the domains or groups that are taken.
func (p *Provider) whose(c claims, i *Identity) error {
	const op = "sso.whose"
	if len(p.Domains) > 0 {
		_, domain, _ := strings.Cut(i.Email, "@")
		if p.DomainClaim != "" {
			domain = c.text(p.DomainClaim)
		}
		if domain == "" || !slices.ContainsFunc(p.Domains, func(d string) bool { return strings.EqualFold(d, domain) }) {
			return fault.New(op, fault.Refused, "the account is of another organisation").WithHint("sign in with the account that yours gave you")
		}
	}
	if len(p.Groups) > 0 && !slices.ContainsFunc(p.Groups, func(g string) bool { return slices.Contains(i.Groups, g) }) {
		return fault.New(op, fault.Refused, "the account is in none of the groups that may sign in").WithHint("ask whoever looks after accounts in your organisation")
	}
	return nil
}

// strong reports whether a second factor was proven (RFC 8176; OpenID Connect Core section 2).
func (f *Factor) strong(c claims) bool {
	if f.Always || slices.Contains(f.ACR, c.text("acr")) {
		return true
	}
	methods := f.AMR
	if len(f.ACR) == 0 && len(methods) == 0 {
		methods = []string{"mfa"}
	}
	return slices.ContainsFunc(c.texts("amr"), func(m string) bool { return slices.Contains(methods, m) })
}

// RolesOf are what the groups of somebody make them, in order.
func (p *Provider) RolesOf(groups []string) (roles []string) {
	for _, g := range groups {
		for _, r := range p.Roles[g] {
			if !slices.Contains(roles, r) {
				roles = append(roles, r)
			}
		}
	}
	slices.Sort(roles)
	return roles
}

// secure reports whether an address is one that answers can be trusted from: over TLS, with a host and nothing secret.
func secure(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && u.Fragment == ""
}

// claims are what a provider says of somebody.
type claims map[string]any

func (c claims) text(name string) string {
	s, _ := c[name].(string)
	return s
}

// texts is a claim that is a list, or one word.
func (c claims) texts(name string) (all []string) {
	switch v := c[name].(type) {
	case string:
		all = []string{v}
	case []any:
		for _, one := range v {
			if s, ok := one.(string); ok {
				all = append(all, s)
			}
		}
	}
	return all
}

// yes is a claim that is true; some providers write it as a word, or a figure.
func (c claims) yes(name string) bool {
	return c[name] == true || c[name] == "true" || c[name] == "1"
}
