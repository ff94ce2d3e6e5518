package web_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/internal/app/apptest/browser"
)

// pictures names a folder for the pages' pictures, for people to look at.
const pictures = "CLAUSE_PICTURES"

// TestInABrowser looks at the pages as their readers do, in both languages.
func TestInABrowser(t *testing.T) {
	w := open(t)
	w.layla()
	for _, row := range [][4]string{{"2026-11-02", "5000", "housing", "Landlord"}, {"2026-11-09", "1890", "groceries", "كارفور"}, {"2026-11-15", "1250.50", "leisure", "Beach club"}, {"2026-11-16", "300", "transport", "Metro"}} {
		w.send("/en/transactions", "once", w.once(), "date", row[0], "amount", row[1], "direction", "expense", "category", row[2], "merchant", row[3])
	}
	for range 3 { // scores of more than one day
		w.page("/en/score")
		w.now = w.now.AddDate(0, 0, 1)
		w.send("/en/goals", "once", w.once(), "name", "Bike", "target", "900", "saved", "450")
	}
	paths := []string{"", "score", "spending", "transactions", "plan", "notices"}
	for name, look := range map[string]browser.Look{"light": {Width: 1100}, "dark phone": {Width: 360, Dark: true}, "phone": {Width: 360}} {
		t.Run(name, func(t *testing.T) {
			b := browser.Open(t, look)
			for _, lang := range []string{"en", "ar"} {
				for _, path := range paths {
					b.Visit(w.site.URL + "/" + lang + "/" + path)
					keep(t, b, name+" "+lang+" "+path)
					sound(t, b, lang+"/"+path, w.site.URL)
				}
			}
		})
	}
	t.Run("by keyboard", func(t *testing.T) {
		b := browser.Open(t, browser.Look{Width: 360})
		b.Visit(w.site.URL + "/ar/transactions")
		browser.Eval[bool](b, `document.getElementById("merchant").value = "مقهى", document.getElementById("amount").focus(), true`)
		for _, key := range []string{"٤", "٢", "٫", "٥"} {
			b.Press(key)
		}
		b.Submit()
		if text := browser.Ask[string](b, "text"); !strings.Contains(text, "تم الحفظ") || !strings.Contains(text, "42.50") {
			t.Errorf("the page after the form was sent: %.300s", text)
		}
		sound(t, b, "after a form", w.site.URL)
		browser.Eval[bool](b, `document.getElementById("merchant").value = "x", document.getElementById("amount").value = "much", document.getElementById("amount").focus(), true`)
		b.Submit()
		if marked := browser.Eval[string](b, `document.querySelector("[aria-invalid]").name + " " + document.querySelector("[aria-invalid]").value`); marked != "amount much" {
			t.Errorf("marked is %q", marked)
		}
	})
}

func keep(t *testing.T, p *browser.Page, name string) {
	t.Helper()
	folder := os.Getenv(pictures)
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, "clesaro "+name+".png"), p.Picture(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// sound checks what holds for every page, however it is looked at.
func sound(t *testing.T, p *browser.Page, path, origin string) {
	t.Helper()
	for what, question := range map[string]string{
		"text of too little contrast": "contrast", "reaches out of the window": "wide", "a link to what is not there": "dangling",
		"an id of two elements": "twice", "an element without a name": "nameless", "a landmark missing or more than one": "landmarks",
	} {
		if found := browser.Ask[[]string](p, question); len(found) > 0 {
			t.Errorf("%s: %s: %q", path, what, found[:min(len(found), 5)])
		}
	}
	if found := p.Axe(); len(found) > 0 {
		t.Errorf("%s: axe: %q", path, found)
	}
	// The picture of a calendar in a field for a day is the browser's own.
	own := func(at string) bool { return strings.HasPrefix(at, "data:") }
	if elsewhere := slices.DeleteFunc(p.Elsewhere(origin), own); len(elsewhere) > 0 {
		t.Errorf("%s: the page asks others: %q", path, elsewhere)
	}
	complaints := slices.DeleteFunc(p.Complaints(), func(c string) bool { return strings.Contains(c, "status of 422") })
	if len(complaints) > 0 {
		t.Errorf("%s: the browser complains: %q", path, complaints)
	}
	if unlabelled := browser.Eval[int](p, `[...document.querySelectorAll("input:not([type=hidden]),select")].filter(i => !i.labels.length).length`); unlabelled > 0 {
		t.Errorf("%s: %d fields have no label", path, unlabelled)
	}
}
