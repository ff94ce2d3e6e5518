package account_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"clause.dev/clause/internal/app/apptest/browser"
	"clause.dev/clause/internal/vault"
)

// TestMinorIsReported: anybody can say that somebody is too young, and learns nothing of who has an account.
func TestMinorIsReported(t *testing.T) {
	s := open(t)
	s.person().join(ana, strong)
	anybody := s.person()
	anybody.expect(anybody.get("/account/en/sign-in"), http.StatusOK, "/account/en/minor")
	anybody.expect(anybody.get("/account/ar/minor"), http.StatusOK, "دون 18")
	known := anybody.expect(anybody.post("/account/en/minor", url.Values{"login": {strings.ToUpper(ana)}}), http.StatusOK, "Thank you")
	unknown := anybody.expect(anybody.post("/account/en/minor", url.Values{"login": {"nobody@example.ae"}}), http.StatusOK)
	broken := anybody.expect(anybody.post("/account/en/minor", url.Values{"login": {"<script>"}}), http.StatusOK)
	if known.Body != unknown.Body || known.Body != broken.Body {
		t.Error("the answers differ")
	}
	staff := s.server.Client(t, s.server.Application(t, []string{tenant}, vault.ScopeDuties))
	page, err := staff.ListMinors(t.Context(), tenant, "", 10)
	if err != nil || len(page.Minors) != 1 || page.Minors[0].By != "public" || len(page.Minors[0].Clocks) != 1 {
		t.Errorf("%+v %v", page, err)
	}
	last := 0
	for range 10 {
		last = anybody.post("/account/en/minor", url.Values{"login": {ana}}).Status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("a place reports people without end: %d", last)
	}
	b := browser.Open(t, browser.Look{Width: 360})
	b.Visit(s.web.URL + "/account/ar/minor")
	b.Keep("minor")
	sound(t, b, "minor", s.web.URL)
}
