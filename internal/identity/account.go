package identity

import (
	"context"
	"encoding/json"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/password"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// Accounts let people sign in. Who they are and where they are reached stands in the vault alone; an account
// is what proves them: a password's hash and second factors, sealed under the person's own key.
//
// What is answered, and how long that takes, is the same whether somebody has an account or not.
type Accounts struct {
	DB       *db.DB
	People   People
	Handles  Handles // what identity providers know people by
	Sessions *session.Sessions
	Hasher   *password.Hasher
	Leaked   *password.Leaked // nil: only what is easy to guess is refused
	Rules    Rules
	Key      [32]byte // makes the codes that are mailed; the same on all servers of a store
	Now      func() time.Time
	// Wait sleeps, or less if the context ends.
	Wait func(context.Context, time.Duration)
	// Mail puts a mail to a person into the outbox, in the transaction of its cause.
	Mail func(tx *db.Tx, m Mail) error

	guard guard
}

// Rules are what the policy's clauses ask of accounts.
type Rules struct {
	MinAge       int    // 0: nobody is asked
	MinAgeClause string // the clause that says so
	SignIn       string // the clause by which nobody signs in before the address is verified; "" if none says so
}

// Mail is a mail about an account. The words ask for its code, where it has one, by the id: the code is
// stored nowhere.
type Mail struct {
	Event, Subject, Template, Language string
	Code                               string    // the id of a code, for CodeOf; "" for what has none
	At                                 time.Time // when it happened
}

// People is where accounts keep who they are of: the vault, which decides and records.
type People interface {
	// Named returns whom a log-in name is of, NotFound if nobody's.
	Named(ctx context.Context, tenant, login string) (subject string, err error)
	// Enrol makes a person of whom nothing is stored.
	Enrol(ctx context.Context, tenant string) (subject string, err error)
	// Fill stores what somebody gave. Conflict if the log-in name is another's, Invalid with the field.
	Fill(ctx context.Context, tenant, subject string, r *Registration) error
	// Person returns a person of tx's tenant: NotFound if there is none, Erased if there was.
	Person(tx *db.Tx, subject string) (Person, error)
	// Erase erases a person.
	Erase(ctx context.Context, tenant, subject string) error
}

// Person keeps things under a person's own key.
type Person interface {
	Name() string // by which the ledger knows them
	Seal(what, id string, plain []byte) ([]byte, error)
	Open(what, id string, sealed []byte) ([]byte, error)
}

// Registration is what somebody gives to have an account.
type Registration struct {
	Login    string // the email address
	Password string
	Fields   map[string]map[string]json.RawMessage // by data set and field, the log-in name among them
	Consents []string                              // purposes
	Born     time.Time                             // the day; looked at and forgotten
	Language string
}

// The states of an account.
const (
	enrolling  = "enrolling"  // what was given is being stored
	unverified = "unverified" // the address is not known to be theirs
	claimed    = "claimed"    // the same, of somebody whom the company's application had made before
	active     = "active"
	expired    = "expired" // it was not, in time: it is being erased
)

// verifyWithin is how long an account waits for its address to be verified before it is erased.
const verifyWithin = 24 * time.Hour

// account is a person's account in a transaction.
type account struct {
	subject  string
	state    string
	step     int64 // of the TOTP taken last
	verified time.Time
	expires  time.Time
	proofs   proofs
	person   Person
}

// proofs are what proves a person, as sealed.
type proofs struct {
	Password string   `json:"password"`
	TOTP     []byte   `json:"totp,omitempty"`
	Offered  []byte   `json:"offered,omitempty"`  // a TOTP secret that was shown and not yet proven
	Recovery [][]byte `json:"recovery,omitempty"` // hashes of codes that were not used
	Language string   `json:"language,omitempty"`
}

// tell appends to the tenant's ledger what happened to an account.
func (a *account) tell(tx *db.Tx, kind, answer, reason string, clauses ...string) error {
	return ledger.Append(tx, proof.Entry{Kind: kind, Actor: "accounts", Subject: a.person.Name(), Answer: answer, Reason: reason, Clauses: clauses})
}

// mail writes to the person.
func (a *Accounts) mail(tx *db.Tx, to *account, template, event, code string) error {
	return a.Mail(tx, Mail{Event: event, Subject: to.subject, Template: template, Language: to.proofs.Language, Code: code, At: tx.Now()})
}

// eventNow names an event of its own: each is mailed.
func eventNow(tx *db.Tx, what string) string {
	return what + "-" + tx.Now().Format("20060102T150405.000000")
}

// evenly is what answers are rounded up to: more than finding somebody adds, so that the time says nothing.
// The time of a hash is left out of it: that is the same for everybody, and so near to evenly that with it
// what finding somebody adds would often show as a whole evenly more.
const evenly = 250 * time.Millisecond

// level waits until the time taken since then, but for hashing, says nothing of what was found.
func (a *Accounts) level(ctx context.Context, since time.Time) {
	spent := a.Now().Sub(since)
	a.Wait(ctx, evenly-spent%evenly)
}

// verifier is one of the hasher's two ways: for strangers, and for those who were let in before from where they are.
type verifier func(ctx context.Context, hash, secret string) (ok, stale bool, err error)

// verify looks at a password, and moves since on by the time that took.
func (a *Accounts) verify(ctx context.Context, since *time.Time, by verifier, hash, secret string) (ok, stale bool, err error) {
	asked := a.Now()
	ok, stale, err = by(ctx, hash, secret)
	*since = since.Add(a.Now().Sub(asked))
	return ok, stale, err
}

// oldEnough reports whether somebody born on a day is of an age: born on 29 February, one is so on 1 March of
// common years.
func oldEnough(born, now time.Time, age int) bool {
	return !born.IsZero() && !now.Before(born.AddDate(age, 0, 0))
}

func (a *Accounts) checkAge(r *Registration) error {
	if a.Rules.MinAge == 0 {
		return nil
	}
	const op = "identity.Register"
	now := a.Now()
	if r.Born.IsZero() || r.Born.After(now) || r.Born.Year() < now.Year()-130 {
		return fault.New(op, fault.Invalid, "the day of birth is missing or cannot be one").WithField("born")
	}
	if !oldEnough(r.Born, now, a.Rules.MinAge) {
		return fault.New(op, fault.Refused, "nobody younger than %d can have an account; nothing was stored", a.Rules.MinAge).WithClause(a.Rules.MinAgeClause)
	}
	return nil
}
