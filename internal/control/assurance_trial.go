package control

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/assurance"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
)

// assuranceTrial is what is tried at the desk for tests, findings, exercises and reports, in a canary tenant.
type assuranceTrial struct {
	*trial
	s        *System
	own      door
	reviewer door
	clause   string
}

// tryAssurance runs fn where there is something to try it on.
func (s *System) tryAssurance(t *trial, clause string, fn func(*assuranceTrial)) {
	if s.Now == nil || s.Policy == nil || s.Store == nil || s.Canary.Reviewer == "" {
		t.hurdle("there is no canary to try it on.")
		return
	}
	fn(&assuranceTrial{trial: t, s: s, own: s.door(s.Canary.A.Key), reviewer: s.door(s.Canary.Reviewer), clause: clause})
}

func (a *assuranceTrial) path(parts ...string) string {
	return "/v1/tenants/" + a.s.Canary.A.ID + "/" + strings.Join(parts, "/")
}

func (a *assuranceTrial) post(ctx context.Context, body any, parts ...string) (answer, error) {
	return a.own.do(ctx, call{method: "POST", path: a.path(parts...), body: body})
}

// made makes a step that has to be a success, and reads what it answers.
func made[Out any](ctx context.Context, a *assuranceTrial, what string, by door, body any, parts ...string) (out Out, ok bool) {
	got, err := by.do(ctx, call{method: "POST", path: a.path(parts...), body: body})
	if !a.mustShow(what, got, err) {
		return out, false
	}
	if json.Unmarshal(got.body, &out) != nil {
		a.hurdle("%s was answered with something else.", what)
		return out, false
	}
	return out, true
}

// remove takes a drill out of the books again.
func (a *assuranceTrial) remove(ctx context.Context, parts ...string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetting)
	defer cancel()
	got, err := a.own.do(ctx, call{method: "DELETE", path: a.path(parts...)})
	a.mustShow("removing the drill", got, err)
}

// runs looks that a clock of a duty is among those shown, runs to what the clause says, and has not ended.
func (a *assuranceTrial) runs(all []api.Clock, want obligation.Duty) (api.Clock, bool) {
	i := slices.IndexFunc(all, func(c api.Clock) bool {
		return c.Kind == want.Kind && c.Clause == a.clause && c.State == string(obligation.Running)
	})
	if i < 0 {
		a.breach("No clock of %s runs.", want.Kind)
		return api.Clock{}, false
	}
	c := all[i]
	if limit, ok := policy.ParseTerm(c.Limit); !ok || limit != want.Limit {
		a.breach("The clock of %s runs to %q, which is not what the clause says.", c.Kind, c.Limit)
		return c, false
	}
	cal, zone := CalendarOf(a.s.Policy)
	if a.s.Calendar != nil {
		cal = a.s.Calendar
	}
	due, ends := cal.Due(c.Opened.In(zone), want.Limit)
	if ends && (c.Due == nil || !c.Due.Equal(due)) {
		a.breach("The clock of %s does not end when %s have passed.", c.Kind, want.Limit)
		return c, false
	}
	if target, ok := cal.Due(c.Opened.In(zone), want.Target); want.Target.Form != "" && ok && (c.Target == nil || !c.Target.Equal(target)) {
		a.breach("The clock of %s has not its target after %s.", c.Kind, want.Target)
		return c, false
	}
	a.good("A clock of %s runs to %s.", c.Kind, want.Limit)
	return c, true
}

// ended looks that a clock was discharged, in time.
func (a *assuranceTrial) ended(all []api.Clock, id, by string) {
	i := slices.IndexFunc(all, func(c api.Clock) bool { return c.ID == id })
	if i < 0 || all[i].State != string(obligation.Done) || all[i].Late {
		a.breach("The clock was not discharged by %s.", by)
		return
	}
	a.good("The clock of %s was discharged by %s.", all[i].Kind, by)
}

// byHand tries to end a clock past the desk, with evidence that nobody looked at.
func (a *assuranceTrial) byHand(ctx context.Context, c api.Clock) {
	got, err := a.post(ctx, api.Discharge{Kind: c.Discharge, Evidence: "canary"}, "clocks", c.ID, "discharge")
	a.mustRefuse("Discharging "+c.Kind+" by hand", got, err)
	got, err = a.post(ctx, api.Void{Reason: "canary"}, "clocks", c.ID, "void")
	a.mustRefuse("Ending "+c.Kind+" by hand", got, err)
}

// recorded looks for the steps in the ledger.
func (a *assuranceTrial) recorded(ctx context.Context, id string, want ...string) {
	if missing := a.s.missing(ctx, a.trial, a.s.Canary.A.ID, id, want); len(missing) > 0 {
		a.breach("In the ledger there is no %s in its place.", list(missing))
	}
}

// rhythm looks below the front door that the organisation's own clock of a duty that comes again and again
// is there, and runs to what the clause says.
func (a *assuranceTrial) rhythm(ctx context.Context, what, about string, want obligation.Duty) {
	found := false
	err := a.s.Store.Rows(ctx, "", func(table string, columns map[string][]byte) error {
		live := string(columns["state"]) == string(obligation.Running) || string(columns["state"]) == string(obligation.Paused)
		if table != "clocks" || !live || string(columns["kind"]) != want.Kind || string(columns["clause_id"]) != a.clause || string(columns["about"]) != about {
			return nil
		}
		var duty obligation.Duty
		if json.Unmarshal(columns["duty"], &duty) == nil {
			found = true
			if duty.Limit != want.Limit {
				a.note("The clock of %s began by %s, and goes on by %s once it is discharged.", what, duty.Limit, want.Limit)
			}
		}
		return nil
	})
	switch {
	case err != nil:
		a.hurdle("the store could not be read: %v", err)
	case !found:
		a.breach("No clock of %s runs for the organisation.", what)
	default:
		a.good("A clock of %s runs for the organisation.", what)
	}
}

// areas are those that every report of the policy covers.
func (a *assuranceTrial) areas() []string {
	all := []string{}
	for _, clause := range a.s.Policy.Clauses {
		for _, keep := range clause.Keep {
			c, _, err := Of(keep)
			if scope, ok := c.(*TestScope); ok && err == nil {
				for _, area := range scope.Areas {
					if !slices.Contains(all, area) {
						all = append(all, area)
					}
				}
			}
		}
	}
	return all
}

// planned plans a test of an application, or of any that the policy names.
func (a *assuranceTrial) planned(ctx context.Context, application string, begins int) (api.SecurityTest, bool) {
	by := ""
	for _, clause := range a.s.Policy.Clauses {
		for _, keep := range clause.Keep {
			c, _, err := Of(keep)
			p, ok := c.(*PenetrationTest)
			if !ok || err != nil || len(p.Applications) == 0 {
				continue
			}
			if application == "" {
				application = p.Applications[0]
			}
			if slices.Contains(p.Applications, application) && p.By != "" {
				by = p.By
			}
		}
	}
	if application == "" {
		a.hurdle("the policy promises no penetration tests that it could be tried on.")
		return api.SecurityTest{}, false
	}
	in := api.NewSecurityTest{Application: application, Tester: "canary-tester", Qualification: by, Begins: a.s.Now().AddDate(0, 0, begins).UTC()}
	return made[api.SecurityTest](ctx, a, "planning a test", a.own, in, "tests")
}

// canaryDigest is the digest of a document that is none.
var canaryDigest = strings.Repeat("c", 64)

// report is a report of a canary's test.
func canaryReport(areas []string) api.SecurityTestReport {
	return api.SecurityTestReport{Reference: "canary-" + token()[:16], Digest: canaryDigest, Areas: areas}
}

// applicationAbout is what the clocks of an application's tests are about.
func applicationAbout(application string) string { return "application:" + assurance.Slug(application) }
