package clause_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

const (
	module   = "clause.dev/clause/"
	maxLines = 420
)

// clocks are the functions of package time that read one.
var clocks = []string{"Now", "Since", "Until"}

// house is the source of every package by its folder.
type house map[string]*room

type room struct {
	dir   string
	set   *token.FileSet
	files []*ast.File // of the package itself
	tests []*ast.File
	info  types.Info
	long  []string // files over maxLines
}

// read parses all Go files but those of testdata and hidden folders, for whatever platform.
func read(tree fs.FS) (house, error) {
	h := house{}
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := path.Base(name)
		if entry.IsDir() && name != "." && (base == "testdata" || base[0] == '.' || base[0] == '_') {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(base, ".go") || path.Dir(name) == "." {
			return nil
		}
		return h.add(tree, name)
	})
	for _, r := range h {
		r.resolve()
	}
	return h, err
}

func (h house) add(tree fs.FS, name string) error {
	source, err := fs.ReadFile(tree, name)
	if err != nil {
		return err
	}
	r := h[path.Dir(name)]
	if r == nil {
		r = &room{dir: path.Dir(name), set: token.NewFileSet()}
		h[r.dir] = r
	}
	file, err := parser.ParseFile(r.set, name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	if bytes.Count(source, []byte("\n")) > maxLines {
		r.long = append(r.long, name)
	}
	if strings.HasSuffix(name, "_test.go") {
		r.tests = append(r.tests, file)
	} else {
		r.files = append(r.files, file)
	}
	return nil
}

// resolve finds what each name stands for. Imports are not loaded, so types stay unknown and errors
// are many; scopes, which is all that is asked, come out right.
func (r *room) resolve() {
	r.info = types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: blank{}, Error: func(error) {}}
	_, _ = config.Check(r.dir, r.set, r.files, &r.info)
}

// blank imports every package as an empty one of its name, but for the clocks in time.
type blank struct{}

func (blank) Import(name string) (*types.Package, error) {
	p := types.NewPackage(name, path.Base(name))
	if name == "time" {
		for _, f := range clocks {
			p.Scope().Insert(types.NewFunc(token.NoPos, p, f, types.NewSignatureType(nil, nil, nil, nil, nil, false)))
		}
	}
	p.MarkComplete()
	return p, nil
}

// faults lists all that breaks a rule, each beginning with its place.
func (h house) faults() (all []string) {
	for _, r := range h {
		all = append(all, r.faults()...)
	}
	slices.Sort(all)
	return all
}

func (r *room) faults() (all []string) {
	say := func(at token.Pos, format string, args ...any) {
		all = append(all, fmt.Sprintf("%s: %s", r.set.Position(at), fmt.Sprintf(format, args...)))
	}
	files := slices.Concat(r.files, r.tests)
	if rowOf(r.dir) < 0 && aloneOf(r.dir) < 0 {
		say(files[0].Package, "%s stands in no row of arch_test.go", r.dir)
	}
	for _, name := range r.long {
		all = append(all, fmt.Sprintf("%s: has more than %d lines", name, maxLines))
	}
	for _, f := range files {
		r.putOff(f, say)
	}
	for _, f := range r.tests {
		r.skips(f, say)
	}
	for _, f := range r.files {
		r.names(f, say)
		r.imports(f, say)
		r.globals(f, say)
		ast.Inspect(f, func(n ast.Node) bool { r.habits(n, say); return true })
	}
	return all
}

type sayer func(at token.Pos, format string, args ...any)

func (r *room) names(f *ast.File, say sayer) {
	file := strings.TrimSuffix(path.Base(r.set.Position(f.Package).Filename), ".go")
	for _, empty := range []string{"util", "utils", "helper", "helpers", "common", "misc"} {
		if file == empty || path.Base(r.dir) == empty {
			say(f.Package, "the name %s says nothing", empty)
		}
	}
}

func (r *room) putOff(f *ast.File, say sayer) {
	for _, group := range f.Comments {
		for _, c := range group.List {
			if strings.Contains(c.Text, "TO"+"DO") || strings.Contains(c.Text, "FIX"+"ME") {
				say(c.Pos(), "work is put off")
			}
		}
	}
}

func (r *room) skips(f *ast.File, say sayer) {
	ast.Inspect(f, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, s.Sel.Name) {
			say(s.Pos(), "%s leaves a test out", s.Sel.Name)
		}
		return true
	})
}

func (r *room) imports(f *ast.File, say sayer) {
	for _, spec := range f.Imports {
		name, _ := strconv.Unquote(spec.Path.Value)
		if ours, ok := strings.CutPrefix(name, module); ok {
			if !allowed(r.dir, ours) {
				say(spec.Pos(), "%s may not import %s", r.dir, ours)
			}
		} else if !allowedForeign(r.dir, name) {
			say(spec.Pos(), "%s may not import %s", r.dir, name)
		}
	}
}

// within reports whether a package is another or stands in its folder.
func within(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

func anyWithin(pkg string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return within(pkg, f) })
}

func rowOf(pkg string) int {
	return slices.IndexFunc(rows, func(row []string) bool { return anyWithin(pkg, row) })
}

func aloneOf(pkg string) int {
	for i := range alone {
		if within(pkg, alone[i].pkg) {
			return i
		}
	}
	return -1
}

func allowed(from, to string) bool {
	if i := aloneOf(from); i >= 0 {
		return anyWithin(to, alone[i].ours) || within(to, alone[i].pkg)
	}
	if anyWithin(to, testKits) {
		return anyWithin(from, testKits)
	}
	if anyWithin(to, common) {
		return true
	}
	a, b := rowOf(from), rowOf(to)
	if a < 0 || b < 0 {
		return false
	}
	if a != b {
		return a < b
	}
	same := func(folder string) bool { return within(from, folder) && within(to, folder) }
	return slices.ContainsFunc(rows[a], same)
}

func allowedForeign(from, to string) bool {
	for pkg, what := range never {
		if within(from, pkg) && anyWithin(to, what) {
			return false
		}
	}
	if from == "bench" {
		return true
	}
	standard := !strings.Contains(strings.Split(to, "/")[0], ".")
	if aloneOf(from) >= 0 && !within(from, "internal") && !standard {
		return false
	}
	for lib, at := range homes {
		if within(to, lib) && !anyWithin(from, at) {
			return false
		}
	}
	return true
}

// habits looks at one node for clocks, init functions and goroutines.
func (r *room) habits(n ast.Node, say sayer) {
	inside := within(r.dir, "internal")
	switch n := n.(type) {
	case *ast.FuncDecl:
		if n.Recv == nil && n.Name.Name == "init" {
			say(n.Pos(), "func init does things behind main's back")
		}
	case *ast.GoStmt:
		if inside && !r.starts(n.Pos()) {
			say(n.Pos(), "a goroutine is started outside work")
		}
	case *ast.CallExpr:
		if inside && r.isGroup(n.Fun) && !r.starts(n.Pos()) {
			say(n.Pos(), "a goroutine is started outside work")
		}
	case *ast.Ident:
		if name := r.clock(n); name != "" && inside && !anyWithin(r.dir, testKits) {
			say(n.Pos(), "time.%s: the time is handed in", name)
		}
	}
}

// starts reports whether a goroutine may be started here.
func (r *room) starts(at token.Pos) bool {
	return anyWithin(r.dir, testKits) || anyWithin(r.set.Position(at).Filename, slices.Collect(maps.Keys(starters)))
}

// isGroup reports whether a call is of a method Go, as sync.WaitGroup and errgroup.Group have.
func (r *room) isGroup(fun ast.Expr) bool {
	s, ok := fun.(*ast.SelectorExpr)
	if !ok || s.Sel.Name != "Go" {
		return false
	}
	x, ok := s.X.(*ast.Ident)
	if !ok {
		return true
	}
	_, ofPackage := r.info.Uses[x].(*types.PkgName)
	return !ofPackage
}

// clock returns the function of package time that a name stands for, however it was imported.
func (r *room) clock(n *ast.Ident) string {
	if f, ok := r.info.Uses[n].(*types.Func); ok && f.Pkg() != nil && f.Pkg().Path() == "time" && slices.Contains(clocks, f.Name()) {
		return f.Name()
	}
	return ""
}

// globals finds package variables that change, and locks that could only guard such.
func (r *room) globals(f *ast.File, say sayer) {
	for _, d := range f.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR && !anyWithin(r.dir, testKits) {
			r.guards(g, say)
		}
	}
	changed := func(e ast.Expr) {
		if name := r.global(e); name != "" {
			say(e.Pos(), "global %s is changed", name)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				changed(e)
			}
		case *ast.IncDecStmt:
			changed(n.X)
		case *ast.RangeStmt:
			changed(n.Key)
			changed(n.Value)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				changed(n.X)
			}
		case *ast.CallExpr:
			if b, ok := n.Fun.(*ast.Ident); ok && len(n.Args) > 0 && (b.Name == "delete" || b.Name == "clear") {
				changed(n.Args[0])
			}
		}
		return true
	})
}

func (r *room) guards(g *ast.GenDecl, say sayer) {
	for _, spec := range g.Specs {
		v, ok := spec.(*ast.ValueSpec)
		if !ok {
			continue
		}
		s, ok := v.Type.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		if x, ok := s.X.(*ast.Ident); ok && (x.Name == "atomic" || x.Name == "sync" && s.Sel.Name != "Pool") {
			say(v.Pos(), "%s guards global state", v.Names[0].Name)
		}
	}
}

// global returns the package variable at the root of an expression such as v[i].f, or "".
func (r *room) global(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.IndexExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.Ident:
			v, ok := r.info.Uses[x].(*types.Var)
			if ok && v.Pkg() != nil && v.Parent() == v.Pkg().Scope() {
				return v.Name()
			}
			return ""
		default:
			return ""
		}
	}
}
