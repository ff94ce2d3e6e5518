package control

import (
	"context"
	"errors"
	"slices"

	"clause.dev/clause/internal/policy"
)

// checkBasis finds purposes that rest on another legal basis than the clause says.
func checkBasis(p *policy.Policy, control string, purposes Purposes, want policy.Basis) error {
	var all []error
	for _, id := range purposes {
		if purpose, ok := p.Purpose(id); ok && purpose.Basis != want {
			all = append(all, problem(control, "purposes", "purpose %s rests on %s, the clause says on %s", id, purpose.Basis, want).
				WithHint("give the purpose basis: %s, or name it in a clause about %s", want, purpose.Basis))
		}
	}
	if len(purposes) == 0 {
		all = append(all, problem(control, "purposes", "a clause about %s must name a purpose", want).
			WithHint("name the purposes with basis: %s", want))
	}
	return errors.Join(all...)
}

// use does for a purpose what it may do with a record: reads it, or if it may not read, writes it
// again. ok is false if the purpose may do neither on its own.
func (p *person) use(ctx context.Context, purpose *policy.Purpose, k kept) (a answer, ok bool, err error) {
	seen := plainFields(k.set, sight(purpose, k.set.ID))
	switch {
	case len(seen) == 0:
		return answer{}, false, nil
	case may(purpose, policy.Read):
		a, err = p.read(ctx, purpose.ID, k.set.ID, k.id)
		return a, true, err
	case may(purpose, policy.Write):
		values, _ := p.marks.sample(k.set, seen)
		a, err = p.do(ctx, call{method: "PATCH", path: p.path("data", k.set.ID, k.id), purpose: purpose.ID, body: map[string]any{"fields": values}})
		return a, true, err
	}
	return answer{}, false, nil
}

// eachUse stocks what the purposes see, and calls try with every record that each can use.
func (s *System) eachUse(ctx context.Context, t *trial, purposes Purposes, try func(*person, *policy.Purpose, kept)) {
	s.with(ctx, t, s.Canary.A, func(p *person) {
		seen := dataSets(s.Policy, func(d *policy.DataSet) bool {
			return slices.ContainsFunc(purposes, func(id string) bool {
				purpose, ok := s.Policy.Purpose(id)
				return ok && len(sight(purpose, d.ID)) > 0
			})
		})
		records := p.fill(ctx, t, seen)
		for _, id := range purposes {
			purpose, ok := s.Policy.Purpose(id)
			if !ok {
				t.hurdle("purpose %s is not declared.", id)
				continue
			}
			used := false
			for _, k := range records {
				if len(plainFields(k.set, sight(purpose, k.set.ID))) > 0 && (may(purpose, policy.Read) || may(purpose, policy.Write)) {
					used = true
					try(p, purpose, k)
				}
			}
			if !used {
				t.hurdle("nothing could be tried for purpose %s.", id)
			}
		}
	})
}
