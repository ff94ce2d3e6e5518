package control_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestAccessApprovalCheck(t *testing.T) {
	checks(t, []check{{name: "always", control: &control.AccessApproval{By: []string{"the manager"}}}})
}

func TestAccessApprovalPlan(t *testing.T) {
	p := promising(keep("access-approval", policy.Params{"by": []string{"the manager"}}))
	plan, err := control.PlanOf(p)
	if err != nil || len(plan.Staff.Approvals) != 1 || plan.Staff.Approvals[0].Clause != "promise" || plan.Staff.Approvals[0].By[0] != "the manager" {
		t.Fatalf("planned as %+v, %v", plan.Staff, err)
	}
	refusesStaff(t, p, plan)
}

func approvalSabotages() []sabotage {
	approves := func(r *http.Request) bool { return byStaff(r) && ending("/approve")(r) }
	return []sabotage{
		{name: "nobody approves", says: "before anybody approved it was allowed", engine: func(p *policy.Policy) { without(p, "access-approval") }},
		{name: "anybody approves", says: "Approving without being the manager and the head of the business was allowed", front: forgiving("who approves is")},
		{name: "one approves for oneself", says: "Approving one's own request was allowed", front: pleasing(approves)},
		{name: "data is shown whatever was approved", says: "before anybody approved it was allowed", front: impersonating(staffReads)},
		{name: "the customer's application approves", says: "as the customer's application was allowed", front: pleasing(func(r *http.Request) bool { return !byStaff(r) && ending("/approve")(r) })},
	}
}

// forgiving turns refusals that say something into success.
func forgiving(says string) func(*control.System, http.Handler) http.Handler {
	return func(_ *control.System, next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got := httptest.NewRecorder()
			next.ServeHTTP(got, r)
			if got.Code == http.StatusForbidden && strings.Contains(got.Body.String(), says) {
				w.WriteHeader(http.StatusOK)
				return
			}
			copyOut(w, got)
		})
	}
}
