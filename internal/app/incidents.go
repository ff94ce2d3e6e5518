package app

import (
	"clause.dev/clause/internal/incident"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/vault"
)

// incidents is the desk for breaches and legal demands, in the store of a vault.
func (a *App) incidents(v *vault.Vault, log *ledger.Log) *incident.Desk {
	engine := *a.Clocks
	engine.DB = v.DB
	return &incident.Desk{Vault: v, Engine: &engine, Ledger: log, Policy: a.Policy, Rules: a.Plan.Incidents}
}
