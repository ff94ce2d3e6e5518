package control

import (
	"context"

	"clause.dev/clause/internal/policy"
)

// EncryptionAtRest keeps clauses that say stored data is encrypted.
type EncryptionAtRest struct {
	Algorithm string `param:"algorithm" values:"aes-256-gcm" doc:"the cipher of everything that is stored"`
}

// Check finds a cipher that the server does not use.
func (c *EncryptionAtRest) Check(*policy.Policy) error {
	if c.Algorithm != "aes-256-gcm" {
		return problem("encryption-at-rest", "algorithm", "algorithm must be aes-256-gcm: it is the only one in use")
	}
	return nil
}

// Plan asks for nothing: the vault stores nothing in another way.
func (c *EncryptionAtRest) Plan(*Plan) {}

// Probe stores canary values and looks for them in everything the server keeps.
func (c *EncryptionAtRest) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.with(ctx, t, s.Canary.A, func(p *person) {
		stored := dataSets(s.Policy, func(d *policy.DataSet) bool { return d.Storage != policy.Memory })
		if p.fillAndShow(ctx, t, stored) == nil {
			return
		}
		s.lookAtRest(ctx, t, p.tenant, p.id, p.marks)
		s.lookInBackup(ctx, t, p.marks)
	})
	return t.finding("What was stored can be read through the server, and is readable nowhere in its store, its files or a backup.")
}
