package app

import (
	"context"

	"clause.dev/clause/internal/account"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/vault"
)

// desksOf are where the people of a tenant look after what is held of them.
func (a *App) desksOf(tenant string) account.Desks {
	var all decision.Set
	for i := range a.Policy.Purposes { // a person's corrections are written for whatever purpose the data is for
		all = all.With(a.Rules.Purpose(a.Policy.Purposes[i].ID))
	}
	return account.Desks{
		Vault: a.Vault, Rights: a.rights(a.Vault, a.Ledger), Messages: a.messages(a.Vault), Named: a.called,
		Caller: vault.Caller{
			Credential: decision.Credential{ID: account.Person, Tenants: []string{tenant}, Purposes: all, Environment: a.Environment},
			Scopes:     []string{vault.ScopeData, vault.ScopeSubjects, vault.ScopeRights},
		},
	}
}

// called is what applications are called, by their ids.
func (a *App) called(ctx context.Context) (map[string]string, error) {
	all, err := a.Applications.List(ctx)
	names := map[string]string{}
	for i := range all {
		names[all[i].ID] = all[i].Title
	}
	return names, err
}
