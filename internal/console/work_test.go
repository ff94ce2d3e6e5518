package console_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/vault"
)

// promising is Clear's policy with what else staff work on.
const promising = `
  - id: clear-breach
    section: Watching
    text: >
      The authority is told of a breach within 72 hours, and people without undue delay.
    keep:
      - breach-notice: {authority: 72 hours, people: without undue delay}

  - id: clear-retained
    section: Watching
    text: >
      After erasure the number of a case's taxpayer may be kept for a year.
    keep:
      - retained-copies: {fields: [taxpayer.gstin], longest: 1 year}
`

func openWork(t *testing.T) *site {
	t.Helper()
	return openUnder(t, append(published(t, "clear"), promising...))
}

// did posts a form that has to work, and shows where it leads.
func (p *person) did(path string, form url.Values, says ...string) page {
	p.Helper()
	a := p.post(path, form)
	p.expect(a, http.StatusSeeOther)
	return p.expect(p.get(a.To), http.StatusOK, says...)
}

// made is the address of what a form makes.
func (p *person) made(path string, form url.Values) string {
	p.Helper()
	a := p.post(path, form)
	p.expect(a, http.StatusSeeOther)
	return a.To
}

// wall is a moment as a browser sends it: forms are filled in in UTC.
func wall(at time.Time) string { return at.UTC().Format("2006-01-02T15:04") }

// subject is somebody in the data.
func (s *site) subject() string {
	s.Helper()
	a := s.server.App
	c := a.Operator()
	c.Credential.Tenants, c.Scopes = []string{tenant}, []string{vault.ScopeSubjects}
	id, err := a.Vault.CreateSubject(s.Context(), c, tenant, vault.Idempotency{})
	if err != nil {
		s.Fatal(err)
	}
	return id
}

// A breach from suspicion to lessons: the clock of the authority runs from awareness and ends with its receipt.
func TestIncidents(t *testing.T) {
	s := openWork(t)
	p := s.staff("support")
	at := "/console/en/at/acme/incidents"
	p.expect(p.get(at), http.StatusOK, "There is no incident.", "Report a suspicion")
	suspicion := url.Values{"nature": {"confidentiality"}, "cause": {"stolen-credential"}, "exposure.from": {"2026-01-01T00:00"}, "exposure.to": {"2026-01-02T00:00"}}
	for field, wrong := range map[string]string{"cause": "<b>", "nature": "gossip", "exposure.from": "yesterday", "exposure.to": "", "reference": "two words"} {
		bad := url.Values{}
		for k, v := range suspicion {
			bad[k] = v
		}
		bad.Set(field, wrong)
		a := p.expect(p.post(at, bad), http.StatusUnprocessableEntity, `role="alert"`)
		if field != "nature" && !strings.Contains(a.Body, `aria-invalid="true"`) {
			t.Errorf("%s: the field at fault is not marked", field)
		}
		if strings.Contains(a.Body, "<b>") {
			t.Error("what was sent is shown as it came")
		}
	}
	one := p.made(at, suspicion)
	p.expect(p.get(one), http.StatusOK, "suspected", "A stolen key or password", "We are aware")
	p.expect(p.post(one+"/assess", url.Values{"risk": {"high"}, "reasons": {"many-people"}}), http.StatusConflict, `role="alert"`)
	p.did(one+"/aware", nil, "hours left", "72 hours", "the organisation became aware", "The form for the authority")
	p.expect(p.get(one+"/notification"), http.StatusOK, "Notification of a personal data breach")
	p.did(one+"/authority", url.Values{"receipt": {"dpa-1"}}, "the authority was told", "dpa-1")
	p.did(one+"/assess", url.Values{"risk": {"none"}, "reasons": {"unreadable-to-others"}, "measures": {"keys-replaced"}}, "assessed")
	p.did(one+"/close", url.Values{"lessons": {"lesson-1\nlesson-2"}}, "closed", "lesson-2")
	p.expect(p.get(at), http.StatusOK, "closed")
	p.expect(s.staff("auditor").get(at), http.StatusForbidden)
}

var clauseOf = regexp.MustCompile(`href="/console/en/clauses/[a-z-]+"`)

// A request: acknowledged, its identity asked for and proven, refused by a ground of the law. What concerns data
// needs a grant.
func TestRequests(t *testing.T) {
	s := openWork(t)
	p := s.staff("officer")
	at := "/console/en/at/acme/requests"
	subject := s.subject()
	p.expect(p.post(at, url.Values{"subject": {"nobody"}, "right": {"erasure"}}), http.StatusNotFound, `role="alert"`)
	one := p.made(at, url.Values{"subject": {subject}, "right": {"erasure"}, "language": {"en"}})
	p.expect(p.get(one), http.StatusOK, "Erasure", "received", subject)
	p.did(one+"/acknowledge", nil, "acknowledged")
	p.did(one+"/identity", url.Values{"limit": {"3 days"}}, "waits for proof of identity")
	p.did(one+"/proven", nil, "in progress")
	a := p.expect(p.post(one+"/answer", nil), http.StatusForbidden, "no live grant")
	if !clauseOf.MatchString(a.Body) {
		t.Error("the refusal names no clause")
	}
	p.expect(p.post(one+"/refuse", url.Values{"ground": {"because"}}), http.StatusUnprocessableEntity)
	p.did(one+"/refuse", url.Values{"ground": {"legal-claims"}}, "refused", "The data is needed for legal claims.")
	p.expect(p.get(at+"?state=refused"), http.StatusOK, strings.TrimPrefix(one, at+"/"))
	if strings.Contains(p.get(at+"?state=open").Body, strings.TrimPrefix(one, at+"/")) {
		t.Error("a refused request is shown as open")
	}
	p.expect(p.get(one+"/nothing"), http.StatusNotFound)
	p.expect(p.post(one+"/nothing", nil), http.StatusNotFound)

	copied := p.made(at, url.Values{"subject": {subject}, "right": {"access"}, "language": {"en"}})
	p.did(copied+"/answer", nil, "answered", "The package waits until")
	gone := p.made(at, url.Values{"subject": {subject}, "right": {"erasure"}})
	p.granted()
	p.did(gone+"/answer", nil, "answered")
}

// A grant: nobody approves their own, the customer allows it; under it a hold is placed and released, and not without.
func TestGrantsAndHolds(t *testing.T) {
	s := openWork(t)
	p, manager := s.staff("officer"), s.staff("the manager")
	hold := url.Values{"subject": {s.subject()}, "reason": {"case-1"}, "fields": {"taxpayer.gstin"}, "until": {wall(s.server.Clock.Now().AddDate(0, 1, 0))}}
	holds := "/console/en/at/acme/holds"
	a := p.post(holds, hold)
	if a.Status != http.StatusForbidden {
		t.Fatalf("a hold without a grant: %d %.800s", a.Status, a.Body)
	}
	at := "/console/en/at/acme/grants"
	p.expect(p.get("/console/en/at"), http.StatusOK, `action="/console/en/go"`)
	if to := p.get("/console/en/go?tenant=acme").To; to != at {
		t.Errorf("who names a tenant is led to %s", to)
	}
	p.expect(p.get("/console/en/go?tenant=..%2fclauses"), http.StatusNotFound)
	until := wall(s.server.Clock.Now().Add(4 * 3600e9))
	p.expect(p.post(at, url.Values{"purposes": {"account"}, "reason": {"ticket-1"}, "until": {wall(s.server.Clock.Now().AddDate(1, 0, 0))}}), http.StatusForbidden, "clear-customer-grant")
	one := p.made(at, url.Values{"purposes": {"account"}, "reason": {"ticket-1"}, "until": {until}})
	if strings.Contains(p.get(one).Body, "Approve it") {
		t.Error("who asked is offered to approve")
	}
	p.expect(p.post(one+"/approve", nil), http.StatusForbidden, "clear-need-to-know")
	manager.did(one+"/approve", nil, "waits for the customer")
	s.customer("POST", "/v1/tenants/acme/grants/"+last(one)+"/allow")
	p.expect(p.get(one), http.StatusOK, "live")
	p.did(holds, hold, "case-1", "taxpayer.gstin")
	p.did(holds+"/"+hold.Get("subject")+"/release", nil, "No hold stands.")
	var g api.Grant
	s.rest("GET", "/v1/tenants/acme/grants/"+last(one), nil, &g)
	if g.Uses != 2 {
		t.Errorf("a hold placed and one released are %d uses of the grant", g.Uses)
	}
	manager.did(one+"/withdraw", nil, "withdrawn")
	p.expect(p.post(holds, hold), http.StatusForbidden)
}

// customer acts as the customer does, with the scope grants, from now on.
func (s *site) customer(method, path string) {
	s.Helper()
	var err error
	_, s.admin, err = s.server.App.Applications.Create(s.Context(), "operator", identity.Application{Title: "customer", Scopes: []string{vault.ScopeGrants}, Tenants: []string{tenant}, Environment: s.server.App.Environment})
	if err != nil {
		s.Fatal(err)
	}
	s.rest(method, path, nil, nil)
}

// Tenants: one is added, and one leaves; its id is typed again, and a certificate says that nothing is left.
func TestCustomersLeave(t *testing.T) {
	s := openWork(t)
	p := s.staff("officer")
	p.expect(p.post("/console/en/customers", url.Values{"id": {"initech"}, "title": {"Initech"}, "region": {"nowhere"}, "environment": {"production"}}), http.StatusUnprocessableEntity)
	p.did("/console/en/customers", url.Values{"id": {"initech"}, "title": {"Initech"}, "region": {"mumbai"}, "environment": {"production"}}, "initech")
	at := "/console/en/at/initech/leaving"
	p.expect(p.post(at, url.Values{"tenant": {"acme"}}), http.StatusUnprocessableEntity, "nothing was erased")
	one := p.made(at, url.Values{"tenant": {"initech"}})
	p.expect(p.get(one), http.StatusOK, "off-boarding")
	p.expect(p.get("/console/en/customers"), http.StatusOK, "erased")
	p.expect(s.staff("support").post("/console/en/at/acme/leaving", url.Values{"tenant": {"acme"}}), http.StatusForbidden)
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(p.get(one).Body, "/document"); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no certificate is issued")
		}
	}
	a := p.get(one + "/document")
	p.expect(a, http.StatusOK, "certificate")
	if !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment") {
		t.Error("the certificate is no download")
	}
}

// The review: nobody reviews their own access; once nothing is left it is closed.
func TestReview(t *testing.T) {
	s := openWork(t)
	a, b := s.staff(), s.staff("support")
	leaver := s.enrol()
	at := "/console/en/review"
	a.expect(a.get(at), http.StatusOK, "The review is owed by", b.member.Member.ID, leaver.Member.ID)
	a.expect(a.post(at+"/"+a.member.Member.ID+"/keep", nil), http.StatusForbidden)
	a.expect(a.post(at, nil), http.StatusConflict, "were not reviewed")
	a.did(at+"/"+leaver.Member.ID+"/end", nil)
	a.did(at+"/"+b.member.Member.ID+"/keep", nil)
	b.did(at+"/"+a.member.Member.ID+"/keep", nil, "Nothing is left to review.")
	b.did(at, nil)
	if s.person().post("/console/en/sign-in", url.Values{"key": {leaver.Key}}).Status != http.StatusUnauthorized {
		t.Error("who was ended signs in")
	}
}

// Tests, findings and exercises of the organisation.
func TestAssurance(t *testing.T) {
	s := openWork(t)
	p := s.staff("officer")
	tests := "/console/en/at/_org/tests"
	body := p.get(tests).Body
	application := regexp.MustCompile(`(?s)name="application".*?<option value="([^"]+)"`).FindStringSubmatch(body)
	if application == nil {
		t.Fatalf("the form names no applications: %s", body)
	}
	begins := wall(s.server.Clock.Now().Add(-3600e9))
	p.expect(p.post(tests, url.Values{"application": {"other"}, "tester": {"tester-7"}, "begins": {begins}}), http.StatusUnprocessableEntity)
	test := p.made(tests, url.Values{"application": {html.UnescapeString(application[1])}, "tester": {"tester-7"}, "begins": {begins}})
	p.expect(p.post(test+"/report", url.Values{"reference": {"report-1"}, "digest": {strings.Repeat("a", 64)}}), http.StatusForbidden)
	areas := regexp.MustCompile(`name="areas" value="([^"]+)"`).FindAllStringSubmatch(p.get(test).Body, -1)
	report := url.Values{"reference": {"report-1"}, "digest": {strings.Repeat("a", 64)}}
	for _, a := range areas {
		report.Add("areas", html.UnescapeString(a[1]))
	}
	p.did(test+"/report", report, "report-1")

	findings := "/console/en/at/_org/findings"
	one := p.made(findings, url.Values{"test": {last(test)}, "severity": {"high"}, "reference": {"sec-1"}})
	p.did(one+"/fix", url.Values{"change": {"release-1"}}, "fixed")
	p.expect(p.post(one+"/retest", url.Values{"report": {"retest-1"}, "by": {"tester-7"}, "passed": {"yes"}}), http.StatusForbidden, "clear-findings")
	s.staff("officer").did(one+"/retest", url.Values{"report": {"retest-1"}, "by": {"tester-7"}, "passed": {"yes"}}, "closed")

	exercises := "/console/en/at/_org/exercises"
	held := url.Values{"scenario": {"zone-lost"}, "held": {begins}, "minutes": {"minutes-1"}, "digest": {strings.Repeat("b", 64)}, "items": {"ops-1,it,30-days"}}
	p.expect(p.post(exercises, held), http.StatusForbidden, "clear-continuity")
	for _, team := range regexp.MustCompile(`name="teams" value="([^"]+)"`).FindAllStringSubmatch(p.get(exercises).Body, -1) {
		held.Add("teams", html.UnescapeString(team[1]))
	}
	drill := p.made(exercises, held)
	p.expect(p.get(drill), http.StatusOK, "ops-1", "Something was done")
	p.did(drill+"/finish", url.Values{"number": {"1"}, "evidence": {"change-9"}}, "change-9", "done")
}

// A demand is reviewed by another member than who entered it, and is answered sealed alone.
func TestDemands(t *testing.T) {
	s := openWork(t)
	p, other := s.staff("officer"), s.staff("support")
	at := "/console/en/at/acme/demands"
	one := p.made(at, url.Values{"kind": {"court-order"}, "issuer": {"high-court"}, "reference": {"demand-1"}, "subjects": {s.subject()}, "fields": {"taxpayer.gstin"}})
	review := url.Values{"ground": {"court-order"}, "citation": {"Code of Civil Procedure, s. 30"}, "fields": {"taxpayer.gstin"}}
	p.expect(p.post(one+"/review", review), http.StatusForbidden, `role="alert"`)
	other.did(one+"/review", review, "reviewed", other.member.Member.ID)
	p.expect(p.post(one+"/release", url.Values{"recipient": {"anybody"}}), http.StatusUnprocessableEntity)
	p.did(one+"/refuse", url.Values{"reason": {"withdrawn"}}, "refused")

	two := p.made(at, url.Values{"kind": {"court-order"}, "issuer": {"high-court"}, "reference": {"demand-2"}, "subjects": {s.subject()}, "fields": {"taxpayer.gstin"}})
	review.Set("gagged_until", wall(s.server.Clock.Now().AddDate(0, 1, 0)))
	other.did(two+"/review", review, "reviewed")
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	to := url.Values{"seal_to": {key.Recipient().String()}}
	p.expect(p.post(two+"/release", to), http.StatusForbidden, "no live grant")
	p.granted()
	a := p.expect(p.post(two+"/release", to), http.StatusOK)
	if d := a.Header.Get("Content-Disposition"); d != `attachment; filename="`+last(two)+`.age"` {
		t.Errorf("handed over as %q", d)
	}
	plain, err := age.Decrypt(armor.NewReader(strings.NewReader(a.Body)), key)
	if err != nil {
		t.Fatalf("the authority cannot open it: %v", err)
	}
	if text, err := io.ReadAll(plain); err != nil || !strings.Contains(string(text), last(two)) {
		t.Errorf("it holds %.200q: %v", text, err)
	}
	p.expect(p.get(two), http.StatusOK, "released")
	if uses := p.uses(); uses != 1 {
		t.Errorf("a release is %d uses of the grant", uses)
	}
}

// uses is how often the grants of the customer were used.
func (s *site) uses() (n int64) {
	s.Helper()
	var all api.Grants
	s.rest("GET", "/v1/tenants/acme/grants", nil, &all)
	for i := range all.Grants {
		n += all.Grants[i].Uses
	}
	return n
}

// granted has somebody see the customer's data from now on, with the consent of all. Nobody is enrolled after.
func (p *person) granted() {
	p.Helper()
	at := "/console/en/at/acme/grants"
	until := wall(p.server.Clock.Now().Add(4 * time.Hour))
	one := p.made(at, url.Values{"purposes": {"account"}, "reason": {"ticket-1"}, "until": {until}})
	p.staff("the manager").did(one+"/approve", nil)
	p.customer("POST", "/v1/tenants/acme/grants/"+last(one)+"/allow")
}

// Every look at a desk is decided by the domain and in the ledger, whatever came of it.
func TestWorkIsDecided(t *testing.T) {
	s := openWork(t)
	nobody := s.staff()
	made := s.staff("officer").made("/console/en/at/acme/incidents", url.Values{"nature": {"integrity"}, "cause": {"malware"}, "exposure.from": {"2026-01-01T00:00"}, "exposure.to": {"2026-01-02T00:00"}})
	for path, want := range map[string]int{
		"at/acme/requests": 403, "at/acme/incidents": 403, "at/acme/incidents/" + last(made): 403, "at/acme/incidents/" + last(made) + "/notification": 403, "at/acme/demands": 403,
		"at/acme/holds": 403, "at/acme/leaving": 403, "at/_org/tests": 403, "at/_org/findings": 403, "at/_org/exercises": 403, "customers": 403, "at/acme/grants": 200, "review": 200,
	} {
		before := s.decided(nobody.member.Member.ID)
		if a := nobody.get("/console/en/" + path); a.Status != want {
			t.Errorf("%s for somebody without a role: %d, want %d", path, a.Status, want)
		}
		if s.decided(nobody.member.Member.ID) != before+1 {
			t.Errorf("%s: the ledger does not say who looked, once", path)
		}
	}
	before := s.decided(nobody.member.Member.ID)
	for _, path := range []string{"/aware", "/assess", "/authority", "/people", "/close"} {
		a := nobody.post(made+path, url.Values{"risk": {"high"}, "reasons": {"many-people"}, "receipt": {"dpa-1"}})
		nobody.expect(a, http.StatusForbidden)
	}
	if s.decided(nobody.member.Member.ID) <= before {
		t.Error("the ledger does not say what was tried")
	}
}

// decided counts the decisions about somebody.
func (s *site) decided(actor string) (n int) {
	s.Helper()
	for _, log := range []string{"_org", tenant} {
		err := s.server.App.Ledger.Between(s.Context(), log, time.Time{}, s.server.Clock.Now().Add(time.Hour), func(e *proof.Entry) error {
			if e.Actor == actor && e.Answer != "" {
				n++
			}
			return nil
		})
		if err != nil {
			s.Fatal(err)
		}
	}
	return n
}
