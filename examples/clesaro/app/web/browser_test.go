package web_test

import (
	"strings"
	"testing"

	"clause.dev/clause/internal/app/apptest/browser"
)

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
					b.Keep(name + " " + lang + " " + path)
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

// sound checks what holds for every page, and what axe sees besides. A form that is not right is answered so.
func sound(t *testing.T, p *browser.Page, path, origin string) {
	t.Helper()
	p.Sound(path, origin, "status of 422")
	if found := p.Axe(); len(found) > 0 {
		t.Errorf("%s: axe: %q", path, found)
	}
}
