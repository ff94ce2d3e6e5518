package client

import (
	"context"
	"net/http"
	"strconv"

	"clause.dev/clause/api"
)

// The calls of this file need the scope duties. The organisation's own tests, findings, exercises and reports
// are those of the tenant _org, which the key must be bound to; those of any other tenant are drills.

// PlanTest plans a security test.
func (c *Client) PlanTest(ctx context.Context, tenant string, in api.NewSecurityTest) (out api.SecurityTest, err error) {
	_, err = c.send(ctx, c.tenant(http.MethodPost, tenant, "tests"), in, &out)
	return out, err
}

// ReportTest notes the report of a test, which discharges the clocks of the application's tests.
func (c *Client) ReportTest(ctx context.Context, tenant, test string, in api.SecurityTestReport) (out api.SecurityTest, err error) {
	_, err = c.send(ctx, c.tenant(http.MethodPost, tenant, "tests", test, "report"), in, &out)
	return out, err
}

// SecurityTest returns one test.
func (c *Client) SecurityTest(ctx context.Context, tenant, test string) (out api.SecurityTest, err error) {
	_, err = c.do(ctx, c.tenant(http.MethodGet, tenant, "tests", test), &out)
	return out, err
}

// ListTests returns a page of the tests, the newest first.
func (c *Client) ListTests(ctx context.Context, tenant, cursor string, limit int) (out api.SecurityTests, err error) {
	q := c.tenant(http.MethodGet, tenant, "tests")
	q.query = page(cursor, limit)
	_, err = c.do(ctx, q, &out)
	return out, err
}

// OpenFinding enters a finding, whose clocks run from now.
func (c *Client) OpenFinding(ctx context.Context, tenant string, in api.NewWeakness) (out api.Weakness, err error) {
	_, err = c.send(ctx, c.tenant(http.MethodPost, tenant, "findings"), in, &out)
	return out, err
}

// FixFinding notes that a finding was fixed and rolled out.
func (c *Client) FixFinding(ctx context.Context, tenant, finding string, in api.WeaknessFix) (out api.Weakness, err error) {
	_, err = c.send(ctx, c.tenant(http.MethodPost, tenant, "findings", finding, "fixed"), in, &out)
	return out, err
}

// RetestFinding notes that its finder tested a finding again.
func (c *Client) RetestFinding(ctx context.Context, tenant, finding string, in api.Retest) (out api.Weakness, err error) {
	_, err = c.send(ctx, c.tenant(http.MethodPost, tenant, "findings", finding, "retest"), in, &out)
	return out, err
}

// DismissFinding ends a finding that is none.
func (c *Client) DismissFinding(ctx context.Context, tenant, finding, reason string) (out api.Weakness, err error) {
	_, err = c.send(ctx, c.tenant(http.MethodPost, tenant, "findings", finding, "dismiss"), api.WeaknessDismissal{Reason: reason}, &out)
	return out, err
}

// Finding returns one finding.
func (c *Client) Finding(ctx context.Context, tenant, finding string) (out api.Weakness, err error) {
	_, err = c.do(ctx, c.tenant(http.MethodGet, tenant, "findings", finding), &out)
	return out, err
}

// ListFindings returns a page of the findings, the newest first.
func (c *Client) ListFindings(ctx context.Context, tenant, cursor string, limit int) (out api.Weaknesses, err error) {
	q := c.tenant(http.MethodGet, tenant, "findings")
	q.query = page(cursor, limit)
	_, err = c.do(ctx, q, &out)
	return out, err
}

// HoldExercise enters an exercise that was held.
func (c *Client) HoldExercise(ctx context.Context, tenant string, in api.NewExercise) (out api.Exercise, err error) {
	_, err = c.send(ctx, c.tenant(http.MethodPost, tenant, "exercises"), in, &out)
	return out, err
}

// FinishItem notes that something that had to be done after an exercise was done.
func (c *Client) FinishItem(ctx context.Context, tenant, exercise string, number int, evidence string) (out api.Exercise, err error) {
	_, err = c.send(ctx, c.tenant(http.MethodPost, tenant, "exercises", exercise, "items", strconv.Itoa(number), "done"), api.ExerciseItemDone{Evidence: evidence}, &out)
	return out, err
}

// Exercise returns one exercise.
func (c *Client) Exercise(ctx context.Context, tenant, exercise string) (out api.Exercise, err error) {
	_, err = c.do(ctx, c.tenant(http.MethodGet, tenant, "exercises", exercise), &out)
	return out, err
}

// ListExercises returns a page of the exercises, the newest first.
func (c *Client) ListExercises(ctx context.Context, tenant, cursor string, limit int) (out api.Exercises, err error) {
	q := c.tenant(http.MethodGet, tenant, "exercises")
	q.query = page(cursor, limit)
	_, err = c.do(ctx, q, &out)
	return out, err
}

// BeginSwitchOver notes which node answers for the store, before another is made to take over.
func (c *Client) BeginSwitchOver(ctx context.Context, tenant, reference string) (out api.SwitchOver, err error) {
	_, err = c.send(ctx, c.tenant(http.MethodPost, tenant, "switch-overs"), api.NewSwitchOver{Reference: reference}, &out)
	return out, err
}

// FinishSwitchOver notes what came of it. A Conflict says that the same node answers as before.
func (c *Client) FinishSwitchOver(ctx context.Context, tenant, id string, in api.SwitchOverResult) (out api.SwitchOver, err error) {
	_, err = c.send(ctx, c.tenant(http.MethodPost, tenant, "switch-overs", id, "finish"), in, &out)
	return out, err
}

// SwitchOver returns one switch-over.
func (c *Client) SwitchOver(ctx context.Context, tenant, id string) (out api.SwitchOver, err error) {
	_, err = c.do(ctx, c.tenant(http.MethodGet, tenant, "switch-overs", id), &out)
	return out, err
}

// ListSwitchOvers returns a page of the switch-overs, the newest first.
func (c *Client) ListSwitchOvers(ctx context.Context, tenant, cursor string, limit int) (out api.SwitchOvers, err error) {
	q := c.tenant(http.MethodGet, tenant, "switch-overs")
	q.query = page(cursor, limit)
	_, err = c.do(ctx, q, &out)
	return out, err
}

// ReportWeakness reports a weakness to the organisation, as anybody may; a drill needs a key.
func (c *Client) ReportWeakness(ctx context.Context, in api.NewReport) (out api.Receipt, err error) {
	_, err = c.send(ctx, c.call(http.MethodPost, "security", "report"), in, &out)
	return out, err
}

// EnterReport enters a report that came in by another way.
func (c *Client) EnterReport(ctx context.Context, tenant string, in api.NewReport) (out api.Receipt, err error) {
	_, err = c.send(ctx, c.tenant(http.MethodPost, tenant, "reports"), in, &out)
	return out, err
}

// Report returns one report with what its researcher wrote; that it was read is recorded.
func (c *Client) Report(ctx context.Context, tenant, report string) (out api.Report, err error) {
	_, err = c.do(ctx, c.tenant(http.MethodGet, tenant, "reports", report), &out)
	return out, err
}

// ListReports returns a page of the reports, the newest first, without what was written.
func (c *Client) ListReports(ctx context.Context, tenant, cursor string, limit int) (out api.Reports, err error) {
	q := c.tenant(http.MethodGet, tenant, "reports")
	q.query = page(cursor, limit)
	_, err = c.do(ctx, q, &out)
	return out, err
}

// AssessReport says what a report is; a valid one becomes a finding.
func (c *Client) AssessReport(ctx context.Context, tenant, report string, in api.ReportAssessment) (out api.Report, err error) {
	_, err = c.send(ctx, c.tenant(http.MethodPost, tenant, "reports", report, "assess"), in, &out)
	return out, err
}

// RewardReport notes that a researcher was rewarded.
func (c *Client) RewardReport(ctx context.Context, tenant, report, reference string) (out api.Report, err error) {
	_, err = c.send(ctx, c.tenant(http.MethodPost, tenant, "reports", report, "reward"), api.Reward{Reference: reference}, &out)
	return out, err
}

// RemoveAssurance removes a drill: what is one of tests, findings, exercises, switch-overs and reports.
func (c *Client) RemoveAssurance(ctx context.Context, tenant, what, id string) error {
	_, err := c.do(ctx, c.tenant(http.MethodDelete, tenant, what, id), nil)
	return err
}
