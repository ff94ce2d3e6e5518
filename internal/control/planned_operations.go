package control

import "clause.dev/clause/internal/policy"

// DatabaseFirewall will keep clauses that say from where the database can be reached.
type DatabaseFirewall struct{ notBuilt }

// SeparateListeners will keep clauses that say networks are segregated.
type SeparateListeners struct{ notBuilt }

// AttackBans will keep clauses that say attacks are stopped and their sources banned.
type AttackBans struct {
	notBuilt
	For policy.Term `param:"for" doc:"how long a source is banned"`
}

// AddressRules will keep clauses that say a firewall admits listed addresses only.
type AddressRules struct{ notBuilt }

// CompleteProcessing will keep clauses that say nothing that was accepted is lost or late.
type CompleteProcessing struct {
	notBuilt
	Oldest policy.Term `param:"oldest" doc:"how old the oldest waiting work may be"`
}

// ClusterApproval will keep clauses that say a new database is verified before it is used.
type ClusterApproval struct {
	notBuilt
	People int `param:"people" doc:"how many people approve"`
}

func plannedOfOperations() []entry {
	const file = "planned_operations.go"
	return []entry{
		plan[DatabaseFirewall]("database-firewall", file, "The database accepts connections from listed addresses only."),
		plan[SeparateListeners]("separate-listeners", file, "The public, staff and the machines' own traffic are apart."),
		plan[AttackBans]("attack-bans", file, "Attacks are stopped, and where they come from is banned for a while."),
		plan[AddressRules]("address-rules", file, "A firewall admits listed addresses only."),
		plan[CompleteProcessing]("complete-processing", file, "Nothing that was accepted is lost, and nothing waits too long."),
		plan[ClusterApproval]("cluster-approval", file, "A new database is verified by so many people before it is used."),
	}
}
