package control

import (
	"context"
	"slices"

	"clause.dev/clause/internal/policy"
)

// EncryptedBackups keeps clauses that say what is backed up or replicated is encrypted on its way and there.
type EncryptedBackups struct {
	Data DataSets `param:"data" doc:"the data sets that are backed up"`
}

// Check finds a clause that names nothing.
func (c *EncryptedBackups) Check(*policy.Policy) error {
	if len(c.Data) == 0 {
		return problem("encrypted-backups", "data", "it names no data set")
	}
	return nil
}

// Plan asks for nothing: a backup is encrypted before it is written, and a row before it is sent to the store.
func (c *EncryptedBackups) Plan(*Plan) {}

// Probe stores canary values and takes a backup: they are in it, since a server restored from it shows them,
// and nowhere in its bytes; nor are they in the rows, which is what a replica is sent.
func (c *EncryptedBackups) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Policy == nil {
		t.hurdle("the policy cannot be seen.")
		return t.finding("")
	}
	named := func(kept policy.Storage) []*policy.DataSet {
		return dataSets(s.Policy, func(d *policy.DataSet) bool {
			return slices.Contains(c.Data, d.ID) && (d.Storage == policy.Memory) == (kept == policy.Memory)
		})
	}
	s.with(ctx, t, s.Canary.A, func(p *person) {
		var stored, memory []kept
		if stored = p.fillAndShow(ctx, t, named(policy.Stored)); stored == nil {
			return
		}
		if sets := named(policy.Memory); len(sets) > 0 {
			memory = p.fillAndShow(ctx, t, sets)
		}
		c.rows(ctx, t, s, p)
		c.backup(ctx, t, s, p, stored, memory)
	})
	return t.finding("A backup holds what was stored, as a server restored from it shows, and none of it can be read in the backup or in what a replica is sent.")
}

// rows looks through what a replica of the store is sent: its rows.
func (c *EncryptedBackups) rows(ctx context.Context, t *trial, s *System, p *person) {
	if s.Store == nil {
		t.hurdle("the store cannot be seen from below.")
		return
	}
	if !s.anchored(ctx, t, p.tenant, p.id) {
		return
	}
	look := searchFor(p.marks.list()...)
	where, how, err := look.inRows(ctx, s.Store, p.tenant, "")
	if report(t, "table", where, how, err) {
		t.good("No canary value is in any of %s, which is what a replica is sent.", plural(look.rows, "row"))
	}
}

// backup makes a backup, searches it, and restores it.
func (c *EncryptedBackups) backup(ctx context.Context, t *trial, s *System, p *person, stored, memory []kept) {
	b, err := s.backup(ctx)
	if err != nil {
		t.hurdle("%v", err)
		return
	}
	defer b.discard()
	look := searchFor(p.marks.list()...)
	how, err := look.read(ctx, b.file)
	if report(t, "backup", "made just now", how, err) {
		t.good("A backup made just now (%s) holds no canary value that could be read.", bytesOf(look.size))
	}
	if _, err := b.file.Seek(0, 0); err != nil {
		t.hurdle("the backup could not be read again: %v", err)
		return
	}
	scratch, err := s.restore(ctx, b)
	if err != nil {
		t.hurdle("%v", err)
		return
	}
	defer scratch.Close()
	there := p.at(scratch)
	for _, k := range stored {
		back, err := there.show(ctx, k)
		switch {
		case err != nil:
			t.hurdle("%v", err)
		case k.marked && !back:
			t.hurdle("the canary's %s is not in the backup, so that not finding it proves nothing.", k.set.ID)
		case back:
			t.good("A server restored from it shows the canary's %s.", k.set.ID)
		}
	}
	for _, k := range memory {
		if purposes := readers(p.policy, k.set.ID); len(purposes) > 0 {
			a, err := there.read(ctx, purposes[0].ID, k.set.ID, k.id)
			t.mustForbid("Reading "+k.set.ID+", which is in memory only, from a backup", a, err)
		}
	}
}
