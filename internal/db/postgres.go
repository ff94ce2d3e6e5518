package db

import (
	"context"
	"errors"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// patience bounds a transaction that writes: it runs for many callers, so no caller's deadline ends it.
const patience = 30 * time.Second

// defaultConns is how many connections the pool may hold unless the URL says so (pool_max_conns).
const defaultConns = 16

// pgEngine is a PostgreSQL database, seen as an unprivileged role.
type pgEngine struct {
	pool  *pgxpool.Pool
	owner string // URL of the owner's role, "" if none was given
}

func openPostgres(ctx context.Context, c Config) (engine, error) {
	config, err := poolConfig(c.URL)
	if err != nil {
		return nil, err
	}
	if c.Migrate != "" {
		if err := migratePostgres(ctx, c.Migrate, config.ConnConfig.User); err != nil {
			return nil, err
		}
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, pgFault("db.openPostgres", err)
	}
	if err := checkPostgres(ctx, pool); err != nil {
		pool.Close()
		return nil, err
	}
	return &pgEngine{pool: pool, owner: c.Migrate}, nil
}

// poolConfig reads the URL. The driver's own error is not passed on: it may quote the password.
func poolConfig(url string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fault.New("db.openPostgres", fault.Invalid, "the PostgreSQL URL cannot be read").WithField("URL").
			WithHint("use postgres://user:password@host:port/database?sslmode=verify-full")
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = defaultConns
	}
	session := config.ConnConfig.RuntimeParams
	session["application_name"] = "clause"
	session["standard_conforming_strings"] = "on" // setTenant quotes by its rules
	session["row_security"] = "on"
	session["search_path"] = "public, pg_temp" // a temporary table cannot stand in for one of ours
	config.ConnConfig.OnNotice = func(c *pgconn.PgConn, n *pgconn.Notice) {
		if n.Severity == "WARNING" {
			c.CustomData()[warned] = true
		}
	}
	return config, nil
}

// warned is set on a connection that was sent a warning. One that comes with a COMMIT says that the
// wait for the standby was given up: the row may yet be lost.
const warned = "warned"

func (e *pgEngine) dialect() Dialect { return Postgres }
func (e *pgEngine) path() string     { return "" }

func (e *pgEngine) close() error {
	e.pool.Close()
	return nil
}

// start takes a connection and sends the statements that open a transaction in one round trip.
func (e *pgEngine) start(ctx context.Context, op string, statements ...string) (*pgxpool.Conn, error) {
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		return nil, pgFault(op, err)
	}
	if _, err := pipeline(ctx, conn, statements); err != nil {
		dropStandby(conn.Conn(), err)
		giveBack(conn)
		return nil, pgFault(op, err)
	}
	return conn, nil
}

// pipeline runs statements, each a message of its own, in one round trip, and returns how many rows
// the last one gave.
func pipeline(ctx context.Context, conn *pgxpool.Conn, statements []string) (rows int, err error) {
	p := conn.Conn().PgConn().StartPipeline(ctx)
	for _, s := range statements {
		p.SendQueryParams(s, nil, nil, nil, nil)
	}
	err = p.Sync()
	for i := 0; i < len(statements) && err == nil; i++ {
		var result any
		if result, err = p.GetResults(); err == nil {
			r := result.(*pgconn.ResultReader).Read()
			rows, err = len(r.Rows), r.Err
		}
	}
	return rows, errors.Join(err, p.Close())
}

// giveBack ends whatever transaction is open and returns the connection. The pool throws it away
// if that fails.
func giveBack(conn *pgxpool.Conn) {
	if conn.Conn().PgConn().TxStatus() != 'I' && !conn.Conn().IsClosed() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if _, err := conn.Conn().PgConn().Exec(ctx, "ROLLBACK").ReadAll(); err != nil {
			conn.Conn().Close(ctx)
		}
	}
	conn.Release()
}

// setTenant is the hook by which row-level security learns the tenant: a literal SET LOCAL as a
// message of its own, the one form that Citus passes on to its workers.
func setTenant(tenant string) string { return "SET LOCAL app.tenant = " + quote(tenant) }

// quote makes a literal. Under standard_conforming_strings only the quote is special; the tenant has
// been checked for NUL.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (e *pgEngine) read(ctx context.Context, tenant string, fn func(session) error) error {
	const op = "db.Read"
	conn, err := e.start(ctx, op, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", setTenant(tenant))
	if err != nil {
		return err
	}
	defer giveBack(conn)
	return fn(pgSession{conn.Conn(), ctx})
}

func (e *pgEngine) get(ctx context.Context, tenant, query string, args, dest []any) error {
	return e.read(ctx, tenant, func(s session) error { return s.one(query, args, dest) })
}

// begin starts a batch: it waits for the tenant's turn, so that its writes follow one another even
// from several servers. READ COMMITTED lets each statement see what the turn before has committed.
func (e *pgEngine) begin(tenant string) (writer, error) {
	const op = "db.begin"
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	conn, err := e.pool.Acquire(ctx)
	if err != nil {
		cancel()
		return nil, pgFault(op, err)
	}
	turn := "SELECT 1 FROM turns WHERE name = " + quote(tenant) + " FOR UPDATE"
	rows, err := pipeline(ctx, conn, []string{"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", setTenant(tenant), turn})
	if err == nil && rows == 0 {
		_, err = pipeline(ctx, conn, []string{"INSERT INTO turns (name) VALUES (" + quote(tenant) + ") ON CONFLICT DO NOTHING", turn})
	}
	if err != nil {
		dropStandby(conn.Conn(), err)
		giveBack(conn)
		cancel()
		return nil, pgFault(op, err)
	}
	return &pgWriter{pgSession{conn.Conn(), ctx}, conn, cancel}, nil
}

// pgWriter is the transaction of a batch.
type pgWriter struct {
	pgSession
	pooled *pgxpool.Conn
	cancel context.CancelFunc
}

func (w *pgWriter) rollback() {
	defer w.cancel()
	giveBack(w.pooled)
}

// commit ends the batch. Unless PostgreSQL itself says that it rolled back, an error leaves the
// outcome unknown, and the caller is told so.
func (w *pgWriter) commit() error {
	const op = "db.commit"
	defer w.rollback()
	data := w.conn.PgConn().CustomData()
	delete(data, warned)
	tag, err := w.conn.Exec(w.ctx, "COMMIT", pgx.QueryExecModeSimpleProtocol)
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused) && (refused.Code[:2] == "40" || refused.Code[:2] == "23" || refused.Code[:2] == "53"):
		return fault.New(op, fault.Unavailable, "PostgreSQL refused the commit (SQLSTATE %s)", refused.Code)
	case err != nil:
		return fault.New(op, fault.Unavailable, "the connection was lost during the commit: the outcome is unknown").
			WithHint("ask again with the same idempotency key")
	case tag.String() != "COMMIT":
		return fault.New(op, fault.Unavailable, "PostgreSQL rolled the transaction back")
	case data[warned] != nil:
		return fault.New(op, fault.Unavailable, "committed, but not known to be on the standby: the outcome is unknown").
			WithHint("ask again with the same idempotency key")
	}
	return nil
}

// scrub makes the room of deleted rows free for reuse, through the owner's role.
func (e *pgEngine) scrub(ctx context.Context) error {
	const op = "db.scrub"
	if e.owner == "" {
		return nil
	}
	conn, err := pgx.Connect(ctx, e.owner)
	if err != nil {
		return pgFault(op, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	for _, t := range Tables() {
		if t.PerTenant {
			if _, err := conn.Exec(ctx, "VACUUM "+pgx.Identifier{t.Name}.Sanitize()); err != nil {
				return pgFault(op, err)
			}
		}
	}
	return nil
}
