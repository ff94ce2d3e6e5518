package assurance_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/vault"
)

func readClear(t *testing.T) []byte {
	t.Helper()
	source, err := os.ReadFile(apptest.Root(t, "examples/clear/policy.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func (w *world) report() api.Receipt {
	w.Helper()
	r, err := w.stranger.ReportWeakness(w.Context(), api.NewReport{Summary: "The login form", Text: "It takes any password of Zaynab's.", Contact: "zoe@researchers.example"})
	w.must(err)
	return r
}

// lies reports whether words lie in the organisation's rows.
func (w *world) lies(words string) (found bool) {
	w.Helper()
	w.must(w.System().Store.Rows(w.Context(), "", func(_ string, columns map[string][]byte) error {
		for _, column := range columns {
			found = found || bytes.Contains(column, []byte(words))
		}
		return nil
	}))
	return found
}

// A stranger's report is sealed, read, becomes a finding, is fixed, rewarded and closed, and its researcher
// sees each step by a link that nobody else has.
func TestReport(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.Context()
		receipt := w.report()
		if w.lies("any password") || w.lies("zoe@") || w.lies(receipt.Link[len(receipt.Link)-20:]) {
			w.Error("what a stranger wrote, or the secret of the link, lies in the store")
		}
		if receipt.Due == nil || !strings.HasPrefix(receipt.Link, "/security/report/_org.rep_") {
			w.Errorf("the receipt is %+v", receipt)
		}
		listed, err := w.lead.ListReports(ctx, org, "", 10)
		w.must(err)
		if len(listed.Reports) != 1 || listed.Reports[0].Text != "" {
			w.Errorf("the list shows %+v", listed)
		}
		r, err := w.lead.Report(ctx, org, receipt.ID)
		w.must(err)
		if r.Text != "It takes any password of Zaynab's." || r.Contact != "zoe@researchers.example" || clockOf(w.T, r.Clocks, "report.triage", "running").Limit != "5 business days" {
			w.Errorf("the report reads %+v", r)
		}
		_, err = w.lead.RewardReport(ctx, org, r.ID, "payment-1")
		w.refused("a reward for what nobody has assessed", err, 409)
		_, err = w.lead.AssessReport(ctx, org, r.ID, api.ReportAssessment{Verdict: "invalid", Severity: "high"})
		w.refused("an invalid report with a severity", err, 400)
		r, err = w.lead.AssessReport(ctx, org, r.ID, api.ReportAssessment{Verdict: "valid", Severity: "critical", Application: "filing", Reference: "sec-9"})
		w.must(err)
		if r.State != "assessed" || r.Reward != "owed" || clockOf(w.T, r.Clocks, "report.triage", "done").Late {
			w.Errorf("an assessed report is %+v", r)
		}
		f, err := w.lead.FixFinding(ctx, org, r.Finding, api.WeaknessFix{Change: "release-1"})
		w.must(err)
		if f.Source != r.ID || f.Finder != r.ID || f.Severity != "critical" {
			w.Errorf("it became %+v", f)
		}
		_, err = w.colleague.RetestFinding(ctx, org, f.ID, api.Retest{Report: "mail-2", By: "tester-1", Passed: true})
		w.refused("a retest by another than the researcher", err, 403)
		_, err = w.colleague.RetestFinding(ctx, org, f.ID, api.Retest{Report: "mail-2", By: r.ID, Passed: true})
		w.must(err)
		r, err = w.lead.Report(ctx, org, r.ID)
		w.must(err)
		if r.State != "assessed" || clockOf(w.T, r.Clocks, "report.reward", "running").Due == nil {
			w.Errorf("a fixed report whose reward is owed is %+v", r)
		}
		r, err = w.lead.RewardReport(ctx, org, r.ID, "payment-1")
		w.must(err)
		if r.State != "closed" || r.Reward != "given" {
			w.Errorf("a rewarded report is %+v", r)
		}
		want := []string{"report.received", "report.read", "report.assessed", "report.read", "report.rewarded", "report.closed"}
		if got := w.entries(r.ID); !slices.Equal(got, want) {
			w.Errorf("the ledger says %v, want %v", got, want)
		}
	})
}

// A report stays readable over the epochs, and is forgotten thirty days after it was closed.
func TestReportIsForgotten(t *testing.T) {
	each(t, func(w *world) {
		receipt := w.report()
		desk := func() {
			w.Helper()
			w.must(w.App.Vault.RunKeys(w.Context()))
			w.must(w.App.RunReports(w.Context()))
		}
		for range 12 { // past the destruction of the epoch in which it came: 7 + 21 days
			w.move(5 * day)
			desk()
		}
		if old := w.App.Ring.Epochs()[0]; old.Destroyed.IsZero() {
			w.Fatal("the epoch in which it came lives yet")
		}
		r, err := w.lead.Report(w.Context(), org, receipt.ID)
		w.must(err)
		if r.Text == "" || !clockOf(w.T, r.Clocks, "report.triage", "running").Late {
			w.Errorf("after sixty days the report is %+v", r)
		}
		_, err = w.lead.AssessReport(w.Context(), org, receipt.ID, api.ReportAssessment{Verdict: "duplicate"})
		w.must(err)
		w.move(29 * day)
		desk()
		if r, err = w.lead.Report(w.Context(), org, receipt.ID); err != nil || r.Text == "" || r.Forgotten {
			w.Errorf("29 days after it was closed it is %+v, %v", r, err)
		}
		w.move(2 * day)
		desk()
		if r, err = w.lead.Report(w.Context(), org, receipt.ID); err != nil || r.Text != "" || !r.Forgotten || r.Verdict != "duplicate" {
			w.Errorf("31 days after it was closed it is %+v, %v", r, err)
		}
	})
}

// A drill needs a key of the tenant, is seen there alone, and can be removed with all it left.
func TestDrill(t *testing.T) {
	w := start(t, apptest.Options{})
	admin := w.Client(t, w.Application(t, nil, vault.ScopeAdmin))
	_, err := admin.CreateTenant(t.Context(), api.NewTenant{ID: "acme", Title: "Acme", Region: w.App.Region, Environment: w.App.Environment})
	w.must(err)
	mine := w.Client(t, w.Application(t, []string{"acme"}, vault.ScopeDuties))
	drill := api.NewReport{Summary: "s", Text: "t", Drill: "acme"}
	_, err = w.stranger.ReportWeakness(t.Context(), drill)
	w.refused("a stranger's drill", err, 401)
	_, err = w.lead.ReportWeakness(t.Context(), drill)
	w.refused("a drill in somebody else's tenant", err, 403)
	drill.Drill = org
	_, err = w.lead.ReportWeakness(t.Context(), drill)
	w.refused("a drill of the organisation", err, 400)
	drill.Drill = "acme"
	receipt, err := mine.ReportWeakness(t.Context(), drill)
	w.must(err)
	r, err := mine.Report(t.Context(), "acme", receipt.ID)
	w.must(err)
	if !r.Drill {
		t.Error("a drill is none")
	}
	test, err := mine.PlanTest(t.Context(), "acme", api.NewSecurityTest{Application: "filing", Tester: "t", Begins: w.now()})
	w.must(err)
	w.must(mine.RemoveAssurance(t.Context(), "acme", "reports", receipt.ID))
	w.must(mine.RemoveAssurance(t.Context(), "acme", "tests", test.ID))
	for c, err := range mine.Clocks(t.Context(), "acme") {
		t.Errorf("a removed drill left %+v, %v", c, err)
	}
	_, err = mine.Report(t.Context(), "acme", receipt.ID)
	w.refused("a removed report", err, 404)
}

// Reports of one address are bounded, and what is no report is none.
func TestFlood(t *testing.T) {
	w := start(t, apptest.Options{})
	for _, bad := range []api.NewReport{{Text: "t"}, {Summary: "s"}, {Summary: strings.Repeat("s", 201), Text: "t"}, {Summary: "s", Text: strings.Repeat("t", 20001)}, {Summary: "s", Text: "t", Contact: strings.Repeat("c", 201)}} {
		_, err := w.stranger.ReportWeakness(t.Context(), bad)
		w.refused("a report that is none", err, 422)
	}
	for range 5 {
		w.report()
	}
	_, err := w.stranger.ReportWeakness(t.Context(), api.NewReport{Summary: "s", Text: "t"})
	w.refused("the sixth report at once", err, 429)
	w.Clock.Move(time.Hour) // the server's time is none of the limit's
	page, err := w.lead.ListReports(t.Context(), org, "", 3)
	w.must(err)
	rest, err := w.lead.ListReports(t.Context(), org, page.Next, 3)
	if err != nil || len(page.Reports) != 3 || len(rest.Reports) != 2 || rest.Next != "" {
		t.Errorf("pages of %d and %d reports, %v", len(page.Reports), len(rest.Reports), err)
	}
}
