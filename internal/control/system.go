package control

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"time"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/calendar"
)

// System is what a probe may use of a running server: its front door, as any caller sees it, and
// raw sight of what it keeps. A part that is nil cannot be probed, and the probes that need it say
// that they were unable.
type System struct {
	URL   string         // of the front door, without a slash at the end
	HTTP  *http.Client   // trusts the server's certificate
	Roots *x509.CertPool // what HTTP trusts, for handshakes of the probe's own; nil for the machine's
	Web   *http.Client   // reaches what the policy names elsewhere: documents, products
	Plain []string       // addresses (host:port) at which plain HTTP is answered, beside that of URL

	Policy *policy.Policy // as published
	// Render makes the file of a name as a policy is published, in a language, on a day.
	Render func(p *policy.Policy, name, lang string, on time.Time) ([]byte, error)
	Canary Canary
	Beat   time.Duration // how often the server looks for what is due; zero: ten seconds
	People *People       // nil: nobody can sign in

	// Behind puts an application behind a gate as the server's own is, without a network.
	Behind func(application http.RoundTripper) (Behind, error)
	// SignOn makes a door for people like that of People, at which they sign in with a provider of the probe's own.
	SignOn      func(Foreign) (Behind, error)
	Application string // the address at which people come to the company's application; "" if none is behind the gate
	Listeners   []Listener
	// ConsoleRoutes are the pages of the console, as "GET /console/{lang}/…": each asks who comes.
	ConsoleRoutes []string
	// Seen counts the interactions of a door, "api" or "gate", that were searched for threats and outliers.
	Seen func(door string) int64

	Files    []string // files and folders that could hold data: store, blobs, temporary folder, backups
	Objects  Objects  // what else could, put there within an hour; nil if nothing else does
	Store    RawStore
	Database Database
	Epochs   func() []Epoch                                           // of the key folder, oldest first
	Backup   func(ctx context.Context, w io.Writer) error             // a backup, as an operator makes it
	Restore  func(ctx context.Context, r io.Reader) (*Scratch, error) // of a backup, beside the server, with its keys
	Left     func(ctx context.Context, tenant string) (int, error)    // objects of blobs that are kept for a tenant
	// Aged counts the records of a data set, over all tenants, last changed before a time, on which no hold stands.
	Aged func(ctx context.Context, dataSet string, before time.Time) (int64, error)
	// MayTakeEffect reports why the server would not start with a policy at a moment, as if the drills that
	// were announced to canaries concerned everybody.
	MayTakeEffect func(ctx context.Context, policy []byte, at time.Time) error

	// Weaknesses says what is known to be weak, and what the program was built of; ErrNoWeaknesses if nothing is.
	Weaknesses func() (*Weaknesses, error)

	Now      func() time.Time
	Calendar *calendar.Calendar // by which the server counts days; nil: the policy's
}

// Canary is what probes work on: two tenants that nobody else uses, and credentials for them that
// the server holds in memory only.
type Canary struct {
	A, B     Tenant
	Leavers  []Tenant // each there only while a probe off-boards it; as many as may run at a time
	Auditor  string   // a key with scope audit, for all of them
	Reviewer string   // another key of tenant A, with the scope duties
	Admin    string   // a key with scope admin
	// Elsewhere is a key of tenant A with all its scopes and purposes, but of another environment.
	Elsewhere string
	Stranger  string // a key that may do nothing
	Agent     Agent
}

// Tenant is a canary tenant. Its key has the scopes data and subjects and all purposes.
type Tenant struct{ ID, Region, Environment, Key string }

// Agent acts for people of tenant A by the Data Rights Protocol; its word for a person's email and phone
// counts. Without Sign there is none.
type Agent struct {
	ID, Business string
	Sign         func(message []byte) []byte // its Ed25519 signature
}

// People is the door for the people of canary tenant A, and what is seen of accounts from below.
type People struct {
	// Host is the name under which the front door serves it. It is secret: nobody else registers there.
	Host string
	// Whose is the person whom an address is of, "" if nobody's.
	Whose func(ctx context.Context, login string) (subject string, err error)
	// Mailed is the code that lies in the outbox for a person to verify their address with.
	Mailed func(ctx context.Context, subject string) (code string, err error)
	// Hashes calls look with what is stored of every password, of all tenants.
	Hashes func(ctx context.Context, look func(hash string)) error
}

// Foreign is an identity provider of a probe, as the relying party of the server is told of it.
type Foreign struct {
	Issuer, Client, Secret string
	Domains                []string // whose accounts are taken; the address says it
	Transport              http.RoundTripper
}

// RawStore is sight of the store from below, past every check.
type RawStore interface {
	// Settle brings what is pending to where Rows and the files show it: sweeps that are due are
	// done, logs written back, deleted bytes scrubbed.
	Settle(ctx context.Context) error
	// Rows calls row with every row of the tenant, "" for those of the organisation: the table, and
	// the bytes of all columns.
	Rows(ctx context.Context, tenant string, row func(table string, columns map[string][]byte) error) error
}

// Objects calls look with the raw bytes of each object that blobs are kept in, beside the files.
type Objects func(ctx context.Context, look func(name string, body io.Reader) error) error

// Epoch is one epoch of the key folder; a time is zero for what has not happened yet.
type Epoch struct {
	Number                  int64
	Began, Ended, Destroyed time.Time
}

// Scratch is a server restored from a backup into a store of its own, which Close throws away. Its
// canary credentials are those of the server that was backed up.
type Scratch struct {
	URL   string
	HTTP  *http.Client
	Store RawStore
	// Exec runs SQL on the scratch store, past every check.
	Exec  func(ctx context.Context, tenant, query string, args ...any) error
	Close func() error
}
