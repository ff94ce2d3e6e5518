package decision

import (
	"time"

	"clause.dev/clause/internal/fault"
)

// Credential is what an application proved itself with: it is bound to tenants, purposes and one
// environment. A zero Expires means it does not expire.
type Credential struct {
	ID          string
	Tenants     []string
	Purposes    Set
	Environment string
	Expires     time.Time
	Revoked     bool
}

// Standing is where one subject stands: what it consented and objected to, and whether its data is
// restricted or gone. The zero Standing is that of nobody: no account, no consent.
type Standing struct {
	Account    bool // the subject exists: what a contract is performed for
	Erased     bool
	Restricted bool // GDPR art. 18
	Consented  Set  // given and not withdrawn
	Objected   Set  // upheld objections, GDPR art. 21
}

// Grant is a tenant's leave for a member of staff, for a time: From <= now < Until. Applications
// act under the zero Grant.
type Grant struct {
	Staff       bool // the principal is a person of staff, and so needs the rest
	Tenant      string
	Purposes    Set
	From, Until time.Time
	ApprovedBy  string
	Holder      string // never the one who approved
	ID          string // for the ledger
}

// Release is what holds of the recipient of a disclosure. Of what nobody looked up, the zero Release says
// what refuses.
type Release struct {
	Announced bool // people were told of it, and the promised time is over
	OptedOut  bool // the subject wants nothing disclosed to it
	Allowed   bool // the tenant has allowed it, and not withdrawn that
}

// Request is one question. Unknown ids are 0 and are refused.
type Request struct {
	Op          Op
	Tenant      string // on whose behalf the principal acts
	Owner       string // the tenant whose data it is
	Environment string // of this server
	Credential  Credential
	DataSet     DataSetID
	Purpose     PurposeID
	Want        Fields // fields asked for or written; 0 means all the purpose may see
	Standing    Standing
	Home        RegionID // where the tenant lives
	Here        RegionID // where this server runs
	Grant       Grant
	Recipient   RecipientID // for Disclose, otherwise 0
	Release     Release     // of Recipient
	Now         time.Time
}

// Answer is a decision. The zero Answer refuses.
type Answer struct {
	Allow  bool
	Fields Fields // what may be released or written; 0 when refused, and for Manage
	Reason Reason
	// Clauses are those an allowed answer rests on, in the order of the steps; of a refused one,
	// those of the step that refused, the most specific first. Shared: never write to it.
	Clauses []string
	Refused string // the most specific clause that refused; "" if no clause did but the default
}

// Err returns nil for an allowed answer, otherwise the refusal as an error that names the clause.
func (a Answer) Err(op string) error {
	if a.Allow {
		return nil
	}
	return fault.New(op, a.Reason.Kind(), "%s", a.Reason).WithClause(a.Refused)
}
