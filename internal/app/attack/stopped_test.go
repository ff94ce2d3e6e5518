package attack_test

import (
	"testing"

	"clause.dev/clause/internal/app/apptest/browser"
)

// TestStoppedInABrowser: who wrote what looks like an attack reads why it was not sent, however they read.
func TestStoppedInABrowser(t *testing.T) {
	t.Parallel()
	s := open(t, stage{inspect: true})
	for _, look := range []browser.Look{{Width: 360}, {Width: 360, Dark: true}} {
		b := browser.Open(t, look)
		b.Visit(s.at + "/account/en/sign-in")
		browser.Eval[bool](b, `(() => {
  const form = document.createElement("form"), name = document.createElement("input");
  form.method = "post"; form.action = "/en/debts"; name.name = "name"; name.value = "1' OR '1'='1' UNION SELECT name FROM sqlite_master --";
  form.append(name); document.body.append(form); name.focus(); return true;
})()`)
		b.Submit()
		if title := browser.Eval[string](b, "document.title"); title != "Not sent" {
			t.Fatalf("the page is %q", title)
		}
		if found := b.Axe(); len(found) > 0 {
			t.Errorf("axe: %q", found)
		}
	}
}
