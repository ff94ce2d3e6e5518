package control

import (
	"time"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// Erasure keeps clauses that say how soon deleted data is gone: GDPR art. 17.
type Erasure struct {
	Within time.Duration `param:"within" doc:"by when nothing can be read, backups included"`
}

// Check finds a schedule of backups under which data outlives the promise: what a backup holds can
// be read until its epoch's key is destroyed.
func (c *Erasure) Check(p *policy.Policy) error {
	switch schedule := p.Backups.Epoch + p.Backups.Horizon; {
	case c.Within <= 0:
		return problem("erasure", "within", "within must be more than nothing")
	case p.Backups.Epoch <= 0:
		return problem("erasure", "within", "no epoch is set, so no backup would ever become unreadable").
			WithHint("set backups: epoch and horizon so that their sum is at most the time promised")
	case schedule > c.Within:
		return problem("erasure", "within", "a backup can be read for %s (epoch and horizon), the clause promises %s", days(schedule), days(c.Within)).
			WithHint("shorten the epoch or the horizon of backups")
	}
	return nil
}

// Plan bounds the time to the end of the last backup.
func (c *Erasure) Plan(p *Plan) {
	p.ground(decision.StepErased)
	if p.EraseWithin == 0 || c.Within < p.EraseWithin {
		p.EraseWithin = c.Within
	}
}
