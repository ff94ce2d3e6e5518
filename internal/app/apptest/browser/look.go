package browser

import (
	_ "embed" // what the tests ask of a page
	"strings"
)

//go:embed look.js
var looks string

// Ask is the answer to one of the questions of look.js, by its name.
func Ask[T any](p *Page, name string) T {
	p.t.Helper()
	_, rest, ok := strings.Cut(looks, "//: "+name+"\n")
	if !ok {
		p.t.Fatalf("look.js asks nothing named %s", name)
	}
	expression, _, _ := strings.Cut(rest, "//: ")
	return Eval[T](p, expression)
}
