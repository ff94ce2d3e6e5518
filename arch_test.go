// Package clause_test holds the house to its plan: the arrows of DESIGN.md as a table, and the
// habits that keep pure code pure, checked against the source of every package.
package clause_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// rows is the house from the roof down. A package may import those of lower rows; those in one row
// are strangers to each other. A package in a folder of another belongs to that one.
var rows = [][]string{
	{"bench"},
	{"cmd/clause"},
	{"examples"}, // their policies; their programs stand alone, see below
	{"internal/app"},
	{"internal/work"},
	{"internal/httpapi", "internal/account", "internal/console", "internal/trust", "internal/gate"},
	{"internal/evidence"},
	{"internal/control"},
	{"internal/connected", "internal/rights", "internal/assurance", "internal/retention", "internal/incident", "internal/notice", "internal/duty", "internal/alert", "internal/access", "internal/detection"},
	{"internal/identity", "internal/obligation", "internal/vault", "internal/notify", "internal/connect"},
	{"internal/ledger", "internal/keyring", "internal/decision"},
	{"internal/db", "internal/policy", "internal/web"},
	{"internal/fault"},
}

// alone are packages that import none of ours but those named, whatever their row. The first that
// holds a package counts.
var alone = []struct {
	pkg  string
	ours []string
}{
	{"internal/ledger/proof", nil}, // a verifier that strangers can trust shares nothing with the writer
	{"api", nil},
	{"client", []string{"api"}},
	{"examples", []string{"client", "api"}},
}

// common may be imported by all but those alone: the wire's types, the ledger's format.
var common = []string{"api", "client", "internal/ledger/proof"}

// homes names, for what is imported from elsewhere, the only packages that may. bench, which
// compares us with others, may import all.
var homes = map[string][]string{
	"database/sql":                  {"internal/db", "internal/connect"}, // only db knows which engine is ours, connect those of others
	"github.com/jackc/pgx":          {"internal/db", "internal/connect"},
	"github.com/go-sql-driver":      {"internal/connect"},
	"github.com/pressly/goose":      {"internal/db"},
	"modernc.org":                   {"internal/db", "internal/connect"},
	"cel.dev":                       {"internal/decision"},
	"github.com/goccy/go-yaml":      {"internal/policy", "internal/connect", "internal/identity/sso"},
	"github.com/coreos/go-oidc":     {"internal/identity/sso"},
	"github.com/danielgtaylor/huma": {"internal/httpapi"},
	"crypto/aes":                    {"internal/keyring", "internal/vault"},
	"github.com/minio":              {"internal/vault/objects"},
	"github.com/corazawaf":          {"internal/gate/inspect"},
	"golang.org/x/mod/sumdb/tlog":   {"internal/ledger", "internal/control"}, // the writer's hashes; a stranger's reading of tiles
	"math/rand":                     {"cmd/clause"},                          // an id or a key must not be guessed; the demo's people may
	"unsafe":                        {},
	"github.com/wneessen":           {"internal/notify"},
	"github.com/emersion":           testKits,
	"github.com/go-webauthn":        {"internal/identity/passkey"},
	"github.com/johannesboyne":      testKits,
	"testing":                       testKits,
}

// never names what a package may not import though its row would let it.
var never = map[string][]string{
	"internal/policy":       outside,
	"internal/decision":     outside,
	"internal/fault":        outside,
	"internal/ledger/proof": {"golang.org/x/mod/sumdb/tlog"}, // the writer's hashes, which it checks
}

// outside is what pure code does without: its outcome depends on nothing but its arguments.
// What is embedded is as constant as a literal.
var outside = []string{"os", "net", "io/fs", "syscall", "log", "crypto/rand"}

// starters are packages and files below cmd that may start goroutines, and why.
var starters = map[string]string{
	"internal/work":            "the place of long-lived goroutines",
	"internal/evidence/run.go": "a probe that does not come back in time is left behind",
}

// testKits are packages that tests alone import: they may read the clock, start goroutines and keep what a
// whole test binary shares.
var testKits = []string{"internal/db/dbtest", "internal/app/apptest", "internal/vault/vaulttest", "internal/vault/objects/objectstest", "internal/notify/notifytest"}

func TestTheHouseIsBuiltAsDrawn(t *testing.T) {
	house, err := read(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if len(house) < 10 {
		t.Fatalf("only %d packages were found", len(house))
	}
	for _, fault := range house.faults() {
		t.Error(fault)
	}
}

// TestTheCheckerSees shows each rule one package that keeps it and one that breaks it.
func TestTheCheckerSees(t *testing.T) {
	const ours = `import _ "` + module
	for _, c := range []struct {
		name, path, source string
		want               string // part of the only fault; "" for none
	}{
		{"an arrow down", "internal/vault/a.go", ours + `internal/keyring"`, ""},
		{"an arrow far down", "cmd/clause/a.go", ours + `internal/fault"`, ""},
		{"an arrow up", "internal/keyring/a.go", ours + `internal/vault"`, "may not import internal/vault"},
		{"an arrow to a stranger in the row", "internal/vault/a.go", ours + `internal/identity"`, "may not import internal/identity"},
		{"an arrow into a stranger's folder", "internal/vault/a.go", ours + `internal/identity/session"`, "may not import internal/identity/session"},
		{"an arrow from a folder to a stranger", "internal/identity/session/a.go", ours + `internal/vault"`, "may not import internal/vault"},
		{"an arrow inside a package's folder", "internal/identity/a.go", ours + `internal/identity/session"`, ""},
		{"an arrow of a test", "internal/vault/a_test.go", ours + `internal/identity"`, ""},
		{"a package of no row", "internal/misplaced/a.go", "", "stands in no row"},
		{"a package beside the house", "tools/a.go", "", "stands in no row"},
		{"an arrow to a package of no row", "cmd/clause/a.go", ours + `internal/misplaced"`, "may not import internal/misplaced"},
		{"the wire's types", "internal/control/a.go", ours + `api"`, ""},
		{"the ledger's format", "internal/vault/a.go", ours + `internal/ledger/proof"`, ""},
		{"the format imports the writer", "internal/ledger/proof/a.go", ours + `internal/ledger"`, "may not import internal/ledger"},
		{"the format imports the errors", "internal/ledger/proof/a.go", ours + `internal/fault"`, "may not import internal/fault"},
		{"the client imports the wire's types", "client/a.go", ours + `api"`, ""},
		{"the client imports the inside", "client/a.go", ours + `internal/fault"`, "may not import internal/fault"},
		{"the client imports a library", "client/a.go", `import _ "golang.org/x/time/rate"`, "may not import golang.org/x/time/rate"},
		{"the wire's types import the client", "api/a.go", ours + `client"`, "may not import client"},
		{"the wire's types import a library", "api/a.go", `import _ "cel.dev/cel-go/cel"`, "may not import cel.dev/cel-go/cel"},
		{"the demo shows an example's policy", "cmd/clause/a.go", ours + `examples/clesaro"`, ""},
		{"the inside knows an example", "internal/app/a.go", ours + `examples/clesaro"`, "may not import examples/clesaro"},
		{"an example imports the client", "examples/shop/a.go", ours + `client"`, ""},
		{"an example imports the inside", "examples/shop/a.go", ours + `internal/vault"`, "may not import internal/vault"},
		{"an engine at home", "internal/db/a.go", `import _ "github.com/jackc/pgx/v5"`, ""},
		{"an engine elsewhere", "internal/vault/a.go", `import _ "github.com/jackc/pgx/v5"`, "may not import github.com/jackc/pgx/v5"},
		{"the writer's hashes in the verifier", "internal/ledger/proof/a.go", `import _ "golang.org/x/mod/sumdb/tlog"`, "may not import golang.org/x/mod/sumdb/tlog"},
		{"the writer's hashes in the writer", "internal/ledger/a.go", `import _ "golang.org/x/mod/sumdb/tlog"`, ""},
		{"an engine in the bench", "bench/a.go", `import _ "github.com/jackc/pgx/v5"`, ""},
		{"a test kit's clock", "internal/db/dbtest/a.go", `import "time"; var f = time.Now`, ""},
		{"a test kit's clock in use", "internal/vault/a.go", ours + `internal/db/dbtest"`, "may not import internal/db/dbtest"},
		{"guessable numbers", "internal/vault/a.go", `import _ "math/rand/v2"`, "may not import math/rand/v2"},
		{"files in pure code", "internal/decision/a.go", `import _ "os"`, "may not import os"},
		{"the network in pure code", "internal/policy/a.go", `import _ "net/http"`, "may not import net/http"},
		{"a clock below cmd", "internal/vault/a.go", `import "time"; func f() { _ = time.Now() }`, "time.Now"},
		{"a clock handed on", "internal/app/a.go", `import "time"; var f = time.Now`, "time.Now"},
		{"a clock under another name", "internal/vault/a.go", `import t "time"; func f(x t.Time) { t.Since(x) }`, "time.Since"},
		{"a clock in reverse", "internal/vault/a.go", `import "time"; func f(x time.Time) { time.Until(x) }`, "time.Until"},
		{"a clock imported with a dot", "internal/vault/a.go", `import . "time"; var now = Now`, "time.Now"},
		{"what only looks like a clock", "internal/vault/a.go", `type c struct{}; func (c) Now() {}; func f(time c) { time.Now() }`, ""},
		{"a clock at the roof", "cmd/clause/a.go", `import "time"; var f = time.Now`, ""},
		{"a clock in a test", "internal/vault/a_test.go", `import "time"; var f = time.Now`, ""},
		{"init", "internal/vault/a.go", `func init() {}`, "func init"},
		{"init at the roof", "cmd/clause/a.go", `func init() {}`, "func init"},
		{"a method named init", "internal/vault/a.go", `type t struct{}; func (t) init() {}`, ""},
		{"a goroutine", "internal/vault/a.go", `func f() { go f() }`, "goroutine"},
		{"a goroutine of a group", "internal/vault/a.go", `import "sync"; func f() { var g sync.WaitGroup; g.Go(f) }`, "goroutine"},
		{"a goroutine left to work", "internal/app/a.go", `import "` + module + `internal/work"; func f() { work.Go(f) }`, ""},
		{"a goroutine at work", "internal/work/a.go", `func f() { go f() }`, ""},
		{"a global assigned", "internal/vault/a.go", `var m map[string]int; func f() { m = nil }`, "m is changed"},
		{"a global map filled", "internal/vault/a.go", `var m = map[string]int{}; func f() { m["x"]++ }`, "m is changed"},
		{"a global map emptied", "internal/vault/a.go", `var m = map[string]int{}; func f() { delete(m, "x") }`, "m is changed"},
		{"a global slice written", "internal/vault/a.go", `var s []struct{ n int }; func f() { s[0].n = 1 }`, "s is changed"},
		{"a global written through", "internal/vault/a.go", `var p = new(int); func f() { *p = 1 }`, "p is changed"},
		{"a global in a loop", "internal/vault/a.go", `var i int; func f() { for i = range 3 {} }`, "i is changed"},
		{"a global's address", "internal/vault/a.go", `var i int; func f() *int { return &i }`, "i is changed"},
		{"a global lock", "internal/vault/a.go", `import "sync"; var mu sync.Mutex`, "mu guards global state"},
		{"a global counter", "internal/vault/a.go", `import "sync/atomic"; var n atomic.Int64`, "n guards global state"},
		{"a global table", "internal/vault/a.go", `var m = map[string]int{"a": 1}; func f() int { return m["a"] }`, ""},
		{"a local of a global's name", "internal/vault/a.go", `var m = 1; func f() { m := 2; m = 3; _ = m }`, ""},
		{"a file of leftovers", "internal/vault/util.go", "", "says nothing"},
		{"a test's helpers", "internal/vault/helpers_test.go", "", ""},
		{"a package of leftovers", "internal/vault/helpers/a.go", "", "says nothing"},
		{"a file too long", "internal/vault/a.go", strings.Repeat("// x\n", maxLines), "lines"},
		{"a test left out", "internal/vault/a_test.go", `import "testing"; func TestX(t *testing.T) { t.Skip() }`, "Skip"},
		{"a folder left out", "internal/vault/a_test.go", `import "io/fs"; var e = fs.SkipDir`, ""},
		{"work put off", "internal/vault/a.go", "// TO" + "DO: all of it\n", "put off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			house, err := read(fstest.MapFS{c.path: {Data: []byte("package p\n" + c.source)}})
			if err != nil {
				t.Fatal(err)
			}
			faults := house.faults()
			switch {
			case c.want == "" && len(faults) > 0:
				t.Errorf("finds fault: %q", faults)
			case c.want != "" && (len(faults) != 1 || !strings.Contains(faults[0], c.want) || !strings.HasPrefix(faults[0], c.path[:strings.LastIndex(c.path, "/")])):
				t.Errorf("finds %q, want %q", faults, c.want)
			}
		})
	}
}

func TestTheCheckerReadsWholePackages(t *testing.T) {
	house, err := read(fstest.MapFS{
		"internal/vault/a.go":            {Data: []byte("package p\nvar m = map[string]int{}")},
		"internal/vault/b.go":            {Data: []byte("package p\nfunc f() { m[`x`] = 1 }")},
		"internal/vault/testdata/bad.go": {Data: []byte("not Go")},
		".hidden/bad.go":                 {Data: []byte("not Go")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if faults := house.faults(); len(faults) != 1 || !strings.HasPrefix(faults[0], "internal/vault/b.go:2") {
		t.Fatalf("finds %q", faults)
	}
	if _, err := read(fstest.MapFS{"internal/vault/a.go": {Data: []byte("not Go")}}); err == nil {
		t.Fatal("reads what is not Go")
	}
}
