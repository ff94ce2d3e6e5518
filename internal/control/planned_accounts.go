package control

import "clause.dev/clause/internal/policy"

// SingleSignOn will keep clauses that say whose accounts customers can sign in with.
type SingleSignOn struct {
	notBuilt
	Providers []string `param:"providers" doc:"the identity providers, such as Google Workspace"`
}

// CustomerGrant will keep clauses that say staff see a customer's data only while the customer allows it.
type CustomerGrant struct {
	notBuilt
	Longest policy.Term `param:"longest" doc:"how long a grant lasts at most"`
}

// AccessApproval will keep clauses that say staff get access by need to know and approval.
type AccessApproval struct {
	notBuilt
	By []string `param:"by" doc:"who approves, such as the manager"`
}

// AccessReview will keep clauses that say how often access is reviewed.
type AccessReview struct {
	notBuilt
	Every policy.Term `param:"every" doc:"how often, such as every quarter"`
}

// EnvironmentAccess will keep clauses that say environments are apart and few people reach production.
type EnvironmentAccess struct {
	notBuilt
	Restricted Environments `param:"restricted" doc:"the environments that only these people reach"`
	Team       string       `param:"team" doc:"who they are"`
	People     int          `param:"people" doc:"how many they are at most"`
}

func plannedOfAccounts() []entry {
	const file = "planned_accounts.go"
	return []entry{
		plan[SingleSignOn]("single-sign-on", file, "Customers can sign in with the accounts they have elsewhere."),
		plan[CustomerGrant]("customer-grant", file, "Staff see a customer's data only under that customer's grant, which ends."),
		plan[AccessApproval]("access-approval", file, "Staff get access by need to know, approved by somebody else."),
		plan[AccessReview]("access-review", file, "Every grant of access is reviewed this often, and lapses if it is not."),
		plan[EnvironmentAccess]("environment-access", file, "Environments are apart, and only so many people reach these."),
	}
}
