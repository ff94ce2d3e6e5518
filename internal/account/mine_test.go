package account_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/vault"
)

// application is one of the company's own.
func (s *site) application() vault.Caller {
	a := s.server.App
	var all decision.Set
	for _, p := range a.Policy.Purposes {
		all = all.With(a.Rules.Purpose(p.ID))
	}
	return vault.Caller{
		Credential: decision.Credential{ID: "app_budget", Tenants: []string{tenant}, Purposes: all, Environment: a.Environment},
		Scopes:     []string{vault.ScopeData, vault.ScopeSubjects},
	}
}

func (s *site) subject(login string) string {
	s.Helper()
	subject, err := s.server.App.Vault.Whose(s.Context(), s.caller(), tenant, "identity", "email", login)
	if err != nil {
		s.Fatal(err)
	}
	return subject
}

// fill stores what the company's application knows of somebody.
func (s *site) fill(login string) (goal string) {
	s.Helper()
	put := func(set string, fields vault.Fields) string {
		t := vault.Target{Tenant: tenant, Subject: s.subject(login), DataSet: set, Purpose: "budgeting"}
		if set == "health_score" {
			t.Purpose = "health-score"
		}
		stored, err := s.server.App.Vault.Put(s.Context(), s.application(), t, fields, vault.Condition{}, vault.Idempotency{})
		if err != nil {
			s.Fatal(err)
		}
		return stored.Record
	}
	put("health_score", vault.Fields{"score": json.RawMessage("71"), "confidence": json.RawMessage(`"high"`), "at": json.RawMessage(`"2026-03-01"`)})
	put("income", vault.Fields{"monthly_income": json.RawMessage(`"12500.00 AED"`)})
	return put("goals", vault.Fields{"name": json.RawMessage(`"<script>alert(1)</script>"`), "target": json.RawMessage(`"900.00 AED"`), "by": json.RawMessage(`"2027-01-31"`)})
}

func (s *site) restrict(subject string) {
	s.Helper()
	if err := s.server.App.Vault.SetRestriction(s.Context(), s.caller(), tenant, subject, true); err != nil {
		s.Fatal(err)
	}
}

// recordOf is somebody's record of who they are.
func (s *site) recordOf(login string) string {
	s.Helper()
	page, _, err := s.server.App.Vault.List(s.Context(), s.application(), vault.Target{Tenant: tenant, Subject: s.subject(login), DataSet: "identity", Purpose: "account"}, "", 1)
	if err != nil || len(page) != 1 {
		s.Fatal(len(page), err)
	}
	return page[0].ID
}

// TestWhatIsHeld: a person sees what is held and why, and corrects what they gave, but not what others found out.
func TestWhatIsHeld(t *testing.T) {
	s := open(t)
	p := s.person()
	p.join(ana, strong)
	goal := s.fill(ana)
	held := p.expect(p.get("/account/en/data"), 200, "12500.00 AED", ">71<", "&lt;script&gt;alert(1)", "Your financial health score", "your contract with us", "Nobody else gets it", "worked out from your other data", "not used: you have not consented")
	if strings.Contains(held.Body, "<script>alert") {
		t.Error("what was stored runs as a script")
	}
	p.expect(p.get("/account/ar/data"), 200, `dir="rtl"`, "عقدك معنا", "درجات صحتك المالية", "12500.00 AED")

	at := "/account/en/data/goals/" + goal
	p.expect(p.get(at), 200, `value="900.00 AED"`, `value="2027-01-31"`)
	p.expect(p.post(at, url.Values{"target": {"much"}}), 422, `aria-invalid="true"`, `value="much"`)
	p.expect(p.get("/account/en/requests"), 200, "You have asked nothing yet") // a slip of the pen is no request
	p.expect(p.post(at, url.Values{"name": {"A boat"}, "target": {"950.00 AED"}, "by": {""}}), http.StatusSeeOther)
	if body := p.get("/account/en/data").Body; !strings.Contains(body, "A boat") || !strings.Contains(body, "950.00 AED") || strings.Contains(body, "2027-01-31") {
		t.Error("the correction is not there")
	}
	p.expect(p.get("/account/en/requests"), 200, "A correction", "done")
	// Neither the address that signs in, nor what was worked out, nor somebody else's.
	p.expect(p.post("/account/en/data/identity/"+s.recordOf(ana), url.Values{"email": {"other@example.ae"}, "first_name": {"Ana"}}), http.StatusSeeOther)
	if s.subject(ana) == "" {
		t.Error("the address was changed")
	}
	if strings.Contains(held.Body, "/data/health_score/") {
		t.Error("a score can be corrected by its person")
	}
	eve := s.person()
	eve.join("eve@example.ae", fresh)
	eve.expect(eve.get(at), 404)
	eve.expect(eve.post(at, url.Values{"name": {"Mine"}}), 404)
	stranger := s.person()
	for _, path := range []string{"data", "consents", "requests", "trail", "trail/proof", "notices", "close"} {
		if a := stranger.get("/account/en/" + path); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.To, "/account/en/sign-in") {
			t.Errorf("%s answers a stranger %d, to %q", path, a.Status, a.To)
		}
	}
}

// TestConsents: given and withdrawn as easily, kept with what was shown, with a receipt; the next decision goes by it.
func TestConsents(t *testing.T) {
	s := open(t)
	p := s.person()
	p.join(ana, strong)
	p.expect(p.get("/account/en/consents"), 200, "You consented: Personal insights", "What you were shown", "You need not consent; there are then no insights.")
	p.expect(p.post("/account/ar/consents", url.Values{"purpose": {"progress-notifications"}, "say": {"give"}}), http.StatusSeeOther)
	if who := s.standing(ana); !slices.Equal(who.Consents, []string{"insights", "progress-notifications"}) {
		t.Errorf("consents are %v", who.Consents)
	}
	page := p.expect(p.get("/account/en/consents"), 200, "Receipt to keep", "policy of \u20662026-02-01")
	link := "/account/en/consents/con_" + between(page.Body, `href="/account/en/consents/con_`, `"`)
	receipt := p.expect(p.get(link), 200)
	var r struct {
		Header     map[string]string
		Processing map[string]any
		Events     []map[string]string
	}
	if err := json.Unmarshal([]byte(receipt.Body), &r); err != nil {
		t.Fatal(err)
	}
	if r.Header["pii_principal_id"] != s.subject(ana) || r.Processing["language"] != "ar" || !strings.HasSuffix(r.Events[0]["event_state"], "ConsentGiven") || !strings.HasPrefix(receipt.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the receipt is %.900s", receipt.Body)
	}
	p.expect(p.post("/account/en/consents", url.Values{"purpose": {"insights"}, "say": {"withdraw"}}), http.StatusSeeOther)
	p.expect(p.get("/account/en/consents"), 200, "You withdrew: Personal insights")
	if who := s.standing(ana); !slices.Equal(who.Consents, []string{"progress-notifications"}) {
		t.Errorf("consents are %v", who.Consents)
	}
	p.expect(p.post("/account/en/consents", url.Values{"purpose": {"account"}, "say": {"give"}}), 422)
	eve := s.person()
	eve.join("eve@example.ae", fresh)
	eve.expect(eve.get(link), 404)
	r2 := p.form("/account/en/consents", url.Values{"purpose": {"insights"}, "say": {"give"}})
	r2.Header.Set("Origin", "https://evil.example")
	r2.Header.Set("Sec-Fetch-Site", "cross-site")
	p.expect(p.do(r2), http.StatusForbidden)
}

// TestRights: a copy is ready at once and handed out once; what must be judged waits, with its clock, and is taken back.
func TestRights(t *testing.T) {
	s := open(t)
	p, eve := s.person(), s.person()
	p.join(ana, strong)
	eve.join("eve@example.ae", fresh)
	p.expect(p.post("/account/en/requests", url.Values{"right": {"access"}}), http.StatusSeeOther)
	page := p.expect(p.get("/account/en/requests"), 200, "A copy of your data", "done", "It can be downloaded once")
	take := "/account/en/requests/req_" + between(page.Body, `action="/account/en/requests/req_`, `"`)
	eve.expect(eve.post(take, nil), 404)
	a := p.expect(p.post(take, nil), 200)
	z, err := zip.NewReader(strings.NewReader(a.Body), int64(len(a.Body)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := z.Open("data.json")
	if err != nil {
		t.Fatal(err)
	}
	data, _ := io.ReadAll(f)
	if !bytes.Contains(data, []byte(ana)) {
		t.Error("the copy lacks the address")
	}
	p.expect(p.post(take, nil), 404)
	p.expect(p.get("/account/en/requests"), 200, "Downloaded")

	p.expect(p.post("/account/en/requests", url.Values{"right": {"restriction"}}), http.StatusSeeOther)
	page = p.expect(p.get("/account/en/requests"), 200, "A restriction", "received", "Answered by")
	p.expect(p.post("/account/en/requests", url.Values{"right": {"restriction"}}), http.StatusConflict, "You have asked for this already")
	back := between(page.Body, `action="/account/en/requests/req_`, `/take-back"`)
	eve.expect(eve.post("/account/en/requests/req_"+back+"/take-back", nil), 404)
	p.expect(p.post("/account/en/requests/req_"+back+"/take-back", nil), http.StatusSeeOther)
	p.expect(p.get("/account/en/requests"), 200, "taken back")
	p.expect(p.post("/account/en/requests", url.Values{"right": {"erasure"}}), 422)
	p.expect(p.get("/account/en/notices"), 200, "I have read it")
	id := between(p.get("/account/en/notices").Body, `name="id" value="`, `"`)
	unread := strings.Count(p.get("/account/en/notices").Body, `name="id"`)
	eve.expect(eve.post("/account/en/notices", url.Values{"id": {id}}), http.StatusSeeOther)
	if n := strings.Count(p.get("/account/en/notices").Body, `name="id"`); n != unread {
		t.Error("somebody else has read it")
	}
	p.expect(p.post("/account/en/notices", url.Values{"id": {id}}), http.StatusSeeOther)
	if n := strings.Count(p.get("/account/en/notices").Body, `name="id"`); n != unread-1 {
		t.Errorf("%d messages are unread, of %d", n, unread)
	}
}

// TestTrail: who did what is told in plain words, of nobody else, and proves itself.
func TestTrail(t *testing.T) {
	s := open(t)
	p := s.person()
	p.join(ana, strong)
	s.fill(ana)
	eve := s.person()
	eve.join("eve@example.ae", fresh)
	p.expect(p.get("/account/en/trail"), 200, "app_budget", "Your goals", "Budget tracking", "Verified your address", "The sign-in", "Stored")
	p.expect(p.get("/account/ar/trail"), 200, "حفظ", "أهدافك")
	p.get("/account/en/data")
	if body := p.get("/account/en/trail").Body; strings.Contains(body, "Read all that is stored about you") {
		t.Error("one's own looks drown the others")
	}
	p.expect(p.get("/account/en/trail?own=1"), 200, "Read all that is stored about you", ">You<")
	if strings.Contains(eve.get("/account/en/trail").Body, "app_budget") {
		t.Error("somebody sees what was done with another's data")
	}
	a := p.expect(p.get("/account/en/trail/proof"), 200)
	proven := 0
	if _, err := proof.VerifyExcerpt(strings.NewReader(a.Body), s.server.App.Ledger.VerifierKey(tenant), func(proof.Entry) { proven++ }); err != nil {
		t.Fatalf("the proof does not hold: %v", err)
	}
	if proven < 5 {
		t.Errorf("%d entries are proven", proven)
	}
}

// TestClosing: only for who knows the password and means it; then nothing is left.
func TestClosing(t *testing.T) {
	s := open(t)
	p := s.person()
	p.join(ana, strong)
	s.fill(ana)
	subject := s.subject(ana)
	p.expect(p.post("/account/en/close", url.Values{"password": {strong}}), 422)
	p.expect(p.post("/account/en/close", url.Values{"password": {fresh}, "sure": {"yes"}}), http.StatusForbidden, "not right")
	if !p.in() {
		t.Fatal("signed out by a wrong password")
	}
	s.restrict(subject)
	p.expect(p.post("/account/en/close", url.Values{"password": {strong}, "sure": {"yes"}}), http.StatusConflict, "You have restricted", "Lift the restriction first, on the page “Your rights”")
	p.expect(p.get("/account/en/data"), 200, "not used: restricted")
	p.expect(p.post("/account/en/requests/lift", url.Values{"what": {"restriction"}}), http.StatusSeeOther)
	p.expect(p.post("/account/en/close", url.Values{"password": {strong}, "sure": {"yes"}}), 200, "Your account is closed", "req_")
	if p.cookie() != "" || p.in() {
		t.Error("still signed in")
	}
	if _, err := s.server.App.Vault.Standing(s.Context(), s.caller(), tenant, subject); !fault.Is(err, fault.Erased) && !fault.Is(err, fault.NotFound) {
		t.Errorf("the person is still there: %v", err)
	}
	p.expect(p.post("/account/en/sign-in", url.Values{"login": {ana}, "password": {strong}}), http.StatusUnauthorized)
}
