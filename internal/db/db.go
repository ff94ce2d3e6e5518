// Package db is Clause's store: transactions, the two engines and their migrations. It is the only
// package that knows whether the data lies in SQLite or in PostgreSQL.
//
// A Write shares its transaction, and so its one sync to disk, with whatever else arrived meanwhile
// (group commit); the writes of one tenant take effect one after another, on either engine and
// however many servers there are. A Read sees one snapshot. SQL is the same text on both engines:
// parameters are $1, $2, …; tenant_id is in every WHERE; times are BIGINT microseconds.
//
// Inside fn use its Tx alone: a Write inside a Write would wait for itself.
package db

import (
	"context"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
)

// Organisation is the tenant_id of the organisation's own log and rows.
const Organisation = "_org"

// Dialect names the engine.
type Dialect uint8

// The engines.
const (
	SQLite Dialect = iota
	Postgres
)

func (d Dialect) String() string {
	if d == Postgres {
		return "postgres"
	}
	return "sqlite"
}

// Config says where the store is.
type Config struct {
	// URL is "sqlite:/path/clause.db", or "postgres://…" with the server's own, unprivileged role.
	URL string
	// Migrate is, for PostgreSQL, the URL of the role that owns the tables. It is used to migrate
	// and to vacuum, never to serve. Empty means that the tables must be up to date already.
	Migrate string
	// Now is the clock, read once per transaction.
	Now func() time.Time
}

// DB is an open store, safe for concurrent use.
type DB struct {
	engine engine
	now    func() time.Time
	groups groups
}

// engine is what differs between SQLite and PostgreSQL.
type engine interface {
	dialect() Dialect
	path() string
	// read runs fn in a read-only snapshot.
	read(ctx context.Context, tenant string, fn func(session) error) error
	// get runs one statement in a snapshot of its own.
	get(ctx context.Context, tenant, query string, args, dest []any) error
	// begin starts a transaction that writes; the caller must commit or roll it back.
	begin(tenant string) (writer, error)
	scrub(ctx context.Context) error
	close() error
}

// session runs statements inside one transaction. Errors are faults.
type session interface {
	exec(query string, args []any) (int64, error)
	one(query string, args, dest []any) error
	each(query string, args []any, row func(scan func(dest ...any) error) error) error
}

// writer is a session that can be ended. After commit or rollback it must not be used.
type writer interface {
	session
	commit() error
	rollback()
}

// Open opens the store, migrates it and checks that it keeps what the package promises. It fails
// with fault.Conflict if another server has the SQLite file, with fault.Invalid for a URL or a
// PostgreSQL role that cannot be used, with fault.Unavailable if the engine cannot be reached.
func Open(ctx context.Context, c Config) (*DB, error) {
	const op = "db.Open"
	if c.Now == nil {
		return nil, fault.New(op, fault.Invalid, "a clock is needed").WithField("Now")
	}
	var e engine
	var err error
	switch {
	case strings.HasPrefix(c.URL, "sqlite:"):
		e, err = openSQLite(ctx, strings.TrimPrefix(c.URL, "sqlite:"))
	case strings.HasPrefix(c.URL, "postgres://"), strings.HasPrefix(c.URL, "postgresql://"):
		e, err = openPostgres(ctx, c)
	default:
		return nil, fault.New(op, fault.Invalid, "the store's URL names no known engine").WithField("URL").
			WithHint("use sqlite:/path/clause.db or postgres://user@host/database")
	}
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	return &DB{engine: e, now: c.Now, groups: groups{single: e.dialect() == SQLite}}, nil
}

// Close waits for the transactions under way and closes the store. Closing twice does nothing.
func (d *DB) Close() error { return fault.Wrap("db.Close", d.engine.close()) }

// Dialect returns the engine.
func (d *DB) Dialect() Dialect { return d.engine.dialect() }

// Exclusive reports that no other process can write here, so that what was committed may be cached.
func (d *DB) Exclusive() bool { return d.engine.dialect() == SQLite }

// Path returns the database file of SQLite, "" otherwise.
func (d *DB) Path() string { return d.engine.path() }

// Read runs fn in a read-only snapshot. On PostgreSQL it sees only rows of the tenant and the tables
// of the whole organisation; tenant "" sees the latter alone. fn must not be kept long: on SQLite a
// snapshot holds one of a few connections and stops the write-ahead log from being reused.
func (d *DB) Read(ctx context.Context, tenant string, fn func(*Tx) error) error {
	const op = "db.Read"
	if err := checkTenant(op, tenant); err != nil {
		return err
	}
	now := d.frozen()
	return d.engine.read(ctx, tenant, func(s session) error {
		tx := &Tx{session: s, tenant: tenant, now: now, dialect: d.Dialect(), scopes: &scopes{}}
		defer tx.end()
		if err := fn(tx); err != nil {
			return err
		}
		return tx.failed
	})
}

// Get runs one SELECT as a snapshot of its own and scans its first row: the cheapest read there is.
// It fails with fault.NotFound if there is no row.
func (d *DB) Get(ctx context.Context, tenant, query string, args []any, dest ...any) error {
	const op = "db.Get"
	if err := checkTenant(op, tenant); err != nil {
		return err
	}
	if err := checkText(op, args); err != nil {
		return err
	}
	return d.engine.get(ctx, tenant, query, args, dest)
}

// Scrub makes deleted bytes unreadable in the store's files: on SQLite, where deleted content is
// always overwritten, it empties the write-ahead log; on PostgreSQL it vacuums the tables through
// the owner's role, if the configuration names one. It fails with fault.Unavailable if readers are
// in the way.
func (d *DB) Scrub(ctx context.Context) error { return fault.Wrap("db.Scrub", d.engine.scrub(ctx)) }

// frozen returns the time a transaction keeps: UTC, whole microseconds.
func (d *DB) frozen() time.Time { return d.now().UTC().Truncate(time.Microsecond) }

func checkTenant(op, tenant string) error {
	if !storable(tenant) {
		return fault.New(op, fault.Invalid, "the tenant's id is not valid text").WithField("tenant")
	}
	return nil
}
