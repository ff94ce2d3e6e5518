package control

import "clause.dev/clause/internal/policy"

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
		plan[CompleteProcessing]("complete-processing", file, "Nothing that was accepted is lost, and nothing waits too long."),
		plan[ClusterApproval]("cluster-approval", file, "A new database is verified by so many people before it is used."),
	}
}
