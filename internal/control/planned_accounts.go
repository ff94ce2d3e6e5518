package control

// SingleSignOn will keep clauses that say whose accounts customers can sign in with.
type SingleSignOn struct {
	notBuilt
	Providers []string `param:"providers" doc:"the identity providers, such as Google Workspace"`
}

func plannedOfAccounts() []entry {
	const file = "planned_accounts.go"
	return []entry{
		plan[SingleSignOn]("single-sign-on", file, "Customers can sign in with the accounts they have elsewhere."),
	}
}
