// Package app wires the parts of a server together. It holds no rules of its own.
package app

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/connect"
	"clause.dev/clause/internal/connected"
	"clause.dev/clause/internal/console"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/detection"
	"clause.dev/clause/internal/evidence"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/gate"
	"clause.dev/clause/internal/gate/inspect"
	"clause.dev/clause/internal/httpapi"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/identity/password"
	"clause.dev/clause/internal/identity/sso"
	"clause.dev/clause/internal/identity/token"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/rights/drp"
	"clause.dev/clause/internal/trust"
	"clause.dev/clause/internal/vault"
	"clause.dev/clause/internal/vault/objects"
)

// Config says what to run. Data is the folder of the store, blobs and temporary files; Keys is the
// key folder, which belongs in no backup.
type Config struct {
	Policy      *policy.Policy
	Data, Keys  string
	Root        keyring.Root
	Store       string         // URL of the store; empty: SQLite in Data
	Migrate     string         // URL of PostgreSQL's owner role, for migrations
	Blobs       *objects.Place // the bucket blobs are kept in; nil: a folder in Data
	Region      string         // empty: the policy's only one
	Environment string         // empty: the policy's first
	Now         func() time.Time
	Wall        func() time.Time // the machine's clock, for connections; nil: Now
	Log         *slog.Logger
	Limits      httpapi.Limits
	MaxAge      time.Duration // how long a probe's outcome counts; zero: a day
	Beat        time.Duration // how often the server looks for what is due; zero: ten seconds
	Left        []string      // of what the server does by itself, by name: what somebody else sees to, such as RunProbes
	Weaknesses  Weaknesses    // what is known to be weak in programs
	Backups     Backups       // made while it serves
	Notify      Notify        // how people and staff are told
	// WithoutNotice lets a policy take effect of which people were not told, in an emergency: the clauses that
	// promised notice are broken until they have been.
	WithoutNotice bool
	Documents     map[string]trust.Document // further documents that the server serves, by id
	Web           *http.Client              // how probes reach what the policy names elsewhere; nil: over the machine's network
	ClientCAs     *x509.CertPool            // who signs the certificates of applications; nil: none is asked for
	PublicURL     string                    // where the front door is found, for links to what is published; "" if not known
	PeopleURL     string                    // where people find the pages of their account, https://…; "" if nowhere
	ConsoleURL    string                    // where staff find the console, https://…; "" if nowhere
	ConsoleRoles  console.Roles             // what members may do there, by role
	Networks      Networks                  // from which addresses the listeners are reached
	SignIn        []sso.Provider            // whose accounts people and staff can sign in with
	Gate          Gate                      // what stands behind the gate, at the listener for people
	Leaked        *password.Leaked          // passwords known from leaks; nil: only what is easy to guess is refused
	Calendar      []byte                    // holidays over those of the policy's calendar: docs/calendars.md
	Connect       *connect.Config           // systems outside that hold copies: docs/connectors.md; nil for none
	Expect        Expect                    // refuse a store that is there, or one that is not
}

// Expect says what the caller knows of the store, so that a mistyped address neither makes a store
// nor changes one.
type Expect uint8

// What may be expected of a store.
const (
	Any      Expect = iota
	Made            // it has been set up
	New             // nobody has used it
	Restored        // nobody has used it; it counts as set up once a restore has filled it
)

// App is an open server, not yet serving.
type App struct {
	Config
	Plan         *control.Plan
	Rules        *decision.Rules
	DB           *db.DB
	Ring         *keyring.Ring
	Vault        *vault.Vault
	Ledger       *ledger.Log
	Applications *identity.Applications
	Evidence     *evidence.Evidence
	Clocks       *obligation.Engine
	Connected    *connect.Set // nil: no system outside holds copies
	checks       connected.Checks
	Outbox       *notify.Outbox
	Accounts     *identity.Accounts // nil: the policy names no address that people could sign in with

	objects  vault.Objects
	bucket   *objects.S3 // where objects are, if they are in one
	claimed  bool        // this opening took the bucket's prefix
	canaries *canaries
	login    login                // where the name stands that people sign in with
	versions versions             // policies read lately
	editions map[string]string    // of purposes that outgrew the consents given to them
	door     atomic.Pointer[Door] // the front door, once it listens

	listeners listeners
	gate      atomic.Pointer[gate.Gate]          // that people come through, once it listens
	inspector func() (*inspect.Inspector, error) // made once it is needed
	watch     *detection.Watch                   // what happens at the doors; nil: no clause has it searched

	own          own            // connections of the probes
	interactions *detection.Log // what people did at the gate and was not written yet; nil: no clause has it recorded
}

// memoryMax bounds what memory-only data sets hold, in bytes.
const memoryMax = 64 << 20

// Open opens the store and the keys, checks that they belong together, finishes what a crash cut
// short, and makes the parts. It refuses, and says why, rather than serve in doubt.
func Open(ctx context.Context, c Config) (*App, error) {
	const op = "app.Open"
	if err := c.complete(); err != nil {
		return nil, fault.Wrap(op, err)
	}
	a := &App{Config: c}
	a.inspector = sync.OnceValues(func() (*inspect.Inspector, error) { return inspect.New(runtime.GOMAXPROCS(0) / 2) })
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(fault.Wrap(op, err), a.disclaim(ctx), a.Close())
	}
	return a, nil
}

func (c *Config) complete() error {
	if c.Region == "" && len(c.Policy.Regions) == 1 {
		c.Region = c.Policy.Regions[0].ID
	}
	if c.Region == "" {
		return fault.New("app.Open", fault.Invalid, "the policy names several regions").WithHint("say which one this server is in: --region")
	}
	if c.Environment == "" && len(c.Policy.Environments) > 0 {
		c.Environment = c.Policy.Environments[0]
	}
	if c.Environment == "" {
		c.Environment = "production"
	}
	if c.Store == "" {
		c.Store = "sqlite:" + filepath.Join(c.Data, "clause.db")
	}
	if c.Wall == nil {
		c.Wall = c.Now
	}
	c.Beat = cmp.Or(c.Beat, 10*time.Second)
	if c.MaxAge == 0 {
		c.MaxAge = 24 * time.Hour
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

func (a *App) open(ctx context.Context) (err error) {
	for _, folder := range []string{a.Data, a.temporary()} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return fault.As("app.open", fault.Unavailable, err)
		}
	}
	if a.Plan, err = control.PlanOf(a.Policy); err != nil {
		return err
	}
	if a.Rules, err = decision.Compile(a.Policy, a.Plan.Grounds); err != nil {
		return err
	}
	if a.DB, err = db.Open(ctx, db.Config{URL: a.Store, Migrate: a.Migrate, Now: a.Now}); err != nil {
		return err
	}
	made, err := a.openRing(ctx)
	if err != nil {
		return err
	}
	if err := vault.CheckWhole(ctx, a.DB); err != nil {
		return err
	}
	if err := a.openObjects(ctx, made); err != nil {
		return err
	}
	if err := a.signStore(ctx, made); err != nil {
		return err
	}
	if a.Vault, err = vault.New(a.vaultConfig(a.DB, a.objects)); err != nil {
		return err
	}
	a.Ledger = ledger.New(a.DB, a.Ring.Signer(), a.origin())
	a.Applications = identity.New(a.DB, a.Ring)
	if a.PublicURL != "" { // it is what tokens are of: without, there are none
		secret, err := a.Ring.Derive("access tokens")
		if err != nil {
			return err
		}
		a.Applications.Tokens = token.New(secret, a.PublicURL)
	}
	if err := a.openConnected(); err != nil {
		return err
	}
	if err := a.openClocks(); err != nil {
		return err
	}
	if err := a.openOutbox(); err != nil {
		return err
	}
	if err := a.openAccounts(); err != nil {
		return err
	}
	a.Evidence = evidence.New(a.DB, a.Policy, a.MaxAge)
	a.Evidence.Clocks = (&standing{count: a.standings, clock: a.Now}).now
	a.canaries = newCanaries(a)
	a.openDetection()
	return nil
}

func (a *App) vaultConfig(d *db.DB, o vault.Objects) vault.Config {
	return vault.Config{
		DB: d, Ring: a.Ring, Rules: a.Rules, Policy: a.Policy, Now: a.Now, Objects: o,
		Region: a.Region, Environment: a.Environment,
		AggregateMin: a.Plan.AggregateMin, AggregateClause: a.Plan.AggregateClause, MemoryMax: memoryMax,
		Retained: a.retained(), Swept: a.swept, Used: access.Used, Again: leavers(),
	}
}

func (a *App) temporary() string { return filepath.Join(a.Data, "tmp") }

// origin names the server's logs: the organisation and the store, so that two stores never sign under
// one name.
func (a *App) origin() string { return "clause/" + a.Ring.StoreID().String() }

// storeMark is the meta key of the key folder's id.
const storeMark = "store"

// openRing opens the key folder and checks that it is the store's. A new folder beside a store that
// has data would be able to read none of it. made says whether the store was set up before.
func (a *App) openRing(ctx context.Context) (made bool, err error) {
	const op = "app.openRing"
	known, err := a.meta(ctx, storeMark)
	if err != nil {
		return false, fault.Wrap(op, err)
	}
	switch {
	case a.Expect == Made && known == nil:
		return false, fault.New(op, fault.Invalid, "the store was never set up").WithHint("make one with clause init, or name the store that was made: --data, --store")
	case (a.Expect == New || a.Expect == Restored) && known != nil:
		return false, fault.New(op, fault.Conflict, "there is a store already").WithHint("name a place where there is none; what is there was not changed")
	}
	if _, missing := os.Stat(a.Keys); errors.Is(missing, os.ErrNotExist) && known != nil {
		return false, fault.New(op, fault.Invalid, "the key folder %s is missing, and the store cannot be read without it", a.Keys).
			WithHint("name the key folder this store was made with: --keys")
	}
	if a.Ring, err = keyring.Open(ctx, a.Keys, a.Root, a.Now()); err != nil {
		return false, fault.Wrap(op, err)
	}
	if id := a.Ring.StoreID(); known != nil && string(known) != string(id[:]) {
		return false, fault.New(op, fault.Invalid, "the key folder %s belongs to another store", a.Keys).
			WithHint("name the key folder this store was made with: --keys")
	}
	return known != nil, nil
}

// signStore records whose store a new one is: it counts as set up.
func (a *App) signStore(ctx context.Context, made bool) error {
	if made || a.Expect == Restored { // the backup says whose store it is
		return nil
	}
	id := a.Ring.StoreID()
	return fault.Wrap("app.signStore", a.DB.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, storeMark, id[:])
		return err
	}))
}

// Close closes what is open. Memory-only data is wiped.
func (a *App) Close() error {
	if a.Vault != nil {
		a.Vault.Close()
	}
	if a.DB != nil {
		return errors.Join(a.closeConnected(), a.DB.Close())
	}
	return nil
}

// Handler returns the front door.
func (a *App) Handler() (http.Handler, error) {
	pages, err := trust.New(trust.Config{Policy: a.Policy, Statuses: probes{a}.Statuses, Now: a.Now, Versions: a.published, Documents: a.Documents})
	if err != nil {
		return nil, err
	}
	c := a.doorConfig(a.Vault, a.Ledger, a.canaries.beside(a.Applications), pages)
	c.Observe = a.observeFront()
	door, err := httpapi.New(c)
	if err != nil {
		return nil, err
	}
	return a.besideCanaryPeople(door)
}

func (a *App) doorConfig(v *vault.Vault, log *ledger.Log, apps httpapi.Applications, pages http.Handler) httpapi.Config {
	incidents := a.incidents(v, log)
	return httpapi.Config{
		Vault: a.guarded(v, log), Applications: apps, Ledger: log, Probes: probes{a}, Duties: a.desk(v),
		Incidents: incidents, Demands: incidents, Minors: incidents, Assurance: a.assurance(v), Alerts: a.alerts(v), Staff: a.access(v),
		Messages: a.messages(v), Notices: a.notices(v), Retention: a.retention(v, log), Connected: a.outside(v),
		Rights: a.rights(v, log), Agents: a.agents(v, log), Registry: &drp.Registry{DB: v.DB, Gone: a.Ring}, Rules: a.Rules, Policy: a.Policy,
		Issuer: a.PublicURL, Environment: a.Environment, Title: a.Policy.Organisation.Name + ": Clause API", Trust: pages, Ready: a.ready,
		Now: a.Now, Wall: a.Wall, Log: a.Log, Limits: a.Limits,
		ClientCertificates: a.ClientCAs != nil,
	}
}

// ready fails while the store cannot be read.
func (a *App) ready(ctx context.Context) error {
	var known []byte
	return a.DB.Get(ctx, "", `SELECT value FROM meta WHERE key = $1`, []any{storeMark}, &known)
}
