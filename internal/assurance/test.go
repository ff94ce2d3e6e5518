package assurance

import (
	"context"
	"slices"
	"strconv"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// The states of a test.
const (
	planned  = "planned"
	reported = "reported"
)

// test is what is stored of a security test beside its columns.
type test struct {
	row `json:"-"`

	Application   string
	Tester        string
	Qualification string `json:",omitempty"`
	Begins        time.Time
	Reported      time.Time
	Digest        string
	Areas         []string
	Report        string
}

// rhythms are those that promise tests of an application.
func (d *Desk) rhythms(application string) (all []Rhythm) {
	for _, r := range d.Rules.Tests {
		if slices.Contains(r.Applications, application) {
			all = append(all, r)
		}
	}
	return all
}

// clockAbout is what the clocks of the test's rhythm are about: of a drill, the test itself.
func (t *test) clockAbout(tenant string) string {
	if drill(tenant) {
		return t.id
	}
	return applicationAbout(t.Application)
}

// PlanTest plans a test. What is owed before the next test of the application is owed by its beginning.
func (d *Desk) PlanTest(ctx context.Context, c vault.Caller, tenant string, in api.NewSecurityTest) (out api.SecurityTest, err error) {
	const op = "assurance.PlanTest"
	if err := d.admit(ctx, c, "test.plan", tenant); err != nil {
		return out, err
	}
	promised := d.rhythms(in.Application)
	if len(promised) == 0 {
		return out, invalid(op, "application", "no clause promises tests of an application of that name")
	}
	if err := reference(op, "tester", in.Tester); err != nil {
		return out, err
	}
	for _, r := range promised {
		if r.By != "" && in.Qualification != r.By {
			return out, fault.New(op, fault.Refused, "the tester is not what the clause promises").WithField("qualification").WithClause(r.Duty.Clause).WithHint("it promises %s", r.By)
		}
	}
	if in.Qualification != "" && !slices.ContainsFunc(promised, func(r Rhythm) bool { return r.By == in.Qualification }) {
		return out, invalid(op, "qualification", "no clause promises such a tester").WithHint("leave it out")
	}
	if in.Begins.IsZero() || in.Begins.Year() > 9999 {
		return out, invalid(op, "begins", "a test has a time at which it begins")
	}
	t := &test{row: row{kind: testKind, id: newID("tst_"), state: planned, about: Slug(in.Application)},
		Application: in.Application, Tester: in.Tester, Qualification: in.Qualification, Begins: instant(in.Begins), Areas: []string{}}
	return d.tests().step(ctx, tenant, t.id, func(tx *db.Tx) error {
		t.opened = db.Micros(tx.Now())
		if err := insert(tx, t); err != nil {
			return err
		}
		for _, r := range promised {
			if _, err := d.running(tx, t.clockAbout(tenant), r.Duty); err != nil {
				return err
			}
		}
		if err := d.bindFindings(tx, t); err != nil {
			return err
		}
		return told(tx, "test.planned", c.Credential.ID, t.id, "", clausesOf(promised), "application", t.about, "tester", t.Tester)
	})
}

func clausesOf(all []Rhythm) (clauses []string) {
	for _, r := range all {
		clauses = append(clauses, r.Duty.Clause)
	}
	return clauses
}

// ReportTest notes a test's report, which discharges the clocks of the application's tests.
func (d *Desk) ReportTest(ctx context.Context, c vault.Caller, tenant, id string, in api.SecurityTestReport) (out api.SecurityTest, err error) {
	const op = "assurance.ReportTest"
	if err := d.admit(ctx, c, "test.report", tenant); err != nil {
		return out, err
	}
	if err := checks(reference(op, "reference", in.Reference), digest(op, in.Digest), d.covers(op, in.Areas)); err != nil {
		return out, err
	}
	return d.tests().step(ctx, tenant, id, func(tx *db.Tx) error {
		t := &test{}
		if err := load(tx, testKind, id, t); err != nil {
			return err
		}
		switch {
		case t.state != planned:
			return wrong(op, t.state, "a test is reported once")
		case tx.Now().Before(t.Begins):
			return wrong(op, t.state, "it has not begun yet")
		}
		if err := d.newReport(tx, in.Reference); err != nil {
			return err
		}
		t.state, t.Reported, t.Report, t.Digest, t.Areas = reported, tx.Now(), in.Reference, in.Digest, in.Areas
		promised := d.rhythms(t.Application)
		clauses := clausesOf(promised)
		for _, s := range d.Rules.Scopes {
			clauses = append(clauses, s.Clause)
		}
		err := told(tx, "test.reported", c.Credential.ID, t.id, "", clauses, "report", t.Report, "digest", t.Digest, "areas", strconv.Itoa(len(t.Areas)))
		if err != nil {
			return err
		}
		for _, r := range promised {
			if err := d.done(tx, t.clockAbout(tenant), r.Duty, t.Report); err != nil {
				return err
			}
		}
		return save(tx, t)
	})
}

// newReport finds a report that was handed in already: one report proves one test.
func (d *Desk) newReport(tx *db.Tx, reference string) error {
	return each(tx, `kind = $2 AND state = $3 ORDER BY item_id`, []any{string(testKind), reported}, func(r *row) error {
		t := &test{}
		if err := decode(r, t); err != nil {
			return err
		}
		if t.Report == reference {
			return fault.New("assurance.ReportTest", fault.Conflict, "the report is that of %s already", t.id).WithField("reference")
		}
		return nil
	})
}

// covers finds a report that lacks an area that a clause promises, or names one that none does.
func (d *Desk) covers(op string, areas []string) error {
	var promised []string
	for _, s := range d.Rules.Scopes {
		for _, area := range s.Areas {
			if !slices.Contains(areas, area) {
				return fault.New(op, fault.Refused, "the report does not cover %s", area).WithField("areas").WithClause(s.Clause)
			}
		}
		promised = append(promised, s.Areas...)
	}
	for _, area := range areas {
		if !slices.Contains(promised, area) {
			return invalid(op, "areas", "it names an area that no clause of the policy does")
		}
	}
	return nil
}

// tests are the tests of a tenant.
func (d *Desk) tests() sort[*test, api.SecurityTest] {
	return sort[*test, api.SecurityTest]{d, testKind, func() *test { return &test{} }, d.showTest}
}

// Test returns a test.
func (d *Desk) Test(ctx context.Context, c vault.Caller, tenant, id string) (api.SecurityTest, error) {
	return d.tests().one(ctx, c, tenant, id)
}

// Tests returns a page of the tests, the newest first, and the cursor of the next, "" on the last.
func (d *Desk) Tests(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.SecurityTest, string, error) {
	return d.tests().page(ctx, c, tenant, cursor, limit)
}

func (d *Desk) showTest(tx *db.Tx, t *test) (api.SecurityTest, error) {
	out := api.SecurityTest{
		ID: t.id, State: t.state, Drill: drill(tx.Tenant()), Application: t.Application, Tester: t.Tester, Qualification: t.Qualification,
		Planned: t.openedAt(), Begins: t.Begins, Reported: api.Moment(t.Reported), Reference: t.Report, Digest: t.Digest, Areas: t.Areas,
	}
	err := each(tx, `kind = $2 AND about = $3 ORDER BY item_id`, []any{string(findingKind), t.about}, func(r *row) error {
		f := &finding{}
		if err := decode(r, f); err != nil || f.Source != t.id {
			return err
		}
		switch f.state {
		case closed:
			out.Findings.Closed++
		case dismissed:
			out.Findings.Dismissed++
		default:
			out.Findings.Open++
		}
		return nil
	})
	if err != nil {
		return out, err
	}
	out.Clocks, err = d.Engine.WireOf(tx, t.clockAbout(tx.Tenant()))
	return out, err
}

// RemoveTest deletes a drill with its clocks.
func (d *Desk) RemoveTest(ctx context.Context, c vault.Caller, tenant, id string) error {
	return d.remove(ctx, c, tenant, id, &test{}, testKind)
}

// remove deletes an item of a drill with all it left. What happened stays in the ledger.
func (d *Desk) remove(ctx context.Context, c vault.Caller, tenant, id string, into item, k kind) error {
	const op = "assurance.Remove"
	if err := d.admit(ctx, c, "assurance.remove", tenant); err != nil {
		return err
	}
	if !drill(tenant) {
		return fault.New(op, fault.Refused, "only a drill can be removed: what the organisation found stays on record")
	}
	return fault.Wrap(op, d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		if err := load(tx, k, id, into); err != nil {
			return err
		}
		abouts := []string{id}
		if e, ok := into.(*exercise); ok {
			for i := range e.Items {
				abouts = append(abouts, e.itemAbout(i))
			}
		}
		for _, about := range abouts {
			if err := d.Engine.Remove(tx, about); err != nil {
				return err
			}
		}
		if err := remove(tx, id); err != nil {
			return err
		}
		return told(tx, "assurance.removed", c.Credential.ID, id, "drill", nil)
	}))
}
