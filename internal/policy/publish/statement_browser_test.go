package publish_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/internal/app/apptest/browser"
	"clause.dev/clause/internal/policy"
)

// pictures names a folder for the pages' pictures, for people to look at.
const pictures = "CLAUSE_PICTURES"

// served is where the pages of a policy are served, without any header that would help them.
func served(t *testing.T, p *policy.Policy) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lang, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if !slices.Contains(pages, name) {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write([]byte(read(t, p, lang, name)))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestStatementsInABrowser(t *testing.T) {
	at := served(t, whole(t))
	for name, look := range map[string]browser.Look{
		"wide": {Width: 1280}, "dark": {Width: 1280, Dark: true}, "phone": {Width: 360}, "dark phone": {Width: 360, Dark: true, NoScript: true},
	} {
		t.Run(name, func(t *testing.T) {
			p := browser.Open(t, look)
			visited := 0
			for _, lang := range []string{"en", "ar"} {
				for _, page := range pages {
					t.Run(lang+" "+page, func(t *testing.T) {
						p.Visit(at + "/" + lang + "/" + page)
						visited++
						picture(t, p, strings.Join([]string{"whole", name, lang, page}, "-"))
						soundPage(t, p, lang)
					})
				}
			}
			if asked := p.Asked(); asked != visited {
				t.Errorf("%d pages made %d requests: %q", visited, asked, p.Elsewhere(at))
			}
			if complaints := p.Complaints(); len(complaints) > 0 {
				t.Errorf("the browser complains: %q", complaints)
			}
		})
	}
}

// picture saves what the page looks like where people want to see it.
func picture(t *testing.T, p *browser.Page, name string) {
	t.Helper()
	if folder := os.Getenv(pictures); folder != "" {
		if err := os.WriteFile(filepath.Join(folder, strings.ReplaceAll(name, " ", "-")+".png"), p.Picture(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// soundPage checks what holds for every page in every window.
func soundPage(t *testing.T, p *browser.Page, lang string) {
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
	for what, question := range map[string]string{
		"reaches out of the window on the left":  `[...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().left < -1 && !e.closest(".skip, thead, svg")).map((e) => e.outerHTML.slice(0, 80))`,
		"a cell without a heading":               `[...document.querySelectorAll("table")].filter((t) => !t.caption || [...t.querySelectorAll("thead th")].some((h) => h.scope !== "col") || [...t.querySelectorAll("tbody")].some((b) => !b.querySelector("th[scope]"))).map((t) => t.outerHTML.slice(0, 80))`,
		"a figure's text out of its box":         spilled,
		"a figure's text of too little contrast": faint,
		"text that scripts or pictures came by":  `[...document.querySelectorAll("script, img, iframe, object, embed, link, [style], [onclick], [onload], form, base")].map((e) => e.outerHTML.slice(0, 80))`,
		"text of the other script not apart":     `[...document.querySelectorAll("main bdi[lang]")].filter((e) => !e.dir).map((e) => e.outerHTML)`,
	} {
		if found := browser.Eval[[]string](p, question); len(found) > 0 {
			t.Errorf("%s: %q", what, found[:min(len(found), 5)])
		}
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
	want := map[string]string{"en": "en ltr", "ar": "ar rtl"}[lang]
	if got := browser.Eval[string](p, `document.documentElement.lang + " " + getComputedStyle(document.body).direction`); got != want {
		t.Errorf("the page is %q, want %q", got, want)
	}
}

// spilled are the texts of the figure that is shown which do not lie in its boxes, or whose boxes lie
// over others.
const spilled = `(() => {
  const svg = [...document.querySelectorAll("svg")].filter((s) => s.checkVisibility());
  if (document.querySelector("svg") && svg.length !== 1) return ["figures shown: " + svg.length];
  const bad = [], boxes = svg.flatMap((s) => [...s.querySelectorAll(".box")]);
  boxes.forEach((g, i) => {
    const r = g.querySelector("rect").getBoundingClientRect();
    for (const text of g.querySelectorAll("text")) {
      const b = text.getBoundingClientRect();
      if (b.left < r.left - 1 || b.right > r.right + 1 || b.top < r.top - 2 || b.bottom > r.bottom + 2) bad.push(text.textContent);
    }
    for (const other of boxes.slice(i + 1)) {
      const o = other.querySelector("rect").getBoundingClientRect();
      if (r.left < o.right && o.left < r.right && r.top < o.bottom && o.top < r.bottom) bad.push("over another: " + g.textContent);
    }
  });
  return bad;
})()`

// faint are the texts of the figure, and the edges of its boxes, that stand out too little from what
// is under them: 4.5 and 3 by WCAG 2.2.
const faint = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const light = (css) => { canvas.fillStyle = css; canvas.fillRect(0, 0, 1, 1); const f = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const bad = [];
  for (const text of document.querySelectorAll("svg text")) {
    const rect = text.parentElement.querySelector(":scope > rect");
    const under = rect ? getComputedStyle(rect).fill : getComputedStyle(text.closest("figure")).backgroundColor;
    if (ratio(getComputedStyle(text).fill, under) < 4.5) bad.push(text.textContent);
    if (rect && rect.parentElement.classList.length > 1 && ratio(getComputedStyle(rect).stroke, under) < 3) bad.push("edge of " + rect.parentElement.classList);
  }
  return bad;
})()`

// TestClesaroOnAPhone looks at the real texts, which are longer.
func TestClesaroOnAPhone(t *testing.T) {
	at := served(t, load(t, examples+"/clesaro/policy.yaml"))
	p := browser.Open(t, browser.Look{Width: 360})
	for _, lang := range []string{"en", "ar"} {
		for _, page := range pages {
			p.Visit(at + "/" + lang + "/" + page)
			soundPage(t, p, lang)
		}
	}
	if complaints := p.Complaints(); len(complaints) > 0 {
		t.Errorf("the browser complains: %q", complaints)
	}
}

// TestArabicReadsFromTheRight looks where things are, not what the source says.
func TestArabicReadsFromTheRight(t *testing.T) {
	at := served(t, whole(t))
	p := browser.Open(t, browser.Look{Width: 1280})
	for lang, right := range map[string]bool{"en": false, "ar": true} {
		p.Visit(at + "/" + lang + "/statement.html")
		if got := browser.Eval[bool](p, `document.querySelector("nav").getBoundingClientRect().left > document.querySelector("main").getBoundingClientRect().right`); got != right {
			t.Errorf("%s: the contents stand on the right: %v", lang, got)
		}
		if got := browser.Eval[bool](p, `(() => { const h = [...document.querySelectorAll("#Uses ~ table thead th")]; return h[0].getBoundingClientRect().left > h[1].getBoundingClientRect().left; })()`); got != right {
			t.Errorf("%s: the first column stands on the right: %v", lang, got)
		}
		if got := browser.Eval[bool](p, `(() => { const x = (s) => document.querySelector("svg.wide " + s + " rect").getBoundingClientRect().left; return x(".box") > x(".box.us"); })()`); got != right {
			t.Errorf("%s: the figure begins on the right: %v", lang, got)
		}
		if got := browser.Eval[string](p, `getComputedStyle(document.querySelector("#acme-testing p")).direction`); got != "ltr" {
			t.Errorf("%s: a clause that is there in English only is written %s", lang, got)
		}
	}
}

func TestStatementOnPaper(t *testing.T) {
	at := served(t, whole(t))
	p := browser.Open(t, browser.Look{Width: 660, Print: true}) // as wide as A4 within its margins
	p.Visit(at + "/ar/statement.html")
	picture(t, p, "print")
	browser.Eval[bool](p, `(document.querySelector("#Uses").scrollIntoView(), true)`)
	picture(t, p, "print tables")
	if nav := browser.Eval[string](p, `getComputedStyle(document.querySelector("nav")).display`); nav != "none" {
		t.Error("the links of the contents are printed")
	}
	if shown := browser.Eval[string](p, `getComputedStyle(document.querySelector("table")).display`); shown != "table" {
		t.Errorf("on paper a table is a %s", shown)
	}
	if found := browser.Ask[[]string](p, "wide"); len(found) > 0 {
		t.Errorf("on paper, out of the page: %q", found)
	}
	if found := browser.Ask[[]string](p, "contrast"); len(found) > 0 {
		t.Errorf("on paper, text of too little contrast: %q", found)
	}
	if pdf := p.Paper(); !bytes.HasPrefix(pdf, []byte("%PDF-")) || len(pdf) < 10_000 {
		t.Errorf("printing gives %d bytes", len(pdf))
	}
}

func TestStatementByKeyboard(t *testing.T) {
	at := served(t, whole(t))
	p := browser.Open(t, browser.Look{Width: 1280})
	p.Visit(at + "/ar/statement.html")
	p.Press("\t")
	const shown = `(() => { const r = document.activeElement.getBoundingClientRect(); return document.activeElement.className + " " + (r.left >= 0 && r.top >= 0 && r.right <= innerWidth) })()`
	if got := browser.Eval[string](p, shown); got != "skip true" {
		t.Errorf("the first Tab reaches %q, not the visible skip link", got)
	}
	p.Press("\r")
	if got := browser.Eval[string](p, "location.hash + document.activeElement.tagName"); got != "#MainMAIN" {
		t.Errorf("the skip link leads to %q", got)
	}
}

// TestEveryClauseHasItsAnchor follows the address of each clause.
func TestEveryClauseHasItsAnchor(t *testing.T) {
	policy := whole(t)
	at := served(t, policy)
	p := browser.Open(t, browser.Look{Width: 360})
	p.Visit(at + "/en/statement.html")
	var ids []string
	for _, c := range policy.Clauses {
		ids = append(ids, c.ID)
	}
	list, err := json.Marshal(ids)
	if err != nil {
		t.Fatal(err)
	}
	lost := browser.Eval[[]string](p, string(list)+`.filter((id) => { location.hash = id; const e = document.querySelector(":target"); return !e || !e.matches("article") || e.getBoundingClientRect().top < 0 || e.getBoundingClientRect().top > innerHeight; })`)
	if len(lost) > 0 {
		t.Errorf("the addresses of %q do not show them", lost)
	}
}
