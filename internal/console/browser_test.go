package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app/apptest/browser"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/policy"
)

// mostBytes is what a first view takes at most, with its style sheet.
const mostBytes = 50 << 10

// TestInABrowser looks at the pages as their readers do, in both languages, with much on each of them.
func TestInABrowser(t *testing.T) {
	s := openOf(t, "clesaro")
	clock := s.owing()
	s.probedFor(90 * 24 * time.Hour)
	s.alarmed()
	p := s.staff("officer")
	paths := []string{
		"", "?state=broken", "clauses/" + s.server.App.Policy.Clauses[0].ID, "owed", "at", "configuration", "at/acme/clocks", "at/acme/clocks/" + clock, "at/acme/clocks?only=missed",
		"at/acme/alerts", "at/_org/alerts", "at/acme/ledger", "at/_org/ledger?kind=staff&answer=allow", "at/acme/ledger/0", "nothing",
	}
	for name, look := range map[string]browser.Look{"light": {Width: 1200, NoScript: true}, "dark phone": {Width: 360, Dark: true, NoScript: true}} {
		t.Run(name, func(t *testing.T) {
			b := browser.Open(t, look)
			b.Visit(s.web.URL + "/console/en/sign-in")
			b.Keep(name + " sign-in")
			sound(t, b, "sign-in", s.web.URL)
			signIn(b, p.member.Key)
			if at := browser.Eval[string](b, "location.pathname"); at != "/console/en/" {
				t.Fatalf("at %s after signing in", at)
			}
			for _, path := range paths {
				for _, lang := range []string{"en", "ar"} {
					b.Visit(s.web.URL + "/console/" + lang + "/" + path)
					b.Keep(name + " " + lang + "-" + strings.NewReplacer("/", "-", "?", "-", "&", "-").Replace(path))
					sound(t, b, lang+"/"+path, s.web.URL)
					if (lang == "ar") != look.Dark { // it takes its time: each page in each language, light or dark
						continue
					}
					if found := b.Axe(); len(found) > 0 {
						t.Errorf("%s/%s: axe finds %q", lang, path, found)
					}
				}
			}
		})
	}
	for _, path := range paths {
		if size := len(p.get("/console/ar/"+path).Body) + len(p.get("/console/style.css").Body); size > mostBytes {
			t.Errorf("%q is %d bytes", path, size)
		}
	}
}

// signIn signs in by keyboard alone.
func signIn(b *browser.Page, key string) {
	browser.Eval[bool](b, `document.getElementById("key").focus(), document.getElementById("key").value = `+strconv.Quote(key)+`, true`)
	b.Submit()
}

// probedFor fills the history of every control: mostly kept, broken for a day, not looked at for a week.
func (s *site) probedFor(long time.Duration) {
	s.Helper()
	a, now := s.server.App, s.server.Clock.Now()
	err := a.DB.Write(s.Context(), db.Organisation, func(tx *db.Tx) error {
		for i, clause := range a.Policy.Clauses {
			for n, keep := range clause.Keep {
				for at := now.Add(-long); at.Before(now); at = at.Add(12 * time.Hour) {
					days, outcome := int(now.Sub(at)/(24*time.Hour)), "kept"
					switch {
					case days == 3+i%20 && n == 0:
						outcome = "broken"
					case days == 2+i%20:
						outcome = "unable"
					case days > 30+i%9 && days < 37+i%9:
						continue
					}
					name := keep.Control
					if slices.ContainsFunc(clause.Keep[:n], func(k policy.Keep) bool { return k.Control == name }) {
						name += "/2"
					}
					if _, err := tx.Exec(`INSERT INTO evidence (clause_id, control, probed_at, outcome, detail) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
						clause.ID, name, at.UnixMicro(), outcome, `{"summary":"Looked at 12 of 12 <records>.","facts":["fact & one","fact two"],"under":"x"}`); err != nil {
						return err
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
}

// owing opens clocks of what clauses owe, some of which are missed, and returns one of them.
func (s *site) owing() (id string) {
	s.Helper()
	opened := 0
	for round := range 8 {
		for clause := range s.server.App.Plan.Duties {
			var out api.Clocks
			s.rest("POST", "/v1/tenants/acme/clocks", api.Occasion{Clause: clause, About: fmt.Sprintf("req_%d", round)}, &out)
			for _, c := range out.Clocks {
				id, opened = c.ID, opened+1
			}
		}
		s.server.Clock.Move(9 * 24 * time.Hour)
	}
	if opened < 12 {
		s.Fatalf("only %d clocks", opened)
	}
	if _, err := s.server.App.Clocks.RunDue(s.Context(), s.server.Clock.Now()); err != nil {
		s.Fatal(err)
	}
	return id
}

// alarmed raises alerts.
func (s *site) alarmed() {
	s.Helper()
	for _, path := range []string{"/v1/tenants/acme/alerts", "/v1/alerts"} {
		for _, severity := range []string{"critical", "warning"} {
			s.rest("POST", path, api.Alarm{Kind: "threat", Cause: "stuffing-" + severity, Severity: severity}, nil)
		}
	}
}

// sound checks what holds for every page. A page that is not there is looked at too.
func sound(t *testing.T, p *browser.Page, path, origin string) {
	t.Helper()
	p.Sound(path, origin, "verbose:", "status of 404")
}

// An alert is acknowledged by a form, in the member's name.
func TestAcknowledge(t *testing.T) {
	s := open(t)
	s.alarmed()
	p := s.staff("officer")
	body := p.expect(p.get("/console/en/at/acme/alerts"), http.StatusOK, "Threat", "stuffing-critical").Body
	_, rest, _ := strings.Cut(body, `action="/console/en/at/acme/alerts/`)
	id, _, found := strings.Cut(rest, "/acknowledge")
	if !found {
		t.Fatal("there is no form to acknowledge it")
	}
	at := "/console/en/at/acme/alerts/" + id + "/acknowledge"
	other := s.staff("auditor")
	other.expect(other.post(at, nil), http.StatusForbidden)
	p.expect(s.person().post(at, nil), http.StatusSeeOther)
	p.expect(p.get("/console/en/at/acme/alerts"), http.StatusOK, "I see to it")
	p.expect(p.post(at, url.Values{}), http.StatusSeeOther)
	p.expect(p.get("/console/en/at/acme/alerts"), http.StatusOK, p.member.Member.ID, "acknowledged")
	p.expect(p.post("/console/en/at/acme/alerts/alr_none/acknowledge", nil), http.StatusNotFound)
}
