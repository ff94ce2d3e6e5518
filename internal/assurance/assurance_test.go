package assurance_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/vault"
)

const day = 24 * time.Hour

// The organisation's clocks are there from its first start, once, however often and by how many at a time
// it is started; and who is not of the organisation does not see them.
func TestRhythms(t *testing.T) {
	each(t, func(w *world) {
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := w.App.Start(w.Context()); err != nil {
					w.Error(err)
				}
			})
		}
		all.Wait()
		kinds := map[string]int{}
		for c, err := range w.lead.Clocks(w.Context(), org) {
			w.must(err)
			kinds[c.Kind+" "+c.About]++
		}
		for _, want := range []string{"security-test application:filing", "security-test application:invoicing", "security-test application:accounts", "security-test application:gsp", "exercise exercises"} {
			if kinds[want] != 1 {
				w.Errorf("%d clocks of %s in %v", kinds[want], want, kinds)
			}
		}
		admin := w.Client(w.T, w.Application(w.T, nil, vault.ScopeAdmin))
		_, err := admin.CreateTenant(w.Context(), api.NewTenant{ID: "acme", Title: "Acme", Region: w.App.Region, Environment: w.App.Environment})
		w.must(err)
		for name, key := range map[string]string{
			"a customer": w.Application(w.T, []string{"acme"}, vault.ScopeDuties), "a credential without the scope": w.Application(w.T, []string{org}, vault.ScopeData), "one of no tenant": w.Application(w.T, nil, vault.ScopeDuties),
		} {
			c := w.Client(w.T, key)
			_, err := c.ListClocks(w.Context(), org, "", 10)
			w.refused(name+" reads clocks", err, 403)
			_, err = c.ListFindings(w.Context(), org, "", 10)
			w.refused(name+" reads findings", err, 403)
			_, err = c.ListReports(w.Context(), org, "", 10)
			w.refused(name+" reads reports", err, 403)
		}
	})
}

// A test that is not done in its share of the year breaks its clause until it is reported, and stays late.
func TestMissedTest(t *testing.T) {
	each(t, func(w *world) {
		test := w.plan(w.now())
		clock := clockOf(w.T, test.Clocks, "security-test", "running")
		if clock.Limit != "2 per calendar year" || clock.Due == nil {
			w.Fatalf("the clock is %+v", clock)
		}
		_, err := w.lead.Discharge(w.Context(), org, clock.ID, "test-report", "trust-me")
		w.refused("a report by word of mouth", err, 403, "clear-pentest")
		_, err = w.lead.Void(w.Context(), org, clock.ID, "no-time")
		w.refused("no test at all", err, 403, "clear-pentest")
		w.move(clock.Due.Sub(w.now()) + time.Hour)
		if got := w.state("clear-pentest"); got != "broken" {
			w.Errorf("a missed test leaves its clause %s", got)
		}
		report := api.SecurityTestReport{Reference: "report-1", Digest: sum("a"), Areas: areas()[1:]}
		_, err = w.lead.ReportTest(w.Context(), org, test.ID, report)
		w.refused("a report without an area", err, 403, "clear-pentest-scope")
		report.Areas = append(areas(), "my own")
		_, err = w.lead.ReportTest(w.Context(), org, test.ID, report)
		w.refused("a report of another area", err, 400)
		report.Areas = areas()
		test, err = w.lead.ReportTest(w.Context(), org, test.ID, report)
		w.must(err)
		for _, c := range test.Clocks {
			if c.ID == clock.ID && (c.State != "done" || !c.Late || c.Evidence != "report-1") {
				w.Errorf("the clock of a late test is %+v", c)
			}
		}
		next := clockOf(w.T, test.Clocks, "security-test", "running")
		if !next.Due.After(*clock.Due) {
			w.Errorf("the next test is due %v, the last was %v", next.Due, clock.Due)
		}
		_, err = w.lead.ReportTest(w.Context(), org, test.ID, report)
		w.refused("reporting it twice", err, 409)
		other := w.plan(w.now())
		_, err = w.lead.ReportTest(w.Context(), org, other.ID, report)
		w.refused("one report for two tests", err, 409)
		later := w.plan(w.now().Add(day))
		report.Reference = "report-2"
		_, err = w.lead.ReportTest(w.Context(), org, later.ID, report)
		w.refused("a test that has not begun", err, 409)
		err = w.lead.RemoveAssurance(w.Context(), org, "tests", test.ID)
		w.refused("removing a test of the organisation", err, 403)
		want := []string{"test.planned", "test.reported"}
		if got := w.entries(test.ID); !slices.Equal(got, want) {
			w.Errorf("the ledger says %v, want %v", got, want)
		}
	})
}

func TestWhoTests(t *testing.T) {
	w := start(t, apptest.Options{})
	in := api.NewSecurityTest{Application: "gsp", Tester: "tester-2", Begins: w.now()}
	_, err := w.lead.PlanTest(t.Context(), org, in)
	w.refused("a tester who is not empanelled", err, 403, "clear-pentest")
	in.Qualification = "a vendor empanelled by CERT-In"
	_, err = w.lead.PlanTest(t.Context(), org, in)
	w.must(err)
	in.Application = "filing"
	_, err = w.lead.PlanTest(t.Context(), org, in)
	w.refused("a qualification that nobody asks for", err, 400)
	in.Application, in.Qualification = "something else", ""
	_, err = w.lead.PlanTest(t.Context(), org, in)
	w.refused("an application that the policy does not name", err, 400)
}

// A finding is closed by its finder's new test alone; one that is still there runs on; a late one stays late.
func TestFinding(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.Context()
		test := w.plan(w.now())
		f := w.find(test.ID, "critical", "sec-1")
		clock := clockOf(w.T, f.Clocks, "finding.critical", "running")
		if clock.Limit != "4 hours" || clock.Target == nil || clock.Target.Sub(clock.Opened) != 2*time.Hour || clock.Due.Sub(clock.Opened) != 4*time.Hour {
			w.Errorf("a critical finding runs by %+v", clock)
		}
		_, err := w.lead.OpenFinding(ctx, org, api.NewWeakness{Test: test.ID, Severity: "low", Reference: "sec-1"})
		w.refused("the same finding again", err, 409)
		retest := api.Retest{Report: "retest-1", By: "tester-1", Passed: false}
		_, err = w.colleague.RetestFinding(ctx, org, f.ID, retest)
		w.refused("a retest of what nobody fixed", err, 409)
		_, err = w.lead.FixFinding(ctx, org, f.ID, api.WeaknessFix{Change: "release-1"})
		w.must(err)
		_, err = w.lead.RetestFinding(ctx, org, f.ID, retest)
		w.refused("a retest by who fixed it", err, 403, "clear-findings")
		f, err = w.colleague.RetestFinding(ctx, org, f.ID, retest)
		w.must(err)
		if f.State != "open" || f.Failed != 1 || clockOf(w.T, f.Clocks, "finding.critical", "running").ID != clock.ID {
			w.Errorf("a finding that is still there is %+v", f)
		}
		w.move(5 * time.Hour)
		if got := w.state("clear-findings"); got != "broken" {
			w.Errorf("a finding that is missed leaves its clause %s", got)
		}
		_, err = w.lead.FixFinding(ctx, org, f.ID, api.WeaknessFix{Change: "release-2"})
		w.must(err)
		retest.Passed, retest.Report = true, "retest-2"
		f, err = w.colleague.RetestFinding(ctx, org, f.ID, retest)
		w.must(err)
		if f.State != "closed" || !clockOf(w.T, f.Clocks, "finding.critical", "done").Late || clockOf(w.T, f.Clocks, "finding", "done").Late {
			w.Errorf("a finding that was closed late is %+v", f)
		}
		if got := w.entries(f.ID); !slices.Equal(got, []string{"finding.opened", "finding.fixed", "finding.retested", "finding.fixed", "finding.retested"}) {
			w.Errorf("the ledger says %v", got)
		}
		shown, err := w.lead.SecurityTest(ctx, org, test.ID)
		w.must(err)
		if shown.Findings != (api.FindingTally{Closed: 1}) {
			w.Errorf("the test counts %+v", shown.Findings)
		}
	})
}

// A finding that is none ends its clocks; one that was missed before stays visible as late.
func TestDismissal(t *testing.T) {
	w := start(t, apptest.Options{})
	f := w.find(w.plan(w.now()).ID, "critical", "sec-1")
	_, err := w.lead.DismissFinding(t.Context(), org, f.ID, "false-positive")
	w.refused("a dismissal by who entered it", err, 403, "clear-findings")
	w.move(5 * time.Hour)
	f, err = w.colleague.DismissFinding(t.Context(), org, f.ID, "false-positive")
	w.must(err)
	if f.State != "dismissed" || !clockOf(t, f.Clocks, "finding.critical", "done").Late || clockOf(t, f.Clocks, "finding", "void").Evidence != "false-positive" {
		t.Errorf("a late finding that was none is %+v", f)
	}
}

// What is owed before the next test is owed by when that is due, by the beginning of one that is planned, and
// never by that of the test that found it.
func TestBeforeTheNextTest(t *testing.T) {
	each(t, func(w *world) {
		test := w.plan(w.now().Add(time.Second))
		due := clockOf(w.T, test.Clocks, "security-test", "running").Due
		f := w.find(test.ID, "low", "sec-1")
		if got := clockOf(w.T, f.Clocks, "finding.low", "running"); got.Due == nil || !got.Due.Equal(*due) || got.Limit != "before the next penetration test" {
			w.Errorf("a low finding is owed by %v, the next test is due %v", got.Due, due)
		}
		next := w.plan(w.now().Add(3 * day))
		other, err := w.lead.PlanTest(w.Context(), org, api.NewSecurityTest{Application: "invoicing", Tester: "tester-1", Begins: w.now().Add(day)})
		w.must(err)
		f, err = w.lead.Finding(w.Context(), org, f.ID)
		w.must(err)
		if got := clockOf(w.T, f.Clocks, "finding.low", "running"); !got.Due.Equal(next.Begins) {
			w.Errorf("a low finding is owed by %v; the next test begins %v, that of another application %v", got.Due, next.Begins, other.Begins)
		}
		again := w.find(test.ID, "low", "sec-2")
		if got := clockOf(w.T, again.Clocks, "finding.low", "running"); !got.Due.Equal(next.Begins) {
			w.Errorf("a later finding is owed by %v; the next test begins %v", got.Due, next.Begins)
		}
	})
}

// An exercise discharges its clock; what has to be done after it is owed by its owner, and breaks the clause
// where it is not done.
func TestExercise(t *testing.T) {
	each(t, func(w *world) {
		ctx := w.Context()
		in := api.NewExercise{
			Scenario: "zone-lost", Held: w.now().Add(-time.Hour), Teams: []string{"IT", "support", "HR"}, Minutes: "minutes-1", Digest: sum("b"),
			Items: []api.NewExerciseItem{{Reference: "ops-1", Owner: "it", Within: "10 days"}, {Reference: "ops-2", Owner: "hr", Within: "20 days"}},
		}
		_, err := w.lead.HoldExercise(ctx, org, in)
		w.refused("an exercise without engineering", err, 403, "clear-continuity")
		in.Teams = append(in.Teams, "engineering")
		in.Items[0].Within = "every day"
		_, err = w.lead.HoldExercise(ctx, org, in)
		w.refused("an item by no time", err, 400)
		in.Items[0].Within = "10 days"
		e, err := w.lead.HoldExercise(ctx, org, in)
		w.must(err)
		if clockOf(w.T, e.Clocks, "exercise", "done").Evidence != "minutes-1" || clockOf(w.T, e.Clocks, "exercise", "running").Limit != "every year" {
			w.Errorf("the exercise stands at %+v", e.Clocks)
		}
		_, err = w.lead.HoldExercise(ctx, org, in)
		w.refused("the same minutes twice", err, 409)
		e, err = w.lead.FinishItem(ctx, org, e.ID, 1, "change-1")
		w.must(err)
		_, err = w.lead.FinishItem(ctx, org, e.ID, 1, "change-1")
		w.refused("an item that is done", err, 409)
		_, err = w.lead.FinishItem(ctx, org, e.ID, 3, "change-1")
		w.refused("an item that is not there", err, 404)
		w.move(21 * day)
		if got := w.state("clear-continuity"); got != "broken" {
			w.Errorf("what was not done leaves its clause %s", got)
		}
		e, err = w.lead.FinishItem(ctx, org, e.ID, 2, "change-2")
		w.must(err)
		if e.State != "done" || e.Items[1].Evidence != "change-2" {
			w.Errorf("the exercise is %+v", e)
		}
	})
}

// The figure of the policy that runs now counts for the next clock, and what no clause promises ends.
func TestChangedPolicy(t *testing.T) {
	folder := t.TempDir()
	w := start(t, apptest.Options{Folder: folder})
	test := w.plan(w.now())
	clock := clockOf(t, test.Clocks, "security-test", "running")
	w.Stop()
	source := string(readClear(t))
	changed := strings.NewReplacer("every: 2 per calendar year", "every: every 2 months", "applications: [filing, invoicing, accounts]", "applications: [filing, accounts]").Replace(source)
	w = start(t, apptest.Options{Folder: folder, Policy: []byte(changed)})
	test, err := w.lead.SecurityTest(t.Context(), org, test.ID)
	w.must(err)
	if got := clockOf(t, test.Clocks, "security-test", "running"); got.ID != clock.ID || got.Limit != "2 per calendar year" {
		t.Errorf("the clock that ran is %+v", got)
	}
	for c, err := range w.lead.Clocks(t.Context(), org) {
		w.must(err)
		if c.About == "application:invoicing" {
			t.Errorf("what nobody promises any more runs: %+v", c)
		}
	}
	test, err = w.lead.ReportTest(t.Context(), org, test.ID, api.SecurityTestReport{Reference: "report-1", Digest: sum("a"), Areas: areas()})
	w.must(err)
	if got := clockOf(t, test.Clocks, "security-test", "running"); got.Limit != "every 2 months" {
		t.Errorf("the next clock is %+v", got)
	}
}
