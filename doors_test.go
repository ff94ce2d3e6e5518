package clause_test

import (
	"bytes"
	"go/ast"
	"go/printer"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// openPages are the pages of the door for people that are for whoever is not signed in yet. Each answers alike
// whether or not there is such an account.
var openPages = []string{`"register"`, `"verify"`, `"sign-in"`, `"second"`, `"recover"`, `"reset"`}

// openPatterns are what the door for people serves to anybody beside its pages: assets, the way to a language, and
// that there is nothing.
var openPatterns = []string{
	`"GET " + Prefix + "{$}"`, `"GET " + Prefix + "sign-in"`, `"GET " + Prefix + "style.css"`, `"GET " + Prefix + "icon.svg"`,
	`"GET " + Prefix + "code.js"`, `Prefix`, `"GET " + Prefix + "{lang}/" + page`, `"POST " + Prefix + "{lang}/" + page`,
}

// TestEveryRouteOfADoorIsDecided reads how each door registers what it serves: there is one place for it, and that
// asks who comes. The interface's operations are tried one by one by the probe of route-decisions.
func TestEveryRouteOfADoorIsDecided(t *testing.T) {
	house, err := read(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
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
				if registers(name) {
					seen[r.dir]++
				}
				return true
			})
		}
	}
	for _, door := range []string{"internal/httpapi", "internal/account", "internal/trust"} {
		if seen[door] == 0 {
			t.Errorf("no route of %s was found", door)
		}
	}
}

func registers(name string) bool { return name == "HandleFunc" || name == "Handle" }

// undecided says why a call may let a request past every decision; "" if it does not.
func undecided(dir, file, name string, args []string) string {
	door := strings.HasPrefix(dir, "internal/")
	switch {
	case dir == "internal/account" && name == "open" && len(args) == 3 && !slices.Contains(openPages, args[0]):
		return "a page for anybody that is not among those that may be"
	case !door || !registers(name) || len(args) != 2:
		return ""
	case dir == "internal/httpapi" && file != "routes.go":
		return "the interface serves by its table of operations alone"
	case dir == "internal/trust" && !strings.HasPrefix(args[0], `"GET `):
		return "what is published is read, and nothing else"
	case dir == "internal/account" && !strings.Contains(args[1], "private(") && !slices.Contains(openPatterns, args[0]):
		return "a route that does not ask who is signed in"
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

// source is an expression as it is written.
func (r *room) source(e ast.Expr) string {
	var out bytes.Buffer
	if err := printer.Fprint(&out, r.set, e); err != nil {
		return ""
	}
	return out.String()
}
