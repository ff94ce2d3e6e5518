package evidence

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// RunAll runs the probe of each control that runs, stores what they saw under the time each began,
// by now, and returns it in the order of the policy. Findings about a clause are stored as soon as
// its control was probed: a run cut short by ctx leaves those it had. It waits for a run under way.
func (e *Evidence) RunAll(ctx context.Context, sys *control.System, now func() time.Time) ([]Record, error) {
	const op = "evidence.RunAll"
	select {
	case e.running <- struct{}{}:
		defer func() { <-e.running }()
	case <-ctx.Done():
		return nil, fault.As(op, fault.Unavailable, ctx.Err())
	}
	var all []Record
	var seen []probed
	for _, clause := range e.policy.Clauses {
		for i, keep := range clause.Keep {
			c, runs, err := control.Of(keep)
			if err != nil {
				return all, fault.Wrap(op, err)
			}
			if !runs {
				continue
			}
			p, ok := find(seen, c)
			if !ok {
				p = probed{c, now(), e.probe(ctx, c, sys)}
				seen = append(seen, p)
			}
			if ctx.Err() != nil {
				return all, fault.As(op, fault.Unavailable, ctx.Err())
			}
			r := Record{clause.ID, nameOf(clause.Keep, i), p.at, p.finding}
			if err := e.store(ctx, r, e.under(keep)); err != nil {
				return all, fault.Wrap(op, err)
			}
			all = append(all, r)
		}
	}
	return all, fault.Wrap(op, e.prune(ctx, now()))
}

// probed is a control that was probed in this run. Clauses that ask for the same share a probe.
type probed struct {
	control control.Control
	at      time.Time
	finding control.Finding
}

func find(seen []probed, c control.Control) (probed, bool) {
	for _, p := range seen {
		if reflect.DeepEqual(p.control, c) {
			return p, true
		}
	}
	return probed{}, false
}

// nameOf names the i-th control of a clause: a second one of the same kind is told apart by a number.
func nameOf(keeps []policy.Keep, i int) string {
	n := 1
	for _, earlier := range keeps[:i] {
		if earlier.Control == keeps[i].Control {
			n++
		}
	}
	if n == 1 {
		return keeps[i].Control
	}
	return fmt.Sprintf("%s/%d", keeps[i].Control, n)
}

// grace is how long a probe has to come back once its time is up.
const grace = 20 * time.Second

// probe runs one probe in bounded time. One that panics, or does not come back when its time is up,
// was unable to look; the latter is left behind.
func (e *Evidence) probe(ctx context.Context, c control.Control, sys *control.System) control.Finding {
	ctx, cancel := context.WithTimeout(ctx, e.Within)
	defer cancel()
	came := make(chan control.Finding, 1)
	go func() {
		defer func() {
			if recover() != nil { // the value may hold anything: it is not published
				came <- control.Finding{Outcome: control.Unable, Summary: "Could not be checked: the probe failed."}
			}
		}()
		came <- c.Probe(ctx, sys)
	}()
	select {
	case f := <-came:
		return proper(f)
	case <-ctx.Done():
	}
	timer := time.NewTimer(min(grace, e.Within))
	defer timer.Stop()
	select {
	case f := <-came:
		return proper(f)
	case <-timer.C:
		return control.Finding{Outcome: control.Unable, Summary: fmt.Sprintf("Could not be checked: the probe took longer than %s.", e.Within)}
	}
}

// proper makes sure that only a finding that says so is one of Kept.
func proper(f control.Finding) control.Finding {
	if f.Outcome != control.Kept && f.Outcome != control.Broken && f.Outcome != control.Attested {
		f.Outcome = control.Unable
	}
	return f
}
