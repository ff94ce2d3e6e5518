package db

import (
	"strings"
	"time"
	"unicode/utf8"

	"clause.dev/clause/internal/fault"
)

// Tx is a caller's part in a transaction. It is of no use once fn has returned, and to one goroutine
// only.
//
// Arguments are string (valid UTF-8 without NUL), []byte, int64, int, int32, bool (stored as 0 or 1)
// and nil; destinations are pointers to these. NULL can be scanned into *[]byte alone.
//
// After a statement failed with anything but fault.NotFound the transaction is over: every later
// statement fails with the same error, and so does the Write. (PostgreSQL knows no other way; use
// ON CONFLICT DO NOTHING and the count of rows where a conflict is expected.)
type Tx struct {
	session session
	tenant  string
	now     time.Time
	dialect Dialect
	scopes  *scopes
	failed  error
	busy    bool // inside Each
	writing bool // part of a Write
	dirty   bool // has changed something, or has used a scope: to undo it the transaction must go
}

// Writing reports whether the Tx is part of a Write. On an Exclusive store the Writes come one after
// another, so that what was read in one holds in the next, unless that one has changed it.
func (t *Tx) Writing() bool { return t.writing }

// Tenant returns the tenant the transaction was made for.
func (t *Tx) Tenant() string { return t.tenant }

// Now returns the transaction's time: frozen, UTC, whole microseconds.
func (t *Tx) Now() time.Time { return t.now }

// LockRow returns what a SELECT of a row to be changed must end with.
func (t *Tx) LockRow() string {
	if t.dialect == Postgres {
		return " FOR UPDATE"
	}
	return ""
}

// Exec runs a statement and returns how many rows it inserted, updated or deleted. It fails with
// fault.Conflict where a key exists already, with fault.Unavailable if the store cannot take it now.
func (t *Tx) Exec(query string, args ...any) (affected int64, err error) {
	if err := t.ready("db.Exec", args); err != nil {
		return 0, err
	}
	n, err := t.session.exec(query, args)
	t.dirty = t.dirty || n > 0
	return n, t.seen(err)
}

// One runs a query and scans its first row. It fails with fault.NotFound if there is none.
func (t *Tx) One(query string, args []any, dest ...any) error {
	if err := t.ready("db.One", args); err != nil {
		return err
	}
	t.noteReturning(query)
	return t.seen(t.session.one(query, args, dest))
}

// Each runs a query and calls row for each of its rows; an error of row ends it and is returned as
// it is. Within row no other statement can be run: the connection is busy. Gather first, then act.
func (t *Tx) Each(query string, args []any, row func(scan func(dest ...any) error) error) error {
	if err := t.ready("db.Each", args); err != nil {
		return err
	}
	t.noteReturning(query)
	t.busy = true
	defer func() { t.busy = false }()
	var own error
	err := t.session.each(query, args, func(scan func(dest ...any) error) error {
		own = row(scan)
		return own
	})
	if err != nil && own != nil {
		return own
	}
	return t.seen(err)
}

// Scope returns the value kept under key for the physical transaction, making it at first use.
// flush (which may be nil) runs once before the commit, with a Tx of the tenant that made the value:
// so work of many Writes is gathered into one statement. A fn that fails after it has used a scope
// causes the whole batch to be run again, so scopes need no undo. In a Read nothing is flushed.
func (t *Tx) Scope(key any, make func() any, flush func(*Tx, any) error) any {
	t.dirty = true
	return t.scopes.get(t, key, make, flush)
}

// ready refuses statements after the end, after a failure, and with text no engine takes alike.
func (t *Tx) ready(op string, args []any) error {
	if t.session == nil {
		return fault.New(op, fault.Other, "the transaction is over")
	}
	if t.failed != nil {
		return t.failed
	}
	if t.busy {
		return t.seen(fault.New(op, fault.Other, "a statement inside Each: gather the rows first"))
	}
	if err := checkText(op, args); err != nil {
		return t.seen(err)
	}
	return nil
}

// seen keeps the first failure. On PostgreSQL it has broken the transaction; on SQLite a statement
// that failed has undone itself.
func (t *Tx) seen(err error) error {
	if err != nil && !fault.Is(err, fault.NotFound) {
		t.failed = err
		t.dirty = t.dirty || t.dialect == Postgres
	}
	return err
}

// lost reports that the engine, not the caller, is why the transaction cannot go on.
func (t *Tx) lost() bool { return fault.Is(t.failed, fault.Unavailable) }

func (t *Tx) end() { t.session = nil }

// noteReturning marks statements such as INSERT … RETURNING, which are run as queries.
func (t *Tx) noteReturning(query string) {
	if !t.dirty && !strings.HasPrefix(query, "SELECT") {
		t.dirty = true
	}
}

// checkText refuses strings that PostgreSQL cannot store, on SQLite too.
func checkText(op string, args []any) error {
	for i, arg := range args {
		if s, ok := arg.(string); ok && !storable(s) {
			return fault.New(op, fault.Invalid, "argument %d is not valid UTF-8 or holds a NUL", i+1)
		}
	}
	return nil
}

func storable(s string) bool {
	return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// scopes are the values gathered during one physical transaction, in the order they were made.
type scopes struct {
	byKey map[any]int
	list  []scope
}

type scope struct {
	value  any
	flush  func(*Tx, any) error
	tenant string
}

func (s *scopes) get(t *Tx, key any, create func() any, flush func(*Tx, any) error) any {
	if i, ok := s.byKey[key]; ok {
		return s.list[i].value
	}
	if s.byKey == nil {
		s.byKey = map[any]int{}
	}
	value := create()
	s.byKey[key] = len(s.list)
	s.list = append(s.list, scope{value, flush, t.tenant})
	return value
}
