package assurance

import (
	"context"
	"slices"
	"strconv"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/vault"
)

// The states of a finding.
const (
	open      = "open"
	fixed     = "fixed"
	closed    = "closed"
	dismissed = "dismissed"
)

// finding is what is stored of a finding beside its columns.
type finding struct {
	row `json:"-"`

	Application string
	Severity    string
	Source      string // the test, or the report; "" for neither
	Finder      string
	EnteredBy   string
	Fixed       time.Time
	FixedBy     string
	Change      string
	Retested    time.Time
	Retest      string
	Failed      int
	Reason      string
}

// OpenFinding enters a finding. Its clocks run from now.
func (d *Desk) OpenFinding(ctx context.Context, c vault.Caller, tenant string, in api.NewWeakness) (out api.Weakness, err error) {
	const op = "assurance.OpenFinding"
	if err := d.admit(ctx, c, "finding.open", tenant); err != nil {
		return out, err
	}
	f := newFinding(in.Severity, in.Reference, c.Credential.ID)
	f.Source, f.Finder, f.Application = in.Test, in.Finder, in.Application
	return d.findings().step(ctx, tenant, f.id, func(tx *db.Tx) error {
		if in.Test != "" {
			t := &test{}
			if err := load(tx, testKind, in.Test, t); err != nil {
				return err
			}
			if in.Application != "" && in.Application != t.Application || in.Finder != "" && in.Finder != t.Tester {
				return invalid(op, "test", "the test is of another application, or by another tester").WithHint("leave both out")
			}
			f.Application, f.Finder = t.Application, t.Tester
		}
		return d.open(tx, f)
	})
}

func newFinding(severity, ref, by string) *finding {
	return &finding{row: row{kind: findingKind, id: newID("fnd_"), state: open, reference: ref}, Severity: severity, EnteredBy: by}
}

// open stores a finding and begins what is owed of it.
func (d *Desk) open(tx *db.Tx, f *finding) error {
	const op = "assurance.open"
	if !slices.Contains(Severities(), f.Severity) {
		return invalid(op, "severity", "a severity is critical, high, medium or low")
	}
	if err := checks(reference(op, "reference", f.reference), reference(op, "finder", f.Finder), d.application(op, f.Application)); err != nil {
		return err
	}
	f.about, f.opened = Slug(f.Application), db.Micros(tx.Now())
	if err := insert(tx, f); err != nil {
		return err
	}
	if err := told(tx, "finding.opened", f.EnteredBy, f.id, f.Severity, d.deadlineClauses(), "application", f.about, "reference", f.reference, "source", f.Source); err != nil {
		return err
	}
	for _, p := range d.Rules.Deadlines {
		for _, duty := range []obligation.Duty{p.Within, p.BySeverity[f.Severity]} {
			if duty.Kind == "" {
				continue
			}
			clock, err := d.Engine.Open(tx, duty, f.id)
			if err != nil {
				return err
			}
			if clock.Awaits == NextTest {
				if err := d.bind(tx, f, &clock); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// application finds an application that no clause names: of a policy that names none, only that it is words.
func (d *Desk) application(op, application string) error {
	known := false
	for _, r := range d.Rules.Tests {
		known = known || slices.Contains(r.Applications, application)
	}
	if len(d.Rules.Tests) > 0 && !known || Slug(application) == "" || len(application) > 100 {
		return invalid(op, "application", "the policy names no application of that name")
	}
	return nil
}

func (d *Desk) deadlineClauses() (clauses []string) {
	for _, p := range d.Rules.Deadlines {
		clauses = append(clauses, p.Clause)
	}
	return clauses
}

// bind ends what is owed before the application's next test: when that is planned to begin, else when it is
// due at the latest. Where neither is known, once it is.
func (d *Desk) bind(tx *db.Tx, f *finding, c *obligation.Clock) error {
	next, latest := time.Time{}, time.Time{}
	sooner := func(than *time.Time, at time.Time) {
		if at.After(f.openedAt()) && (than.IsZero() || at.Before(*than)) {
			*than = at
		}
	}
	abouts := []string{applicationAbout(f.Application)}
	if drill(tx.Tenant()) {
		abouts = []string{f.Source} // the clocks of the drill's own test
	}
	err := each(tx, `kind = $2 AND about = $3 AND state = $4 ORDER BY item_id`, []any{string(testKind), f.about, planned}, func(r *row) error {
		t := &test{}
		if err := decode(r, t); err != nil {
			return err
		}
		if t.id != f.Source {
			sooner(&next, t.Begins)
		}
		return nil
	})
	for _, about := range abouts {
		if err != nil {
			return err
		}
		var found []obligation.Clock
		found, err = d.Engine.Of(tx, about)
		for i := range found {
			if found[i].Live() && found[i].Duty.Kind == TestDuty {
				sooner(&latest, found[i].Due)
			}
		}
	}
	switch {
	case err != nil:
		return err
	case !next.IsZero() && (latest.IsZero() || next.Before(latest)):
		return d.Engine.Bind(tx, c.ID, next)
	case !latest.IsZero():
		return d.Engine.Bind(tx, c.ID, latest)
	}
	return nil
}

// bindFindings ends, by the beginning of a test, what is owed before the next test of its application.
func (d *Desk) bindFindings(tx *db.Tx, t *test) error {
	var owed []string
	err := each(tx, `kind = $2 AND about = $3 AND state IN ($4, $5) ORDER BY item_id`, []any{string(findingKind), t.about, open, fixed}, func(r *row) error {
		if r.openedAt().Before(t.Begins) {
			owed = append(owed, r.id)
		}
		return nil
	})
	for _, id := range owed {
		if err != nil {
			return err
		}
		var found []obligation.Clock
		found, err = d.Engine.Of(tx, id)
		for i := range found {
			if c := &found[i]; err == nil && c.Live() && c.Awaits == NextTest {
				err = d.Engine.Bind(tx, c.ID, t.Begins)
			}
		}
	}
	return err
}

// FixFinding notes that a weakness was fixed and rolled out. It is still owed that its finder tests it again.
func (d *Desk) FixFinding(ctx context.Context, c vault.Caller, tenant, id string, in api.WeaknessFix) (api.Weakness, error) {
	const op = "assurance.FixFinding"
	return d.move(ctx, c, "finding.fix", tenant, id, []string{open}, func(tx *db.Tx, f *finding) error {
		if err := reference(op, "change", in.Change); err != nil {
			return err
		}
		f.state, f.Fixed, f.FixedBy, f.Change = fixed, tx.Now(), c.Credential.ID, in.Change
		return told(tx, "finding.fixed", c.Credential.ID, f.id, "", d.deadlineClauses(), "change", in.Change)
	})
}

// RetestFinding notes that the finder tested a weakness again: if it is gone, its clocks are discharged.
func (d *Desk) RetestFinding(ctx context.Context, c vault.Caller, tenant, id string, in api.Retest) (api.Weakness, error) {
	const op = "assurance.RetestFinding"
	return d.move(ctx, c, "finding.retest", tenant, id, []string{fixed}, func(tx *db.Tx, f *finding) error {
		if err := reference(op, "report", in.Report); err != nil {
			return err
		}
		switch {
		case in.By != f.Finder:
			return d.refused(op, "a finding is tested again by who found it")
		case c.Credential.ID == f.FixedBy:
			return d.refused(op, "whoever notes that it was fixed does not note that it was tested again")
		}
		f.Retested, f.Retest = tx.Now(), in.Report
		if !in.Passed {
			f.state, f.Failed = open, f.Failed+1
			return told(tx, "finding.retested", c.Credential.ID, f.id, "failed", d.deadlineClauses(), "report", in.Report, "failed", strconv.Itoa(f.Failed))
		}
		f.state = closed
		if err := told(tx, "finding.retested", c.Credential.ID, f.id, "passed", d.deadlineClauses(), "report", in.Report); err != nil {
			return err
		}
		if err := d.Engine.DischargeOf(tx, f.id, RetestReport, in.Report); err != nil {
			return err
		}
		return d.findingEnded(tx, f)
	})
}

// refused is a refusal by the clause that promises how findings are closed.
func (d *Desk) refused(op, why string) error {
	err := fault.New(op, fault.Refused, "%s", why)
	if clauses := d.deadlineClauses(); len(clauses) > 0 {
		return err.WithClause(clauses[0])
	}
	return err
}

// DismissFinding ends a finding that is none. Another says so than who entered it.
func (d *Desk) DismissFinding(ctx context.Context, c vault.Caller, tenant, id string, in api.WeaknessDismissal) (api.Weakness, error) {
	const op = "assurance.DismissFinding"
	return d.move(ctx, c, "finding.dismiss", tenant, id, []string{open}, func(tx *db.Tx, f *finding) error {
		switch {
		case !slices.Contains([]string{"false-positive", "duplicate", "not-ours"}, in.Reason):
			return invalid(op, "reason", "a finding is dismissed as false-positive, duplicate or not-ours")
		case c.Credential.ID == f.EnteredBy:
			return d.refused(op, "whoever entered a finding does not dismiss it")
		}
		f.state, f.Reason = dismissed, in.Reason
		if err := told(tx, "finding.dismissed", c.Credential.ID, f.id, in.Reason, d.deadlineClauses()); err != nil {
			return err
		}
		if err := d.Engine.VoidOf(tx, f.id, in.Reason, f.id); err != nil {
			return err
		}
		return d.findingEnded(tx, f)
	})
}

// move changes a finding that is in one of the states.
func (d *Desk) move(ctx context.Context, c vault.Caller, act, tenant, id string, from []string, step func(tx *db.Tx, f *finding) error) (out api.Weakness, err error) {
	if err := d.admit(ctx, c, act, tenant); err != nil {
		return out, err
	}
	return d.findings().step(ctx, tenant, id, func(tx *db.Tx) error {
		f := &finding{}
		if err := load(tx, findingKind, id, f); err != nil {
			return err
		}
		if !slices.Contains(from, f.state) {
			return wrong("assurance.move", f.state, "that cannot be done to it now")
		}
		if err := step(tx, f); err != nil {
			return err
		}
		return save(tx, f)
	})
}

// findings are the findings of a tenant.
func (d *Desk) findings() sort[*finding, api.Weakness] {
	return sort[*finding, api.Weakness]{d, findingKind, func() *finding { return &finding{} }, d.showFinding}
}

// Finding returns a finding.
func (d *Desk) Finding(ctx context.Context, c vault.Caller, tenant, id string) (api.Weakness, error) {
	return d.findings().one(ctx, c, tenant, id)
}

// Findings returns a page of the findings, the newest first, and the cursor of the next, "" on the last.
func (d *Desk) Findings(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.Weakness, string, error) {
	return d.findings().page(ctx, c, tenant, cursor, limit)
}

// RemoveFinding deletes a drill with its clocks.
func (d *Desk) RemoveFinding(ctx context.Context, c vault.Caller, tenant, id string) error {
	return d.remove(ctx, c, tenant, id, &finding{}, findingKind)
}

func (d *Desk) showFinding(tx *db.Tx, f *finding) (api.Weakness, error) {
	out := api.Weakness{
		ID: f.id, State: f.state, Drill: drill(tx.Tenant()), Application: f.Application, Severity: f.Severity, Reference: f.reference,
		Source: f.Source, Finder: f.Finder, Found: f.openedAt(), Fixed: api.Moment(f.Fixed), Change: f.Change,
		Retested: api.Moment(f.Retested), Retest: f.Retest, Failed: f.Failed, Reason: f.Reason,
	}
	var err error
	out.Clocks, err = d.Engine.WireOf(tx, f.id)
	return out, err
}
