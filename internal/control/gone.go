package control

import (
	"context"
	"slices"

	"clause.dev/clause/internal/policy"
)

// stored returns the policy's data sets that are kept in the store, those named if any are.
func stored(p *policy.Policy, named []string) []*policy.DataSet {
	return dataSets(p, func(d *policy.DataSet) bool {
		return d.Storage != policy.Memory && (len(named) == 0 || slices.Contains(named, d.ID))
	})
}

// goneAtOnce erases the person and asks for everything again.
func (p *person) goneAtOnce(ctx context.Context, t *trial, records []kept) {
	a, err := p.erase(ctx)
	if !t.mustShow("erasing a canary person", a, err) {
		return
	}
	p.goneFrom(ctx, t, p.door, records, "right after the erasure")
	a, err = p.do(ctx, call{method: "GET", path: p.path("standing")})
	t.mustForbid("Asking for the person right after the erasure", a, err)
}

// goneFrom asks for everything of the person at a door.
func (p *person) goneFrom(ctx context.Context, t *trial, d door, records []kept, circumstance string) {
	for _, k := range records {
		for _, purpose := range readers(p.policy, k.set.ID) {
			for _, w := range p.ways(purpose, k) {
				t.mustHide(ctx, d, w, circumstance)
			}
		}
	}
}

// ledgerOfErasures is the one table in which an erased person's id remains: the list of what is to
// be swept, which is how a sweep that was cut short goes on.
const ledgerOfErasures = "sweeps"

// rowsOf counts the tenant's rows that name the person.
func (s *System) rowsOf(ctx context.Context, p *person) (tables map[string]int, err error) {
	tables, look := map[string]int{}, searchFor(p.id)
	err = s.Store.Rows(ctx, p.tenant, func(table string, columns map[string][]byte) error {
		for _, value := range columns {
			if table != ledgerOfErasures && look.in(value) != "" {
				tables[table]++
				break
			}
		}
		return ctx.Err()
	})
	return tables, err
}

// mustHaveRows notes whether the person is in the store before the erasure: if the rows cannot be
// found then, not finding them later proves nothing.
func (s *System) mustHaveRows(ctx context.Context, t *trial, p *person) bool {
	if s.Store == nil {
		t.hurdle("the store cannot be seen from below.")
		return false
	}
	tables, err := s.rowsOf(ctx, p)
	switch {
	case err != nil:
		t.hurdle("the rows of the store could not be read: %v", err)
	case tables["records"] == 0 || tables["subjects"] == 0:
		t.hurdle("the canary's rows are not where the store was searched, so the search proves nothing.")
	default:
		return true
	}
	return false
}

// mustBeSwept notes whether rows of the erased person remain.
func (s *System) mustBeSwept(ctx context.Context, t *trial, p *person) {
	if err := s.Store.Settle(ctx); err != nil {
		t.hurdle("the sweep could not be run: %v", err)
		return
	}
	tables, err := s.rowsOf(ctx, p)
	if err != nil {
		t.hurdle("the rows of the store could not be read: %v", err)
		return
	}
	for table, n := range tables {
		t.breach("After the erasure and its sweep the store has %s of the person in %s.", plural(n, "row"), table)
	}
	if len(tables) == 0 {
		t.good("After the erasure and its sweep the store has no row of the person.")
	}
}
