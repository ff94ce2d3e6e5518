package connect

import (
	"context"
	"slices"

	"clause.dev/clause/internal/fault"
)

// Walk does an action in all systems that hold data of the person's tenant, in the order of the
// configuration. One that fails does not keep the next from its turn. A system that is done by what
// progress says is not asked again. The error is of the walk itself: a person that cannot be, progress
// that cannot be kept, the context's end. What systems failed at is in the report.
func (s *Set) Walk(ctx context.Context, p Person, a Action, progress Progress) (Report, error) {
	const op = "connect.Walk"
	if err := p.check(); err != nil {
		return nil, err
	}
	kept, err := progress.Load(ctx)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	var report Report
	for _, m := range s.members {
		if !m.holds(p.Tenant) {
			continue
		}
		before := linesOf(kept, m.ID)
		if m.finished(a, before) {
			report = append(report, before...)
			continue
		}
		lines, err := m.take(ctx, &p, a, before, progress)
		report = append(report, lines...)
		if err != nil {
			return report, fault.Wrap(op, err)
		}
		if err := ctx.Err(); err != nil {
			return report, fault.As(op, fault.Unavailable, err)
		}
	}
	return report, nil
}

func linesOf(all []Line, system string) []Line {
	return slices.DeleteFunc(slices.Clone(all), func(l Line) bool { return l.System != system })
}

// holds reports whether the system has data of a tenant's people.
func (c *Connector) holds(tenant string) bool {
	return len(c.Tenants) == 0 || slices.Contains(c.Tenants, tenant)
}

// finished reports whether lines say that the action is done in every table that the configuration has
// now: it may have changed since they were kept.
func (m *member) finished(a Action, before []Line) bool {
	if settled(before) {
		return true
	}
	if len(before) == 0 || a.name == "verify" {
		return false
	}
	for _, want := range m.lines(a) {
		if !slices.ContainsFunc(before, func(l Line) bool { return l.Table == want.Table && l.Did == want.Did && l.State.Final() }) {
			return false
		}
	}
	return true
}

// settled reports whether staff have said that a system needs no more.
func settled(lines []Line) bool {
	return slices.ContainsFunc(lines, func(l Line) bool { return l.State == Settled })
}

// take does the action in one system within its time. The error is that its outcome cannot be kept.
func (m *member) take(ctx context.Context, p *Person, a Action, before []Line, progress Progress) ([]Line, error) {
	ids, known := p.IDs[m.Identifier]
	lines := m.lines(a)
	var lost error
	switch {
	case known && len(ids) == 0:
		lines = all(lines, Done, 0, "")
	case !slices.ContainsFunc(lines, func(l Line) bool { return l.State != ByHand }): // nothing to call for
	case !known:
		lines = unlessByHand(lines, Failed, "no external id of the kind "+m.Identifier+" was given")
	default:
		within, cancel := context.WithTimeout(ctx, m.Timeout)
		defer cancel()
		save := func(l []Line) error {
			lost = progress.Save(ctx, l)
			return lost
		}
		ids = slices.Compact(slices.Sorted(slices.Values(ids)))
		lines = m.walk(within, task{Action: a, person: p, ids: ids, before: before, save: save})
	}
	if lost != nil {
		return lines, lost
	}
	return lines, progress.Save(context.WithoutCancel(ctx), lines)
}

// all are lines in one state.
func all(lines []Line, s State, rows int64, why string) []Line {
	lines = slices.Clone(lines)
	for i := range lines {
		lines[i].State, lines[i].Rows, lines[i].Why = s, rows, why
	}
	return lines
}

// unlessByHand are lines in one state, but for those that staff see to.
func unlessByHand(lines []Line, s State, why string) []Line {
	lines = slices.Clone(lines)
	for i := range lines {
		if lines[i].State != ByHand {
			lines[i].State, lines[i].Why = s, why
		}
	}
	return lines
}
