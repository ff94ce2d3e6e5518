package control_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestElectronicNoticeCheck(t *testing.T) {
	span := func(unit policy.Unit) policy.Term { return policy.Term{Form: policy.Within, Count: 5, Unit: unit} }
	reached := func(p *policy.Policy) { p.Contacts.Address = "profile.name" }
	checks(t, []check{
		{name: "days", control: &control.ElectronicNotice{Letter: span(policy.Day)}, change: reached},
		{name: "no figure", control: &control.ElectronicNotice{Letter: policy.Term{Form: policy.Prompt}}, change: reached, param: "letter", finds: []string{"no clock can run"}},
		{name: "business days of no calendar", control: &control.ElectronicNotice{Letter: span(policy.BusinessDay)}, change: reached, param: "letter", finds: []string{"on a calendar"}},
		{name: "letters to nowhere", control: &control.ElectronicNotice{Letter: span(policy.Day)}, param: "letter", finds: []string{"where letters go"}},
	})
}

func TestElectronicNoticePlan(t *testing.T) {
	plan, err := control.PlanOf(promising(keep("electronic-notice", policy.Params{"letter": policy.Term{Form: policy.Within, Count: 5, Unit: policy.Day}})))
	if err != nil || len(plan.Papers) != 1 || plan.Papers[0].Clause != "promise" || plan.Papers[0].Limit.Count != 5 || len(plan.Duties["promise"]) != 1 {
		t.Errorf("planned %+v, %+v, %v", plan.Papers, plan.Duties, err)
	}
}

func electronicSabotages() []sabotage {
	asks := func(r *http.Request, _ []byte) bool {
		return r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/written-notices")
	}
	return []sabotage{
		{name: "a withdrawal is answered and forgotten", says: "is told by electronic means", front: swallowing(func(r *http.Request, body []byte) bool {
			return strings.HasSuffix(r.URL.Path, "/electronic-notice") && strings.Contains(string(body), "false")
		})},
		{name: "mail needs no consent", says: "withdrew consent is told by electronic means", engine: func(p *policy.Policy) { without(p, "electronic-notice") }},
		{name: "the letters are lost", says: "gets no letter", front: func(_ *control.System, next http.Handler) http.Handler { return next }, before: loseLetters},
		{name: "asking for a letter is answered and forgotten", says: "starts no clock", front: swallowing(asks)},
		{name: "a letter may take longer than was promised", says: "The clock of a notice on paper does not end", engine: func(p *policy.Policy) {
			for _, clause := range p.Clauses {
				for _, k := range clause.Keep {
					if k.Control == "electronic-notice" {
						k.Params["letter"] = policy.Term{Form: policy.Within, Count: 50, Unit: policy.Day}
					}
				}
			}
		}},
	}
}

// loseLetters has the store drop letters, as soon as one is to be sent.
func loseLetters(t *testing.T, w *world) {
	canary := w.System().Canary.A.ID
	w.sql(t, canary, `CREATE TRIGGER lost AFTER INSERT ON outbox WHEN NEW.channel = 'letter' BEGIN DELETE FROM outbox WHERE message_id = NEW.message_id; END`)
	t.Cleanup(func() { w.exec(context.Background(), canary, `DROP TRIGGER lost`) })
}
