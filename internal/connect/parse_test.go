package connect

import (
	"errors"
	"os"
	"strings"
	"testing"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

const whole = `connectors:
- id: shop
  kind: sql
  engine: postgres
  identifier: customer
  dsn: {env: DSN}
  tables:
  - table: customers
    key: id
    data: profile
    subject: {column: number}
    columns: {name: name}
    erase: delete
  - table: orders
    key: id
    data: orders
    subject: {table: customers, from: customer_id, to: id}
    columns: {address: address}
    erase: {empty: [address]}
- id: crm
  kind: webhook
  identifier: email
  url: https://crm.example/clause
  secret: {env: SECRET}
  data: [profile]
`

func parsed(text string) error {
	env := map[string]string{"DSN": "postgres://u:geheim@db.example/x?sslmode=verify-full", "SECRET": hookSecret, "SHORT": "geheim"}
	_, err := Parse("connect.yaml", []byte(text), shopPolicy, func(k string) (string, bool) { v, ok := env[k]; return v, ok })
	return err
}

func TestTheFileIsRead(t *testing.T) {
	if err := parsed(whole); err != nil {
		t.Fatal(err)
	}
	if err := parsed(`{"connectors": [{"id": "crm", "kind": "webhook", "identifier": "email", "url": "https://crm.example", "secret": {"env": "SECRET"}, "data": ["profile"]}]}`); err != nil {
		t.Fatalf("as JSON: %v", err)
	}
}

func TestABadFileIsRefused(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{whole, "", "connect.yaml:1:1: there are no connectors"},
		{whole, "[", "connect.yaml:"},
		{whole, "connectors: 7", "connect.yaml:"},
		{"  key: id\n    data: profile", "  kei: id\n    data: profile", "connect.yaml:9:5: unknown field \"kei\""},
		{"  identifier: customer\n", "  identifier: customer\n  identifier: customer\n", "connect.yaml:6:3: "},
		{"id: crm", "id: shop", "connect.yaml:20:7: there are two connectors \"shop\""},
		{"id: shop", "id: Shop!", "connect.yaml:2:7: id cannot be this"},
		{"  identifier: customer\n", "", "connect.yaml:2:7: identifier is missing"},
		{"kind: sql", "kind: smtp", "kind is neither sql nor webhook"},
		{"engine: postgres", "engine: oracle", "connect.yaml:4:11: engine is none that is known"},
		{"dsn: {env: DSN}", "dsn: postgres://u:geheim@db.example/x", "connect.yaml:6:8: a secret does not belong into the file"},
		{"dsn: {env: DSN}", "dsn: {env: NONE}", "the variable that holds dsn is not set"},
		{"dsn: {env: DSN}", "dsn: {file: /nowhere}", "the file of dsn cannot be read"},
		{"dsn: {env: DSN}", "dsn: {env: DSN, file: x}", "dsn does not say where it is"},
		{"data: profile", "data: profil", "connect.yaml:10:11: the policy has no such data set"},
		{"{name: name}", "{name: nam}", "the data set profile has no such field"},
		{"{name: name}", "{name: name, other: name}", "this column or field was mapped above"},
		{"table: orders", "table: customers", "this table was mapped above"},
		{"{table: customers, from", "{table: custmers, from", "connect.yaml:17:22: there is no such table here"},
		{"{column: number}", "{table: orders, from: a, to: b}", "the links of table customers lead back to it"},
		{"{table: customers, from", "{table: orders, from", "the links of table orders lead back to it"},
		{"{column: number}", "{column: number, to: x}", "subject is neither a column nor a way through a table"},
		{"{column: number}", "[]", "subject is missing"},
		{"erase: delete", "erase: hide", "connect.yaml:13:12: erase does not say what to do"},
		{"erase: {empty: [address]}", "erase: {empty: [id]}", "the key cannot be emptied"},
		{"  engine: postgres", "  engine: mysql\n  schema: x", "schema is for postgres"},
		{"https://crm", "http://crm", "url is no address that begins with https://"},
		{"https://crm", "https://u:geheim@crm", "url holds a password"},
		{"{env: SECRET}", "{env: SHORT}", "the secret is shorter than 24 bytes"},
		{"data: [profile]", "data: [profile]\n  engine: mysql", "engine is for connectors of kind sql"},
		{"data: [profile]", "data: [profile]\n  private: [10.0.0.1]", "this is no range of addresses"},
		{"data: [profile]", "data: [profile]\n  takes: [erasure]", "takes cannot hold this"},
		{"    erase: delete", "    erase: delete\n    correct: some", "correct does not say which rows a correction is of"},
		{"    erase: delete", "    erase: delete\n    correct: {record: \"a\\nb\"}", "record is no name of a table or column"},
		{"data: [profile]", "data: [profile]\n  attempts: 99", "attempts is no number between 1 and 20"},
		{"data: [profile]", "data: [profile]\n  timeout: -1s", "timeout is no time between 0 and"},
		{"data: [profile]", "data: &a [profile]", "anchors and aliases are not part of the language"},
		{"data: [profile]", "", "data is missing"},
	} {
		err := parsed(strings.Replace(whole, c.from, c.to, 1))
		var problems policy.Problems
		if !errors.As(err, &problems) || !fault.Is(err, fault.Invalid) {
			t.Errorf("%q for %q: %v", c.to, c.from, err)
			continue
		}
		if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q for %q says\n%v\nwant %q", c.to, c.from, err, c.want)
		}
	}
}

func TestSecretsThatAllCanRead(t *testing.T) {
	path := t.TempDir() + "/dsn"
	for mode, ok := range map[os.FileMode]bool{0o600: true, 0o640: true, 0o644: false} {
		if err := errors.Join(os.WriteFile(path, []byte("postgres://db.example/x?sslmode=verify-full\n"), mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
		if err := parsed(strings.Replace(whole, "{env: DSN}", "{file: "+path+"}", 1)); (err == nil) != ok {
			t.Errorf("%o: %v", mode, err)
		}
	}
}

// Others must neither read what is sent nor answer in the server's place.
func TestConnectionsAreEncryptedToAKnownServer(t *testing.T) {
	for _, c := range []struct {
		engine, dsn string
		ok          bool
	}{
		{"postgres", "postgres://u@db.example/x", false}, // prefer
		{"postgres", "postgres://u@db.example/x?sslmode=disable", false},
		{"postgres", "postgres://u@db.example/x?sslmode=allow", false},
		{"postgres", "postgres://u@db.example/x?sslmode=require", false},
		{"postgres", "postgres://u@db.example/x?sslmode=verify-full", true},
		{"postgres", "postgres://u@127.0.0.1,db.example/x?sslmode=disable", false},
		{"postgres", "postgres://u@127.0.0.1/x?sslmode=disable", true},
		{"postgres", "host=/run/postgresql dbname=x", true},
		{"postgres", "nonsense geheim", false},
		{"mysql", "u:geheim@tcp(db.example:3306)/x", false},
		{"mysql", "u:geheim@tcp(db.example:3306)/x?tls=skip-verify", false},
		{"mysql", "u:geheim@tcp(db.example:3306)/x?tls=preferred", false},
		{"mysql", "u:geheim@tcp(db.example:3306)/x?tls=true", true},
		{"mysql", "u:geheim@tcp(db.example:3306)/x?tls=true&allowFallbackToPlaintext=true", false},
		{"mysql", "u@tcp(localhost:3306)/x", true},
		{"mysql", "u@unix(/run/mysqld/mysqld.sock)/x", true},
		{"mysql", "u@tcp(localhost:3306)/", false},
		{"mysql", "geheim", false},
		{"sqlite", "/nowhere/shop.db", false},
		{"sqlite", "shop.db?mode=memory", false},
		{"sqlite", "", false},
	} {
		d, err := engines[c.engine].open(c.dsn, nil, 0)
		if (err == nil) != c.ok || err != nil && strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s %q: %v", c.engine, c.dsn, err)
		}
		if err == nil {
			d.Close()
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add("connectors: [{id: a, kind: sql, engine: sqlite, dsn: {env: DSN}, tables: [{table: t, subject: [{column: a}]}]}]")
	f.Add("connectors: &a [*a]")
	f.Add("{")
	f.Fuzz(func(t *testing.T, text string) {
		if err := parsed(text); err != nil && !fault.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
	})
}
