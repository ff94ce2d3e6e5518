package vault

import (
	"encoding/json"
	"time"

	"clause.dev/clause/internal/decision"
)

// The scopes a caller may hold.
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

// ScopeStaff is that of people of staff, which no application can hold.
const ScopeStaff = "staff"

// Caller is who asks. It is a parameter everywhere, never a context value.
type Caller struct {
	Credential decision.Credential // Credential.ID is the actor in ledger entries
	Scopes     []string
	Grant      decision.Grant
	Grants     []decision.Grant // that a person of staff has in the tenant they turn to; Grant says that they are one
}

// grant is the grant by which the caller asks: of staff one for the purpose, a live one if there is one. An act
// of no purpose is done under any.
func (c *Caller) grant(tenant string, op decision.Op, p decision.PurposeID, now time.Time) decision.Grant {
	best := c.Grant
	for _, g := range c.Grants {
		if op != decision.Manage && !g.Purposes.Has(p) {
			continue
		}
		g.Staff, g.Tenant = true, tenant
		if best = g; now.Before(g.Until) {
			break
		}
	}
	return best
}

// Has reports whether the caller holds the scope.
func (c *Caller) Has(scope string) bool {
	for _, s := range c.Scopes {
		if s == scope {
			return true
		}
	}
	return false
}

// Target names what is asked for, and why.
type Target struct {
	Tenant, Subject, DataSet, Record string
	Purpose                          string
	Recipient                        string   // set to disclose rather than read
	Fields                           []string // the projection asked for; nil is all the purpose may see
}

// Fields are the values of a record by field id, as JSON.
type Fields map[string]json.RawMessage

// Condition is an optimistic lock: when Set, the change happens only to Version; Version 0 means
// that the record must not exist yet.
type Condition struct {
	Set     bool
	Version int64
}

// Idempotency makes a repeated request have one effect: the same Key with the same Request digest
// yields the first outcome again, with another digest a conflict. A zero Key asks for nothing.
type Idempotency struct {
	Key     string
	Request [32]byte
}

// Stored is the outcome of a change.
type Stored struct {
	Record   string
	Version  int64
	Replayed bool     // an earlier outcome, by its idempotency key
	Clauses  []string // what the decision rests on
}

// Record is personal data of one subject in one data set, projected to what the purpose may see.
type Record struct {
	ID, Subject, DataSet string
	Version              int64
	Created, Updated     time.Time
	Fields               []byte   // a JSON object
	Clauses              []string // what the decision rests on
}

// BatchOp is one change of a batch. Action is "put", "patch" or "delete".
type BatchOp struct {
	Action                   string
	Subject, DataSet, Record string
	Fields                   Fields
	Condition                Condition
}

// BlobInfo describes a blob.
type BlobInfo struct {
	ContentType string
	Size        int64 // of the plaintext, bytes
}

// Tenant is a customer whose people's data is kept apart from all others'.
type Tenant struct {
	ID, Title, Region, Environment string
	State                          string // active or erased
	Created                        time.Time
}

// Standing is what a person has allowed, refused and restricted.
type Standing struct {
	Consents, Objections []string // purpose ids, sorted
	OptOuts              []string // recipients that nothing is disclosed to, sorted
	Restricted           bool
	Electronic           bool   // they consent to notice by electronic means
	Alias                string // the name the ledger knows the person by
}

// Aggregate is a statistic over people; groups of too few people are counted, not shown.
type Aggregate struct {
	People     int
	Groups     []Group
	Suppressed int // groups not released
}

// Group is one line of an aggregate; Key is empty without grouping.
type Group struct {
	Key    string
	People int
	Value  string
}
