package account_test

import (
	"strconv"
	"strings"
	"testing"

	"clause.dev/clause/internal/app/apptest/browser"
)

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
				b.Keep(name + " " + strings.ReplaceAll(path, "/", "-"))
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
			b.Keep(name)
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
		b.Keep("factor")
		sound(t, b, browser.Eval[string](b, "location.pathname"), s.web.URL)
		if paths := browser.Eval[int](b, `document.querySelectorAll("svg.qr path").length`); paths != 2 {
			t.Errorf("the QR code has %d paths", paths)
		}
	})
}

func quoted(s string) string { return strconv.Quote(s) }

// sound checks what holds for every page, and what axe sees besides. To a provider the person went; what is verbose asks
// for the address beside a password that is changed: it would be read for that alone.
func sound(t *testing.T, p *browser.Page, path, origin string) {
	t.Helper()
	p.Sound(path, origin, "verbose:", "/authorize?client_id=clause&")
	if found := p.Axe(); len(found) > 0 {
		t.Errorf("%s: axe: %q", path, found)
	}
}
