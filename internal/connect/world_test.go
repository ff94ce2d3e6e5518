package connect

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"clause.dev/clause/internal/db/dbtest"
	"clause.dev/clause/internal/policy"
)

// world is a company's database of one engine.
type world struct {
	engine string
	dsn    string // as an administrator
	db     *sql.DB
}

var databases atomic.Int64

// each runs a test on a real server of every engine.
func each(t *testing.T, run func(t *testing.T, w *world)) {
	for _, engine := range []string{"sqlite", "postgres", "mysql"} {
		t.Run(engine, func(t *testing.T) { run(t, newWorld(t, engine)) })
	}
}

func newWorld(t testing.TB, engine string) *world {
	t.Helper()
	w := &world{engine: engine}
	driver, open := engine, ""
	switch engine {
	case "sqlite":
		dir, err := os.MkdirTemp(memory(), "clause-shop-")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		w.dsn = filepath.Join(dir, "shop.db")
		if err := os.WriteFile(w.dsn, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		open = "file:" + w.dsn + "?_pragma=foreign_keys(1)&_pragma=busy_timeout(10000)"
	case "postgres":
		driver = "pgx"
		w.dsn = dbtest.As(t, dbtest.Postgres(t), dbtest.Superuser)
	case "mysql":
		s, err := mariadbServer()
		if err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("test_%d", databases.Add(1))
		if err := s.run("", "CREATE DATABASE "+name+" CHARACTER SET utf8mb4"); err != nil {
			t.Fatal(err)
		}
		w.dsn = s.dsn("root", name)
		t.Cleanup(func() { _ = s.run("", "DROP DATABASE "+name) })
	}
	if open == "" {
		open = w.dsn
	}
	var err error
	if w.db, err = sql.Open(driver, open); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.db.Close() })
	return w
}

func (w *world) exec(t testing.TB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := w.db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func (w *world) count(t testing.TB, query string) (n int64) {
	t.Helper()
	if err := w.db.QueryRow(query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// shopPolicy has what the tests map.
var shopPolicy = &policy.Policy{Data: []policy.DataSet{
	{ID: "profile", Fields: []policy.Field{{ID: "name", Type: policy.Text}, {ID: "email", Type: policy.Text}}},
	{ID: "orders", Fields: []policy.Field{{ID: "item", Type: policy.Text}, {ID: "address", Type: policy.Text}, {ID: "count", Type: policy.Integer}}},
}}

// config parses a configuration whose dsn is the world's.
func parse(t testing.TB, text string, env map[string]string) *Config {
	t.Helper()
	c, err := Parse("connect.yaml", []byte(text), shopPolicy, func(k string) (string, bool) { v, ok := env[k]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newSet(t testing.TB, c *Config) *Set {
	t.Helper()
	s, err := New(c, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// connector is a configuration of the world's tables.
func (w *world) connector(tables string) string {
	return w.timed("20s", tables)
}

func (w *world) timed(timeout, tables string) string {
	return fmt.Sprintf("connectors:\n- id: shop\n  kind: sql\n  engine: %s\n  identifier: customer\n  timeout: %s\n  dsn: {env: DSN}\n  tables:\n%s", w.engine, timeout, indent(tables))
}

func indent(s string) string { return "  " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n  ") }

func (w *world) set(t testing.TB, tables string) *Set {
	t.Helper()
	return newSet(t, parse(t, w.connector(tables), map[string]string{"DSN": w.dsn}))
}

// shelf gathers an export.
type shelf struct {
	rows   []Row
	begins int
	fail   bool
}

func (s *shelf) Begin(system string) error {
	s.begins++
	s.rows = nil
	return nil
}

func (s *shelf) Row(r Row) error {
	if s.fail {
		return fmt.Errorf("full")
	}
	s.rows = append(s.rows, r)
	return nil
}

func person(ids ...string) Person {
	return Person{Ref: "r1", Tenant: "acme", IDs: map[string][]string{"customer": ids}}
}

func walk(t testing.TB, s *Set, p Person, a Action, progress Progress) Report {
	t.Helper()
	r, err := s.Walk(context.Background(), p, a, progress)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// says renders a report as a test reads it.
func says(r Report) string {
	var b strings.Builder
	for _, l := range r {
		fmt.Fprintf(&b, "%s.%s %s %d %s", l.System, l.Table, l.Did, l.Rows, l.State)
		if l.Why != "" {
			fmt.Fprintf(&b, ": %s", l.Why)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func mustSay(t testing.TB, r Report, want ...string) {
	t.Helper()
	if got := says(r); got != strings.Join(want, "\n")+"\n" {
		t.Fatalf("the report says\n%swant\n%s", got, strings.Join(want, "\n"))
	}
}

func text(v any) string {
	out, _ := json.Marshal(v)
	return string(out)
}

// The shop of most tests: two people, their orders and the lines of those.
const shopMap = `
- table: lines
  key: id
  data: orders
  subject: {table: orders, from: order_id, to: id}
  columns: {item: item, n: count}
  erase: delete
- table: customers
  key: id
  data: profile
  subject: {column: number}
  columns: {name: name, email: email}
  erase: delete
- table: orders
  key: id
  data: orders
  subject: {table: customers, from: customer_id, to: id}
  columns: {address: address}
  erase: delete
`

func (w *world) shop(t testing.TB) {
	t.Helper()
	more := ""
	if w.engine == "mysql" {
		more = " ENGINE=InnoDB"
	}
	w.exec(t,
		`CREATE TABLE customers (id INT PRIMARY KEY, number VARCHAR(40) NOT NULL, name VARCHAR(100), email VARCHAR(100))`+more,
		`CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT NOT NULL, address VARCHAR(100), FOREIGN KEY (customer_id) REFERENCES customers (id))`+more,
		`CREATE TABLE `+w.q("lines")+`  (id INT PRIMARY KEY, order_id INT NOT NULL, item VARCHAR(100), n INT, FOREIGN KEY (order_id) REFERENCES orders (id))`+more,
		`INSERT INTO customers VALUES (1, 'c-1', 'Ada Lovelace', 'ada@example.com'), (2, 'c-2', 'Bob', 'bob@example.com')`,
		`INSERT INTO orders VALUES (10, 1, 'Street 1'), (11, 1, 'Street 2'), (20, 2, 'Bobs street')`,
		`INSERT INTO `+w.q("lines")+` VALUES (100, 10, 'tea', 1), (101, 10, 'milk', 2), (102, 11, NULL, 3), (200, 20, 'rum', 4)`,
	)
}

// q quotes a name; lines is a word of MariaDB's.
func (w *world) q(name string) string { return engines[w.engine].quote(name) }
