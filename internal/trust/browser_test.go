package trust_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/app/apptest/browser"
	"clause.dev/clause/internal/policy/publish"
)

func running(t *testing.T) *apptest.Server {
	t.Helper()
	s := apptest.Start(t, apptest.Options{Beat: apptest.Quick})
	if _, err := s.App.Evidence.RunAll(t.Context(), s.System(), s.Clock.Now); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestInABrowser looks at the public pages of a running server as their readers do.
func TestInABrowser(t *testing.T) {
	s := running(t)
	for name, look := range map[string]browser.Look{
		"light":      {Width: 1280},
		"dark":       {Width: 1280, Dark: true},
		"phone":      {Width: 360},
		"dark phone": {Width: 360, Dark: true},
		"no scripts": {Width: 700, NoScript: true},
	} {
		t.Run(name, func(t *testing.T) {
			for page, path := range map[string]string{"trust": "/", "docs": "/docs"} {
				t.Run(page, func(t *testing.T) {
					p := browser.Open(t, look)
					p.Visit(s.Door.URL + path)
					p.Keep(name + " " + page)
					soundPage(t, p, s.Door.URL)
				})
			}
		})
	}
	for name, read := range map[string]func(*testing.T, *apptest.Server){
		"every state can be read":      everyStateCanBeRead,
		"scripts change nothing":       scriptsChangeNothing,
		"by keyboard":                  byKeyboard,
		"every clause has its address": everyClauseHasItsAddress,
		"on paper":                     onPaper,
		"every page that is published": everyPage,
	} {
		t.Run(name, func(t *testing.T) { read(t, s) })
	}
}

// soundPage checks what holds for every page, however it is looked at.
func soundPage(t *testing.T, p *browser.Page, origin string) {
	t.Helper()
	for what, question := range map[string]string{
		"text of too little contrast":         "contrast",
		"reaches out of the window":           "wide",
		"a link to what is not there":         "dangling",
		"an id of two elements":               "twice",
		"an element without a name":           "nameless",
		"a landmark missing or more than one": "landmarks",
	} {
		if found := browser.Ask[[]string](p, question); len(found) > 0 {
			t.Errorf("%s: %q", what, found[:min(len(found), 5)])
		}
	}
	if found := p.Axe(); len(found) > 0 {
		t.Errorf("axe: %q", found)
	}
	headings := browser.Ask[[]int](p, "headings")
	if len(headings) < 3 || headings[0] != 1 || slices.Contains(headings[1:], 1) {
		t.Errorf("the headings are of the levels %v: the first alone is to be of level 1", headings)
	}
	for i := 1; i < len(headings); i++ {
		if headings[i] > headings[i-1]+1 {
			t.Errorf("heading %d is of level %d after one of level %d", i, headings[i], headings[i-1])
		}
	}
	if lang := browser.Eval[string](p, "document.documentElement.lang"); lang != "en" {
		t.Errorf("the page says its language is %q", lang)
	}
	if title := browser.Eval[string](p, "document.title"); len(title) < 10 {
		t.Errorf("the page's title is %q", title)
	}
	if scripts := browser.Eval[int](p, "document.scripts.length"); scripts > 0 {
		t.Errorf("the page has %d scripts", scripts)
	}
	if asked := p.Asked(); asked < 2 {
		t.Errorf("the page made %d requests: its style at least is to be one", asked)
	}
	if elsewhere := p.Elsewhere(origin); len(elsewhere) > 0 {
		t.Errorf("the page asks others: %q", elsewhere)
	}
	if complaints := p.Complaints(); len(complaints) > 0 {
		t.Errorf("the browser complains: %q", complaints)
	}
}

// everyPage looks at the pages that nobody signs in for, beside the two that are looked at more closely.
func everyPage(t *testing.T, s *apptest.Server) {
	t.Helper()
	names, _ := publish.Names()
	paths := []string{"/security/report"}
	for _, name := range names {
		if strings.HasSuffix(name, ".html") {
			paths = append(paths, "/published/"+name+"?lang=en", "/published/"+name+"?lang=ar")
		}
	}
	for _, look := range []browser.Look{{Width: 360, Dark: true}, {Width: 1100}} {
		p := browser.Open(t, look)
		for _, path := range paths {
			p.Visit(s.Door.URL + path)
			p.Keep(fmt.Sprintf("published %d %s", look.Width, strings.ReplaceAll(path, "/", "-")))
			if found := p.Axe(); len(found) > 0 {
				t.Errorf("%s: axe: %q", path, found)
			}
		}
		if elsewhere := p.Elsewhere(s.Door.URL); len(elsewhere) > 0 {
			t.Errorf("others are asked: %q", elsewhere)
		}
	}
}

// everyStateCanBeRead measures the colours of all states, those too that no clause is in.
func everyStateCanBeRead(t *testing.T, s *apptest.Server) {
	t.Helper()
	for _, dark := range []bool{false, true} {
		p := browser.Open(t, browser.Look{Width: 1280, Dark: dark})
		p.Visit(s.Door.URL + "/")
		if n := browser.Ask[int](p, "states"); n < 20 {
			t.Errorf("the page labels %d clauses", n)
		}
		if poor := browser.Ask[[]string](p, "contrast"); len(poor) > 0 {
			t.Errorf("dark %v: text of too little contrast: %q", dark, poor)
		}
		browser.Eval[bool](p, `(document.querySelector("#clauses").scrollIntoView(), true)`)
		p.Keep(fmt.Sprintf("states, dark %v", dark))
	}
}

// scriptsChangeNothing compares what a reader without scripts sees.
func scriptsChangeNothing(t *testing.T, s *apptest.Server) {
	t.Helper()
	var seen []string
	for _, off := range []bool{false, true} {
		p := browser.Open(t, browser.Look{Width: 1280, NoScript: off})
		p.Visit(s.Door.URL + "/docs")
		seen = append(seen, browser.Ask[string](p, "text"))
	}
	if seen[0] != seen[1] || len(seen[0]) < 1000 {
		t.Errorf("%d characters are read with scripts, %d without", len(seen[0]), len(seen[1]))
	}
}

// byKeyboard walks the trust page without a mouse.
func byKeyboard(t *testing.T, s *apptest.Server) {
	t.Helper()
	p := browser.Open(t, browser.Look{Width: 1280})
	p.Visit(s.Door.URL + "/")
	p.Press(kb.Tab)
	const shown = `(() => { const r = document.activeElement.getBoundingClientRect(); return document.activeElement.className + " " + (r.left >= 0 && r.top >= 0 && r.width > 0) })()`
	if at := browser.Eval[string](p, shown); at != "skip true" {
		t.Errorf("the first Tab reaches %q, not the visible skip link", at)
	}
	p.Press(kb.Enter)
	if at := browser.Eval[string](p, "location.hash"); at != "#clauses" {
		t.Errorf("the skip link leads to %q", at)
	}
	reach := func(selector string) {
		t.Helper()
		for range 200 {
			p.Press(kb.Tab)
			if browser.Eval[bool](p, `document.activeElement.matches("`+selector+`")`) {
				return
			}
		}
		t.Fatalf("Tab never reaches %s", selector)
	}
	reach("main summary")
	if outline := browser.Eval[string](p, "getComputedStyle(document.activeElement).outlineStyle"); outline == "none" {
		t.Error("what has the keyboard's focus is not shown")
	}
	for _, open := range []bool{true, false} {
		p.Press(kb.Enter)
		if browser.Eval[bool](p, "document.activeElement.parentElement.open") != open {
			t.Errorf("Enter does not make the details open: %v", open)
		}
	}
	reach(".scroll")
	reach("footer a")
}

// everyClauseHasItsAddress follows the address of each clause.
func everyClauseHasItsAddress(t *testing.T, s *apptest.Server) {
	t.Helper()
	p := browser.Open(t, browser.Look{Width: 360})
	for _, c := range s.Published.Clauses {
		p.Visit(s.Door.URL + "/#" + c.ID)
		at := browser.Eval[float64](p, `(document.querySelector(":target") || {getBoundingClientRect: () => ({top: -1})}).getBoundingClientRect().top`)
		if at < 0 || at > 900 {
			t.Errorf("the address of %s shows its clause %v pixels off", c.ID, at)
		}
	}
	if complaints := p.Complaints(); len(complaints) > 0 {
		t.Errorf("the browser complains: %q", complaints)
	}
}

// onPaper prints the trust page: it shows what is folded away on a screen.
func onPaper(t *testing.T, s *apptest.Server) {
	t.Helper()
	p := browser.Open(t, browser.Look{Width: 800, Print: true})
	p.Visit(s.Door.URL + "/")
	const folded = `[...document.querySelectorAll("details")].filter((d) => !d.lastElementChild.checkVisibility() || d.lastElementChild.getBoundingClientRect().height < 5).length`
	if n := browser.Eval[int](p, folded); n > 0 {
		t.Errorf("on paper %d explanations are missing", n)
	}
	if nav := browser.Eval[string](p, `getComputedStyle(document.querySelector("nav")).display`); nav != "none" {
		t.Error("the links of the contents are printed")
	}
	if found := browser.Ask[[]string](p, "contrast"); len(found) > 0 {
		t.Errorf("on paper, text of too little contrast: %q", found)
	}
	p.Keep("print")
	if pdf := p.Paper(); !bytes.HasPrefix(pdf, []byte("%PDF-")) || len(pdf) < 10_000 {
		t.Errorf("printing gives %d bytes", len(pdf))
	}
}
