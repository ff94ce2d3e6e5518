package control

import (
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/identity/password"
)

// Accounts is what clauses ask of the accounts of people. Where several ask for the same, the strictest.
type Accounts struct {
	Password password.Rule
	Rules    identity.Rules
}

// defaultAccounts is what holds where no clause says anything.
func defaultAccounts() Accounts { return Accounts{Password: password.Default()} }
