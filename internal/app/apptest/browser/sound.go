package browser

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Keep saves a picture of the page, for people to look at, where CLAUSE_PICTURES names a folder.
func (p *Page) Keep(name string) {
	p.t.Helper()
	folder := os.Getenv("CLAUSE_PICTURES")
	if folder == "" {
		return
	}
	at, err := os.Getwd() // the package's
	if err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, filepath.Base(at)+" "+name+".png"), p.Picture(), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// Sound checks what holds for every page, however it is looked at: contrast, width, links, ids, names, landmarks and
// labels; that it asks no other host than that of origin, and that the browser complains of nothing. What is asked or
// complained of and holds one of the expected texts is meant. at is what the page is called in the test.
func (p *Page) Sound(at, origin string, expected ...string) {
	p.t.Helper()
	for what, question := range map[string]string{
		"text of too little contrast": "contrast", "reaches out of the window": "wide", "a link to what is not there": "dangling",
		"an id of two elements": "twice", "an element without a name": "nameless", "a landmark missing or more than one": "landmarks",
	} {
		if found := Ask[[]string](p, question); len(found) > 0 {
			p.t.Errorf("%s: %s: %q", at, what, found[:min(len(found), 5)])
		}
	}
	if unlabelled := Eval[int](p, `[...document.querySelectorAll("input:not([type=hidden]), select, textarea")].filter(i => !i.labels.length).length`); unlabelled > 0 {
		p.t.Errorf("%s: %d fields have no label", at, unlabelled)
	}
	meant := func(text string) bool {
		return slices.ContainsFunc(expected, func(part string) bool { return strings.Contains(text, part) })
	}
	// The browser's own pictures, as of a calendar, are no others'.
	own := func(address string) bool { return strings.HasPrefix(address, "data:") || meant(address) }
	if elsewhere := slices.DeleteFunc(p.Elsewhere(origin), own); len(elsewhere) > 0 {
		p.t.Errorf("%s: the page asks others: %q", at, elsewhere)
	}
	if complaints := slices.DeleteFunc(p.Complaints(), meant); len(complaints) > 0 {
		p.t.Errorf("%s: the browser complains: %q", at, complaints)
	}
}
