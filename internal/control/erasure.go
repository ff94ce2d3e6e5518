package control

import (
	"context"
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

// Probe erases a person whom a backup still holds, and looks for them everywhere; it also looks at
// the age of the keys by which old backups could still be read.
func (c *Erasure) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.with(ctx, t, s.Canary.A, func(survivor *person) {
		s.with(ctx, t, s.Canary.A, func(p *person) {
			all := dataSets(s.Policy, func(*policy.DataSet) bool { return true })
			lives, records := survivor.fill(ctx, t, all), p.fillAndShow(ctx, t, all)
			if records == nil || !s.mustHaveRows(ctx, t, p) {
				return
			}
			before, err := s.backup(ctx)
			if err != nil {
				t.hurdle("%v", err)
				return
			}
			defer before.discard()
			p.goneAtOnce(ctx, t, records)
			s.mustBeSwept(ctx, t, p)
			s.lookAtRest(ctx, t, p.tenant, "", p.marks)
			s.resurrect(ctx, t, before, survivor, p, lives, records)
		})
	})
	c.schedule(t, s)
	return t.finding("An erased person is refused at once, is in no row or file, does not come back from an older backup, and no backup can be read for longer than " + days(c.Within) + ".")
}

// resurrect restores the backup from before the erasure: others are in it, the person is not.
func (s *System) resurrect(ctx context.Context, t *trial, before backup, survivor, p *person, lives, records []kept) {
	scratch, err := s.restore(ctx, before)
	if err != nil {
		t.hurdle("%v", err)
		return
	}
	defer scratch.Close()
	others := false
	for _, k := range lives {
		if k.set.Storage == policy.Memory {
			continue // in no backup
		}
		shown, err := survivor.at(scratch).show(ctx, k)
		others = others || err == nil && shown
	}
	if !others {
		t.hurdle("the restored backup shows nobody's data, so that it does not show the erased person's proves nothing.")
		return
	}
	t.good("A backup from before the erasure was restored, and shows another person's data.")
	there := p.at(scratch)
	there.goneFrom(ctx, t, there.door, records, "of the erased person from that backup")
}

// schedule looks whether the keys that old backups hang on are destroyed in time.
func (c *Erasure) schedule(t *trial, s *System) {
	if s.Epochs == nil || s.Now == nil {
		t.hurdle("the ages of the keys cannot be seen.")
		return
	}
	now, live := s.Now(), 0
	for _, epoch := range s.Epochs() {
		if !epoch.Destroyed.IsZero() {
			continue
		}
		live++
		if age := now.Sub(epoch.Began); age > c.Within {
			t.breach("The key of epoch %d is %s old and not destroyed: a backup made under it can be read for longer than %s.", epoch.Number, days(age.Truncate(24*time.Hour)), days(c.Within))
		}
	}
	if live == 0 {
		t.hurdle("the key folder shows no live key.")
		return
	}
	c.due(t, s, now)
	t.good("No key that a backup can be read by (of %s in use) is older than %s.", plural(live, "epoch"), days(c.Within))
}

// slack is how late a turn or a destruction may be before it is worth a word: a server may be down
// for a night.
const slack = 24 * time.Hour

// due looks whether keys are turned and destroyed when the policy says, so that one that is late is
// seen before the promise is broken.
func (c *Erasure) due(t *trial, s *System, now time.Time) {
	schedule := s.Policy.Backups
	for _, epoch := range s.Epochs() {
		switch {
		case !epoch.Destroyed.IsZero():
		case epoch.Ended.IsZero() && now.Sub(epoch.Began) > schedule.Epoch+slack:
			t.hurdle("the key of epoch %d ought to have been followed by a new one.", epoch.Number)
		case !epoch.Ended.IsZero() && now.Sub(epoch.Ended) > schedule.Horizon+slack:
			t.hurdle("the key of epoch %d ought to have been destroyed.", epoch.Number)
		}
	}
}
