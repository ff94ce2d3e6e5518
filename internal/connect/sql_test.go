package connect

import (
	"strings"
	"testing"
)

func TestAPersonIsExportedAndErased(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.shop(t)
		s := w.set(t, shopMap)
		to := &shelf{}
		mustSay(t, walk(t, s, person("c-1"), Export(to), &Memory{}), "shop.customers export 1 done", "shop.orders export 2 done", "shop.lines export 3 done")
		want := `[{"System":"shop","Table":"customers","DataSet":"profile","Key":"1","Fields":{"email":"ada@example.com","name":"Ada Lovelace"}},` +
			`{"System":"shop","Table":"orders","DataSet":"orders","Key":"10","Fields":{"address":"Street 1"}},` +
			`{"System":"shop","Table":"orders","DataSet":"orders","Key":"11","Fields":{"address":"Street 2"}},` +
			`{"System":"shop","Table":"lines","DataSet":"orders","Key":"100","Fields":{"count":1,"item":"tea"}},` +
			`{"System":"shop","Table":"lines","DataSet":"orders","Key":"101","Fields":{"count":2,"item":"milk"}},` +
			`{"System":"shop","Table":"lines","DataSet":"orders","Key":"102","Fields":{"count":3,"item":null}}]`
		if got := text(to.rows); got != want {
			t.Fatalf("exports\n%s\nwant\n%s", got, want)
		}
		mustSay(t, walk(t, s, person("c-1"), Verify(), &Memory{}),
			"shop.lines verify 3 failed: 3 rows are there", "shop.orders verify 2 failed: 2 rows are there", "shop.customers verify 1 failed: 1 rows are there")
		mustSay(t, walk(t, s, person("c-1"), Erase(), &Memory{}), "shop.lines delete 3 done", "shop.orders delete 2 done", "shop.customers delete 1 done")
		if n := w.count(t, `SELECT (SELECT COUNT(*) FROM customers) + (SELECT COUNT(*) FROM orders) + (SELECT COUNT(*) FROM `+w.q("lines")+`)`); n != 3 {
			t.Fatalf("%d rows are left, want Bob's 3", n)
		}
		// Again it finds nothing, and that is done.
		mustSay(t, walk(t, s, person("c-1"), Erase(), &Memory{}), "shop.lines delete 0 done", "shop.orders delete 0 done", "shop.customers delete 0 done")
		mustSay(t, walk(t, s, person("c-1"), Verify(), &Memory{}), "shop.lines verify 0 done", "shop.orders verify 0 done", "shop.customers verify 0 done")
	})
}

func TestColumnsAreEmptied(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.shop(t)
		s := w.set(t, strings.Replace(shopMap, "columns: {address: address}\n  erase: delete", "columns: {address: address}\n  erase: {empty: [address]}", 1))
		r := walk(t, s, person("c-1"), Erase(), &Memory{})
		// The orders stay, and so does whom they are of: the customer cannot go.
		if r.Done() || w.count(t, `SELECT COUNT(*) FROM orders WHERE address IS NOT NULL`) != 3 || w.count(t, `SELECT COUNT(*) FROM `+w.q("lines")) != 4 {
			t.Fatalf("it was not undone: %s", says(r))
		}
		if !strings.Contains(says(r), "shop.customers delete 1 failed: ") || !strings.Contains(says(r), "other rows refer to these") || strings.Count(says(r), "open: undone") != 2 {
			t.Fatal(says(r))
		}
		s = w.set(t, strings.NewReplacer("columns: {address: address}\n  erase: delete", "columns: {address: address}\n  erase: {empty: [address]}",
			"email: email}\n  erase: delete", "email: email}\n  erase: {empty: [name, email]}").Replace(shopMap))
		mustSay(t, walk(t, s, person("c-1"), Erase(), &Memory{}), "shop.lines delete 3 done", "shop.orders empty 2 done", "shop.customers empty 1 done")
		if w.count(t, `SELECT COUNT(*) FROM orders WHERE address IS NOT NULL`) != 1 || w.count(t, `SELECT COUNT(*) FROM customers WHERE name IS NOT NULL OR email IS NOT NULL`) != 1 ||
			w.count(t, `SELECT COUNT(*) FROM customers`) != 2 {
			t.Fatal("the wrong columns were emptied")
		}
		mustSay(t, walk(t, s, person("c-1"), Erase(), &Memory{}), "shop.lines delete 0 done", "shop.orders empty 0 done", "shop.customers empty 0 done")
	})
}

// Databases take one value for another where it suits them. None of these people is ADA.
func TestOnlyExactlyThatPersonIsMeant(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		collate := map[string]string{"sqlite": " COLLATE NOCASE", "mysql": " COLLATE utf8mb4_general_ci"}[w.engine]
		w.exec(t,
			`CREATE TABLE customers (id INT PRIMARY KEY, number VARCHAR(40)`+collate+`, name VARCHAR(100))`,
			`INSERT INTO customers VALUES (1, 'ADA', 'x'), (2, 'ada', 'x'), (3, 'ADA ', 'x'), (4, 'Äda', 'x'), (5, '%', 'x'), (6, NULL, 'x'), (7, 'ADA''--', 'x')`,
			`CREATE TABLE visits (id INT PRIMARY KEY, customer BIGINT, name VARCHAR(100))`,
			`INSERT INTO visits VALUES (1, 42, 'x'), (2, 0, 'x'), (3, 9007199254740993, 'x'), (4, 9007199254740992, 'x')`,
		)
		const byText = "- table: customers\n  key: id\n  data: profile\n  subject: {column: number}\n  columns: {name: name}\n  erase: delete"
		const byNumber = "- table: visits\n  key: id\n  data: profile\n  subject: {column: customer}\n  columns: {name: name}\n  erase: delete"
		mustSay(t, walk(t, w.set(t, byText), person("ADA"), Erase(), &Memory{}), "shop.customers delete 1 done")
		mustSay(t, walk(t, w.set(t, byText), person("ADA'--", "%"), Erase(), &Memory{}), "shop.customers delete 2 done")
		mustSay(t, walk(t, w.set(t, byText), person("' OR 1=1 --"), Erase(), &Memory{}), "shop.customers delete 0 done")
		if n := w.count(t, `SELECT COUNT(*) FROM customers`); n != 4 {
			t.Fatalf("%d people are left, want 4", n)
		}
		for _, odd := range []string{"42nd", "abc", "0042", " 42", "42.0", "99999999999999999999", "4 2"} {
			mustSay(t, walk(t, w.set(t, byNumber), person(odd), Erase(), &Memory{}), "shop.visits delete 0 failed: an external id is not of the column's type")
		}
		mustSay(t, walk(t, w.set(t, byNumber), person("9007199254740993"), Erase(), &Memory{}), "shop.visits delete 1 done")
		if n := w.count(t, `SELECT COUNT(*) FROM visits WHERE id <> 3`); n != 3 {
			t.Fatalf("%d visits are left, want 3", n)
		}
	})
}

// A row can be a person's in several ways, and names can be anything that a database takes.
func TestSeveralWaysAndOddNames(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		users, messages, from := w.q(`us"er`+"`s"), w.q("select"), w.q("from")
		w.exec(t,
			`CREATE TABLE `+users+` (id INT PRIMARY KEY, number VARCHAR(40))`,
			`CREATE TABLE `+messages+` (id INT PRIMARY KEY, `+from+` INT REFERENCES `+users+` (id), number INT REFERENCES `+users+` (id), body VARCHAR(100))`,
			`INSERT INTO `+users+` VALUES (1, 'a'), (2, 'b'), (3, 'c')`,
			`INSERT INTO `+messages+` VALUES (1, 1, 2, 'x'), (2, 2, 1, 'x'), (3, 2, 3, 'x'), (4, 1, 1, 'x')`,
		)
		s := w.set(t, `
- table: "us\"er`+"`"+`s"
  key: id
  data: profile
  subject: {column: number}
  columns: {number: name}
  erase: delete
- table: select
  key: id
  data: orders
  subject: [{table: "us\"er`+"`"+`s", from: from, to: id}, {table: "us\"er`+"`"+`s", from: number, to: id}]
  columns: {body: item}
  erase: delete`)
		to := &shelf{}
		walk(t, s, person("a"), Export(to), &Memory{})
		if len(to.rows) != 4 {
			t.Fatalf("exports %s", text(to.rows))
		}
		r := walk(t, s, person("a"), Erase(), &Memory{})
		if !r.Done() || w.count(t, `SELECT COUNT(*) FROM `+messages) != 1 || w.count(t, `SELECT COUNT(*) FROM `+users) != 2 {
			t.Fatal(says(r))
		}
	})
}
