package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/ledger/proof"
)

// Signing in by a key, in and out: the cookie is a session's, and ends when it should.
func TestSignIn(t *testing.T) {
	s := open(t)
	p := s.person()
	a := p.get("/console/en/at/acme/ledger?kind=staff")
	p.expect(a, http.StatusSeeOther)
	if want := "/console/en/sign-in?to=" + url.QueryEscape("/console/en/at/acme/ledger?kind=staff"); a.To != want {
		t.Errorf("sent to %s, want %s", a.To, want)
	}
	p.expect(p.get(a.To), http.StatusOK, `value="/console/en/at/acme/ledger?kind=staff"`)

	m := s.enrol("auditor")
	for _, wrong := range []string{"", "staff_x", m.Key + "x", strings.Replace(m.Key, "staff_", "app_", 1), strings.Repeat("s", 500), s.admin} {
		b := p.post("/console/en/sign-in", url.Values{"key": {wrong}})
		p.expect(b, http.StatusUnauthorized, "That key opens nothing")
		if strings.Contains(b.Body, "staff_x") || b.Header.Get("Set-Cookie") != "" {
			t.Errorf("a wrong key is answered with %q", b.Body)
		}
	}
	in := p.post("/console/en/sign-in", url.Values{"key": {" " + m.Key + "\n"}, "to": {"/console/en/at/acme/ledger?kind=staff"}})
	p.expect(in, http.StatusSeeOther)
	if in.To != "/console/en/at/acme/ledger?kind=staff" {
		t.Errorf("sent to %s", in.To)
	}
	set := in.Header.Get("Set-Cookie")
	for _, want := range []string{"__Host-clause-console=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(set, want) {
			t.Errorf("the cookie lacks %s: %s", want, set)
		}
	}
	if strings.Contains(set, "Max-Age") || strings.Contains(set, "Expires") || strings.Contains(set, "Domain") || strings.Contains(set, m.Key) {
		t.Errorf("the cookie is %s", set)
	}
	p.expect(p.get("/console/en/"), http.StatusOK, m.Member.ID)

	kept := p.cookies()[0].Value
	p.expect(p.post("/console/en/sign-out", nil), http.StatusSeeOther)
	replay := p.request(http.MethodGet, "/console/en/", nil)
	replay.AddCookie(&http.Cookie{Name: "__Host-clause-console", Value: kept})
	if a := p.do(replay); a.Status != http.StatusSeeOther {
		t.Errorf("a cookie opens the console after signing out: %d", a.Status)
	}
}

// A session that was planted is not taken over, and two cookies are none.
func TestSessionFixation(t *testing.T) {
	s := open(t)
	planted := s.staff()
	victim := s.person()
	r := victim.request(http.MethodPost, "/console/en/sign-in", url.Values{"key": {s.enrol("auditor").Key}})
	r.AddCookie(planted.cookies()[0])
	victim.expect(victim.do(r), http.StatusSeeOther)
	if victim.cookies()[0].Value == planted.cookies()[0].Value {
		t.Error("the session that was planted goes on")
	}
	if planted.in() {
		t.Error("the planted session still opens the console")
	}
	two := victim.request(http.MethodGet, "/console/en/", nil)
	two.AddCookie(&http.Cookie{Name: "__Host-clause-console", Value: "x"})
	if a := victim.do(two); a.Status != http.StatusSeeOther {
		t.Errorf("two cookies open the console: %d", a.Status)
	}
}

// What ends somebody's access ends their session at once: idleness, time, a new key, the end of the membership.
func TestSessionsEnd(t *testing.T) {
	s := open(t)
	for name, end := range map[string]func(p *person){
		"idle":       func(*person) { s.server.Clock.Move(31 * time.Minute) },
		"a new key":  func(p *person) { s.rest("POST", "/v1/staff/"+p.member.Member.ID+"/key", api.NewMemberKey{}, nil) },
		"membership": func(p *person) { s.rest("POST", "/v1/staff/"+p.member.Member.ID+"/end", nil, nil) },
		"too long": func(p *person) {
			for range 30 {
				s.server.Clock.Move(25 * time.Minute)
				p.get("/console/en/clauses")
			}
		},
	} {
		p := s.staff("auditor")
		if !p.in() {
			t.Fatal("not signed in")
		}
		if end(p); p.in() {
			t.Errorf("%s: the session goes on", name)
		}
	}
}

// Access that nobody reviewed in time ends the session, which says so once: the browser is free for another member.
func TestSessionOfALapsedMember(t *testing.T) {
	s := open(t)
	p := s.staff("auditor")
	err := s.server.App.DB.Write(s.Context(), db.Organisation, func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE staff SET review_by = $1 WHERE tenant_id = $2 AND member_id = $3`, db.Micros(s.server.Clock.Now().Add(time.Minute)), db.Organisation, p.member.Member.ID)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !p.in() {
		t.Fatal("not signed in")
	}
	s.server.Clock.Move(2 * time.Minute)
	p.expect(p.get("/console/en/"), http.StatusForbidden, "has lapsed", "clear-access-review")
	p.expect(p.get("/console/en/sign-in"), http.StatusOK)
	p.expect(p.post("/console/en/sign-in", url.Values{"key": {p.member.Key}}), http.StatusForbidden, "has lapsed")
	p.expect(p.post("/console/en/sign-in", url.Values{"key": {s.enrol().Key}}), http.StatusSeeOther)
	if !p.in() {
		t.Error("another member cannot sign in at the browser")
	}
}

// At most so many sessions are one member's: the one that was not used for longest ends.
func TestSessionsAreBounded(t *testing.T) {
	s := open(t)
	m := s.enrol()
	var all []*person
	for range 9 {
		p := s.person()
		p.expect(p.post("/console/en/sign-in", url.Values{"key": {m.Key}}), http.StatusSeeOther)
		all = append(all, p)
		s.server.Clock.Move(time.Second)
	}
	if all[0].in() || !all[1].in() || !all[8].in() {
		t.Error("nine sessions of one member")
	}
}

// Guessing is slowed down by network, and who has a key is let in all the same.
func TestGuessing(t *testing.T) {
	s := open(t)
	p := s.person()
	m := s.enrol()
	last := 0
	for range 12 {
		last = p.post("/console/en/sign-in", url.Values{"key": {"staff_stf_x.y"}}).Status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the twelfth guess is answered %d", last)
	}
	p.expect(p.post("/console/en/sign-in", url.Values{"key": {m.Key}}), http.StatusSeeOther)
}

// Other sites' forms, hosts and addresses.
func TestForeign(t *testing.T) {
	s := open(t)
	p := s.staff("officer")
	for _, header := range []http.Header{
		{"Origin": {"https://evil.example"}}, {"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"null"}},
	} {
		r := p.request(http.MethodPost, "/console/en/sign-out", nil)
		r.Header.Del("Sec-Fetch-Site")
		for name, value := range header {
			r.Header[name] = value
		}
		p.expect(p.do(r), http.StatusForbidden, "Another site sent this form")
	}
	if !p.in() {
		t.Fatal("another site signed somebody out")
	}
	r := p.request(http.MethodPost, "/console/en/sign-out", nil)
	r.Header.Set("Content-Type", "text/plain")
	p.expect(p.do(r), http.StatusUnprocessableEntity)
	host := p.request(http.MethodGet, "/console/en/", nil)
	host.Host = "evil.example"
	p.expect(p.do(host), http.StatusMisdirectedRequest)

	for _, to := range []string{"https://evil.example/", "//evil.example/", `/\evil.example`, "/console/../x", "/console\t/en/", "javascript:alert(1)", "/elsewhere", "/console/en/../../x"} {
		q := s.person()
		a := q.post("/console/en/sign-in", url.Values{"key": {p.member.Key}, "to": {to}})
		q.expect(a, http.StatusSeeOther)
		if a.To != "/console/en/" {
			t.Errorf("%s: sent to %s", to, a.To)
		}
	}
	for _, path := range []string{"/console/en/at/..%2f/ledger", "/console/en/at/a%20b/ledger", "/console/en/nothing", "/elsewhere"} {
		p.expect(p.get(path), http.StatusNotFound)
	}
}

// Every answer tells the browser what it may do.
func TestHeaders(t *testing.T) {
	s := open(t)
	p := s.staff("officer")
	for _, path := range []string{"/console/en/", "/console/en/sign-in", "/console/style.css", "/elsewhere", "/console/en/at/acme/ledger/checkpoint"} {
		h := p.get(path).Header
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; ", "Strict-Transport-Security": "max-age=31536000", "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if !strings.HasPrefix(h.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "script-src") {
			t.Error("a script may run")
		}
	}
}

// need is what a page needs, and who is let in.
var need = []struct {
	path            string
	none, support   int // without a role, with one in acme alone
	auditor, office int
}{
	{"/console/en/", 200, 200, 200, 200},
	{"/console/en/clauses/clear-need-to-know", 200, 200, 200, 200},
	{"/console/en/clauses/nothing", 404, 404, 404, 404},
	{"/console/en/owed", 200, 200, 200, 200},
	{"/console/en/at", 200, 200, 200, 200},
	{"/console/en/configuration", 403, 403, 200, 200},
	{"/console/en/at/acme/clocks", 403, 200, 403, 200},
	{"/console/en/at/globex/clocks", 403, 403, 403, 200},
	{"/console/en/at/_org/clocks", 403, 403, 403, 200},
	{"/console/en/at/acme/alerts", 403, 200, 403, 200},
	{"/console/en/at/_org/alerts", 403, 403, 403, 200},
	{"/console/en/at/acme/ledger", 403, 403, 200, 200},
	{"/console/en/at/acme/ledger/0", 403, 403, 200, 200},
	{"/console/en/at/acme/ledger/0/proof", 403, 403, 200, 200},
	{"/console/en/at/acme/ledger/0/entry", 403, 403, 200, 200},
	{"/console/en/at/acme/ledger/checkpoint", 403, 403, 200, 200},
	{"/console/en/at/_org/ledger", 403, 403, 200, 200},
	{"/console/en/at/nobody/ledger", 403, 403, 200, 200},
}

// A member sees what their roles let them: the domain decides, whatever the navigation shows, and the ledger says who
// looked.
func TestNeedToKnow(t *testing.T) {
	s := open(t)
	people := []*person{s.staff(), s.staff("support"), s.staff("auditor"), s.staff("officer")}
	for _, n := range need {
		for i, want := range []int{n.none, n.support, n.auditor, n.office} {
			if a := people[i].get(n.path); a.Status != want {
				t.Errorf("%s as %v: %d, want %d", n.path, people[i].member.Member.Roles, a.Status, want)
			}
			if a := s.person().get(n.path); a.Status != http.StatusSeeOther {
				t.Errorf("%s: somebody who is not signed in is answered %d", n.path, a.Status)
			}
		}
	}
	looked := map[string]bool{}
	err := s.server.App.Ledger.Between(t.Context(), "_org", time.Time{}, s.server.Clock.Now().Add(time.Hour), func(e *proof.Entry) error {
		looked[e.Actor+" "+e.Kind+" "+e.Answer+" "+e.Detail["tenant"]] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	id := func(i int) string { return people[i].member.Member.ID }
	for _, want := range []string{
		id(0) + " board.clauses allow ", id(0) + " ledger.read refuse ", id(1) + " clock.list allow acme", id(1) + " clock.list refuse ",
		id(2) + " ledger.read allow acme", id(3) + " alert.list allow acme", id(3) + " configuration.read allow ",
	} {
		if !looked[want] {
			t.Errorf("the ledger does not say %q", want)
		}
	}
	if strings.Contains(people[0].get("/console/en/").Body, "/console/en/configuration") {
		t.Error("the navigation leads where nobody is let in")
	}
	people[3].expect(people[3].get("/console/en/at"), http.StatusOK, "/console/en/at/acme/ledger", "/console/en/at/globex/clocks", "/console/en/at/_org/alerts")
	if body := people[1].get("/console/en/at").Body; strings.Contains(body, "globex") || strings.Contains(body, "_org") || !strings.Contains(body, "/console/en/at/acme/clocks") {
		t.Error("who works for one customer is shown others")
	}
	for _, p := range people {
		if strings.Contains(p.get("/console/en/at").Body, "Tea House") {
			t.Error("a customer's name is shown")
		}
	}
}
