package app

import (
	"context"

	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/assurance"
	"clause.dev/clause/internal/incident"
	"clause.dev/clause/internal/vault"
)

// access is the desk for who of staff may see customers' data, in the store of a vault.
func (a *App) access(v *vault.Vault) *access.Desk {
	purposes := make([]string, 0, len(a.Policy.Purposes))
	for i := range a.Policy.Purposes {
		purposes = append(purposes, a.Policy.Purposes[i].ID)
	}
	return &access.Desk{Vault: v, Engine: a.engine(v), Rules: a.Plan.Staff, Decisions: a.Rules, Purposes: purposes, Environment: a.Environment, Drills: canaryA}
}

// elsewhere reports whether what a clock of the kind owes is discharged at a desk of its own.
func elsewhere(kind string) bool {
	return assurance.Owns(kind) || access.Owns(kind) || incident.Owns(kind)
}

// EndGrants ends the grants whose time is over.
func (a *App) EndGrants(ctx context.Context) error { return a.access(a.Vault).Run(ctx, a.Now()) }
