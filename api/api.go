// Package api holds the types that travel between an application and a Clause server: what
// GET /openapi.json describes. It imports the standard library alone, so that a client in Go
// costs an application nothing else.
//
// Times are RFC 3339 in UTC. Identifiers are 1 to 128 of the characters A-Z a-z 0-9 _ . -
// A value to look up travels in a body, never in an address.
package api

import "time"

// Moment is a time as it travels: nil for none.
func Moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// The header fields of a request.
const (
	// HeaderPurpose names the purpose the data is processed for; every call on data needs one.
	HeaderPurpose = "Clause-Purpose"
	// HeaderFields asks for some fields only, comma-separated; without it the answer holds all
	// that the purpose may see.
	HeaderFields = "Clause-Fields"
	// HeaderRecipient names the party the data is about to be disclosed to.
	HeaderRecipient = "Clause-Recipient"
	// HeaderIdempotencyKey makes a repeated request have one effect.
	HeaderIdempotencyKey = "Idempotency-Key"
)

// The header fields of an answer.
const (
	// HeaderRestsOn lists the clauses of the policy that an allowed access rests on.
	HeaderRestsOn = "Clause-Rests-On"
	// HeaderReplayed is "true" when the answer is that of an earlier request with the same
	// idempotency key.
	HeaderReplayed = "Idempotency-Replayed"
)

// The scopes that an application may hold.
const (
	ScopeData     = "data"     // records: read, write, find, aggregate
	ScopeSubjects = "subjects" // create and erase people, their consents and objections
	ScopeAudit    = "audit"    // read ledgers
	ScopeDuties   = "duties"   // open, pause and discharge what is owed by a time
	ScopeRights   = "rights"   // open and answer what people ask by their rights
	ScopeBounces  = "bounces"  // hand in mail that came back
	ScopeGrants   = "grants"   // a customer's: allow staff to see its data, and end that
	ScopeAdmin    = "admin"    // tenants, applications, probes
)

// MaxPage is the most records or entries that one answer lists.
const MaxPage = 100
