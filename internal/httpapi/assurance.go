package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/assurance"
	"clause.dev/clause/internal/vault"
)

// Assurance is the desk for security tests, findings, exercises and researchers' reports. Each call decides,
// and records, itself; what a stranger reports, and asks of a report, needs no caller.
type Assurance interface {
	PlanTest(ctx context.Context, c vault.Caller, tenant string, in api.NewSecurityTest) (api.SecurityTest, error)
	ReportTest(ctx context.Context, c vault.Caller, tenant, id string, in api.SecurityTestReport) (api.SecurityTest, error)
	Test(ctx context.Context, c vault.Caller, tenant, id string) (api.SecurityTest, error)
	Tests(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.SecurityTest, string, error)
	RemoveTest(ctx context.Context, c vault.Caller, tenant, id string) error

	OpenFinding(ctx context.Context, c vault.Caller, tenant string, in api.NewWeakness) (api.Weakness, error)
	FixFinding(ctx context.Context, c vault.Caller, tenant, id string, in api.WeaknessFix) (api.Weakness, error)
	RetestFinding(ctx context.Context, c vault.Caller, tenant, id string, in api.Retest) (api.Weakness, error)
	DismissFinding(ctx context.Context, c vault.Caller, tenant, id string, in api.WeaknessDismissal) (api.Weakness, error)
	Finding(ctx context.Context, c vault.Caller, tenant, id string) (api.Weakness, error)
	Findings(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Weakness, string, error)
	RemoveFinding(ctx context.Context, c vault.Caller, tenant, id string) error

	HoldExercise(ctx context.Context, c vault.Caller, tenant string, in api.NewExercise) (api.Exercise, error)
	FinishItem(ctx context.Context, c vault.Caller, tenant, id string, number int, in api.ExerciseItemDone) (api.Exercise, error)
	Exercise(ctx context.Context, c vault.Caller, tenant, id string) (api.Exercise, error)
	Exercises(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Exercise, string, error)
	RemoveExercise(ctx context.Context, c vault.Caller, tenant, id string) error

	BeginSwitchOver(ctx context.Context, c vault.Caller, tenant string, in api.NewSwitchOver) (api.SwitchOver, error)
	FinishSwitchOver(ctx context.Context, c vault.Caller, tenant, id string, in api.SwitchOverResult) (api.SwitchOver, error)
	SwitchOver(ctx context.Context, c vault.Caller, tenant, id string) (api.SwitchOver, error)
	SwitchOvers(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.SwitchOver, string, error)
	RemoveSwitchOver(ctx context.Context, c vault.Caller, tenant, id string) error

	Report(ctx context.Context, in api.NewReport) (api.Receipt, error)
	Follow(ctx context.Context, token string) (api.Receipt, error)
	EnterReport(ctx context.Context, c vault.Caller, tenant string, in api.NewReport) (api.Receipt, error)
	ReadReport(ctx context.Context, c vault.Caller, tenant, id string) (api.Report, error)
	Reports(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Report, string, error)
	AssessReport(ctx context.Context, c vault.Caller, tenant, id string, in api.ReportAssessment) (api.Report, error)
	RewardReport(ctx context.Context, c vault.Caller, tenant, id string, in api.Reward) (api.Report, error)
	RemoveReport(ctx context.Context, c vault.Caller, tenant, id string) error
}

var _ Assurance = (*assurance.Desk)(nil)

const (
	testsPath     = "/v1/tenants/{tenant}/tests"
	findingsPath  = "/v1/tenants/{tenant}/findings"
	tabletopsPath = "/v1/tenants/{tenant}/exercises"
	switchPath    = "/v1/tenants/{tenant}/switch-overs"
	reportsPath   = "/v1/tenants/{tenant}/reports"
)

// assuranceOp is an operation of the desk.
func assuranceOp(method, path, id, summary, about string, in, out any) operation {
	return operation{method: method, path: path, id: id, tag: "assurance", scope: api.ScopeDuties, summary: summary, about: about, in: in, out: out}
}

// drill is an operation that removes one.
func drill(path, id, what string) operation {
	return assuranceOp("DELETE", path+"/{item}", id, "Remove a drill", "With its clocks. "+what+" of the organisation stays on record.", nil, nil)
}

func (s *service) assurance(r *routes) {
	d := s.Assurance
	making(r, assuranceOp("POST", testsPath, "plan-test", "Plan a security test", "In the tenant _org it is the organisation's; in any other a drill. What is owed before the next test of the application is owed by its beginning.", api.NewSecurityTest{}, api.SecurityTest{}), d.PlanTest)
	listing(r, assuranceOp("GET", testsPath, "list-tests", "Security tests", "The newest first.", nil, api.SecurityTests{}), d.Tests, func(all []api.SecurityTest, next string) any { return api.SecurityTests{Tests: all, Next: next} })
	showing(r, assuranceOp("GET", testsPath+"/{item}", "get-test", "One security test", "", nil, api.SecurityTest{}), d.Test)
	moving(r, assuranceOp("POST", testsPath+"/{item}/report", "report-test", "A test was done", "Its report discharges the clocks of the application's tests. One that lacks an area of the policy is refused.", api.SecurityTestReport{}, api.SecurityTest{}), d.ReportTest)
	removing(r, drill(testsPath, "remove-test", "A test"), d.RemoveTest)

	making(r, assuranceOp("POST", findingsPath, "open-finding", "Enter a finding", "Its clocks run from now, by its severity.", api.NewWeakness{}, api.Weakness{}), d.OpenFinding)
	listing(r, assuranceOp("GET", findingsPath, "list-findings", "Findings", "The newest first.", nil, api.Weaknesses{}), d.Findings, func(all []api.Weakness, next string) any { return api.Weaknesses{Findings: all, Next: next} })
	showing(r, assuranceOp("GET", findingsPath+"/{item}", "get-finding", "One finding", "", nil, api.Weakness{}), d.Finding)
	moving(r, assuranceOp("POST", findingsPath+"/{item}/fixed", "fix-finding", "A finding was fixed", "And rolled out. That its finder tests it again is still owed.", api.WeaknessFix{}, api.Weakness{}), d.FixFinding)
	moving(r, assuranceOp("POST", findingsPath+"/{item}/retest", "retest-finding", "A finding was tested again", "By its finder, and noted by another credential than the fix was. Once it is gone, its clocks are discharged.", api.Retest{}, api.Weakness{}), d.RetestFinding)
	moving(r, assuranceOp("POST", findingsPath+"/{item}/dismiss", "dismiss-finding", "A finding is none", "As another credential says than the one that entered it.", api.WeaknessDismissal{}, api.Weakness{}), d.DismissFinding)
	removing(r, drill(findingsPath, "remove-finding", "A finding"), d.RemoveFinding)

	making(r, assuranceOp("POST", tabletopsPath, "hold-tabletop", "Enter an exercise that was held", "Its minutes discharge the clock of the rhythm; each thing to be done has a clock of its own. One without a team of the policy is refused.", api.NewExercise{}, api.Exercise{}), d.HoldExercise)
	listing(r, assuranceOp("GET", tabletopsPath, "list-tabletops", "Exercises", "The newest first.", nil, api.Exercises{}), d.Exercises, func(all []api.Exercise, next string) any { return api.Exercises{Exercises: all, Next: next} })
	showing(r, assuranceOp("GET", tabletopsPath+"/{item}", "get-tabletop", "One exercise", "", nil, api.Exercise{}), d.Exercise)
	r.private(assuranceOp("POST", tabletopsPath+"/{item}/items/{number}/done", "finish-item", "Something was done", "What had to be, after the exercise.", api.ExerciseItemDone{}, api.Exercise{}), s.finishItem)
	removing(r, drill(tabletopsPath, "remove-tabletop", "An exercise"), d.RemoveExercise)

	making(r, assuranceOp("POST", switchPath, "begin-switch-over", "Begin a switch-over", "The server notes which node answers for the store. Then load it, have the other node take over, and finish.", api.NewSwitchOver{}, api.SwitchOver{}), d.BeginSwitchOver)
	listing(r, assuranceOp("GET", switchPath, "list-switch-overs", "Switch-overs", "The newest first.", nil, api.SwitchOvers{}), d.SwitchOvers, func(all []api.SwitchOver, next string) any { return api.SwitchOvers{SwitchOvers: all, Next: next} })
	showing(r, assuranceOp("GET", switchPath+"/{item}", "get-switch-over", "One switch-over", "", nil, api.SwitchOver{}), d.SwitchOver)
	moving(r, assuranceOp("POST", switchPath+"/{item}/finish", "finish-switch-over", "A switch-over is over", "The server looks whether another node answers now: 409 if not. One that lost no acknowledged write discharges the clock.", api.SwitchOverResult{}, api.SwitchOver{}), d.FinishSwitchOver)
	removing(r, drill(switchPath, "remove-switch-over", "A switch-over"), d.RemoveSwitchOver)

	making(r, assuranceOp("POST", reportsPath, "enter-report", "Enter a researcher's report", "One that came by mail, say; what comes to /security/report is entered already.", api.NewReport{}, api.Receipt{}), s.enterReport)
	listing(r, assuranceOp("GET", reportsPath, "list-reports", "Researchers' reports", "The newest first, without what was written.", nil, api.Reports{}), d.Reports, func(all []api.Report, next string) any { return api.Reports{Reports: all, Next: next} })
	showing(r, assuranceOp("GET", reportsPath+"/{item}", "get-report", "Read a report", "With what the researcher wrote. That it was read is in the ledger.", nil, api.Report{}), d.ReadReport)
	moving(r, assuranceOp("POST", reportsPath+"/{item}/assess", "assess-report", "Assess a report", "A valid one becomes a finding, whose clocks run from now.", api.ReportAssessment{}, api.Report{}), d.AssessReport)
	moving(r, assuranceOp("POST", reportsPath+"/{item}/reward", "reward-report", "A researcher was rewarded", "", api.Reward{}, api.Report{}), d.RewardReport)
	removing(r, drill(reportsPath, "remove-report", "A report"), d.RemoveReport)
	s.reporting(r)
}

func (s *service) finishItem(c vault.Caller, x *exchange) error {
	in, err := decode[api.ExerciseItemDone](x)
	if err != nil {
		return err
	}
	number, err := strconv.Atoi(x.PathValue("number"))
	if err != nil {
		return notFound()
	}
	out, err := s.Assurance.FinishItem(x.Context(), c, x.PathValue("tenant"), x.PathValue("item"), number, in)
	return answered(x, http.StatusOK, out, err)
}
