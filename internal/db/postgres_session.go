package db

import (
	"context"
	"errors"

	"clause.dev/clause/internal/fault"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// pgSession runs statements on a connection that is inside a transaction. pgx prepares each query
// once per connection.
type pgSession struct {
	conn *pgx.Conn
	ctx  context.Context
}

func (s pgSession) exec(query string, args []any) (int64, error) {
	const op = "db.Exec"
	args, err := pgArgs(op, args)
	if err != nil {
		return 0, err
	}
	tag, err := s.conn.Exec(s.ctx, query, args...)
	if err != nil {
		return 0, s.fault(op, err)
	}
	if tag.Select() {
		return 0, nil
	}
	return tag.RowsAffected(), nil
}

func (s pgSession) one(query string, args, dest []any) error {
	const op = "db.One"
	args, err := pgArgs(op, args)
	if err != nil {
		return err
	}
	rows, err := s.conn.Query(s.ctx, query, args...)
	if err != nil {
		return s.fault(op, err)
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return s.fault(op, err)
		}
		return fault.New(op, fault.NotFound, "no such row")
	}
	if err := pgScan(op, rows, dest); err != nil {
		return err
	}
	rows.Close()
	return s.fault(op, rows.Err())
}

func (s pgSession) each(query string, args []any, row func(scan func(dest ...any) error) error) error {
	const op = "db.Each"
	args, err := pgArgs(op, args)
	if err != nil {
		return err
	}
	rows, err := s.conn.Query(s.ctx, query, args...)
	if err != nil {
		return s.fault(op, err)
	}
	defer rows.Close()
	scan := func(dest ...any) error { return pgScan(op, rows, dest) }
	for rows.Next() {
		if err := row(scan); err != nil {
			return err
		}
	}
	return s.fault(op, rows.Err())
}

// fault tells a statement that the driver would not send, such as one with too few arguments, from a
// connection that broke.
func (s pgSession) fault(op string, err error) error {
	var pg *pgconn.PgError
	dropStandby(s.conn, err)
	if err == nil || errors.As(err, &pg) || contextError(err) != nil || s.conn.IsClosed() {
		return pgFault(op, err)
	}
	return fault.New(op, fault.Invalid, "the arguments do not fit the statement")
}

// dropStandby closes a connection to a server that cannot be written to: after a fail-over the next
// connection finds the one that can.
func dropStandby(conn *pgx.Conn, err error) {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == readOnlyServer {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		conn.Close(ctx)
	}
}

// readOnlyServer is the SQLSTATE of a standby, or of a transaction that is read-only.
const readOnlyServer = "25006"

// pgArgs refuses what SQLite would not take, and turns bool into the number it is stored as.
func pgArgs(op string, args []any) ([]any, error) {
	out := args
	for i, arg := range args {
		switch v := arg.(type) {
		case string, []byte, int64, int, int32, nil:
		case bool:
			if &out[0] == &args[0] {
				out = append([]any(nil), args...)
			}
			out[i] = int64(0)
			if v {
				out[i] = int64(1)
			}
		default:
			return nil, fault.New(op, fault.Invalid, "argument %d has type %T", i+1, arg)
		}
	}
	return out, nil
}

// pgScan scans the current row with the strictness of SQLite's side.
func pgScan(op string, rows pgx.Rows, dest []any) error {
	if have := len(rows.FieldDescriptions()); have != len(dest) {
		return fault.New(op, fault.Invalid, "%d destinations for %d columns", len(dest), have)
	}
	targets := dest
	var flags []flag
	for i, d := range dest {
		switch d := d.(type) {
		case *string, *[]byte, *int64, *int, *int32:
		case *bool:
			if &targets[0] == &dest[0] {
				targets = append([]any(nil), dest...)
			}
			flags = append(flags, flag{dest: d, value: new(int64)})
			targets[i] = flags[len(flags)-1].value
		default:
			return fault.New(op, fault.Invalid, "column %d cannot be scanned into %T", i+1, d)
		}
	}
	if err := rows.Scan(targets...); err != nil {
		return scanFault(op, err)
	}
	for _, f := range flags {
		if *f.value != 0 && *f.value != 1 {
			return fault.New(op, fault.Invalid, "a number other than 0 and 1 cannot be scanned into *bool")
		}
		*f.dest = *f.value == 1
	}
	return nil
}

// flag is a bool that is stored as a number.
type flag struct {
	dest  *bool
	value *int64
}

// scanFault tells a value of the wrong type from a connection that broke. The driver's text may
// quote the value, so it is not passed on.
func scanFault(op string, err error) error {
	var scan pgx.ScanArgError
	if errors.As(err, &scan) {
		return fault.New(op, fault.Invalid, "column %d cannot be scanned into its destination", scan.ColumnIndex+1)
	}
	return pgFault(op, err)
}

// pgFault classes an error by its SQLSTATE. PostgreSQL's messages may quote values, so they are
// passed on for errors in the SQL text alone (class 42), which quote identifiers.
func pgFault(op string, err error) error {
	if err == nil {
		return nil
	}
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return fault.New(op, fault.NotFound, "no such row")
	case !errors.As(err, &pg):
		if ctx := contextError(err); ctx != nil {
			return &fault.Error{Op: op, Kind: fault.Unavailable, Msg: "PostgreSQL was not answered in time", Err: ctx}
		}
		return fault.New(op, fault.Unavailable, "PostgreSQL cannot be reached, or the connection was lost")
	}
	e := fault.New(op, sqlStateKind(pg.Code), "PostgreSQL: SQLSTATE %s %s", pg.Code, pg.TableName)
	if pg.Code[:2] == "42" {
		e.Msg += " " + pg.Message
	}
	if pg.Code == "53100" {
		e.Hint = "PostgreSQL's disk is full: free some space, and the store goes on by itself"
	}
	return e
}

func contextError(err error) error {
	for _, target := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, target) {
			return target
		}
	}
	return nil
}

// sqlStateKind: by class, and by code where a class is mixed.
func sqlStateKind(code string) fault.Kind {
	switch code {
	case "23505":
		return fault.Conflict
	case readOnlyServer:
		return fault.Unavailable
	case "54000", "22001":
		return fault.TooLarge
	}
	switch code[:2] {
	case "08", "40", "53", "55", "57", "58":
		return fault.Unavailable
	case "22", "23":
		return fault.Invalid
	}
	return fault.Other
}
