package connect

import (
	"os"
	"strings"
	"testing"

	"clause.dev/clause/internal/policy"
)

// A walk takes the systems in order, leaves out those of other tenants, goes on when one fails, and begun
// again asks only those that are not done.
func TestAWalkGoesOn(t *testing.T) {
	good, bad := newWorld(t, "sqlite"), newWorld(t, "sqlite")
	good.shop(t)
	one := func(id, more string) string {
		return "- {id: " + id + ", kind: sql, engine: sqlite, identifier: customer, dsn: {env: " + strings.ToUpper(id) + "}" + more +
			", tables: [{table: customers, key: id, data: profile, subject: {column: number}, columns: {name: name}, erase: {empty: [name]}}]}\n"
	}
	s := newSet(t, parse(t, "connectors:\n"+one("bad", "")+one("theirs", ", tenants: [other]")+one("good", ", tenants: [acme]"),
		map[string]string{"GOOD": good.dsn, "BAD": bad.dsn, "THEIRS": good.dsn}))
	progress := &Memory{}
	mustSay(t, walk(t, s, person("c-1"), Erase(), progress),
		"bad.customers empty 0 failed: there is no table customers, or the account may not know", "good.customers empty 1 done")
	good.exec(t, `DROP TABLE `+good.q("lines"), `DROP TABLE orders`, `DROP TABLE customers`) // whoever is done is not asked
	bad.shop(t)
	mustSay(t, walk(t, s, person("c-1"), Erase(), progress), "bad.customers empty 1 done", "good.customers empty 1 done")
}

// TestTheDocumentedFile parses the example of docs/connectors.md.
func TestTheDocumentedFile(t *testing.T) {
	doc, err := os.ReadFile("../../docs/connectors.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(doc), "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	text = strings.NewReplacer("{file: /etc/clause/crm.secret}", "{env: SECRET}", "ca: /etc", "# ").Replace(text)
	p := &policy.Policy{Data: []policy.DataSet{{ID: "identity", Fields: []policy.Field{{ID: "first_name"}, {ID: "email"}}}, {ID: "transactions", Fields: []policy.Field{{ID: "note"}}}}}
	env := map[string]string{"SHOP_DSN": "postgres://u@db.example/x?sslmode=verify-full", "SECRET": hookSecret}
	c, err := Parse("docs", []byte(text), p, func(k string) (string, bool) { return env[k], env[k] != "" })
	if err != nil {
		t.Fatal(err)
	}
	if s := newSet(t, c); strings.Join(s.Systems(), " ") != "shop crm" || c.Connectors[0].Tenants[0] != "acme" || len(c.Connectors[0].sql.tables) != 2 {
		t.Fatalf("%+v", c)
	}
}
