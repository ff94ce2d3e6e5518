package control_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestFindingDeadlinesCheck(t *testing.T) {
	hours := func(n int) policy.Term { return policy.Term{Form: policy.Within, Count: n, Unit: policy.Hour} }
	before := func(event string) policy.Term { return policy.Term{Form: policy.Before, Event: event} }
	month := policy.Term{Form: policy.Within, Count: 30, Unit: policy.Day}
	checks(t, []check{
		{name: "all", control: &control.FindingDeadlines{Within: month, CriticalTarget: hours(2), Critical: hours(4), Low: before("the next penetration test")}},
		{name: "a rhythm", control: &control.FindingDeadlines{Within: yearly}, param: "within", finds: []string{"closed once"}},
		{name: "before what nobody does", control: &control.FindingDeadlines{Within: month, Low: before("the next full moon")}, param: "low", finds: []string{"nothing says when"}},
		{name: "a target without a limit", control: &control.FindingDeadlines{Within: month, HighTarget: hours(2)}, param: "high-target", finds: []string{"no limit"}},
		{name: "a target that is no span", control: &control.FindingDeadlines{Within: month, MediumTarget: yearly, Medium: hours(4)}, param: "medium-target", finds: []string{"no span"}},
		{name: "business days without a calendar", control: &control.FindingDeadlines{Within: policy.Term{Form: policy.Within, Count: 3, Unit: policy.BusinessDay}}, param: "within", finds: []string{"on a calendar"}},
	})
}

func TestFindingDeadlinesPlan(t *testing.T) {
	four, two := policy.Term{Form: policy.Within, Count: 4, Unit: policy.Hour}, policy.Term{Form: policy.Within, Count: 2, Unit: policy.Hour}
	plan, err := control.PlanOf(promising(keep("finding-deadlines", policy.Params{"within": policy.Term{Form: policy.Within, Count: 30, Unit: policy.Day}, "critical": four, "critical-target": two})))
	if err != nil {
		t.Fatal(err)
	}
	got := plan.Assurance.Deadlines[0]
	critical := got.BySeverity["critical"]
	if got.Clause != "promise" || got.Within.Clause != "promise" || got.Within.Limit.String() != "30 days" || critical.Clause != "promise" || critical.Limit != four || critical.Target != two || len(got.BySeverity) != 1 {
		t.Errorf("planned as %+v", got)
	}
}

func deadlineSabotages() []sabotage {
	return []sabotage{
		{name: "a laxer figure is run by", says: "which is not what the clause says", engine: changing("finding-deadlines", func(p policy.Params) {
			p["critical"] = policy.Term{Form: policy.Within, Count: 300, Unit: policy.Hour}
		})},
		{name: "nothing is owed by severity", says: "No clock of finding.critical runs", engine: changing("finding-deadlines", func(p policy.Params) {
			delete(p, "critical")
			delete(p, "critical-target")
		})},
		{name: "a target is lost", says: "has not its target", engine: changing("finding-deadlines", func(p policy.Params) { delete(p, "high-target") })},
		{name: "a finding is closed by hand", says: "by hand was allowed", front: pleasing(ending("/void"))},
		{name: "anybody tests again", says: "by another than the finder was allowed", front: resaid("/retest", `"by":"canary-other"`, `"by":"canary-tester"`)},
		{name: "whoever fixed it closes it", says: "by whoever noted the fix was allowed", front: func(sys *control.System, next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/retest") {
					r.Header.Set("Authorization", "Bearer "+sys.Canary.Reviewer)
				}
				next.ServeHTTP(w, r)
			})
		}},
		{name: "closing discharges nothing", says: "was not discharged by the finder's new test", front: altering("/retest", func(body []byte) []byte {
			return bytes.ReplaceAll(body, []byte(`"state":"done"`), []byte(`"state":"running"`))
		})},
	}
}
