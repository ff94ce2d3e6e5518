package control

import (
	"errors"
	"slices"

	"clause.dev/clause/internal/policy"
)

// MemoryOnly keeps clauses that say data is never written to a disk.
type MemoryOnly struct {
	Data DataSets `param:"data" doc:"the data sets held in memory"`
}

// Check finds data sets that the policy stores, keeps for a time, or promises to retain elsewhere.
func (c *MemoryOnly) Check(p *policy.Policy) error {
	var all []error
	for _, id := range c.Data {
		set, ok := p.DataSet(id)
		if !ok {
			continue // the parser says so
		}
		if set.Storage != policy.Memory {
			all = append(all, problem("memory-only", "data", "data set %s is stored, so it cannot be promised to stay in memory", id).
				WithHint("declare it with storage: memory-only, or take it out of the clause"))
		}
		if set.Keep != 0 {
			all = append(all, problem("memory-only", "data", "data set %s is kept for a time, yet what is only in memory is gone at a restart", id))
		}
		if clause := retainedBy(p, id); clause != "" {
			all = append(all, problem("memory-only", "data", "data set %s is in memory only here, and retained, and so backed up, by clause %s", id, clause).
				WithHint("one of the two promises has to go"))
		}
	}
	return errors.Join(all...)
}

// retainedBy returns the clause that names the data set as one that is kept, or "".
func retainedBy(p *policy.Policy, dataSet string) string {
	for _, clause := range p.Clauses {
		for _, keep := range clause.Keep {
			named, _ := keep.Params["data"].([]string)
			if keep.Control == "retention" && slices.Contains(named, dataSet) {
				return clause.ID
			}
		}
	}
	return ""
}

// Plan asks for nothing: the vault goes by the data set's storage class.
func (c *MemoryOnly) Plan(*Plan) {}
