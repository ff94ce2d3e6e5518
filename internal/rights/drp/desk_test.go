package drp_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/rights/drp"
	"clause.dev/clause/internal/vault"
)

// An agent whose word counts asks for a person's data, and collects it, once.
func TestAccess(t *testing.T) {
	each(t, func(w *world) {
		person := w.person("amal@example.com", "")
		w.person("noor@example.com", "")
		a := w.agent("HELPER").pair()
		s := a.ask("access", "amal@example.com", fields{"agent-request-id": "foo-1", "relationships": []string{"customer"}})
		if s.Status != "in_progress" || s.Reason != "" || s.Expected == nil || s.AgentRequest != "foo-1" || s.Received.IsZero() || s.VerificationURL != "" {
			t.Fatalf("%+v", s)
		}
		ids := w.requests(s.ID)
		r, err := w.desk.Rights.Get(w.Context(), w.app, tenant, ids[0])
		w.must(err)
		if len(ids) != 1 || r.Subject != person || r.Right != rights.Access || r.Acknowledged.IsZero() || !r.Due.Equal(*s.Expected) {
			t.Fatalf("%+v", r)
		}
		if !slices.Contains(w.told, "request-received") {
			t.Error("the person was not told")
		}
		_, err = w.desk.Rights.Extend(w.Context(), w.app, tenant, r.ID, "complexity")
		w.must(err)
		if later := a.status(s.ID); !later.Expected.After(*s.Expected) || !strings.Contains(later.Details, "complex") {
			t.Errorf("%+v", later)
		}
		link := w.answer(r.ID)
		s = a.status(s.ID)
		if s.Status != "fulfilled" || s.ResultsURL != drp.ResultsPath(s.ID) || s.Expires == nil {
			t.Fatalf("%+v", s)
		}
		p, err := w.desk.Collect(w.Context(), a.by(), s.ID)
		w.must(err)
		var out strings.Builder
		w.must(p.Write(w.Context(), &out))
		if out.Len() == 0 || !strings.HasPrefix(out.String(), "PK") {
			t.Error("no package")
		}
		_, err = w.desk.Collect(w.Context(), a.by(), s.ID)
		w.want(err, fault.NotFound)
		_, err = w.desk.Rights.Download(w.Context(), link)
		w.want(err, fault.NotFound) // one package, handed out once
		if s = a.status(s.ID); s.Status != "fulfilled" || s.ResultsURL != "" {
			t.Errorf("%+v", s)
		}
		if kept := w.rows(); strings.Contains(kept, "amal") || strings.Contains(kept, person) {
			t.Errorf("the rows name the person: %s", kept)
		}
	})
}

// What is not collected in time is over.
func TestExpired(t *testing.T) {
	w := sqliteWorld(t)
	w.person("amal@example.com", "")
	a := w.agent("HELPER").pair()
	s := a.ask("access:specific", "amal@example.com")
	w.answer(w.requests(s.ID)[0])
	w.clock.Forward(rights.LinkHolds)
	if s = a.status(s.ID); s.Status != "expired" || s.ResultsURL != "" {
		t.Errorf("%+v", s)
	}
	_, err := w.desk.Collect(w.Context(), a.by(), s.ID)
	w.want(err, fault.NotFound)
}

// Where the agent's word does not count, nothing is carried out before the person has proven who they are.
func TestVerification(t *testing.T) {
	each(t, func(w *world) {
		w.person("amal@example.com", "+971501234567")
		a := w.agent("HELPER").pair()
		for name, claims := range map[string]fields{
			"not verified": {"email": "amal@example.com", "email_verified": false}, "a word": {"email": "amal@example.com", "email_verified": "true"},
			"nothing said": {"email": "amal@example.com", "email_verified": nil}, "not trusted for it": {"email": nil, "email_verified": true, "phone_number": "+971501234567", "phone_number_verified": true},
		} {
			s := a.ask("deletion", "", claims)
			if s.Status != "in_progress" || s.Reason != "need_user_verification" || s.VerificationURL != "https://acme.example/me/"+s.ID || s.Expires == nil {
				t.Fatalf("%s: %+v", name, s)
			}
			request := w.requests(s.ID)[0]
			_, _, err := w.desk.Rights.Answer(w.Context(), w.app, tenant, request, nil)
			w.want(err, fault.Conflict)
			_, err = w.desk.Rights.Refuse(w.Context(), w.app, tenant, request, "identity-not-proven")
			w.must(err)
			if s = a.status(s.ID); s.Status != "denied" || s.Reason != "insuf_verification" || s.Details == "" {
				t.Errorf("%s: %+v", name, s)
			}
		}
		s := a.ask("deletion", "amal@example.com", fields{"email_verified": false})
		request := w.requests(s.ID)[0]
		_, err := w.desk.Rights.ProveIdentity(w.Context(), w.app, tenant, request)
		w.must(err)
		if s = a.status(s.ID); s.Status != "in_progress" || s.Reason != "" {
			t.Errorf("%+v", s)
		}
		w.answer(request)
		if s = a.status(s.ID); s.Status != "fulfilled" || s.ResultsURL != "" {
			t.Errorf("%+v", s)
		}
	})
}

// All claims must lead to one and the same person.
func TestMatch(t *testing.T) {
	w := sqliteWorld(t)
	w.person("amal@example.com", "+971501234567")
	w.person("noor@example.com", "+971507654321")
	w.person("shared@example.com", "+971500000001")
	w.person("shared@example.com", "+971500000002")
	a := w.agent("HELPER").pair()
	for name, claims := range map[string]fields{
		"nobody": {"email": "who@example.com"}, "two people": {"email": "shared@example.com"}, "one of each": {"email": "amal@example.com", "phone_number": "+971507654321"},
		"no claim": {"email": ""}, "a name": {"email": nil, "name": "Amal"}, "a list": {"email": []string{"amal@example.com"}},
	} {
		if s := a.ask("access", "", claims); s.Status != "denied" || s.Reason != "no_match" || s.Details == "" || len(w.requests(s.ID)) != 0 {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if s := a.ask("access", "shared@example.com", fields{"phone_number": "+971500000002"}); s.Status != "in_progress" {
		t.Errorf("%+v", s)
	}
	_, err := a.send(a.sign(a.envelope(fields{"exercise": "access", "email": "no address"})))
	w.want(err, fault.Invalid)
}

// An opt-out objects to what shares by legitimate interests and withdraws consent to it, and nothing else. No
// identity need be proven for it.
func TestOptOut(t *testing.T) {
	each(t, func(w *world) {
		person := w.person("amal@example.com", "")
		for _, purpose := range []string{"partners", "tips"} {
			w.must(w.vault.SetConsent(w.Context(), w.app, tenant, person, purpose, true))
		}
		a := w.agent("HELPER").pair()
		s := a.ask("sale:opt-out", "amal@example.com", fields{"email_verified": false})
		ids := w.requests(s.ID)
		if s.Status != "in_progress" || s.Reason != "" || len(ids) != 2 {
			t.Fatalf("%+v, %v", s, ids)
		}
		w.answer(ids[0])
		if got := a.status(s.ID); got.Status != "in_progress" {
			t.Errorf("half done is %s", got.Status)
		}
		w.answer(ids[1])
		if got := a.status(s.ID); got.Status != "fulfilled" {
			t.Errorf("done is %s", got.Status)
		}
		standing, err := w.vault.Standing(w.Context(), w.app, tenant, person)
		w.must(err)
		if !slices.Equal(standing.Consents, []string{"tips"}) || !slices.Equal(standing.Objections, []string{"market"}) {
			t.Errorf("%+v", standing)
		}
	})
}

// Where nobody is given data for purposes of their own there is nothing to opt out of.
func TestNothingIsShared(t *testing.T) {
	w := sqliteWorld(t)
	w.person("amal@example.com", "")
	w.vault.Policy.Recipients[1].Role = "processor"
	if s := w.agent("HELPER").pair().ask("sale:opt-out", "amal@example.com"); s.Status != "denied" || s.Reason != "claim_not_covered" {
		t.Errorf("%+v", s)
	}
}

func TestRevoke(t *testing.T) {
	each(t, func(w *world) {
		w.person("amal@example.com", "")
		a, other := w.agent("HELPER").pair(), w.agent("OTHER").pair()
		reason := fields{"reason": "I want to keep my account, says amal@example.com"}
		s := a.ask("deletion", "amal@example.com")
		_, err := w.desk.Revoke(w.Context(), other.by(), s.ID, other.sign(reason))
		w.want(err, fault.Refused)
		_, err = w.desk.Revoke(w.Context(), a.by(), s.ID, other.sign(reason))
		w.want(err, fault.Refused)
		late := a.envelope(reason)
		late["expires-at"] = w.clock.Now().Add(-time.Second).Format(time.RFC3339)
		_, err = w.desk.Revoke(w.Context(), a.by(), s.ID, a.sign(late))
		w.want(err, fault.Invalid)
		for range 2 {
			got, err := w.desk.Revoke(w.Context(), a.by(), s.ID, a.sign(reason))
			w.must(err)
			if got.Status != "revoked" {
				t.Fatalf("%+v", got)
			}
		}
		opt := a.ask("sale:opt-out", "amal@example.com")
		w.answer(w.requests(opt.ID)[0])
		got, err := w.desk.Revoke(w.Context(), a.by(), opt.ID, a.sign(fields{}))
		w.must(err)
		if second, err := w.desk.Rights.Get(w.Context(), w.app, tenant, w.requests(opt.ID)[1]); err != nil || got.Status != "revoked" || second.State != rights.Withdrawn {
			t.Errorf("%+v, %s, %v", got, second.State, err) // the half that was done stays done
		}
		done := a.ask("access", "amal@example.com")
		w.answer(w.requests(done.ID)[0])
		_, err = w.desk.Revoke(w.Context(), a.by(), done.ID, a.sign(reason))
		w.want(err, fault.Conflict)
	})
}

// What one agent asked no other sees, nor whether it is there.
func TestStrangers(t *testing.T) {
	w := sqliteWorld(t)
	w.person("amal@example.com", "")
	a, other := w.agent("HELPER").pair(), w.agent("OTHER").pair()
	elsewhere := w.agent("HELPER", func(a *drp.Agent) { a.Business, a.Tenant = "OTHER", "other" }).pair()
	s := a.ask("access", "amal@example.com")
	w.answer(w.requests(s.ID)[0])
	for _, by := range []*agent{other, elsewhere} {
		for _, id := range []string{s.ID, strings.Replace(s.ID, "a", "b", 1), "00000000-0000-4000-8000-000000000000", "", "' OR 1=1"} {
			_, err := w.desk.Status(w.Context(), by.by(), id)
			w.want(err, fault.Refused)
			_, err = w.desk.Collect(w.Context(), by.by(), id)
			w.want(err, fault.Refused)
		}
	}
	// Another's open request is not joined: who asks for the same gets to know no more than that there is one.
	a.ask("deletion", "amal@example.com")
	_, err := other.send(other.sign(other.envelope(fields{"exercise": "deletion", "email": "amal@example.com", "email_verified": true})))
	w.want(err, fault.Conflict)
	if drp.Fatal(err) {
		t.Error("it can be asked again later")
	}
	_, _, err = w.desk.Asked(w.Context(), vault.Caller{Credential: w.app.Credential, Scopes: []string{vault.ScopeData}}, tenant, "", 10)
	w.want(err, fault.Refused)
}

// A person who is erased by somebody else meanwhile leaves an end to every request.
func TestErasedMeanwhile(t *testing.T) {
	w := sqliteWorld(t)
	person := w.person("amal@example.com", "")
	a := w.agent("HELPER").pair()
	access, deletion := a.ask("access", "amal@example.com"), a.ask("deletion", "amal@example.com")
	w.must(w.vault.EraseSubject(w.Context(), w.app, tenant, person))
	_, err := w.desk.Rights.Finish(w.Context(), tenant)
	w.must(err)
	if s := a.status(access.ID); s.Status != "denied" || s.Reason != "other" {
		t.Errorf("%+v", s)
	}
	if s := a.status(deletion.ID); s.Status != "fulfilled" {
		t.Errorf("%+v", s)
	}
}

// The reasons of a denial are those of the legal ground.
func TestReasons(t *testing.T) {
	w := sqliteWorld(t)
	a := w.agent("HELPER").pair()
	for i, c := range []struct{ exercise, ground, reason string }{
		{"access", "not-identifiable", "no_match"}, {"access", "excessive", "too_many_requests"}, {"deletion", "legal-obligation", "claim_not_covered"},
		{"deletion", "manifestly-unfounded", "other"}, {"access:categories", "rights-of-others", "claim_not_covered"},
	} {
		email := string(rune('a'+i)) + "@example.com"
		w.person(email, "")
		s := a.ask(c.exercise, email)
		_, err := w.desk.Rights.Refuse(w.Context(), w.app, tenant, w.requests(s.ID)[0], c.ground)
		w.must(err)
		if s = a.status(s.ID); s.Status != "denied" || s.Reason != c.reason || s.Details == "" {
			t.Errorf("%s: %+v", c.ground, s)
		}
	}
}
