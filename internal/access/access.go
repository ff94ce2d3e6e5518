// Package access is the desk for who of the organisation's staff may see customers' data: members are
// enrolled, ask for a grant of one tenant's data for some purposes and a time, another person approves it,
// the customer allows it where the policy says so, and sees each use. What is not reviewed lapses.
//
// A member is known by a random id: the desk stores no name and no address. Members of the canary tenant
// are drills, which reach that tenant alone and can be removed.
package access

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// Review is the kind of the duty to review who has access, and Reviewed the evidence that discharges it,
// which only this desk gives.
const (
	Review   = "access.review"
	Reviewed = "access-reviewed"
)

// Owns reports whether what a clock of the kind owes is discharged at this desk alone.
func Owns(kind string) bool { return kind == Review }

// Rules are what the clauses of a policy promise of staff.
type Rules struct {
	Customer  []Customer
	Approvals []Approval
	Reviews   []obligation.Duty
	Teams     []Team
}

// Customer is a promise that the customer allows each grant.
type Customer struct {
	Clause  string
	Longest policy.Term
}

// Approval is a promise of who approves.
type Approval struct {
	Clause string
	By     []string
}

// Team is a promise of how many people reach some environments.
type Team struct {
	Clause       string
	Environments []string
	People       int
}

// Desk works for three kinds of callers: the scope admin enrols members, members ask for grants, approve
// and review, and a customer's application with the scope grants allows and withdraws.
type Desk struct {
	Vault       *vault.Vault
	Engine      *obligation.Engine
	Rules       Rules
	Decisions   *decision.Rules
	Purposes    []string // that the policy declares
	Environment string   // of this server
	Drills      string   // the tenant whose members are drills
}

func (d *Desk) db() *db.DB { return d.Engine.DB }

// The beginnings of ids: of a member, of a member who is a drill, of a grant.
const (
	ofMember = "stf_"
	ofDrill  = "std_"
	ofGrant  = "gra_"
)

func newID(prefix string) string { return prefix + strings.ToLower(rand.Text()) }

// actor is the server itself in the ledger.
const actor = "clause"

// drill reports whether an id is that of a member who is a drill.
func drill(member string) bool { return strings.HasPrefix(member, ofDrill) }

// home is the tenant whose rows hold a member.
func (d *Desk) home(member string) string {
	if drill(member) {
		return d.Drills
	}
	return db.Organisation
}

// staff admits a member to an act in a tenant, the organisation for what concerns members. Drills act on
// drills alone, and nobody else does.
func (d *Desk) staff(ctx context.Context, c vault.Caller, act, tenant string) error {
	of := tenant
	if tenant == db.Organisation {
		of = ""
	}
	if err := d.Vault.Admit(ctx, c, act, of, vault.ScopeStaff); err != nil {
		return err
	}
	if drill(c.Credential.ID) != (tenant == d.Drills) {
		return fault.New("access."+act, fault.Refused, "a drill concerns drills alone")
	}
	return nil
}

// enroller admits who enrols and ends members: the organisation's with the scope admin, drills with duties.
func (d *Desk) enroller(ctx context.Context, c vault.Caller, act, tenant string) error {
	switch tenant {
	case db.Organisation:
		return d.Vault.Admit(ctx, c, act, "", vault.ScopeAdmin)
	case d.Drills:
		return d.Vault.Admit(ctx, c, act, tenant, vault.ScopeDuties)
	}
	return fault.New("access."+act, fault.NotFound, "a tenant has no staff: that of the organisation serves all")
}

// told writes an entry about a member or a grant.
func told(tx *db.Tx, kind, by, id, reason string, clauses []string, more ...string) error {
	detail := ledger.Details(append([]string{"item", id}, more...)...)
	return ledger.Append(tx, proof.Entry{Kind: kind, Actor: by, Reason: reason, Clauses: clauses, Detail: detail})
}

// refused is a refusal that a clause asks for.
func refused(op, clause, format string, args ...any) *fault.Error {
	return fault.New(op, fault.Refused, format, args...).WithClause(clause)
}

func invalid(op, field, format string, args ...any) *fault.Error {
	return fault.New(op, fault.Invalid, format, args...).WithField(field)
}

func (r *Rules) customerClauses() (all []string) {
	for _, c := range r.Customer {
		all = append(all, c.Clause)
	}
	return slices.Compact(all)
}

func (r *Rules) approvalClauses() (all []string) {
	for _, a := range r.Approvals {
		all = append(all, a.Clause)
	}
	return slices.Compact(all)
}

func (r *Rules) reviewClauses() (all []string) {
	for _, d := range r.Reviews {
		all = append(all, d.Clause)
	}
	return slices.Compact(all)
}

// grantClauses are those that a grant rests on.
func (r *Rules) grantClauses() []string { return append(r.approvalClauses(), r.customerClauses()...) }

// reviewBy is by when what was reviewed, or given, at a time is reviewed again; zero where no clause says.
func (d *Desk) reviewBy(from time.Time) (by time.Time) {
	for _, duty := range d.Rules.Reviews {
		at, ok := d.Engine.Calendar.Due(from.In(d.Engine.Zone), duty.Limit)
		if ok && (by.IsZero() || at.Before(by)) {
			by = at.UTC()
		}
	}
	return by
}

// longestGrant bounds grants where no clause does.
const longestGrant = 90 * 24 * time.Hour

// latest is when a grant that is asked for at a time ends at the latest, and the clause that says so.
func (d *Desk) latest(from time.Time) (at time.Time, clause string) {
	at = from.Add(longestGrant)
	for _, c := range d.Rules.Customer {
		end, ok := d.Engine.Calendar.Due(from.In(d.Engine.Zone), c.Longest)
		if ok && !end.After(at) {
			at, clause = end.UTC(), c.Clause
		}
	}
	return at, clause
}
