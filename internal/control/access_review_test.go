package control_test

import (
	"net/http"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

var quarterly = policy.Term{Form: policy.Every, Count: 1, Unit: policy.Quarter}

func TestAccessReviewCheck(t *testing.T) {
	checks(t, []check{
		{name: "quarterly", control: &control.AccessReview{Every: quarterly}},
		{name: "once", control: &control.AccessReview{Every: policy.Term{Form: policy.Prompt}}, param: "every", finds: []string{"how often"}},
	})
}

func TestAccessReviewPlan(t *testing.T) {
	plan, err := control.PlanOf(promising(keep("access-review", policy.Params{"every": quarterly})))
	if err != nil || len(plan.Staff.Reviews) != 1 || plan.Staff.Reviews[0].Clause != "promise" || plan.Staff.Reviews[0].Limit != quarterly {
		t.Fatalf("planned as %+v, %v", plan.Staff, err)
	}
}

func reviewSabotages() []sabotage {
	reviews := func(r *http.Request) bool { return byStaff(r) && ending("/review")(r) }
	return []sabotage{
		unowed("access.review", "No clock of reviews"),
		{name: "access is reviewed less often", says: "does not lapse", engine: changing("access-review", func(p policy.Params) {
			p["every"] = policy.Term{Form: policy.Every, Count: 3, Unit: policy.Year}
		})},
		{name: "one reviews oneself", says: "Reviewing one's own access was allowed", front: pleasing(reviews)},
		{name: "what lapsed goes on", says: "that nobody reviewed in time was allowed", front: impersonating(func(r *http.Request) bool {
			return byStaff(r) && r.Method == "GET" && ending("/grants")(r)
		})},
		{name: "what a review ended is shown", says: "that a review ended was allowed", front: impersonating(staffReads)},
	}
}
