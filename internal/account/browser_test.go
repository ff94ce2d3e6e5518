package account_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"clause.dev/clause/internal/app/apptest/browser"
)

// pictures names a folder for the pages' pictures, for people to look at.
const pictures = "CLAUSE_PICTURES"

// TestInABrowser looks at the pages as their readers do, in both languages, and joins by the mailed link.
func TestInABrowser(t *testing.T) {
	s := open(t)
	p := s.person()
	p.expect(p.post("/account/en/register", registering(ana, strong)), 303)
	link := s.web.URL + "/account/en/verify#" + s.code(ana, "account-verify")
	looks := map[string]browser.Look{"light": {Width: 1100}, "dark phone": {Width: 360, Dark: true}, "phone": {Width: 360}}
	for name, look := range looks {
		t.Run(name, func(t *testing.T) {
			b := browser.Open(t, look)
			for _, path := range []string{"en/register", "ar/register", "en/sign-in", "ar/sign-in", "en/verify", "ar/recover", "ar/reset", "en/second"} {
				b.Visit(s.web.URL + "/account/" + path)
				keep(t, b, name+" "+strings.ReplaceAll(path, "/", "-"))
				sound(t, b, path, s.web.URL)
			}
		})
	}
	t.Run("joining by keyboard", func(t *testing.T) {
		b := browser.Open(t, browser.Look{Width: 900})
		b.Visit(link)
		if code := browser.Eval[string](b, `document.getElementById("code").value`); len(code) != 23 {
			t.Fatalf("the link's code is not in the form: %q", code)
		}
		if at := browser.Eval[string](b, "location.href"); strings.Contains(at, "#") {
			t.Errorf("the code stays in the address: %s", at)
		}
		for _, key := range strings.Split(strong, "") {
			b.Press(key)
		}
		b.Submit()
		if at := browser.Eval[string](b, "location.pathname"); at != "/account/en/" {
			t.Fatalf("at %s after the address was verified", at)
		}
		for name, path := range map[string]string{"home": "/account/en/", "security": "/account/en/security", "security ar": "/account/ar/security"} {
			b.Visit(s.web.URL + path)
			keep(t, b, name)
			sound(t, b, browser.Eval[string](b, "location.pathname"), s.web.URL)
		}
		if c := browser.Eval[string](b, "document.cookie"); c != "" {
			t.Errorf("a script reads the cookie: %q", c)
		}
	})
	t.Run("what is held", func(t *testing.T) { lookAtMine(t, s, looks) })
	t.Run("a second step", func(t *testing.T) {
		b := browser.Open(t, browser.Look{Width: 360})
		b.Visit(s.web.URL + "/account/en/sign-in")
		browser.Eval[bool](b, `document.getElementById("login").value = `+quoted(ana)+`, document.getElementById("password").value = `+quoted(strong)+`, document.getElementById("password").focus(), true`)
		b.Submit()
		b.Visit(s.web.URL + "/account/en/security")
		browser.Eval[bool](b, `document.getElementById("factor-password").value = `+quoted(strong)+`, document.getElementById("factor-password").focus(), true`)
		b.Submit()
		keep(t, b, "factor")
		sound(t, b, browser.Eval[string](b, "location.pathname"), s.web.URL)
		if paths := browser.Eval[int](b, `document.querySelectorAll("svg.qr path").length`); paths != 2 {
			t.Errorf("the QR code has %d paths", paths)
		}
	})
}

func quoted(s string) string { return strconv.Quote(s) }

func keep(t *testing.T, p *browser.Page, name string) {
	t.Helper()
	folder := os.Getenv(pictures)
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), p.Picture(), 0o600); err != nil {
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
	// The browser's own pictures, as of a calendar, are no others'; to a provider the person went.
	elsewhere := slices.DeleteFunc(p.Elsewhere(origin), func(at string) bool {
		return strings.HasPrefix(at, "data:") || strings.Contains(at, "/authorize?client_id=clause&")
	})
	if len(elsewhere) > 0 {
		t.Errorf("%s: the page asks others: %q", path, elsewhere)
	}
	// The verbose one asks for the address beside a password that is changed: it would be read for that alone.
	complaints := slices.DeleteFunc(p.Complaints(), func(c string) bool { return strings.HasPrefix(c, "verbose:") })
	if len(complaints) > 0 {
		t.Errorf("%s: the browser complains: %q", path, complaints)
	}
	if unlabelled := browser.Eval[int](p, `[...document.querySelectorAll("input:not([type=hidden])")].filter(i => !i.labels.length).length`); unlabelled > 0 {
		t.Errorf("%s: %d inputs have no label", path, unlabelled)
	}
}
