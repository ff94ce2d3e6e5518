package httpapi

import (
	"context"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/vault"
)

// watch stands for the desk of tests, findings, exercises and reports.
type watch struct{ f *fake }

func sampleTest(id string) api.SecurityTest {
	return api.SecurityTest{ID: id, State: "planned", Application: "filing", Tester: "tester-1", Planned: noon, Begins: noon, Areas: []string{}, Clocks: []api.Clock{}}
}

func sampleWeakness(id string) api.Weakness {
	return api.Weakness{ID: id, State: "open", Application: "filing", Severity: "high", Reference: "sec-1", Finder: "tester-1", Found: noon, Clocks: []api.Clock{}}
}

func sampleExercise(id string) api.Exercise {
	return api.Exercise{ID: id, State: "held", Scenario: "zone-lost", Held: noon, Entered: noon, Teams: []string{"IT"}, Minutes: "minutes-1", Items: []api.ExerciseItem{}, Clocks: []api.Clock{}}
}

func sampleReport(id string) api.Report {
	return api.Report{ID: id, State: "received", Received: noon, Summary: "<script>", Clocks: []api.Clock{}}
}

func sampleReceipt() api.Receipt {
	due := noon.AddDate(0, 0, 7)
	return api.Receipt{ID: "rep_1", State: "received", Received: noon, Due: &due, Link: "_org.rep_1.secret"}
}

func (w watch) PlanTest(_ context.Context, c vault.Caller, tenant string, in api.NewSecurityTest) (api.SecurityTest, error) {
	return sampleTest("tst_1"), w.f.call("PlanTest %s %s %s %s %q", c.Credential.ID, tenant, in.Application, in.Tester, in.Qualification)
}

func (w watch) ReportTest(_ context.Context, c vault.Caller, tenant, id string, in api.SecurityTestReport) (api.SecurityTest, error) {
	return sampleTest(id), w.f.call("ReportTest %s %s %s %s %v", c.Credential.ID, tenant, id, in.Reference, in.Areas)
}

func (w watch) Test(_ context.Context, c vault.Caller, tenant, id string) (api.SecurityTest, error) {
	return sampleTest(id), w.f.call("Test %s %s %s", c.Credential.ID, tenant, id)
}

func (w watch) Tests(_ context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.SecurityTest, string, error) {
	return []api.SecurityTest{sampleTest("tst_1")}, "1.tst_1", w.f.call("Tests %s %s after %q limit %d", c.Credential.ID, tenant, cursor, limit)
}

func (w watch) RemoveTest(_ context.Context, c vault.Caller, tenant, id string) error {
	return w.f.call("RemoveTest %s %s %s", c.Credential.ID, tenant, id)
}

func (w watch) OpenFinding(_ context.Context, c vault.Caller, tenant string, in api.NewWeakness) (api.Weakness, error) {
	return sampleWeakness("fnd_1"), w.f.call("OpenFinding %s %s %q %s %s", c.Credential.ID, tenant, in.Test, in.Severity, in.Reference)
}

func (w watch) FixFinding(_ context.Context, c vault.Caller, tenant, id string, in api.WeaknessFix) (api.Weakness, error) {
	return sampleWeakness(id), w.f.call("FixFinding %s %s %s %s", c.Credential.ID, tenant, id, in.Change)
}

func (w watch) RetestFinding(_ context.Context, c vault.Caller, tenant, id string, in api.Retest) (api.Weakness, error) {
	return sampleWeakness(id), w.f.call("RetestFinding %s %s %s %s %s %t", c.Credential.ID, tenant, id, in.Report, in.By, in.Passed)
}

func (w watch) DismissFinding(_ context.Context, c vault.Caller, tenant, id string, in api.WeaknessDismissal) (api.Weakness, error) {
	return sampleWeakness(id), w.f.call("DismissFinding %s %s %s %s", c.Credential.ID, tenant, id, in.Reason)
}

func (w watch) Finding(_ context.Context, c vault.Caller, tenant, id string) (api.Weakness, error) {
	return sampleWeakness(id), w.f.call("Finding %s %s %s", c.Credential.ID, tenant, id)
}

func (w watch) Findings(_ context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Weakness, string, error) {
	return []api.Weakness{sampleWeakness("fnd_1")}, "", w.f.call("Findings %s %s after %q limit %d", c.Credential.ID, tenant, cursor, limit)
}

func (w watch) RemoveFinding(_ context.Context, c vault.Caller, tenant, id string) error {
	return w.f.call("RemoveFinding %s %s %s", c.Credential.ID, tenant, id)
}

func (w watch) HoldExercise(_ context.Context, c vault.Caller, tenant string, in api.NewExercise) (api.Exercise, error) {
	return sampleExercise("exe_1"), w.f.call("HoldExercise %s %s %s %v %s %d", c.Credential.ID, tenant, in.Scenario, in.Teams, in.Minutes, len(in.Items))
}

func (w watch) FinishItem(_ context.Context, c vault.Caller, tenant, id string, number int, in api.ExerciseItemDone) (api.Exercise, error) {
	return sampleExercise(id), w.f.call("FinishItem %s %s %s %d %s", c.Credential.ID, tenant, id, number, in.Evidence)
}

func (w watch) Exercise(_ context.Context, c vault.Caller, tenant, id string) (api.Exercise, error) {
	return sampleExercise(id), w.f.call("Exercise %s %s %s", c.Credential.ID, tenant, id)
}

func (w watch) Exercises(_ context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Exercise, string, error) {
	return []api.Exercise{sampleExercise("exe_1")}, "", w.f.call("Exercises %s %s after %q limit %d", c.Credential.ID, tenant, cursor, limit)
}

func (w watch) RemoveExercise(_ context.Context, c vault.Caller, tenant, id string) error {
	return w.f.call("RemoveExercise %s %s %s", c.Credential.ID, tenant, id)
}

func sampleSwitch(id string) api.SwitchOver {
	return api.SwitchOver{ID: id, State: "running", Begun: noon, Clocks: []api.Clock{}}
}

func (w watch) BeginSwitchOver(_ context.Context, c vault.Caller, tenant string, in api.NewSwitchOver) (api.SwitchOver, error) {
	return sampleSwitch("swi_1"), w.f.call("BeginSwitchOver %s %s %s", c.Credential.ID, tenant, in.Reference)
}

func (w watch) FinishSwitchOver(_ context.Context, c vault.Caller, tenant, id string, in api.SwitchOverResult) (api.SwitchOver, error) {
	return sampleSwitch(id), w.f.call("FinishSwitchOver %s %s %s %d %d %d", c.Credential.ID, tenant, id, in.Acknowledged, in.Lost, in.Pause)
}

func (w watch) SwitchOver(_ context.Context, c vault.Caller, tenant, id string) (api.SwitchOver, error) {
	return sampleSwitch(id), w.f.call("SwitchOver %s %s %s", c.Credential.ID, tenant, id)
}

func (w watch) SwitchOvers(_ context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.SwitchOver, string, error) {
	return []api.SwitchOver{sampleSwitch("swi_1")}, "", w.f.call("SwitchOvers %s %s after %q limit %d", c.Credential.ID, tenant, cursor, limit)
}

func (w watch) RemoveSwitchOver(_ context.Context, c vault.Caller, tenant, id string) error {
	return w.f.call("RemoveSwitchOver %s %s %s", c.Credential.ID, tenant, id)
}

func (w watch) Report(_ context.Context, in api.NewReport) (api.Receipt, error) {
	return sampleReceipt(), w.f.call("Report %q %q %q", in.Summary, in.Text, in.Contact)
}

func (w watch) Follow(_ context.Context, token string) (api.Receipt, error) {
	out := sampleReceipt()
	out.Link = ""
	return out, w.f.call("Follow %s", token)
}

func (w watch) EnterReport(_ context.Context, c vault.Caller, tenant string, in api.NewReport) (api.Receipt, error) {
	return sampleReceipt(), w.f.call("EnterReport %s %s %q", c.Credential.ID, tenant, in.Summary)
}

func (w watch) ReadReport(_ context.Context, c vault.Caller, tenant, id string) (api.Report, error) {
	return sampleReport(id), w.f.call("ReadReport %s %s %s", c.Credential.ID, tenant, id)
}

func (w watch) Reports(_ context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Report, string, error) {
	return []api.Report{sampleReport("rep_1")}, "", w.f.call("Reports %s %s after %q limit %d", c.Credential.ID, tenant, cursor, limit)
}

func (w watch) AssessReport(_ context.Context, c vault.Caller, tenant, id string, in api.ReportAssessment) (api.Report, error) {
	return sampleReport(id), w.f.call("AssessReport %s %s %s %s %q", c.Credential.ID, tenant, id, in.Verdict, in.Severity)
}

func (w watch) RewardReport(_ context.Context, c vault.Caller, tenant, id string, in api.Reward) (api.Report, error) {
	return sampleReport(id), w.f.call("RewardReport %s %s %s %s", c.Credential.ID, tenant, id, in.Reference)
}

func (w watch) RemoveReport(_ context.Context, c vault.Caller, tenant, id string) error {
	return w.f.call("RemoveReport %s %s %s", c.Credential.ID, tenant, id)
}
