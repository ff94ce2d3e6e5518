// Package control holds the ways of keeping a promise, one to a file: its parameters, the
// contradictions they can stand in with the rest of a policy, what it makes the server do, and a
// probe that looks from outside whether it is so.
//
// Every control is listed in Catalogue. A control that a policy may already name but that is not
// built yet stands in planned.go and leaves its clauses unkept.
package control

import (
	"context"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// Control is one way of keeping a promise. Its parameters are the fields of its struct that carry
// a `param` tag.
type Control interface {
	// Check finds parameters that cannot work, alone or with the rest of the policy: joined
	// *fault.Error values of kind Invalid, Field being the parameter.
	Check(*policy.Policy) error
	// Plan adds what the server shall do.
	Plan(*Plan)
	// Probe looks whether it is so. It works on canaries, leaves none behind, and returns once ctx
	// is done, with Unable where it saw too little.
	Probe(context.Context, *System) Finding
}

// problem is a contradiction found by a control's Check, at one of its parameters.
func problem(control, param, format string, args ...any) *fault.Error {
	return fault.New("control."+control, fault.Invalid, format, args...).WithField(param)
}
