package db

import (
	"encoding/binary"
	"fmt"

	"clause.dev/clause/internal/fault"
	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	sqlite "modernc.org/sqlite/lib"
)

// maxStatements bounds the prepared statements kept per connection.
const maxStatements = 256

// sqliteConn is one connection, for one goroutine at a time. It speaks to SQLite's own interface
// rather than through database/sql: a cached point read costs a third of the time and none of the
// garbage, and the product's speed hangs on it.
type sqliteConn struct {
	tls        *libc.TLS
	handle     uintptr
	statements map[string]*statement
	out        uintptr // room for one pointer, for results of SQLite's functions
}

// openConn opens a connection to the file, which exists, and applies the pragmas.
func openConn(path string, pragmas ...string) (*sqliteConn, error) {
	const op = "db.openSQLite"
	c := &sqliteConn{tls: libc.NewTLS(), statements: map[string]*statement{}}
	c.out = libc.Xmalloc(c.tls, 8)
	name, err := libc.CString(path)
	if err != nil || c.out == 0 {
		return nil, fault.New(op, fault.Unavailable, "out of memory")
	}
	defer libc.Xfree(c.tls, name)
	// NOMUTEX: the pools see to it that one goroutine at a time uses a connection.
	rc := sqlite.Xsqlite3_open_v2(c.tls, name, c.out, sqlite.SQLITE_OPEN_READWRITE|sqlite.SQLITE_OPEN_NOMUTEX, 0)
	c.handle = c.pointer()
	if rc != sqlite.SQLITE_OK {
		defer c.close()
		return nil, c.fault(op, rc)
	}
	sqlite.Xsqlite3_extended_result_codes(c.tls, c.handle, 1)
	for _, pragma := range pragmas {
		if err := c.run(pragma); err != nil {
			c.close()
			return nil, fault.Wrap(op, err)
		}
	}
	return c, nil
}

// pointer reads what SQLite wrote to out.
func (c *sqliteConn) pointer() uintptr {
	return uintptr(binary.NativeEndian.Uint64(libc.GoBytes(c.out, 8)))
}

func (c *sqliteConn) close() {
	for _, s := range c.statements {
		s.finalize()
	}
	sqlite.Xsqlite3_close_v2(c.tls, c.handle)
	libc.Xfree(c.tls, c.out)
	c.tls.Close()
}

// statement returns a prepared statement for the query that nobody is in the midst of using, and
// marks it used; the caller must release it.
func (c *sqliteConn) statement(query string) (*statement, error) {
	if s := c.statements[query]; s != nil && !s.used {
		s.used = true
		return s, nil
	}
	s, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	s.used = true
	if c.statements[query] == nil && len(c.statements) < maxStatements {
		s.cached = true
		c.statements[query] = s
	}
	return s, nil
}

// run runs a statement without arguments and drops its rows.
func (c *sqliteConn) run(query string) error {
	_, err := c.exec(query, nil)
	return err
}

func (c *sqliteConn) exec(query string, args []any) (int64, error) {
	const op = "db.Exec"
	s, err := c.statement(query)
	if err != nil {
		return 0, err
	}
	defer s.release()
	if err := s.bind(op, args); err != nil {
		return 0, err
	}
	for {
		switch rc := sqlite.Xsqlite3_step(c.tls, s.handle); rc {
		case sqlite.SQLITE_ROW:
		case sqlite.SQLITE_DONE:
			if s.readOnly {
				return 0, nil
			}
			return sqlite.Xsqlite3_changes64(c.tls, c.handle), nil
		default:
			return 0, c.fault(op, rc)
		}
	}
}

func (c *sqliteConn) one(query string, args, dest []any) error {
	const op = "db.One"
	s, err := c.statement(query)
	if err != nil {
		return err
	}
	defer s.release()
	if err := s.bind(op, args); err != nil {
		return err
	}
	switch rc := sqlite.Xsqlite3_step(c.tls, s.handle); rc {
	case sqlite.SQLITE_ROW:
	case sqlite.SQLITE_DONE:
		return fault.New(op, fault.NotFound, "no such row")
	default:
		return c.fault(op, rc)
	}
	if err := s.scan(op, dest); err != nil || s.readOnly {
		return err
	}
	// A statement that writes has done all its work only when it is done.
	for {
		switch rc := sqlite.Xsqlite3_step(c.tls, s.handle); rc {
		case sqlite.SQLITE_ROW:
		case sqlite.SQLITE_DONE:
			return nil
		default:
			return c.fault(op, rc)
		}
	}
}

func (c *sqliteConn) each(ctxErr func() error, query string, args []any, row func(scan func(dest ...any) error) error) error {
	const op = "db.Each"
	s, err := c.statement(query)
	if err != nil {
		return err
	}
	defer s.release()
	if err := s.bind(op, args); err != nil {
		return err
	}
	scan := func(dest ...any) error { return s.scan(op, dest) }
	for {
		if err := ctxErr(); err != nil {
			return fault.As(op, fault.Unavailable, err)
		}
		switch rc := sqlite.Xsqlite3_step(c.tls, s.handle); rc {
		case sqlite.SQLITE_ROW:
			if err := row(scan); err != nil {
				return err
			}
		case sqlite.SQLITE_DONE:
			return nil
		default:
			return c.fault(op, rc)
		}
	}
}

// inTransaction reports whether a BEGIN is open.
func (c *sqliteConn) inTransaction() bool {
	return sqlite.Xsqlite3_get_autocommit(c.tls, c.handle) == 0
}

// fault makes a result code an error. SQLite's messages name tables and columns, never values.
func (c *sqliteConn) fault(op string, rc int32) error {
	kind, hint := sqliteKind(rc)
	msg := libc.GoString(sqlite.Xsqlite3_errstr(c.tls, rc))
	if c.handle != 0 {
		msg = libc.GoString(sqlite.Xsqlite3_errmsg(c.tls, c.handle))
	}
	e := &fault.Error{Op: op, Kind: kind, Msg: fmt.Sprintf("%s (SQLite %d)", msg, rc), Hint: hint}
	return e
}

// sqliteKind classes a result code.
func sqliteKind(rc int32) (kind fault.Kind, hint string) {
	switch rc & 0xff {
	case sqlite.SQLITE_CONSTRAINT:
		if rc == sqlite.SQLITE_CONSTRAINT_PRIMARYKEY || rc == sqlite.SQLITE_CONSTRAINT_UNIQUE || rc == sqlite.SQLITE_CONSTRAINT_ROWID {
			return fault.Conflict, ""
		}
		return fault.Invalid, ""
	case sqlite.SQLITE_FULL:
		return fault.Unavailable, "the disk is full: free some space, and the store goes on by itself"
	case sqlite.SQLITE_IOERR:
		return fault.Unavailable, "the disk could not be read or written: look at the system's log and the free space"
	case sqlite.SQLITE_BUSY, sqlite.SQLITE_LOCKED, sqlite.SQLITE_NOMEM, sqlite.SQLITE_CANTOPEN, sqlite.SQLITE_PROTOCOL:
		return fault.Unavailable, ""
	case sqlite.SQLITE_READONLY:
		return fault.Unavailable, "the store's file or folder cannot be written: look at its owner and mode"
	case sqlite.SQLITE_NOTADB, sqlite.SQLITE_CORRUPT:
		return fault.Other, "the store's file is damaged: restore a backup with clause restore"
	case sqlite.SQLITE_TOOBIG:
		return fault.TooLarge, ""
	}
	return fault.Other, ""
}

// malloc returns n bytes of SQLite's side, as an address and as Go sees them.
func (c *sqliteConn) malloc(n int) (uintptr, []byte, error) {
	p := libc.Xmalloc(c.tls, types.Size_t(n))
	if p == 0 {
		return 0, nil, fault.New("db.malloc", fault.Unavailable, "out of memory for %d bytes", n)
	}
	return p, libc.GoBytes(p, n), nil
}
