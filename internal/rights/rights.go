// Package rights is the desk at which people exercise their rights over their data (GDPR ch. III):
// access, rectification, erasure, portability, withdrawal of consent, objection and restriction.
//
// A request goes from received (over a check of identity, where one is needed) to in progress, and ends
// answered, refused or withdrawn. Whoever answers it thereby has it carried out: there is no answer that
// did nothing. Each step writes its entry, its messages and what becomes of its clocks in one transaction.
//
// What is carried out in the vault has transactions of its own. So the request is marked first, then the
// vault acts, then the request is answered; each can be repeated, and Finish ends what a crash cut short.
package rights

import (
	"context"
	"slices"
	"time"

	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// Right is a right of people over their data.
type Right string

// The rights, and the articles of the GDPR they stand in.
const (
	Access        Right = "access"        // 15
	Rectification Right = "rectification" // 16
	Erasure       Right = "erasure"       // 17
	Restriction   Right = "restriction"   // 18
	Portability   Right = "portability"   // 20
	Objection     Right = "objection"     // 21
	Withdrawal    Right = "withdrawal"    // 7(3)
)

// All returns the rights.
func All() []Right {
	return []Right{Access, Rectification, Erasure, Portability, Withdrawal, Objection, Restriction}
}

// packaged reports whether the answer is a package of the person's data.
func (r Right) packaged() bool { return r == Access || r == Portability }

// bases are the legal bases of the purposes that a right is exercised against; none for the others.
func (r Right) bases() []policy.Basis {
	switch r {
	case Withdrawal:
		return []policy.Basis{policy.Consent}
	case Objection:
		return []policy.Basis{policy.LegitimateInterests, policy.PublicTask}
	}
	return nil
}

// Purposes returns those of a policy that a right can be exercised against.
func (r Right) Purposes(p *policy.Policy) (ids []string) {
	bases := r.bases()
	for i := range p.Purposes {
		if slices.Contains(bases, p.Purposes[i].Basis) {
			ids = append(ids, p.Purposes[i].ID)
		}
	}
	return ids
}

// Promise is what one clause promises of one right.
type Promise struct {
	Acknowledge obligation.Duty // zero where no receipt is promised
	Answer      obligation.Duty
	Extend      policy.Term // how much longer a complex request may take; zero: no longer
}

// The kinds of evidence that discharge the clocks of a request.
const (
	evidenceReceipt = "receipt"
	evidenceAnswer  = "answer"
)

// State is how far a request has come.
type State string

// The states. The last four are its ends.
const (
	Received      State = "received"
	IdentityCheck State = "identity-check" // the clocks are paused, for a time
	InProgress    State = "in-progress"
	CarryingOut   State = "carrying-out" // being done; Finish ends it if nobody else does
	Answered      State = "answered"
	Refused       State = "refused"
	Withdrawn     State = "withdrawn"
	Void          State = "void" // the person was erased before it was answered
)

func openStates() []State { return []State{Received, IdentityCheck, InProgress, CarryingOut} }

// Open reports whether the request is yet to be answered.
func (s State) Open() bool { return slices.Contains(openStates(), s) }

// Request is one request of one person. Once the person is erased it names nobody, and proves only that
// the right was asked for and answered, and when.
type Request struct {
	ID, Subject  string
	Right        Right
	State        State
	Clauses      []string // that promise the right
	Ground       string   // of a refusal, see [Grounds]
	Reason       string   // why it takes longer, or what of the person is kept by law
	Opened       time.Time
	Acknowledged time.Time
	Asked        time.Time // when proof of identity was asked for
	Extended     time.Time
	Ended        time.Time
	Due          time.Time // of the clock that runs out first, zero once it ended or where none was promised
	LinkUntil    time.Time // until when the link to the package holds
	LinkUsed     time.Time
	Clocks       []obligation.Clock
	Systems      connect.Report // what was done in other systems

	going    bool // a walk through them goes on
	sealed   []byte
	linkHash []byte
	details  details
	alias    string
}

// details are what is asked for, which only the person's key opens.
type details struct {
	Language string   `json:"language,omitempty"`
	Purposes []string `json:"purposes,omitempty"`
}

// Desk opens and answers requests, for callers with the scope rights. Each call is admitted, and that
// recorded, before it does anything.
type Desk struct {
	Vault    *vault.Vault
	Clocks   *obligation.Engine
	Ledger   *ledger.Log
	Policy   *policy.Policy
	Promises map[Right][]Promise
	// Held says what of a person is kept when they are erased, and until when. It may be nil.
	Held func(tx *db.Tx, tenant, subject string) (reason string, until time.Time, ok bool)
	// Erase erases a person for a request, as Vault.EraseSubject does, and may certify it. Nil: the vault does.
	Erase func(ctx context.Context, c vault.Caller, tenant, subject, request string) error
	// Outside are the systems that hold copies. Nil: none.
	Outside Outside
	// Scratch is a folder for what they hold of a person while a package is made of it; it is encrypted there.
	Scratch string
	// Receipt makes the receipt of a person's consent from what is kept of it.
	Receipt func(c *vault.Consent, subject string) ([]byte, error)
	// Beside are the parts of a package that others keep: of accounts, messages, systems outside.
	Beside []Part
	// Tell sends a message, as notify.Enqueue does. It may be nil.
	Tell func(*db.Tx, notify.Message) error
	// Changed hears, in its transaction, that a request went a step further. It may be nil.
	Changed func(tx *db.Tx, request string) error
}

func (d *Desk) admit(ctx context.Context, c vault.Caller, act, tenant string) error {
	return d.Vault.Admit(ctx, c, act, tenant, vault.ScopeRights)
}

// step admits the caller, then runs one step of a request in one transaction.
func (d *Desk) step(ctx context.Context, c vault.Caller, act, tenant, id string, do func(*db.Tx, *Request) error) (Request, error) {
	if err := d.admit(ctx, c, act, tenant); err != nil {
		return Request{}, err
	}
	out, err := d.move(ctx, tenant, id, do)
	return out, fault.Wrap("rights."+act, err)
}

// move reads a request, runs do with it, and returns it as it then is.
func (d *Desk) move(ctx context.Context, tenant, id string, do func(*db.Tx, *Request) error) (out Request, err error) {
	err = d.Vault.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		r, err := d.load(tx, id)
		if err != nil {
			return err
		}
		if err := do(tx, r); err != nil {
			return err
		}
		if err := d.clocks(tx, r); err != nil {
			return err
		}
		out = *r
		return nil
	})
	return out, err
}

// load reads a request and what of it only the person's key opens.
func (d *Desk) load(tx *db.Tx, id string) (*Request, error) {
	r, err := byID(tx, id)
	if err != nil {
		return nil, err
	}
	return r, d.unseal(tx, r)
}

// clocks fills in the request's clocks, when it is due, and what was done in other systems.
func (d *Desk) clocks(tx *db.Tx, r *Request) (err error) {
	if err := d.outside(tx, r); err != nil {
		return err
	}
	if r.Clocks, err = d.Clocks.Of(tx, r.ID); err != nil {
		return err
	}
	r.Due = time.Time{}
	for i := range r.Clocks {
		c := &r.Clocks[i]
		if c.Live() && c.Duty.Evidence == evidenceAnswer && (r.Due.IsZero() || c.Due.Before(r.Due)) {
			r.Due = c.Due
		}
	}
	return nil
}

// told is what is told of the request, with more of pairs.
func (r *Request) told(more ...string) map[string]string {
	return ledger.Details(append([]string{"request", r.ID, "right", string(r.Right)}, more...)...)
}

// note writes an entry of the request. Who is nobody's id but that of a credential, or of the request
// itself where its link was used.
func (d *Desk) note(tx *db.Tx, r *Request, who, kind, reason string) error {
	if d.Changed != nil {
		if err := d.Changed(tx, r.ID); err != nil {
			return err
		}
	}
	return ledger.Append(tx, proof.Entry{Kind: kind, Actor: who, Subject: r.alias, Answer: proof.Allow, Reason: reason, Clauses: r.Clauses, Detail: r.told()})
}

// tell puts a message for the person into the outbox: by mail where the policy says how people are
// reached by it, and in the application.
func (d *Desk) tell(tx *db.Tx, r *Request, what string, more ...string) error {
	if d.Tell == nil || r.alias == "" {
		return nil
	}
	details := r.told(more...)
	channels := []notify.Channel{notify.InApp}
	if d.Policy.Contacts.Email != "" {
		channels = append(channels, notify.Email)
	}
	for _, channel := range channels {
		err := d.Tell(tx, notify.Message{
			Event: r.ID + ":" + what, Channel: channel, Subject: r.Subject, Template: "request-" + what, Language: r.details.Language, Details: details,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Get returns a request.
func (d *Desk) Get(ctx context.Context, c vault.Caller, tenant, id string) (out Request, err error) {
	if err := d.admit(ctx, c, "request.read", tenant); err != nil {
		return Request{}, err
	}
	err = d.Vault.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		r, err := byID(tx, id)
		if err != nil {
			return err
		}
		out = *r
		return d.clocks(tx, &out)
	})
	return out, fault.Wrap("rights.Get", err)
}

// List returns a page of requests, the oldest first, and the cursor of the next page, "" on the last. A
// state of "" is any, "open" all that are not at an end.
func (d *Desk) List(ctx context.Context, c vault.Caller, tenant, state, cursor string, limit int) (page []Request, next string, err error) {
	const op = "rights.List"
	if err := d.admit(ctx, c, "request.list", tenant); err != nil {
		return nil, "", err
	}
	states, ok := statesOf(state)
	if !ok {
		return nil, "", fault.New(op, fault.Invalid, "there is no such state").WithField("state").WithHint("open, or the state of a request")
	}
	if cursor != "" && !isID(cursor) {
		return nil, "", fault.New(op, fault.Invalid, "the cursor is none of this server's").WithField("cursor")
	}
	err = d.Vault.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		if page, err = pageOf(tx, states, cursor, limit+1); err != nil {
			return err
		}
		for i := range page {
			if err := d.clocks(tx, &page[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && len(page) > limit {
		page = page[:limit]
		next = page[limit-1].ID
	}
	return page, next, fault.Wrap(op, err)
}

// statesOf are the states that a list asks for; none for any.
func statesOf(state string) ([]State, bool) {
	switch {
	case state == "":
		return nil, true
	case state == "open":
		return openStates(), true
	}
	known := append(openStates(), Answered, Refused, Withdrawn, Void)
	return []State{State(state)}, slices.Contains(known, State(state))
}
