package control

import (
	"context"

	"clause.dev/clause/internal/policy"
)

// notBuilt is what all planned controls have in common: they make the server do nothing and prove
// nothing, so a clause that rests on one is unkept.
type notBuilt struct{}

// Check finds nothing: the parameters' types and values are all that is known of them.
func (notBuilt) Check(*policy.Policy) error { return nil }

// Plan asks for nothing.
func (notBuilt) Plan(*Plan) {}

// Probe proves nothing.
func (notBuilt) Probe(context.Context, *System) Finding {
	return Finding{Outcome: Unable, Summary: "The control that keeps this is not built yet."}
}

// planned lists the controls that policies may name before they are built.
func planned() []entry {
	return append(plannedOfPeople(), plannedOfOperations()...)
}

// plan is the entry of a planned control.
func plan[C any, P interface {
	*C
	Control
}](name, file, doc string) entry {
	return entry{name, doc, file, false, func() Control { return P(new(C)) }}
}
