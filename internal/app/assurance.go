package app

import (
	"context"

	"clause.dev/clause/internal/assurance"
	"clause.dev/clause/internal/vault"
)

// assurance is the desk for security tests, findings, exercises and researchers' reports, in the store of a
// vault.
func (a *App) assurance(v *vault.Vault) *assurance.Desk {
	return &assurance.Desk{Vault: v, Engine: a.engine(v), Ring: a.Ring, Rules: a.Plan.Assurance, Node: v.DB.Node}
}

// RunReports keeps what researchers wrote readable, and forgets it in time.
func (a *App) RunReports(ctx context.Context) error { return a.assurance(a.Vault).Run(ctx, a.Now()) }
