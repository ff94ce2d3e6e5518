package db

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"

	"clause.dev/clause/internal/fault"
)

// sqliteEngine is one SQLite file in WAL mode: one connection that writes, a few that read.
type sqliteEngine struct {
	file    string
	lock    *fileLock
	readers readers

	writing sync.Mutex // held from begin to the end of a transaction
	writer  *sqliteConn
	closed  bool // guarded by writing
}

// busy is how long a statement waits for another process, such as sqlite3 run by an operator.
const busy = "PRAGMA busy_timeout = 5000"

// window is how much of the file is read through memory rather than by a call for each page: in a store
// of a million records a read then costs half. The kernel can take these pages back at any time.
const window = "PRAGMA mmap_size = 1073741824"

// writerPragmas make a commit durable (FULL), deleted content unreadable (secure_delete) and keep
// sorting out of temporary files (temp_store). auto_vacuum has effect on a new file alone.
func writerPragmas() []string {
	return []string{
		busy,
		"PRAGMA auto_vacuum = INCREMENTAL",
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = FULL",
		"PRAGMA secure_delete = ON",
		"PRAGMA foreign_keys = ON",
		"PRAGMA trusted_schema = OFF",
		"PRAGMA temp_store = MEMORY",
		"PRAGMA cache_size = -8192",
		"PRAGMA wal_autocheckpoint = 8000",
		"PRAGMA journal_size_limit = 33554432",
		window,
	}
}

func readerPragmas() []string {
	return []string{
		busy,
		"PRAGMA query_only = ON",
		"PRAGMA trusted_schema = OFF",
		"PRAGMA temp_store = MEMORY",
		"PRAGMA cache_size = -2048",
		window,
	}
}

// openSQLite takes the file for this process, makes it if need be, and migrates it.
func openSQLite(ctx context.Context, path string) (*sqliteEngine, error) {
	file, err := makeFile(path)
	if err != nil {
		return nil, err
	}
	lock, err := lockFile(file + ".lock")
	if err != nil {
		return nil, err
	}
	e := &sqliteEngine{file: file, lock: lock}
	if err := e.start(ctx); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

func (e *sqliteEngine) start(ctx context.Context) error {
	var err error
	if e.writer, err = openConn(e.file, writerPragmas()...); err != nil {
		return err
	}
	if err := migrateSQLite(ctx, e.file); err != nil {
		return err
	}
	var mode string
	if err := e.writer.one("PRAGMA journal_mode", nil, []any{&mode}); err != nil {
		return err
	}
	if mode != "wal" {
		return fault.New("db.openSQLite", fault.Invalid, "the file system cannot hold SQLite's write-ahead log (journal mode %s)", mode).
			WithHint("put the store on a local file system")
	}
	e.readers.open = func() (*sqliteConn, error) { return openConn(e.file, readerPragmas()...) }
	e.readers.slots = make(chan struct{}, max(8, 2*runtime.GOMAXPROCS(0)))
	return nil
}

// makeFile makes the folder (0700) and the file (0600) and returns the path with links resolved, so
// that one file has one lock.
func makeFile(path string) (string, error) {
	const op = "db.openSQLite"
	if path == "" || path == ":memory:" {
		return "", fault.New(op, fault.Invalid, "the store needs a file").WithField("URL")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fault.As(op, fault.Invalid, err)
	}
	if err := os.MkdirAll(filepath.Dir(abs), 0o700); err != nil {
		return "", fault.As(op, fault.Unavailable, err)
	}
	f, err := os.OpenFile(abs, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", fault.As(op, fault.Unavailable, err)
	}
	defer f.Close()
	if err := f.Chmod(0o600); err != nil {
		return "", fault.As(op, fault.Unavailable, err)
	}
	real, err := filepath.EvalSymlinks(abs)
	return real, fault.As(op, fault.Unavailable, err)
}

func (e *sqliteEngine) dialect() Dialect { return SQLite }
func (e *sqliteEngine) path() string     { return e.file }

// sqliteSession is a reader's transaction.
type sqliteSession struct {
	*sqliteConn
	ctx context.Context
}

func (s sqliteSession) each(query string, args []any, row func(scan func(dest ...any) error) error) error {
	return s.sqliteConn.each(s.ctx.Err, query, args, row)
}

func (e *sqliteEngine) read(ctx context.Context, _ string, fn func(session) error) error {
	c, err := e.readers.take(ctx)
	if err != nil {
		return err
	}
	defer e.readers.give(c)
	if err := c.run("BEGIN"); err != nil {
		return err
	}
	defer c.run("ROLLBACK") // nothing to commit; it ends the snapshot whatever happened
	return fn(sqliteSession{c, ctx})
}

func (e *sqliteEngine) get(ctx context.Context, _, query string, args, dest []any) error {
	c, err := e.readers.take(ctx)
	if err != nil {
		return err
	}
	defer e.readers.give(c)
	return c.one(query, args, dest)
}

// sqliteWriter is the transaction of a batch.
type sqliteWriter struct {
	*sqliteConn
	engine *sqliteEngine
}

func (w sqliteWriter) each(query string, args []any, row func(scan func(dest ...any) error) error) error {
	return w.sqliteConn.each(func() error { return nil }, query, args, row)
}

func (e *sqliteEngine) begin(string) (writer, error) {
	e.writing.Lock()
	err := e.ready()
	if err == nil {
		err = e.writer.run("BEGIN IMMEDIATE")
	}
	if err != nil {
		e.reset()
		e.writing.Unlock()
		return nil, fault.Wrap("db.begin", err)
	}
	return sqliteWriter{e.writer, e}, nil
}

// ready opens the writing connection if it was given up after a failure.
func (e *sqliteEngine) ready() error {
	if e.closed {
		return fault.New("db.begin", fault.Unavailable, "the store is closed")
	}
	if e.writer != nil {
		return nil
	}
	var err error
	e.writer, err = openConn(e.file, writerPragmas()...)
	return err
}

func (w sqliteWriter) commit() error {
	defer w.engine.writing.Unlock()
	err := w.run("COMMIT")
	if err != nil {
		w.engine.reset()
		e := fault.As("db.commit", fault.Unavailable, err).(*fault.Error)
		e.Hint = hintOf(err)
		return e
	}
	return nil
}

func (w sqliteWriter) rollback() {
	defer w.engine.writing.Unlock()
	w.engine.reset()
}

// reset leaves the writer without a transaction: by ROLLBACK, or if that fails by a new connection.
func (e *sqliteEngine) reset() {
	if e.writer == nil || !e.writer.inTransaction() {
		return
	}
	if err := e.writer.run("ROLLBACK"); err != nil || e.writer.inTransaction() {
		e.writer.close()
		e.writer = nil
	}
}

// scrub empties the write-ahead log: what was deleted is gone from the pages already, but older
// versions of them are still in the log.
func (e *sqliteEngine) scrub(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fault.As("db.scrub", fault.Unavailable, err)
	}
	e.writing.Lock()
	defer e.writing.Unlock()
	if err := e.ready(); err != nil {
		return err
	}
	var blocked, frames, moved int
	if err := e.writer.one("PRAGMA wal_checkpoint(TRUNCATE)", nil, []any{&blocked, &frames, &moved}); err != nil {
		return err
	}
	if blocked != 0 {
		return fault.New("db.scrub", fault.Unavailable, "a reader is in the way of emptying the write-ahead log (%s frames)", strconv.Itoa(frames))
	}
	return nil
}

// close waits for the transactions under way.
func (e *sqliteEngine) close() error {
	e.writing.Lock()
	defer e.writing.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	e.readers.close()
	if e.writer != nil {
		e.writer.close() // the last connection: it empties and removes the write-ahead log
		e.writer = nil
	}
	return e.lock.release()
}

func hintOf(err error) string {
	if e, ok := err.(*fault.Error); ok {
		return e.Hint
	}
	return ""
}
