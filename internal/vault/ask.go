package vault

import (
	"context"
	"slices"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// question is one request to the decision, together with the entry that will tell of it.
type question struct {
	kind   string // of the ledger entry
	caller *Caller
	scope  string
	target *Target
	set    *dataSet // nil where none is declared or none is concerned
	req    decision.Request
	odd    bool   // a field is named that the data set does not declare
	alias  string // of the person, once loaded
	found  bool   // the record is there, so its id is ours
	told   bool   // the transaction has an entry of it
	party  string // the recipient that a standing is about
}

// ask composes a question. Names the policy does not declare become id 0, which is refused.
func (v *Vault) ask(kind string, c *Caller, op decision.Op, t *Target, fields []string) question {
	q := question{kind: kind, caller: c, scope: ScopeData, target: t, set: v.sets[t.DataSet]}
	if op == decision.Manage {
		q.scope = ScopeSubjects
	}
	if op == decision.Read && t.Recipient != "" {
		op = decision.Disclose
	}
	q.req = decision.Request{
		Op: op, Tenant: t.Tenant, Owner: t.Tenant, Environment: v.Environment, Credential: c.Credential,
		Purpose: v.Rules.Purpose(t.Purpose), Recipient: v.Rules.Recipient(t.Recipient),
		Home: v.here, Here: v.here, Now: v.Now(),
	}
	q.req.Grant = c.grant(t.Tenant, op, q.req.Purpose, q.req.Now)
	if q.set != nil {
		q.req.DataSet = q.set.id
		for _, name := range fields {
			if at, ok := q.set.index[name]; ok {
				q.req.Want |= 1 << at
			} else {
				q.odd = true
			}
		}
	}
	return q
}

// nobody is the standing assumed before the store was read: that of a person with nothing against
// anything. Whoever is refused even so is refused before any row is touched.
var nobody = decision.Standing{
	Account:   true,
	Consented: decision.Set{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)},
}

// anybody is the recipient assumed before the store was read.
var anybody = decision.Release{Announced: true, Allowed: true}

// admit refuses, and records, what no person's data could be given for: a wrong tenant, a scope or
// purpose the credential lacks, an undeclared field.
func (v *Vault) admit(ctx context.Context, q *question) error {
	if a := v.first(q); !a.Allow {
		return v.refuse(ctx, q, a)
	}
	if !q.caller.Has(q.scope) {
		return v.refuseScope(ctx, q)
	}
	return nil
}

// first decides with the standing of nobody.
func (v *Vault) first(q *question) decision.Answer {
	q.req.Standing, q.req.Release = nobody, anybody
	a := v.Rules.Decide(&q.req)
	q.req.Release = decision.Release{} // what was not looked up allows nothing
	if a.Allow && q.odd {
		return v.Rules.Undeclared(q.req.DataSet)
	}
	return a
}

// decide decides with the real standing, home and owner of what was read.
func (v *Vault) decide(q *question, s *subject) decision.Answer {
	q.alias = s.state.alias
	q.req.Standing, q.req.Home = s.standing(v.Rules), v.Rules.Region(s.region)
	q.req.Release.OptedOut = slices.Contains(s.state.optOuts, q.target.Recipient)
	if s.state.kept {
		return v.decideKept(q)
	}
	a := v.Rules.Decide(&q.req)
	if a.Allow && q.odd {
		return v.Rules.Undeclared(q.req.DataSet)
	}
	return a
}

// entry tells of the question and its answer. Only names that the policy declares and ids of what is in
// the store are written: all else came from outside and could be personal data.
func (v *Vault) entry(q *question, a decision.Answer) proof.Entry {
	e := proof.Entry{
		Kind: q.kind, Actor: q.caller.Credential.ID, Subject: q.alias,
		Purpose: v.Rules.PurposeName(q.req.Purpose), Answer: proof.Allow, Clauses: a.Clauses,
	}
	if q.set != nil {
		e.DataSet = q.set.ID
	}
	if q.found {
		e.Record = q.target.Record
	}
	if q.req.Recipient != 0 {
		e.Recipient = q.target.Recipient
	}
	if q.party != "" {
		e.Recipient = q.party
	}
	if !a.Allow {
		e.Answer, e.Reason = proof.Refuse, a.Reason.String()
	}
	if q.req.Grant.ID != "" {
		note(&e, "grant", q.req.Grant.ID)
	}
	return e
}

// note adds a detail to an entry.
func note(e *proof.Entry, name, value string) {
	if e.Detail == nil {
		e.Detail = map[string]string{}
	}
	e.Detail[name] = value
}

// tell appends an entry. What was done under a grant counts as its use, and comes to nothing if the grant
// has ended since the decision.
func (v *Vault) tell(tx *db.Tx, e proof.Entry) error {
	if id := e.Detail["grant"]; id != "" && e.Answer == proof.Allow && v.Used != nil {
		if err := v.Used(tx, id); err != nil {
			return err
		}
	}
	return ledger.Append(tx, e)
}

// refuse records a refusal and returns it, the recording's own failure if there is one.
func (v *Vault) refuse(ctx context.Context, q *question, a decision.Answer) error {
	err := v.record(ctx, v.logOf(q), v.entry(q, a))
	if err != nil {
		return err
	}
	return a.Err("vault." + q.kind)
}

func (v *Vault) refuseScope(ctx context.Context, q *question) error {
	e := v.entry(q, decision.Answer{Allow: true})
	e.Answer, e.Reason, e.Clauses = proof.Refuse, "the credential lacks the scope", nil
	if err := v.record(ctx, v.logOf(q), e); err != nil {
		return err
	}
	return fault.New("vault."+q.kind, fault.Refused, "the credential lacks the scope %q", q.scope)
}

// logOf is where a question is recorded: with the tenant, unless the caller is not that tenant's;
// then with the organisation, so that nobody can write into another tenant's log, or into that of
// a tenant that does not exist.
func (v *Vault) logOf(q *question) string {
	for _, t := range q.caller.Credential.Tenants {
		if t == q.target.Tenant && tenantPattern.MatchString(t) {
			return t
		}
	}
	return db.Organisation
}

// record makes one entry durable.
func (v *Vault) record(ctx context.Context, log string, e proof.Entry) error {
	return v.DB.Write(ctx, log, func(tx *db.Tx) error { return v.tell(tx, e) })
}

// change runs fn in a transaction. fn returns no for what it refuses without having changed
// anything: the transaction, which may hold other callers' work, is then committed all the same
// (with the refusal's entry in it) and no is returned. It returns err to undo.
func (v *Vault) change(ctx context.Context, tenant string, fn func(tx *db.Tx) (no, err error)) error {
	var refusal error
	err := v.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		var err error
		refusal, err = fn(tx)
		return err
	})
	if err != nil {
		return err
	}
	return refusal
}

// changeFor is change for a question. What comes to nothing, because what it is about is not there, is
// another version or is taken, is recorded too: guessing leaves a trace.
func (v *Vault) changeFor(ctx context.Context, tenant string, q *question, fn func(tx *db.Tx) (no, err error)) error {
	return v.change(ctx, tenant, func(tx *db.Tx) (no, err error) {
		q.told = false
		if no, err = fn(tx); no != nil && err == nil && !q.told {
			err = v.nothing(tx, q, no)
		}
		return no, err
	})
}

// nothing records why an allowed act came to nothing. A malformed request is no act.
func (v *Vault) nothing(tx *db.Tx, q *question, why error) error {
	e := v.entry(q, decision.Answer{Allow: true})
	switch fault.KindOf(why) {
	case fault.NotFound:
		e.Reason = "not found"
	case fault.Erased:
		e.Answer, e.Reason = proof.Refuse, decision.Erased.String()
	case fault.Conflict:
		e.Reason = "conflict"
	case fault.Stale:
		e.Reason = "stale version"
	default:
		return nil
	}
	return ledger.Append(tx, e)
}

// cameToNothing records why an allowed act came to nothing, and returns it.
func (v *Vault) cameToNothing(ctx context.Context, q *question, why error) error {
	if err := v.DB.Write(ctx, v.logOf(q), func(tx *db.Tx) error { return v.nothing(tx, q, why) }); err != nil {
		return err
	}
	return why
}

// refuseIn records a refusal inside a transaction that changed nothing.
func (v *Vault) refuseIn(tx *db.Tx, q *question, a decision.Answer) (no, err error) {
	q.told = true
	if err := ledger.Append(tx, v.entry(q, a)); err != nil {
		return nil, err
	}
	return a.Err("vault." + q.kind), nil
}

func micros(at time.Time) int64    { return at.UnixMicro() }
func fromMicros(n int64) time.Time { return time.UnixMicro(n).UTC() }
