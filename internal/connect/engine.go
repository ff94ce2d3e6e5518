package connect

import (
	"context"
	"crypto/x509"
	"database/sql"
	"net"
	"path/filepath"
	"time"
)

// engine is what differs from database to database.
type engine interface {
	// open prepares connections. It refuses those that others could read, or answer in the server's place.
	// patience is how long an answer may take.
	open(dsn string, roots *x509.CertPool, patience time.Duration) (*sql.DB, error)
	quote(name string) string
	place(n int) string
	// exact compares texts as they are, whatever the column's collation makes of them.
	exact(column, place string) (left, right string)
	// table reads what the catalogue knows of a table; nil if there is none.
	table(ctx context.Context, q queryer, schema, name string) (*catalogued, error)
	// references are all foreign keys that lead to tables of the schema.
	references(ctx context.Context, q queryer, schema string) ([]reference, error)
	// trial is a statement that needs the same rights as the one given, and changes nothing.
	trial(statement string) string
	// account says what is wrong with who we are there.
	account(ctx context.Context, q queryer) ([]string, error)
	// trouble says what an error means, in words that hold nothing of the error's own.
	trouble(err error) string
}

var engines = map[string]engine{"postgres": postgres{}, "mysql": mariadb{}, "sqlite": sqlite{}}

// queryer is a database, a connection or a transaction.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// class is what sort of values a column holds.
type class string

const (
	textual class = "text"
	numeric class = "number"
	uuids   class = "uuid"
	boolean class = "true or false"
	moment  class = "time"
	binary  class = "bytes"
	other   class = "other"
)

// catalogued is a table as the database describes it.
type catalogued struct {
	columns map[string]described
	unique  map[string]bool // columns that no two rows share
	undoes  bool            // a transaction that fails leaves it as it was
	view    bool
}

type described struct {
	typ      string // in the database's words
	class    class
	nullable bool
}

// reference is a foreign key.
type reference struct {
	schema, table string // the child, which refers; schema "" for the connector's own
	columns       []string
	parent        string
	rule          string // what becomes of the child when the parent goes: NO ACTION, RESTRICT, CASCADE, SET NULL, SET DEFAULT
}

func (r *reference) name() string {
	if r.schema != "" {
		return r.schema + "." + r.table
	}
	return r.table
}

// gather adds a column to the foreign key of that name, which rows of a catalogue tell of one by one.
func gather(all []reference, names *[]string, name string, r reference) []reference {
	if n := len(all); n > 0 && (*names)[n-1] == name && all[n-1].table == r.table {
		all[n-1].columns = append(all[n-1].columns, r.columns...)
		return all
	}
	*names = append(*names, name)
	return append(all, r)
}

// rows calls each for every row of an answer.
func rows(ctx context.Context, q queryer, each func(scan func(...any) error) error, query string, args ...any) error {
	answer, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer answer.Close()
	for answer.Next() {
		if err := each(answer.Scan); err != nil {
			return err
		}
	}
	return answer.Err()
}

// loopback reports whether a host is this machine, to which nobody else can listen.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || filepath.IsAbs(host) || ip != nil && ip.IsLoopback()
}

func rootsOf(pem []byte) (*x509.CertPool, bool) {
	if pem == nil {
		return nil, true
	}
	pool := x509.NewCertPool()
	return pool, pool.AppendCertsFromPEM(pem)
}
