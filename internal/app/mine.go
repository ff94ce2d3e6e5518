package app

import (
	"context"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/account"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/incident"
	"clause.dev/clause/internal/vault"
)

// desksOf are where the people of a tenant look after what is held of them.
func (a *App) desksOf(tenant string) account.Desks {
	var all decision.Set
	for i := range a.Policy.Purposes { // a person's corrections are written for whatever purpose the data is for
		all = all.With(a.Rules.Purpose(a.Policy.Purposes[i].ID))
	}
	var report func(ctx context.Context, subject string) error
	if len(a.Plan.Incidents.Minor) > 0 {
		report = func(ctx context.Context, subject string) error {
			public := vault.Caller{
				Credential: decision.Credential{ID: incident.Public, Tenants: []string{tenant}, Environment: a.Environment},
				Scopes:     []string{vault.ScopeDuties},
			}
			_, err := a.incidents(a.Vault, a.Ledger).ReportMinor(ctx, public, tenant, api.MinorReport{Subject: subject})
			return err
		}
	}
	return account.Desks{
		ReportMinor: report,
		Vault:       a.Vault, Rights: a.rights(a.Vault, a.Ledger), Messages: a.messages(a.Vault), Named: a.called,
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
