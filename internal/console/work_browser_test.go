package console_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/app/apptest/browser"
)

// TestWorkInABrowser looks at the desks as their readers do, in both languages, with every step open.
func TestWorkInABrowser(t *testing.T) {
	s := openWork(t)
	p, manager := s.staff("officer"), s.staff("the manager")
	now := s.server.Clock.Now()
	hour := func(d time.Duration) string { return wall(now.Add(d)) }

	acme, org := "/console/en/at/acme/", "/console/en/at/_org/"
	suspicion := url.Values{"nature": {"confidentiality", "integrity"}, "cause": {"stolen-credential"}, "exposure.from": {hour(-48 * time.Hour)}, "exposure.to": {hour(0)}, "reference": {"ticket-314"}}
	suspected := p.made(acme+"incidents", suspicion)
	aware := p.made(acme+"incidents", suspicion)
	p.did(aware+"/aware", url.Values{"at": {hour(-50 * time.Hour)}})
	p.did(aware+"/authority", url.Values{"receipt": {"dpa-2026-0114"}})
	p.did(aware+"/assess", url.Values{"risk": {"high"}, "reasons": {"sensitive-data", "many-people"}, "consequences": {"identity-theft"}, "measures": {"keys-replaced", "police-told"}})
	request := p.made(acme+"requests", url.Values{"subject": {s.subject()}, "right": {"access"}, "language": {"ar"}})
	correction := p.made(acme+"requests", url.Values{"subject": {s.subject()}, "right": {"rectification"}})
	p.did(correction+"/identity", url.Values{"limit": {"3 days"}})
	demand := p.made(acme+"demands", url.Values{"kind": {"court-order"}, "issuer": {"high-court"}, "reference": {"demand-1"}, "subjects": {s.subject()}, "fields": {"taxpayer.gstin"}})
	grant := p.made(acme+"grants", url.Values{"purposes": {"account"}, "reason": {"ticket-1"}, "until": {hour(4 * time.Hour)}})
	manager.did(grant+"/approve", nil)
	s.customer("POST", "/v1/tenants/acme/grants/"+last(grant)+"/allow")
	subject := s.subject()
	p.did(acme+"holds", url.Values{"subject": {subject}, "reason": {"case-2041"}, "fields": {"taxpayer.gstin"}, "until": {hour(300 * time.Hour)}})
	gone := p.made("/console/en/at/globex/leaving", url.Values{"tenant": {"globex"}})
	test := p.made(org+"tests", url.Values{"application": {"filing"}, "tester": {"tester-7"}, "begins": {hour(-time.Hour)}})
	finding := p.made(org+"findings", url.Values{"test": {last(test)}, "severity": {"high"}, "reference": {"sec-1"}})
	drill := p.made(org+"exercises", url.Values{"scenario": {"zone-lost"}, "held": {hour(-time.Hour)}, "teams": {"IT", "support", "HR", "engineering"}, "minutes": {"minutes-1"}, "digest": {strings.Repeat("b", 64)}, "items": {"ops-1,it,30-days\nops-2,hr,2-weeks"}})

	paths := []string{
		acme + "incidents", suspected, aware, acme + "requests", request, correction, acme + "demands", demand, acme + "grants", grant, acme + "holds",
		acme + "leaving", gone, org + "tests", test, org + "findings", finding, org + "exercises", drill, "/console/en/review", "/console/en/customers", "/console/en/at",
	}
	for name, look := range map[string]browser.Look{"light": {Width: 1200, NoScript: true}, "dark phone": {Width: 360, Dark: true, NoScript: true}} {
		t.Run(name, func(t *testing.T) {
			b := browser.Open(t, look)
			b.Visit(s.web.URL + "/console/en/sign-in")
			signIn(b, manager.member.Key)
			b.Visit(s.web.URL + grant)
			b.Keep(name + " en-grant of another")
			b.Visit(s.web.URL + "/console/en/sign-in")
			b = browser.Open(t, look)
			b.Visit(s.web.URL + "/console/en/sign-in")
			signIn(b, p.member.Key)
			for _, path := range paths {
				for _, lang := range []string{"en", "ar"} {
					if (lang == "ar") != look.Dark {
						continue
					}
					at := strings.Replace(path, "/en/", "/"+lang+"/", 1)
					b.Visit(s.web.URL + at)
					browser.Eval[int](b, `document.querySelectorAll("details").forEach(d => d.open = true), 1`)
					b.Keep(name + " work-" + strings.ReplaceAll(strings.TrimPrefix(at, "/console/"), "/", "-"))
					sound(t, b, at, s.web.URL)
					if raw := rawKey.FindString(browser.Eval[string](b, `document.body.innerText`)); raw != "" {
						t.Errorf("%s: words are missing: %s", at, raw)
					}
					if found := b.Axe(); len(found) > 0 {
						t.Errorf("%s: axe finds %q", at, found)
					}
				}
			}
		})
	}
	for _, path := range paths {
		if size := len(p.get(strings.Replace(path, "/en/", "/ar/", 1)).Body) + len(p.get("/console/style.css").Body); size > mostBytes {
			t.Errorf("%s is %d bytes", path, size)
		}
	}
}

// rawKey is that of words which there are none for.
var rawKey = regexp.MustCompile(`(?m)(^|\s)(col|fact|field|about|moment|is|h|left|over|[a-z]+\.new)\.[a-z]\S*`)

func last(address string) string { return address[strings.LastIndex(address, "/")+1:] }
