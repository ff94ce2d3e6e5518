package account_test

import (
	"strings"
	"testing"

	"clause.dev/clause/internal/app/apptest/browser"
)

// TestContinueInABrowser goes to a provider and back as people do, and looks at the pages on the way.
func TestContinueInABrowser(t *testing.T) {
	s := openElsewhere(t, nil)
	looks := map[string]browser.Look{"light": {Width: 1100}, "dark phone": {Width: 360, Dark: true}}
	for name, look := range looks {
		t.Run(name, func(t *testing.T) {
			b := browser.Open(t, look)
			for _, lang := range []string{"en", "ar"} {
				b.Visit(s.web.URL + "/account/" + lang + "/sign-in")
				b.Keep(name + " elsewhere sign-in " + lang)
				sound(t, b, lang+"/sign-in", s.web.URL)
				b.Visit(s.web.URL + "/account/" + lang + "/continue/google")
				if at := browser.Eval[string](b, "location.href"); !strings.HasPrefix(at, s.web.URL+"/account/en/callback/google") {
					t.Fatalf("back at %s", at)
				}
				b.Keep(name + " elsewhere join " + lang)
				sound(t, b, lang+"/join", s.web.URL)
				if found := browser.Eval[string](b, "document.documentElement.lang"); found != lang {
					t.Errorf("back from the provider the page is in %s, not %s", found, lang)
				}
			}
		})
	}
	b := browser.Open(t, browser.Look{Width: 360})
	b.Visit(s.web.URL + "/account/en/continue/google?to=/account/en/security")
	browser.Eval[bool](b, `document.getElementById("identity.first_name").value = "Ana", document.getElementById("born").value = "1990-05-01", document.getElementById("identity.first_name").focus(), true`)
	b.Submit()
	b.Visit(s.web.URL + "/account/en/security")
	b.Keep("elsewhere security")
	sound(t, b, "en/security", s.web.URL)
	if c := browser.Eval[string](b, "document.cookie"); c != "" {
		t.Errorf("a script reads the cookie: %q", c)
	}
	const ben = "ben@example.ae"
	s.person().join(ben, strong)
	s.is("ben-1", ben)
	b = browser.Open(t, browser.Look{Width: 360, NoScript: true})
	b.Visit(s.web.URL + "/account/en/sign-in?to=/account/en/security")
	browser.Eval[bool](b, `document.getElementById("login").value = `+quoted(ben)+`, document.getElementById("password").value = `+quoted(strong)+`, document.getElementById("password").focus(), true`)
	b.Submit()
	browser.Eval[bool](b, `document.getElementById("provider-google-password").value = `+quoted(strong)+`, document.getElementById("provider-google-password").focus(), true`)
	b.Submit()
	b.Keep("elsewhere adding")
	sound(t, b, "en/providers/google", s.web.URL)
	browser.Eval[bool](b, `document.querySelector("main a").focus(), true`)
	b.Submit()
	if text := browser.Eval[string](b, "location.pathname + document.body.innerText"); !strings.HasPrefix(text, "/account/en/security") || !strings.Contains(text, "Remove") {
		t.Errorf("after a provider was added: %.300s", text)
	}
	s.at.Close()
	s.server.Clock.Move(1 << 40) // some 18 minutes
	b = browser.Open(t, browser.Look{Width: 360})
	b.Visit(s.web.URL + "/account/ar/continue/google")
	b.Keep("elsewhere away ar")
	if text := browser.Eval[string](b, "document.body.innerText"); !strings.Contains(text, "لا يعمل ذلك الآن") {
		t.Errorf("a provider that is away: %s", text)
	}
}
