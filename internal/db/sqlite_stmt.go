package db

import (
	"strconv"

	"clause.dev/clause/internal/fault"
	"modernc.org/libc"
	sqlite "modernc.org/sqlite/lib"
)

// keepBuffer is the largest argument buffer a statement keeps between uses.
const keepBuffer = 64 << 10

// statement is one prepared statement of one connection.
type statement struct {
	conn     *sqliteConn
	handle   uintptr
	params   []int // for each of SQLite's parameters the index of our argument: $2 may come before $1
	args     int   // how many arguments the query takes
	columns  int
	readOnly bool
	used     bool
	cached   bool
	address  uintptr // the argument buffer: SQLite reads bound text and blobs from it
	buffer   []byte
}

// prepare compiles one query.
func (c *sqliteConn) prepare(query string) (*statement, error) {
	const op = "db.prepare"
	text, err := libc.CString(query)
	if err != nil {
		return nil, fault.New(op, fault.Unavailable, "out of memory")
	}
	defer libc.Xfree(c.tls, text)
	rc := sqlite.Xsqlite3_prepare_v3(c.tls, c.handle, text, int32(len(query)+1), sqlite.SQLITE_PREPARE_PERSISTENT, c.out, 0)
	if rc != sqlite.SQLITE_OK {
		return nil, c.fault(op, rc)
	}
	s := &statement{conn: c, handle: c.pointer()}
	if s.handle == 0 {
		return nil, fault.New(op, fault.Invalid, "the query is empty")
	}
	s.columns = int(sqlite.Xsqlite3_column_count(c.tls, s.handle))
	s.readOnly = sqlite.Xsqlite3_stmt_readonly(c.tls, s.handle) != 0
	if err := s.number(); err != nil {
		s.finalize()
		return nil, err
	}
	return s, nil
}

// number finds out which argument each parameter stands for: to SQLite $1 is a name.
func (s *statement) number() error {
	n := int(sqlite.Xsqlite3_bind_parameter_count(s.conn.tls, s.handle))
	s.params = make([]int, n)
	for i := range s.params {
		name := libc.GoString(sqlite.Xsqlite3_bind_parameter_name(s.conn.tls, s.handle, int32(i+1)))
		if len(name) < 2 || name[0] != '$' {
			return fault.New("db.prepare", fault.Invalid, "parameters are written $1, $2, …")
		}
		k, err := strconv.Atoi(name[1:])
		if err != nil || k < 1 || k > n {
			return fault.New("db.prepare", fault.Invalid, "parameter %s of a query with %d parameters", name, n)
		}
		s.params[i] = k - 1
	}
	s.args = n
	return nil
}

// release makes the statement ready for its next use. Nothing bound stays behind.
func (s *statement) release() {
	sqlite.Xsqlite3_reset(s.conn.tls, s.handle)
	if len(s.params) > 0 {
		sqlite.Xsqlite3_clear_bindings(s.conn.tls, s.handle)
	}
	s.used = false
	if !s.cached {
		s.finalize()
		return
	}
	if len(s.buffer) > keepBuffer {
		s.freeBuffer()
	}
}

func (s *statement) finalize() {
	sqlite.Xsqlite3_finalize(s.conn.tls, s.handle)
	s.freeBuffer()
}

func (s *statement) freeBuffer() {
	if s.address != 0 {
		libc.Xfree(s.conn.tls, s.address)
		s.address, s.buffer = 0, nil
	}
}

// bind hands the arguments to SQLite. Text and blobs are copied into the statement's buffer, where
// they stay until it is released.
func (s *statement) bind(op string, args []any) error {
	if len(args) != s.args {
		return fault.New(op, fault.Invalid, "%d arguments for a query that takes %d", len(args), s.args)
	}
	if s.args == 0 {
		return nil
	}
	if err := s.reserve(args); err != nil {
		return err
	}
	at := 0
	for i, k := range s.params {
		rc, n := s.bindOne(int32(i+1), args[k], at)
		if rc == sqlite.SQLITE_MISMATCH {
			return fault.New(op, fault.Invalid, "argument %d has type %T", k+1, args[k])
		}
		if rc != sqlite.SQLITE_OK {
			return s.conn.fault(op, rc)
		}
		at += n
	}
	return nil
}

// reserve makes the buffer large enough. It is never empty: an address of 0 would bind NULL.
func (s *statement) reserve(args []any) error {
	need := 1
	for _, arg := range args {
		switch v := arg.(type) {
		case string:
			need += len(v)
		case []byte:
			need += len(v)
		}
	}
	if need <= len(s.buffer) {
		return nil
	}
	s.freeBuffer()
	var err error
	s.address, s.buffer, err = s.conn.malloc(max(need, 256))
	return err
}

// bindOne binds one argument and returns how many bytes of the buffer it took.
func (s *statement) bindOne(i int32, arg any, at int) (rc int32, n int) {
	tls, p := s.conn.tls, s.address+uintptr(at)
	switch v := arg.(type) {
	case string:
		n = copy(s.buffer[at:], v)
		return sqlite.Xsqlite3_bind_text(tls, s.handle, i, p, int32(n), 0), n
	case []byte:
		if v == nil {
			return sqlite.Xsqlite3_bind_null(tls, s.handle, i), 0
		}
		n = copy(s.buffer[at:], v)
		return sqlite.Xsqlite3_bind_blob(tls, s.handle, i, p, int32(n), 0), n
	case int64:
		return sqlite.Xsqlite3_bind_int64(tls, s.handle, i, v), 0
	case int:
		return sqlite.Xsqlite3_bind_int64(tls, s.handle, i, int64(v)), 0
	case int32:
		return sqlite.Xsqlite3_bind_int64(tls, s.handle, i, int64(v)), 0
	case bool:
		var b int64
		if v {
			b = 1
		}
		return sqlite.Xsqlite3_bind_int64(tls, s.handle, i, b), 0
	case nil:
		return sqlite.Xsqlite3_bind_null(tls, s.handle, i), 0
	}
	return sqlite.SQLITE_MISMATCH, 0
}

// scan copies the current row out.
func (s *statement) scan(op string, dest []any) error {
	if len(dest) != s.columns {
		return fault.New(op, fault.Invalid, "%d destinations for %d columns", len(dest), s.columns)
	}
	for i, d := range dest {
		if err := s.scanOne(op, int32(i), d); err != nil {
			return err
		}
	}
	return nil
}

func (s *statement) scanOne(op string, i int32, dest any) error {
	tls := s.conn.tls
	have := sqlite.Xsqlite3_column_type(tls, s.handle, i)
	ok := false
	switch d := dest.(type) {
	case *string:
		if ok = have == sqlite.SQLITE_TEXT; ok {
			*d = string(s.view(i, sqlite.Xsqlite3_column_text(tls, s.handle, i)))
		}
	case *[]byte:
		switch have {
		case sqlite.SQLITE_BLOB:
			*d, ok = append([]byte{}, s.view(i, sqlite.Xsqlite3_column_blob(tls, s.handle, i))...), true
		case sqlite.SQLITE_NULL:
			*d, ok = nil, true
		}
	case *int64:
		ok = have == sqlite.SQLITE_INTEGER
		*d = sqlite.Xsqlite3_column_int64(tls, s.handle, i)
	case *int:
		ok = have == sqlite.SQLITE_INTEGER
		*d = int(sqlite.Xsqlite3_column_int64(tls, s.handle, i))
	case *int32:
		v := sqlite.Xsqlite3_column_int64(tls, s.handle, i)
		*d = int32(v)
		ok = have == sqlite.SQLITE_INTEGER && int64(*d) == v
	case *bool:
		v := sqlite.Xsqlite3_column_int64(tls, s.handle, i)
		*d = v == 1
		ok = have == sqlite.SQLITE_INTEGER && (v == 0 || v == 1)
	}
	if !ok {
		return fault.New(op, fault.Invalid, "column %d cannot be scanned into %T", i+1, dest)
	}
	return nil
}

// view returns the bytes of a text or blob column without copying them.
func (s *statement) view(i int32, address uintptr) []byte {
	n := sqlite.Xsqlite3_column_bytes(s.conn.tls, s.handle, i)
	if address == 0 || n == 0 {
		return nil
	}
	return libc.GoBytes(address, int(n))
}
