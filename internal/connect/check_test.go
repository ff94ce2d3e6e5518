package connect

import (
	"fmt"
	"strings"
	"testing"
)

func found(s *Set, t *testing.T) string {
	var b strings.Builder
	for _, r := range s.Check(t.Context()) {
		fmt.Fprintf(&b, "%s.%s %t %s\n", r.System, r.Table, r.Fails, r.Msg)
	}
	return b.String()
}

func TestASoundMappingIsFoundSound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.shop(t)
		got := found(w.set(t, shopMap), t)
		if w.engine != "sqlite" { // the tests' account is an administrator
			if strings.Count(got, "\n") != 1 || !strings.Contains(got, "one that may read and erase these tables is enough") {
				t.Fatal(got)
			}
		} else if got != "" {
			t.Fatal(got)
		}
		if w.count(t, `SELECT COUNT(*) FROM customers`) != 2 {
			t.Fatal("the check erased")
		}
	})
}

func TestAMappingThatDoesNotFit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.shop(t)
		w.exec(t, map[string]string{
			"sqlite": `CREATE TABLE odd (id INT, number REAL, n INT NOT NULL, body TEXT)`, "postgres": `CREATE TABLE odd (id INT, number REAL, n INT NOT NULL, body TEXT)`,
			"mysql": `CREATE TABLE odd (id INT, number DOUBLE, n INT NOT NULL, body TEXT)`}[w.engine], `CREATE VIEW seen AS SELECT * FROM odd`)
		for _, c := range []struct{ from, to, want string }{
			{"table: lines", "table: line", "there is no table line"},
			{"table: lines", "table: LINES", "there is no table LINES"},
			{"item: item", "itm: item", "table lines has no column itm"},
			{"{column: number}", "{column: nummer}", "table customers has no column nummer"},
			{"from: order_id, to: id", "from: order_id, to: nummer", "table orders has no column nummer"},
			{"from: order_id, to: id", "from: item, to: id", "are of different types"},
			{"table: lines\n  key: id", "table: lines\n  key: n", "the key n of table lines is shared by several rows"},
			{"columns: {item: item, n: count}\n  erase: delete", "columns: {item: item, n: count}\n  erase: {empty: [order_id]}", "column order_id of table lines cannot be emptied: it is NOT NULL"},
			{"- table: lines\n  key: id\n  data: orders\n  subject: {table: orders, from: order_id, to: id}\n  columns: {item: item, n: count}",
				"- table: seen\n  key: id\n  data: orders\n  subject: {column: body}\n  columns: {body: item}", "seen is no table of its own"},
			{"- table: lines\n  key: id\n  data: orders\n  subject: {table: orders, from: order_id, to: id}\n  columns: {item: item, n: count}",
				"- table: odd\n  key: id\n  data: orders\n  subject: {column: body}\n  columns: {body: item}", "the key id of table odd is shared by several rows"},
		} {
			s := w.set(t, strings.Replace(shopMap, c.from, c.to, 1))
			if got := found(s, t); !strings.Contains(got, " true ") || !strings.Contains(got, c.want) {
				t.Errorf("%q: finds %q, want %q", c.to, got, c.want)
			}
			// A walk refuses too, and changes nothing.
			if r := walk(t, s, person("c-1"), Erase(), &Memory{}); r.Done() || w.count(t, `SELECT COUNT(*) FROM customers`) != 2 {
				t.Errorf("%q: %s", c.to, says(r))
			}
		}
		w.exec(t, `ALTER TABLE odd ADD COLUMN k INT`, `CREATE UNIQUE INDEX odd_k ON odd (k)`)
		s := w.set(t, "- {table: odd, key: k, data: orders, subject: {column: number}, columns: {body: item}, erase: delete}")
		if got := found(s, t); !strings.Contains(got, "column number of table odd cannot hold an external id") {
			t.Error(got)
		}
		s = w.set(t, "- {table: odd, key: k, data: orders, subject: {column: n}, columns: {body: count}, erase: delete}")
		if got := found(s, t); !strings.Contains(got, "and the field count a integer") {
			t.Error(got)
		}
	})
}

// Tables that the mapping forgot, and whose rows would block an erasure or go with it unseen, are told of.
func TestForeignKeysThatAreNotCovered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.shop(t)
		w.exec(t,
			`CREATE TABLE guests (id INT PRIMARY KEY, host INT, FOREIGN KEY (host) REFERENCES customers (id))`,
			`CREATE TABLE notes (id INT PRIMARY KEY, about INT, FOREIGN KEY (about) REFERENCES customers (id) ON DELETE CASCADE)`,
			`CREATE TABLE stars (id INT PRIMARY KEY, giver INT, FOREIGN KEY (giver) REFERENCES customers (id) ON DELETE SET NULL)`)
		got := found(w.set(t, shopMap), t)
		for _, want := range []string{
			"shop.customers false table guests (host) refers to it, and would keep its rows from being deleted",
			"shop.customers false table notes (about) refers to it, and its rows would go too, without being exported or counted: map it",
			"shop.customers false table stars (giver) refers to it, and is not mapped: its rows would stay, referring to nobody",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("finds\n%swant %s", got, want)
			}
		}
		got = found(w.set(t, shopMap+"\n- {table: guests, key: id, data: orders, subject: {table: customers, from: host, to: id}, columns: {id: count}, erase: {empty: [host]}}\n"), t)
		if strings.Contains(got, "table guests") {
			t.Error(got)
		}
	})
}

// Foreign keys order what the links leave free: both tables name the person themselves.
func TestForeignKeysOrderWhatLinksLeaveFree(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.exec(t,
			`CREATE TABLE places (id INT PRIMARY KEY, number VARCHAR(40), name VARCHAR(40))`,
			`CREATE TABLE parcels (id INT PRIMARY KEY, number VARCHAR(40), place INT, FOREIGN KEY (place) REFERENCES places (id))`,
			`INSERT INTO places VALUES (1, 'a', 'x')`, `INSERT INTO parcels VALUES (1, 'a', 1)`)
		s := w.set(t, `
- {table: places, key: id, data: profile, subject: {column: number}, columns: {name: name}, erase: delete}
- {table: parcels, key: id, data: orders, subject: {column: number}, columns: {place: count}, erase: delete}`)
		mustSay(t, walk(t, s, person("a"), Erase(), &Memory{}), "shop.parcels delete 1 done", "shop.places delete 1 done")
	})
}

func TestAnAccountWithoutTheRight(t *testing.T) {
	grants := map[string][]string{
		"postgres": {`CREATE ROLE reader LOGIN`, letIn("reader"), `GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader`},
		"mysql":    {`CREATE OR REPLACE USER reader@'127.0.0.1'`},
	}
	for engine, statements := range grants {
		t.Run(engine, func(t *testing.T) {
			w := newWorld(t, engine)
			w.shop(t)
			w.exec(t, statements...)
			dsn := strings.Replace(w.dsn, "user=postgres", "user=reader", 1)
			if engine == "mysql" {
				var name string
				if err := w.db.QueryRow(`SELECT DATABASE()`).Scan(&name); err != nil {
					t.Fatal(err)
				}
				w.exec(t, `GRANT SELECT ON `+name+`.* TO reader@'127.0.0.1'`)
				dsn = strings.Replace(w.dsn, "root@", "reader@", 1)
			} else {
				t.Cleanup(func() { w.exec(t, `DROP OWNED BY reader`, `DROP ROLE reader`) })
			}
			s := newSet(t, parse(t, w.connector(shopMap), map[string]string{"DSN": dsn}))
			if got := found(s, t); strings.Count(got, "the account lacks the right") != 3 || strings.Contains(got, "is enough") {
				t.Fatal(got)
			}
			if r := walk(t, s, person("c-1"), Erase(), &Memory{}); r.Done() || !strings.Contains(says(r), "the account lacks the right") {
				t.Fatal(says(r))
			}
			if r := walk(t, s, person("c-1"), Export(&shelf{}), &Memory{}); !r.Done() {
				t.Fatal(says(r))
			}
		})
	}
}

// Row-level security hides rows: what cannot be seen would be called erased.
func TestRowsBehindAWall(t *testing.T) {
	w := newWorld(t, "postgres")
	w.shop(t)
	w.exec(t, `CREATE ROLE walled LOGIN`, letIn("walled"), `GRANT SELECT, DELETE ON ALL TABLES IN SCHEMA public TO walled`, `ALTER TABLE orders ENABLE ROW LEVEL SECURITY`)
	t.Cleanup(func() { w.exec(t, `DROP OWNED BY walled`, `DROP ROLE walled`) })
	s := newSet(t, parse(t, w.connector(shopMap), map[string]string{"DSN": strings.Replace(w.dsn, "user=postgres", "user=walled", 1)}))
	if got := found(s, t); !strings.Contains(got, "shop.orders true PostgreSQL refuses: the account lacks the right, or row-level security would hide rows from it (42501)") {
		t.Fatal(got)
	}
	for _, a := range []Action{Erase(), Verify(), Export(&shelf{})} {
		if r := walk(t, s, person("c-1"), a, &Memory{}); r.Done() || w.count(t, `SELECT COUNT(*) FROM orders`) != 3 {
			t.Fatal(says(r))
		}
	}
}

// letIn lets a role of PostgreSQL into this database.
func letIn(role string) string {
	return `DO $$BEGIN EXECUTE format('GRANT CONNECT ON DATABASE %I TO ` + role + `', current_database()); END$$`
}
