// Package identity knows the applications that may call: which tenants, purposes and environment
// each is bound to, and the key it proves itself with.
//
// A key is "clause_<id>_<secret>": the secret is 256 random bits, so the store keeps a plain SHA-256
// of the key; a slow hash would protect nothing that is not already out of reach. Every failed proof
// gives the same error, whether the key is unknown, wrong, expired or revoked, so that a caller
// cannot sort keys.
package identity

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
)

// The scopes: what an application may do besides the purposes it holds.
const (
	ScopeData     = "data"     // records
	ScopeSubjects = "subjects" // create and erase people, consent, objection, restriction
	ScopeAudit    = "audit"    // ledger entries
	ScopeDuties   = "duties"   // what is owed by a time
	ScopeRights   = "rights"   // what people ask by their rights
	ScopeBounces  = "bounces"  // hand in mail that came back
	ScopeGrants   = "grants"   // allow staff to see the customer's data
	ScopeAdmin    = "admin"    // tenants, applications, probes, backups
)

// Bounds on an application.
const (
	maxTitle    = 200  // bytes
	maxName     = 128  // bytes of a tenant, purpose or environment
	maxTenants  = 1000 // of one application: each request looks through them
	maxPurposes = 255
)

// Application is a program of the company that may call.
type Application struct {
	ID, Title                 string
	Tenants, Purposes, Scopes []string // shared with the cache: read-only
	Environment               string
	Certificate               string    // the name its client certificate bears; "": it needs none
	Expires                   time.Time // zero: never
	Revoked                   time.Time // zero: not
	Created                   time.Time
}

// Has reports whether the application holds the scope.
func (a Application) Has(scope string) bool { return slices.Contains(a.Scopes, scope) }

// Credential returns what decisions see of the application. A purpose that the policy no longer
// declares is no longer held.
func (a Application) Credential(rules *decision.Rules) decision.Credential {
	held, _ := rules.PurposeSet(a.Purposes) // the set is of those that are declared; the error names the rest
	return decision.Credential{
		ID: a.ID, Tenants: a.Tenants, Purposes: held, Environment: a.Environment,
		Expires: a.Expires, Revoked: !a.Revoked.IsZero(),
	}
}

// live reports whether the application may call at a time.
func (a *Application) live(now time.Time) bool {
	return a.Revoked.IsZero() && (a.Expires.IsZero() || now.Before(a.Expires))
}

// check refuses an application that must not be created: fault.Invalid, with the field.
func (a *Application) check(now time.Time) error {
	switch {
	case a.ID != "" || !a.Created.IsZero() || !a.Revoked.IsZero():
		return invalid("id", "an application gets its id and times from the server")
	case strings.TrimSpace(a.Title) == "" || len(a.Title) > maxTitle || !printable(a.Title):
		return invalid("title", "a title is 1 to %d bytes of printable text", maxTitle)
	case !name(a.Environment):
		return invalid("environment", "an application is bound to one environment")
	case a.Certificate != "" && !certificateName(a.Certificate):
		return invalid("certificate", "a certificate is known by a DNS name in small letters, or a URI")
	case !a.Expires.IsZero() && !now.Before(a.Expires):
		return invalid("expires", "the time of expiry has passed")
	case a.Expires.Year() > 9999:
		return invalid("expires", "the time of expiry is beyond the year 9999")
	case !names(a.Tenants, maxTenants):
		return invalid("tenants", "tenants are at most %d different ids", maxTenants)
	case !names(a.Purposes, maxPurposes):
		return invalid("purposes", "purposes are at most %d different ids", maxPurposes)
	case !scopes(a.Scopes):
		return invalid("scopes", "scopes are some of %s, each once", strings.Join(Scopes(), ", "))
	}
	return nil
}

func invalid(field, format string, args ...any) error {
	return fault.New("identity.Create", fault.Invalid, format, args...).WithField(field)
}

// Scopes are all that there are.
func Scopes() []string {
	return []string{ScopeData, ScopeSubjects, ScopeAudit, ScopeDuties, ScopeRights, ScopeBounces, ScopeGrants, ScopeAdmin}
}

func scopes(list []string) bool {
	for i, s := range list {
		if slices.Contains(list[:i], s) || !slices.Contains(Scopes(), s) {
			return false
		}
	}
	return len(list) > 0
}

func names(list []string, limit int) bool {
	seen := make(map[string]bool, min(len(list), limit))
	for _, s := range list {
		if len(seen) == limit || seen[s] || !name(s) {
			return false
		}
		seen[s] = true
	}
	return true
}

// name reports whether s has the form of an id: it is written to the ledger and to logs.
func name(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	for i := range len(s) {
		if !letter(s[i]) && s[i] != '-' && s[i] != '_' && s[i] != '.' && s[i] != ':' {
			return false
		}
	}
	return true
}

func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}
