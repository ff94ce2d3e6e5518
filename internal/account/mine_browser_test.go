package account_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"clause.dev/clause/internal/app/apptest/browser"
)

// lookAtMine looks at the pages about what is held of somebody, with something on each of them.
func lookAtMine(t *testing.T, s *site, looks map[string]browser.Look) {
	p := s.person()
	p.expect(p.post("/account/en/sign-in", url.Values{"login": {ana}, "password": {strong}}), http.StatusSeeOther)
	s.fill(ana)
	p.expect(p.post("/account/en/consents", url.Values{"purpose": {"progress-notifications"}, "say": {"give"}}), http.StatusSeeOther)
	for _, right := range []string{"access", "restriction", "objection"} {
		p.expect(p.post("/account/en/requests", url.Values{"right": {right}}), http.StatusSeeOther)
	}
	for name, look := range looks {
		t.Run(name, func(t *testing.T) {
			b := browser.Open(t, look)
			b.Visit(s.web.URL + "/account/en/sign-in")
			browser.Eval[bool](b, `document.getElementById("login").value = `+quoted(ana)+`, document.getElementById("password").value = `+quoted(strong)+`, document.getElementById("password").focus(), true`)
			b.Submit()
			for _, path := range []string{"", "data", "data/identity/" + s.recordOf(ana), "consents", "requests", "trail", "notices", "close"} {
				for _, lang := range []string{"en", "ar"} {
					b.Visit(s.web.URL + "/account/" + lang + "/" + path)
					b.Keep("mine " + name + " " + lang + "-" + strings.ReplaceAll(path, "/", "-"))
					sound(t, b, lang+"/"+path, s.web.URL)
					if at := browser.Eval[string](b, "location.pathname"); at != "/account/"+lang+"/"+path {
						t.Errorf("%s leads to %s", path, at)
					}
				}
			}
		})
	}
	for _, path := range []string{"", "data", "consents", "requests", "trail", "notices", "close"} {
		if size := len(p.get("/account/ar/"+path).Body) + len(p.get("/account/style.css").Body); size > 50<<10 {
			t.Errorf("%q is %d bytes", path, size)
		}
	}
}
