package control

import (
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// TenantIsolation keeps clauses that say customers' data is kept apart.
type TenantIsolation struct{}

// Check finds nothing: isolation has no parameters and holds with any policy.
func (c *TenantIsolation) Check(*policy.Policy) error { return nil }

// Plan has refusals of another tenant's data name the clause.
func (c *TenantIsolation) Plan(p *Plan) {
	p.ground(decision.StepTenant)
}
