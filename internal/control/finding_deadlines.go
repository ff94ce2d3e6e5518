package control

import (
	"context"
	"errors"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/assurance"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
)

// FindingDeadlines keeps clauses that say by when findings are fixed and tested again.
type FindingDeadlines struct {
	Within         policy.Term `param:"within" doc:"by when every finding is closed and tested again"`
	CriticalTarget policy.Term `param:"critical-target,optional" doc:"by when critical ones ought to be"`
	Critical       policy.Term `param:"critical,optional" doc:"by when critical ones are at the latest"`
	HighTarget     policy.Term `param:"high-target,optional" doc:"by when high ones ought to be"`
	High           policy.Term `param:"high,optional" doc:"by when high ones are at the latest"`
	MediumTarget   policy.Term `param:"medium-target,optional" doc:"by when medium ones ought to be"`
	Medium         policy.Term `param:"medium,optional" doc:"by when medium ones are at the latest"`
	Low            policy.Term `param:"low,optional" doc:"by when low ones are at the latest"`
}

// figures are the target and the limit of each severity.
func (c *FindingDeadlines) figures() map[string][2]policy.Term {
	return map[string][2]policy.Term{
		"critical": {c.CriticalTarget, c.Critical}, "high": {c.HighTarget, c.High}, "medium": {c.MediumTarget, c.Medium}, "low": {{}, c.Low},
	}
}

// Check finds terms that no clock can run to. That a target is later than its limit is found by clause check.
func (c *FindingDeadlines) Check(p *policy.Policy) error {
	all := []error{c.limit(p, "within", c.Within)}
	figures := c.figures()
	for _, severity := range assurance.Severities() {
		target, limit := figures[severity][0], figures[severity][1]
		if limit.Form != "" {
			all = append(all, c.limit(p, severity, limit))
		}
		switch {
		case target.Form == "":
		case target.Form != policy.Within:
			all = append(all, problem("finding-deadlines", severity+"-target", "%q is no span", target).WithHint("write one such as 2 hours"))
		case limit.Form == "":
			all = append(all, problem("finding-deadlines", severity+"-target", "it has a target and no limit").WithHint("add %s", severity))
		}
	}
	return errors.Join(all...)
}

func (c *FindingDeadlines) limit(p *policy.Policy, param string, t policy.Term) error {
	switch {
	case t.Form == policy.Within, t.Form == policy.Before && t.Event == assurance.NextTest:
		return countable(p, "finding-deadlines", param, t)
	case t.Form == policy.Before:
		return problem("finding-deadlines", param, "nothing says when %s is", t.Event).WithHint("write before %s", assurance.NextTest)
	}
	return problem("finding-deadlines", param, "a finding is closed once, and not %s", t).WithHint("write 30 days, or before %s", assurance.NextTest)
}

// duties are what is owed of every finding, and beside it of those of a severity.
func (c *FindingDeadlines) duties() (within obligation.Duty, bySeverity map[string]obligation.Duty) {
	bySeverity = map[string]obligation.Duty{}
	for severity, f := range c.figures() {
		if f[1].Form == "" {
			continue
		}
		d := owed(assurance.FindingDuty+"."+severity, f[1], assurance.RetestReport)
		d.Target = f[0]
		bySeverity[severity] = d
	}
	return owed(assurance.FindingDuty, c.Within, assurance.RetestReport), bySeverity
}

// Plan has clocks run from when a finding is entered.
func (c *FindingDeadlines) Plan(p *Plan) {
	within, bySeverity := c.duties()
	within.Clause = p.clause
	for severity, d := range bySeverity {
		d.Clause = p.clause
		bySeverity[severity] = d
	}
	p.Assurance.Deadlines = append(p.Assurance.Deadlines, assurance.Deadlines{Clause: p.clause, Within: within, BySeverity: bySeverity})
}

// Probe enters a made-up finding of each severity: its clocks run to what the clause says, and only the
// finder's own new test, noted by another than who noted the fix, discharges them.
func (c *FindingDeadlines) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.tryAssurance(t, clauseOf(s.Policy, c), func(a *assuranceTrial) {
		test, ok := a.planned(ctx, "", 0)
		if !ok {
			return
		}
		defer a.remove(ctx, "tests", test.ID)
		for _, severity := range assurance.Severities() {
			c.finding(ctx, a, test, severity)
		}
	})
	return t.finding("A finding runs to its clocks by its severity, and is closed by whoever found it, who tests it again.")
}

func (c *FindingDeadlines) finding(ctx context.Context, a *assuranceTrial, test api.SecurityTest, severity string) {
	found, ok := made[api.Weakness](ctx, a, "entering a finding", a.own, api.NewWeakness{Test: test.ID, Severity: severity, Reference: "canary-" + token()[:16]}, "findings")
	if !ok {
		return
	}
	defer a.remove(ctx, "findings", found.ID)
	within, bySeverity := c.duties()
	running := map[string]bool{}
	for _, d := range []obligation.Duty{within, bySeverity[severity]} {
		if d.Kind == "" {
			continue
		}
		clock, ok := a.runs(found.Clocks, d)
		if !ok {
			return
		}
		running[clock.ID] = true
		if d.Limit.Form == policy.Before {
			found = c.beforeNext(ctx, a, test, found, clock)
		}
	}
	if severity == assurance.Severities()[0] {
		a.byHand(ctx, found.Clocks[0])
	}
	c.close(ctx, a, found, running)
}

// beforeNext looks that what is owed before the next test is, once that is planned, owed by its beginning.
func (c *FindingDeadlines) beforeNext(ctx context.Context, a *assuranceTrial, test api.SecurityTest, found api.Weakness, clock api.Clock) api.Weakness {
	if clock.Due == nil {
		a.breach("What is owed before the next test has no end, though a test is due.")
	}
	next, ok := a.planned(ctx, test.Application, 3)
	if !ok {
		return found
	}
	defer a.remove(ctx, "tests", next.ID)
	got, err := a.own.do(ctx, call{method: "GET", path: a.path("findings", found.ID)})
	now := found
	if !a.mustShow("reading the finding", got, err) || decodeAnswer(got, &now) != nil {
		return found
	}
	for _, c := range now.Clocks {
		if c.ID == clock.ID && (c.Due == nil || c.Due.After(next.Begins)) {
			a.breach("What is owed before the next test is not owed by its beginning.")
			return now
		}
	}
	a.good("What is owed before the next test ends with its beginning.")
	return now
}

// close has a finding fixed and tested again, rightly and wrongly.
func (c *FindingDeadlines) close(ctx context.Context, a *assuranceTrial, found api.Weakness, running map[string]bool) {
	again := api.Retest{Report: "canary-retest", By: found.Finder, Passed: true}
	path := []string{"findings", found.ID, "retest"}
	got, err := a.reviewer.do(ctx, call{method: "POST", path: a.path(path...), body: again})
	if err == nil && got.ok() {
		a.breach("A finding was closed that nobody had fixed.")
		return
	}
	if _, ok := made[api.Weakness](ctx, a, "fixing the finding", a.own, api.WeaknessFix{Change: "canary-change"}, "findings", found.ID, "fixed"); !ok {
		return
	}
	got, err = a.own.do(ctx, call{method: "POST", path: a.path(path...), body: again})
	a.mustRefuse("A retest noted by whoever noted the fix", got, err)
	other := again
	other.By = "canary-other"
	got, err = a.reviewer.do(ctx, call{method: "POST", path: a.path(path...), body: other})
	a.mustRefuse("A retest by another than the finder", got, err)
	closed, ok := made[api.Weakness](ctx, a, "testing again", a.reviewer, again, path...)
	if !ok {
		return
	}
	for id := range running {
		a.ended(closed.Clocks, id, "the finder's new test")
	}
	a.recorded(ctx, found.ID, "finding.opened", "finding.fixed", "finding.retested")
}
