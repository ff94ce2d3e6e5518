package account_test

import (
	"net/http"
	"net/url"
	"testing"
)

// What somebody's rights hold up is shown, and theirs to end; nobody else's, and nothing that is not in force.
func TestInForce(t *testing.T) {
	s := open(t)
	p, eve := s.person(), s.person()
	p.join(ana, strong)
	eve.join("eve@example.ae", fresh)
	v, me, her := s.server.App.Vault, s.subject(ana), s.subject("eve@example.ae")
	for _, who := range []string{me, her} {
		if err := v.SetRestriction(s.Context(), s.application(), tenant, who, true); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.SetObjection(s.Context(), s.application(), tenant, me, "service-improvement", true); err != nil {
		t.Fatal(err)
	}
	p.expect(p.get("/account/en/requests"), 200, "In force now", "Your data is kept, and not used.", "Let it be used again", "Object no longer")
	p.expect(p.get("/account/ar/requests"), 200, "السارية الآن")
	p.expect(p.post("/account/en/requests/lift", url.Values{"what": {"restriction"}}), http.StatusSeeOther)
	p.expect(p.post("/account/en/requests/lift", url.Values{"what": {"objection"}, "purpose": {"service-improvement"}}), http.StatusSeeOther)
	if who := s.standing(ana); who.Restricted || len(who.Objections) > 0 {
		t.Errorf("still in force: %+v", who)
	}
	if !s.standing("eve@example.ae").Restricted {
		t.Error("what is another's was ended")
	}
	p.expect(p.post("/account/en/requests/lift", url.Values{"what": {"consent"}}), 422)
	p.expect(p.post("/account/en/requests/lift", url.Values{"what": {"objection"}, "purpose": {"account"}}), 422)
	foreign := p.form("/account/en/requests/lift", url.Values{"what": {"restriction"}})
	foreign.Header.Set("Origin", "https://evil.example")
	foreign.Header.Set("Sec-Fetch-Site", "cross-site")
	p.expect(p.do(foreign), http.StatusForbidden)
}
