package app

import (
	"context"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/incident"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
)

// incidents is the desk for breaches and legal demands, in the store of a vault.
func (a *App) incidents(v *vault.Vault, log *ledger.Log) *incident.Desk {
	return &incident.Desk{Vault: v, Engine: a.engine(v), Ledger: log, Policy: a.Policy, Rules: a.Plan.Incidents, Erase: func(ctx context.Context, tenant, subject string) (string, error) {
		c := vault.Caller{
			Credential: decision.Credential{ID: "clause", Tenants: []string{tenant}, Environment: v.Environment},
			Scopes:     []string{vault.ScopeRights, vault.ScopeSubjects},
		}
		r, err := a.rights(v, log).Exercise(ctx, c, tenant, rights.Ask{Subject: subject, Right: rights.Erasure}, nil)
		return r.ID, err
	}}
}
