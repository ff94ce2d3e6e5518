package app

import "clause.dev/clause/internal/console"

// consoleWork are the desks at which staff work on the console.
func (a *App) consoleWork() console.Work {
	return console.Work{
		Rights: a.rights(a.Vault, a.Ledger), Incidents: a.incidents(a.Vault, a.Ledger), Assurance: a.assurance(a.Vault),
		Retention: a.retention(a.Vault, a.Ledger), Access: a.access(a.Vault), Vault: a.Vault,
	}
}
