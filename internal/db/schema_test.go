package db_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/jackc/pgx/v5"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/db/dbtest"
)

// ours are the tables that hold no data of Clause's: versions of the schema, and whose turn it is.
var ours = []string{"goose_db_version", "sqlite_sequence", "turns"}

var columnTypes = map[string]db.Type{
	"TEXT": db.Text, "INTEGER": db.Integer, "BLOB": db.Bytes,
	"text": db.Text, "bigint": db.Integer, "bytea": db.Bytes,
}

// TestTablesAreTheSchema: what backup and restore go by is what is there, on both engines.
func TestTablesAreTheSchema(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open dbtest.Opener) {
		var c db.Config
		d := open(func(mine *db.Config) { c = *mine })
		handle := raw(t, d, c)
		for _, table := range db.Tables() {
			want := describe(table)
			if got := inspect(t, d, handle, table.Name); got != want {
				t.Errorf("the table is\n%s\nbut Tables says\n%s", got, want)
			}
			if table.PerTenant != (table.Columns[0].Name == "tenant_id" && table.Name != "tenants") {
				t.Errorf("%s: per tenant %v with first column %s", table.Name, table.PerTenant, table.Columns[0].Name)
			}
			if table.PerTenant && table.Key[0] != "tenant_id" {
				t.Errorf("%s: tenant_id is not first in the key", table.Name)
			}
		}
		for _, name := range names(t, d, handle) {
			known := slices.ContainsFunc(db.Tables(), func(t db.Table) bool { return t.Name == name })
			if !known && !slices.Contains(ours, name) {
				t.Errorf("Tables does not know %s", name)
			}
		}
	})
}

// TestKeysBeginWithTheTenant: every unique index of tenant data does, the rule of Citus.
func TestKeysBeginWithTheTenant(t *testing.T) {
	c := dbtest.Postgres(t)
	handle := raw(t, dbtest.Open(t, c), c)
	rows, err := handle.Query(`SELECT c.relname, i.indexrelid::regclass::text, a.attname
		FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
		WHERE n.nspname = 'public'`)
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for rows.Next() {
		var table, index, first string
		if err := rows.Scan(&table, &index, &first); err != nil {
			t.Fatal(err)
		}
		perTenant := slices.ContainsFunc(db.Tables(), func(t db.Table) bool { return t.Name == table && t.PerTenant })
		if perTenant && first != "tenant_id" {
			t.Errorf("index %s of %s begins with %s", index, table, first)
		}
		seen++
	}
	if err := rows.Err(); err != nil || seen < len(db.Tables()) {
		t.Errorf("%d indexes, %v", seen, err)
	}
}

// raw opens the store beside the server, as PostgreSQL's owner.
func raw(t *testing.T, d *db.DB, c db.Config) *sql.DB {
	t.Helper()
	var handle *sql.DB
	if d.Dialect() == db.SQLite {
		var err error
		if handle, err = sql.Open("sqlite", d.Path()); err != nil {
			t.Fatal(err)
		}
	} else {
		config, err := pgx.ParseConfig(c.Migrate)
		if err != nil {
			t.Fatal(err)
		}
		handle = stdlib.OpenDB(*config)
	}
	t.Cleanup(func() { handle.Close() })
	return handle
}

func describe(t db.Table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)", t.Name, strings.Join(t.Key, ", "))
	for _, c := range t.Columns {
		fmt.Fprintf(&b, " %s:%d", c.Name, c.Type)
	}
	return b.String()
}

// inspect describes the table as the engine knows it. Every column must be NOT NULL.
func inspect(t *testing.T, d *db.DB, handle *sql.DB, name string) string {
	t.Helper()
	query := `SELECT name, type, "notnull", pk FROM pragma_table_info($1) ORDER BY cid`
	if d.Dialect() == db.Postgres {
		query = `SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull::int,
			coalesce((SELECT array_position(i.indkey::int2[], a.attnum) + 1 FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary), 0)
			FROM pg_attribute a WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`
	}
	rows, err := handle.Query(query, name)
	if err != nil {
		t.Fatal(err)
	}
	table, keyed := db.Table{Name: name}, map[int]string{}
	for rows.Next() {
		var column, kind string
		var notNull, position int
		if err := rows.Scan(&column, &kind, &notNull, &position); err != nil {
			t.Fatal(err)
		}
		if notNull != 1 {
			t.Errorf("%s.%s can be NULL", name, column)
		}
		table.Columns = append(table.Columns, db.Column{Name: column, Type: columnTypes[kind]})
		if position > 0 {
			keyed[position] = column
		}
	}
	for i := 1; i <= len(keyed); i++ {
		table.Key = append(table.Key, keyed[i])
	}
	return describe(table)
}

func names(t *testing.T, d *db.DB, handle *sql.DB) (list []string) {
	t.Helper()
	query := `SELECT name FROM sqlite_schema WHERE type = 'table'`
	if d.Dialect() == db.Postgres {
		query = `SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')`
	}
	rows, err := handle.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		list = append(list, name)
	}
	return list
}
