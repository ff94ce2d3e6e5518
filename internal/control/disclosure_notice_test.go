package control_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestDisclosureNoticeCheck(t *testing.T) {
	span := func(unit policy.Unit) policy.Term { return policy.Term{Form: policy.Within, Count: 30, Unit: unit} }
	checks(t, []check{
		{name: "days", control: &control.DisclosureNotice{Ahead: span(policy.Day), OptOut: true}},
		{name: "no figure", control: &control.DisclosureNotice{Ahead: policy.Term{Form: policy.Prompt}}, param: "ahead", finds: []string{"no first day"}},
		{name: "business days of no calendar", control: &control.DisclosureNotice{Ahead: span(policy.BusinessDay)}, param: "ahead", finds: []string{"on a calendar"}},
	})
}

// disclosing lets small's account disclose to the auditor.
func disclosing(k policy.Keep) *policy.Policy {
	p := promising(k)
	p.Purposes[0].May = append(p.Purposes[0].May, policy.Disclose)
	p.Purposes[0].Recipients = []string{"auditor"}
	return p
}

// refusesDisclosure checks what a clause makes of a disclosure of which all is said but one thing.
func refusesDisclosure(t *testing.T, k policy.Keep, without decision.Release, want decision.Reason) {
	t.Helper()
	p := disclosing(k)
	plan, err := control.PlanOf(p)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := decision.Compile(p, plan.Grounds)
	if err != nil {
		t.Fatal(err)
	}
	q := allowed(rules)
	q.Op, q.Recipient, q.Release = decision.Disclose, rules.Recipient("auditor"), decision.Release{Announced: true, Allowed: true}
	if a := rules.Decide(q); !a.Allow {
		t.Fatalf("what may be disclosed is refused: %s", a.Reason)
	}
	q.Release = without
	if a := rules.Decide(q); a.Reason != want || a.Refused != "promise" {
		t.Errorf("%+v is answered %s, by %q", without, a.Reason, a.Refused)
	}
}

func TestDisclosureNoticePlan(t *testing.T) {
	k := keep("disclosure-notice", policy.Params{"ahead": policy.Term{Form: policy.Within, Count: 30, Unit: policy.Day}, "opt-out": true})
	refusesDisclosure(t, k, decision.Release{Allowed: true}, decision.NotAnnounced)
	refusesDisclosure(t, k, decision.Release{Announced: true, OptedOut: true}, decision.OptedOut)
	plan, err := control.PlanOf(disclosing(k))
	if err != nil || len(plan.Notices) != 1 || plan.Notices[0].Clause != "promise" || !plan.Notices[0].OptOut || len(plan.Notices[0].Channels) == 0 {
		t.Errorf("planned %+v, %v", plan.Notices, err)
	}
}

func newDisclosureSabotages() []sabotage {
	announces := func(r *http.Request) bool {
		return r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/policy-versions")
	}
	optsOut := func(r *http.Request, _ []byte) bool {
		return r.Method == "PUT" && strings.Contains(r.URL.Path, "/opt-outs/")
	}
	return []sabotage{
		{name: "a new recipient is announced for any day", says: "for a day too early was allowed", front: pleasing(announces)},
		{name: "a new recipient need not be announced", says: "without having been announced", front: rewritten(announces, `"state":"announced"`, `"state":"free"`)},
		{name: "a shorter notice is given than was promised", says: "for a day too early was allowed", engine: func(p *policy.Policy) {
			newDisclosure(p, "ahead", policy.Term{Form: policy.Within, Count: 3, Unit: policy.Day})
		}},
		{name: "the messages are lost", says: "is not told by", front: func(_ *control.System, next http.Handler) http.Handler { return next }, before: loseMessages},
		{name: "data goes to whoever is announced", says: "to somebody whose notice has not run was allowed", front: pleasing(func(r *http.Request) bool {
			return strings.Contains(r.Header.Get(api.HeaderRecipient), "canary-")
		})},
		{name: "the server starts with anything", says: "was allowed", system: func(_ *world, sys *control.System) {
			sys.MayTakeEffect = func(context.Context, []byte, time.Time) error { return nil }
		}},
		{name: "opting out is answered and forgotten", says: "is not kept", front: swallowing(optsOut)},
		{name: "opting out is of no effect", says: "though the person opted out was allowed", front: swallowing(func(r *http.Request, body []byte) bool {
			return optsOut(r, body) && !strings.Contains(r.URL.Path, "/opt-outs/canary-")
		})},
	}
}

// newDisclosure changes what a policy promises of new disclosures.
func newDisclosure(p *policy.Policy, param string, value any) {
	for _, clause := range p.Clauses {
		for _, keep := range clause.Keep {
			if keep.Control == "disclosure-notice" {
				keep.Params[param] = value
			}
		}
	}
}
