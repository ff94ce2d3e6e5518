package control

import (
	"clause.dev/clause/internal/policy"
)

// InteractionLog keeps clauses that say every interaction is recorded.
type InteractionLog struct{}

// Check finds nothing: the log has no parameters and holds with any policy.
func (c *InteractionLog) Check(*policy.Policy) error { return nil }

// Plan asks for nothing: the vault releases nothing that it has not recorded.
func (c *InteractionLog) Plan(*Plan) {}
