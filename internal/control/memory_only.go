package control

import (
	"context"
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
			all = append(all, problem("memory-only", "data", "data set %s is kept for a time, yet what is only in memory is gone at a restart", id).
				WithHint("take keep: out of the data set"))
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

// Probe gives canary values to the data sets and looks for them on every disk.
func (c *MemoryOnly) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.with(ctx, t, s.Canary.A, func(p *person) {
		records := p.fillAndShow(ctx, t, c.sets(s.Policy))
		if records == nil {
			return
		}
		s.lookAtRest(ctx, t, p.tenant, p.id, p.marks)
		c.lookForRows(ctx, t, s, p)
		s.lookInBackup(ctx, t, p.marks)
		c.delete(ctx, t, p, records)
	})
	return t.finding("What was given to " + list(c.Data) + " is answered from memory, and is on no disk, in no row and in no backup.")
}

func (c *MemoryOnly) sets(p *policy.Policy) []*policy.DataSet {
	return dataSets(p, func(d *policy.DataSet) bool { return slices.Contains(c.Data, d.ID) })
}

// lookForRows looks for rows of the data sets: even an encrypted one would be a copy on a disk.
func (c *MemoryOnly) lookForRows(ctx context.Context, t *trial, s *System, p *person) {
	if s.Store == nil {
		return // was said
	}
	rows := 0
	err := s.Store.Rows(ctx, p.tenant, func(_ string, columns map[string][]byte) error {
		if string(columns["subject_id"]) == p.id && slices.Contains(c.Data, string(columns["data_set"])) {
			rows++
		}
		return ctx.Err()
	})
	switch {
	case err != nil:
		t.hurdle("the rows of the store could not be read: %v", err)
	case rows > 0:
		t.breach("The store has %s of data that is to stay in memory.", plural(rows, "row"))
	default:
		t.good("The store has no row, not even an encrypted one, of %s.", list(c.Data))
	}
}

// delete deletes the records, after which they have to be gone from memory too.
func (c *MemoryOnly) delete(ctx context.Context, t *trial, p *person, records []kept) {
	for _, k := range records {
		purpose, shows := deleter(p.policy, k.set), readers(p.policy, k.set.ID)
		if purpose == nil || len(shows) == 0 {
			continue // it goes by erasing the person only
		}
		if err := p.ready(ctx, purpose); err != nil {
			t.hurdle("%v", err)
			continue
		}
		a, err := p.do(ctx, call{method: "DELETE", path: p.path("data", k.set.ID, k.id), purpose: purpose.ID})
		if err := done("a canary record of "+k.set.ID+" could not be deleted", a, err); err != nil {
			t.hurdle("%v", err)
			continue
		}
		a, err = p.read(ctx, shows[0].ID, k.set.ID, k.id)
		t.mustForbid("Reading "+k.set.ID+" after its deletion", a, err)
	}
}
