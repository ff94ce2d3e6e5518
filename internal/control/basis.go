package control

import (
	"errors"

	"clause.dev/clause/internal/policy"
)

// checkBasis finds purposes that rest on another legal basis than the clause says.
func checkBasis(p *policy.Policy, control string, purposes Purposes, want policy.Basis) error {
	var all []error
	for _, id := range purposes {
		if purpose, ok := p.Purpose(id); ok && purpose.Basis != want {
			all = append(all, problem(control, "purposes", "purpose %s rests on %s, the clause says on %s", id, purpose.Basis, want))
		}
	}
	if len(purposes) == 0 {
		all = append(all, problem(control, "purposes", "a clause about %s must name a purpose", want))
	}
	return errors.Join(all...)
}
