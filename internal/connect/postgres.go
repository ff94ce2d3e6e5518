package connect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

type postgres struct{}

var (
	errDSN    = errors.New("the dsn cannot be read")
	errTLS    = errors.New("the connection would not be encrypted to a server that is known")
	errNoFile = errors.New("there is no such file")
)

func (postgres) open(dsn string, roots *x509.CertPool, _ time.Duration) (*sql.DB, error) {
	c, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errDSN // its own words hold parts of the dsn
	}
	if !guarded(c.Host, c.TLSConfig, roots) {
		return nil, errTLS
	}
	for _, f := range c.Fallbacks {
		if !guarded(f.Host, f.TLSConfig, roots) {
			return nil, errTLS
		}
	}
	c.RuntimeParams["application_name"] = "clause"
	return stdlib.OpenDB(*c, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		// Rows hidden by row-level security could be neither erased nor missed: a statement that would not
		// see all of them fails instead.
		_, err := conn.Exec(ctx, "SET row_security = off")
		return err
	})), nil
}

// guarded reports whether nobody between could read, or answer. sslmode=require asks for no proof of
// who answers, so that it keeps nobody out who can reach the wire.
func guarded(host string, c *tls.Config, roots *x509.CertPool) bool {
	if c != nil && roots != nil {
		c.RootCAs = roots
	}
	return loopback(host) || c != nil && (!c.InsecureSkipVerify || c.VerifyPeerCertificate != nil || c.VerifyConnection != nil)
}

func (postgres) quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func (postgres) place(n int) string { return "$" + strconv.Itoa(n) }

func (postgres) exact(column, place string) (string, string) {
	return "CAST(" + column + ` AS text) COLLATE "C"`, place
}

const pgColumns = `SELECT a.attname, format_type(a.atttypid, a.atttypmod), t.typcategory::text, COALESCE(b.typname, t.typname)::text, NOT a.attnotnull, c.relkind::text
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid LEFT JOIN pg_catalog.pg_type b ON b.oid = NULLIF(t.typbasetype, 0)
WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped`

const pgUnique = `SELECT a.attname FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
WHERE n.nspname = $1 AND c.relname = $2 AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1 AND i.indpred IS NULL`

func (postgres) table(ctx context.Context, q queryer, schema, name string) (*catalogued, error) {
	t := &catalogued{columns: map[string]described{}, unique: map[string]bool{}, undoes: true}
	err := rows(ctx, q, func(scan func(...any) error) error {
		var column, category, base, kind string
		var d described
		err := scan(&column, &d.typ, &category, &base, &d.nullable, &kind)
		d.class = pgClass(category, base)
		t.columns[column], t.view = d, kind != "r" && kind != "p"
		return err
	}, pgColumns, schema, name)
	if err != nil || len(t.columns) == 0 {
		return nil, err
	}
	return t, rows(ctx, q, func(scan func(...any) error) error {
		var column string
		err := scan(&column)
		t.unique[column] = true
		return err
	}, pgUnique, schema, name)
}

func pgClass(category, base string) class {
	switch {
	case base == "uuid":
		return uuids
	case base == "bytea":
		return binary
	case base == "citext" || category == "S" || category == "E":
		return textual
	case base == "float4" || base == "float8" || base == "money" || base == "oid":
		return other
	case category == "N":
		return numeric
	case category == "B":
		return boolean
	case category == "D":
		return moment
	}
	return other
}

func (postgres) references(ctx context.Context, q queryer, schema string) (all []reference, err error) {
	const query = `SELECT f.conname || f.oid::text, CASE WHEN n.nspname = $1 THEN '' ELSE n.nspname END, c.relname, a.attname, p.relname,
CASE f.confdeltype WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END
FROM pg_catalog.pg_constraint f JOIN pg_catalog.pg_class c ON c.oid = f.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class p ON p.oid = f.confrelid JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (f.conkey)
WHERE f.contype = 'f' AND f.conparentid = 0 AND pn.nspname = $1 ORDER BY f.oid, a.attnum`
	return scanReferences(ctx, q, query, schema)
}

// scanReferences reads foreign keys, a row for each of their columns.
func scanReferences(ctx context.Context, q queryer, query string, args ...any) (all []reference, err error) {
	var names []string
	err = rows(ctx, q, func(scan func(...any) error) error {
		var name, column string
		var r reference
		err := scan(&name, &r.schema, &r.table, &column, &r.parent, &r.rule)
		r.columns = []string{column}
		all = gather(all, &names, name, r)
		return err
	}, query, args...)
	return all, err
}

func (postgres) trial(statement string) string { return "EXPLAIN " + statement }

// account finds rights beyond need.
func (postgres) account(ctx context.Context, q queryer) (found []string, err error) {
	var super bool
	err = q.QueryRowContext(ctx, `SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user`).Scan(&super)
	if super {
		found = []string{"the account is a superuser: one that may read and erase these tables is enough"}
	}
	return found, err
}

func (postgres) trouble(err error) string {
	var p *pgconn.PgError
	var c *pgconn.ConnectError
	switch {
	case errors.As(err, &p):
		return "PostgreSQL refuses: " + pgMeaning(p.Code) + " (" + p.Code + ")"
	case errors.As(err, &c):
		return "the database cannot be reached, or its certificate is not known"
	}
	return ""
}

func pgMeaning(code string) string {
	switch {
	case code == "23503" || code == "23001":
		return "other rows refer to these"
	case code == "23502":
		return "a column that must have a value would be emptied"
	case code == "42501":
		return "the account lacks the right, or row-level security would hide rows from it"
	case code == "22P02" || code == "22003":
		return "an external id is not of the column's type"
	case code == "28P01" || code == "28000":
		return "the account is not let in"
	case code == "3D000":
		return "there is no such database"
	case code == "55P03" || code == "40P01" || code == "40001":
		return "another program holds these rows"
	case strings.HasPrefix(code, "23"):
		return "a constraint would be broken"
	case strings.HasPrefix(code, "P0"):
		return "a trigger of the database objects"
	case strings.HasPrefix(code, "53") || strings.HasPrefix(code, "57"):
		return "the server is short of something, or stops"
	}
	return "the statement failed"
}
