package clause_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/printer"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// openPages are the pages of the door for people that are for whoever is not signed in yet. Each answers alike
// whether or not there is such an account.
var openPages = []string{`"register"`, `"join"`, `"verify"`, `"sign-in"`, `"sign-in/passkey"`, `"second"`, `"minor"`, `"recover"`, `"reset"`}

// openPatterns are what the door for people serves to anybody beside its pages: assets, the way to a language, and
// that there is nothing.
var openPatterns = []string{
	`"GET " + Prefix + "{$}"`, `"GET " + Prefix + "sign-in"`, `"GET " + Prefix + "style.css"`, `"GET " + Prefix + "icon.svg"`,
	`"GET " + Prefix + "code.js"`, `"GET " + Prefix + "passkey.js"`, `"GET " + Prefix + "{lang}/continue/{provider}"`, `"GET " + Prefix + "{lang}/callback/{provider}"`, `Prefix`, `"GET " + Prefix + "{lang}/" + page`, `"POST " + Prefix + "{lang}/" + page`,
}

// gatePatterns are what the gate serves to other proxies: who somebody is, and the keys to check that by.
var gatePatterns = []string{`"GET /account/keys.json"`, `"/forward-auth"`}

// figures are what is served at a listener of their own.
const figures = `"GET " + metricsPath`

// consolePatterns are what the console serves to who is not signed in yet.
var consolePatterns = []string{
	`"GET /{$}"`, `"GET " + Prefix + "{$}"`, `"GET " + Prefix + "style.css"`, `"GET " + Prefix + "icon.svg"`, `"GET " + Prefix + "{lang}/sign-in"`,
	`"POST " + Prefix + "{lang}/sign-in"`, `"GET " + Prefix + "{lang}/sign-in/{way}"`, `"GET " + Callback + "{way}"`, `"/"`,
}

// doors are the packages that serve.
var doors = []string{"internal/httpapi", "internal/account", "internal/trust", "internal/gate", "internal/console", "internal/app"}

// TestEveryRouteOfADoorIsDecided reads how each door registers what it serves: there is one place for it, and that
// asks who comes. The interface's operations are tried one by one by the probe of route-decisions.
func TestEveryRouteOfADoorIsDecided(t *testing.T) {
	house, err := read(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	patterns := map[string]bool{}
	for _, r := range house {
		for _, f := range r.files {
			ast.Inspect(f, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				name, args := "", make([]string, len(call.Args))
				switch fun := call.Fun.(type) {
				case *ast.SelectorExpr:
					name = fun.Sel.Name
				case *ast.Ident:
					name = fun.Name
				}
				for i, a := range call.Args {
					args[i] = r.source(a)
				}
				at := path.Base(r.set.Position(call.Pos()).Filename)
				if why := undecided(r.dir, at, name, args); why != "" {
					t.Errorf("%s: %s(%s): %s", r.set.Position(call.Pos()), name, strings.Join(args[:min(1, len(args))], ""), why)
				}
				if registers(name) && len(args) == 2 {
					seen[r.dir]++
					if patterns[r.dir+args[0]] { // what is known to be open is open in one place
						t.Errorf("%s: %s is registered a second time", r.set.Position(call.Pos()), args[0])
					}
					patterns[r.dir+args[0]] = true
				}
				return true
			})
		}
	}
	for _, door := range doors {
		if seen[door] == 0 {
			t.Errorf("no route of %s was found", door)
		}
	}
}

func registers(name string) bool { return name == "HandleFunc" || name == "Handle" }

// undecided says why a call may let a request past every decision; "" if it does not.
func undecided(dir, file, name string, args []string) string {
	switch {
	case dir == "internal/account" && name == "open" && len(args) == 3 && !slices.Contains(openPages, args[0]):
		return "a page for anybody that is not among those that may be"
	case !strings.HasPrefix(dir, "internal/") || !registers(name) || len(args) != 2:
		return ""
	case !slices.Contains(doors, dir):
		return "a route that is at no door"
	case dir == "internal/httpapi" && file != "routes.go":
		return "the interface serves by its table of operations alone"
	case dir == "internal/gate" && !slices.Contains(gatePatterns, args[0]):
		return "the gate has one way in, and answers other proxies at one address"
	case dir == "internal/trust" && !strings.HasPrefix(args[0], `"GET `):
		return "what is published is read, and nothing else"
	case dir == "internal/account" && !strings.Contains(args[1], "private(") && !slices.Contains(openPatterns, args[0]):
		return "a route that does not ask who is signed in"
	case dir == "internal/console" && !strings.Contains(args[1], "private(") && !slices.Contains(consolePatterns, args[0]):
		return "a page of the console that does not ask who is signed in"
	case dir == "internal/app" && args[0] != figures:
		return "beside the doors there are figures, and nothing else"
	}
	return ""
}

// TestUndecidedIsSeen shows the reader of routes one of each kind that it must not let pass.
func TestUndecidedIsSeen(t *testing.T) {
	for _, c := range []struct {
		dir, file, name string
		args            []string
		bad             bool
	}{
		{"internal/httpapi", "records.go", "HandleFunc", []string{`"GET /v1/all"`, "all"}, true},
		{"internal/httpapi", "routes.go", "HandleFunc", []string{"path", "serve"}, false},
		{"internal/trust", "trust.go", "HandleFunc", []string{`"POST /x"`, "x"}, true},
		{"internal/trust", "trust.go", "HandleFunc", []string{`"GET /x"`, "x"}, false},
		{"internal/gate", "gate.go", "HandleFunc", []string{`"/debug/"`, "debug"}, true},
		{"internal/gate", "forward.go", "HandleFunc", []string{`"/forward-auth"`, "forward"}, false},
		{"internal/console", "console.go", "HandleFunc", []string{`"GET " + Prefix + "{lang}/owed"`, "d.serve(owed)"}, true},
		{"internal/console", "console.go", "HandleFunc", []string{`method + " " + Prefix + "{lang}/" + page`, "d.serve(private(do))"}, false},
		{"internal/app", "metrics.go", "HandleFunc", []string{`"GET " + metricsPath`, "figures"}, false},
		{"internal/app", "metrics.go", "Handle", []string{`"/debug/"`, "pprof"}, true},
		{"internal/vault", "records.go", "HandleFunc", []string{`"GET /records"`, "records"}, true},
		{"internal/account", "account.go", "HandleFunc", []string{`"GET " + Prefix + "{lang}/data"`, "d.serve(data)"}, true},
		{"internal/account", "account.go", "HandleFunc", []string{`"GET " + Prefix + "{lang}/data"`, "d.serve(private(data))"}, false},
		{"internal/account", "account.go", "open", []string{`"data"`, "a", "b"}, true},
		{"internal/account", "account.go", "open", []string{`"sign-in"`, "a", "b"}, false},
	} {
		if got := undecided(c.dir, c.file, c.name, c.args); (got != "") != c.bad {
			t.Errorf("%s %s(%s): %q", c.dir, c.name, c.args[0], got)
		}
	}
}

// gateWays are the ways through the gate to what stands behind it: each call, the one function it is made in, and
// what that function must have asked before.
var gateWays = map[string]struct {
	from   string
	before []string
}{
	"g.proxy.ServeHTTP":   {"application", []string{"g.who", "g.needs", "g.bounded"}},
	"g.Account.ServeHTTP": {"account", nil}, // its pages ask themselves
	"g.account":           {"ServeHTTP", []string{"g.sources.enter", "fold"}},
	"g.application":       {"ServeHTTP", []string{"g.sources.enter", "fold"}},
}

// TestTheGateAsksWhoComes reads the ways through the gate: nothing reaches the application, or the pages of
// accounts, past what is asked there.
func TestTheGateAsksWhoComes(t *testing.T) {
	house, err := read(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	ways, wrong := house["internal/gate"].ways()
	for _, w := range wrong {
		t.Error(w)
	}
	if len(ways) != len(gateWays) {
		t.Errorf("of %d ways through the gate these were found: %q", len(gateWays), ways)
	}
	for name, source := range map[string]string{
		"a second way":     `func (g *Gate) debug() { g.proxy.ServeHTTP(w, r) }`,
		"nobody was asked": `func (g *Gate) application() { g.needs(path); g.bounded(w, r); g.proxy.ServeHTTP(w, r); g.who(r) }`,
		"past the limits":  `func (g *Gate) ServeHTTP() { fold(u); g.application(w, r) }`,
	} {
		weak, err := read(fstest.MapFS{"internal/gate/a.go": {Data: []byte("package gate\n" + source)}})
		if err != nil {
			t.Fatal(err)
		}
		if _, wrong := weak["internal/gate"].ways(); len(wrong) != 1 {
			t.Errorf("%s: finds %q", name, wrong)
		}
	}
}

// ways lists the ways through the gate, and what is wrong with them.
func (r *room) ways() (found, wrong []string) {
	for _, f := range r.files {
		for _, d := range f.Decls {
			in, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			var asked []string
			ast.Inspect(in, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				what := r.source(call.Fun)
				if way, is := gateWays[what]; is {
					found = append(found, what)
					missing := slices.DeleteFunc(slices.Clone(way.before), func(b string) bool { return slices.Contains(asked, b) })
					if in.Name.Name != way.from || len(missing) > 0 {
						wrong = append(wrong, fmt.Sprintf("%s: %s in %s, not asked before: %q", r.set.Position(call.Pos()), what, in.Name.Name, missing))
					}
				}
				asked = append(asked, what)
				return true
			})
		}
	}
	return found, wrong
}

// source is an expression as it is written.
func (r *room) source(e ast.Expr) string {
	var out bytes.Buffer
	if err := printer.Fprint(&out, r.set, e); err != nil {
		return ""
	}
	return out.String()
}
