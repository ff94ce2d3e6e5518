package assurance

import (
	"context"
	"slices"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
)

// recurring is a duty that comes again and again, about a thing.
type recurring struct {
	about string
	duty  obligation.Duty
}

// exercises is what the clocks of exercises are about.
const exercises = "exercises"

// applicationAbout is what the clocks of an application's tests are about.
func applicationAbout(application string) string { return "application:" + Slug(application) }

// recurring are all duties of the organisation that come again and again.
func (d *Desk) recurring() (all []recurring) {
	for _, r := range d.Rules.Tests {
		for _, application := range r.Applications {
			all = append(all, recurring{applicationAbout(application), r.Duty})
		}
	}
	for _, e := range d.Rules.Exercises {
		all = append(all, recurring{exercises, e.Duty})
	}
	for _, duty := range d.Rules.SwitchOvers {
		all = append(all, recurring{switchOvers, duty})
	}
	return all
}

// Begin opens, for the organisation, the clock of each rhythm that has none, and ends those of rhythms that
// are no longer promised. It does nothing the second time, and two servers may do it at once.
func (d *Desk) Begin(ctx context.Context) error {
	return fault.Wrap("assurance.Begin", d.db().Write(ctx, db.Organisation, func(tx *db.Tx) error {
		all := d.recurring()
		for _, r := range all {
			if _, err := d.running(tx, r.about, r.duty); err != nil {
				return err
			}
		}
		return d.endOthers(tx, all)
	}))
}

// running returns the live clock of a rhythm, begun now if there is none.
func (d *Desk) running(tx *db.Tx, about string, duty obligation.Duty) (obligation.Clock, error) {
	found, err := d.Engine.Of(tx, about)
	if err != nil {
		return obligation.Clock{}, err
	}
	for i := range found {
		if c := &found[i]; c.Live() && same(&c.Duty, &duty) {
			return *c, nil
		}
	}
	return d.Engine.Open(tx, duty, about)
}

func same(a, b *obligation.Duty) bool { return a.Kind == b.Kind && a.Clause == b.Clause }

// endOthers ends the organisation's clocks of rhythms that no clause promises any more, but those that were
// missed.
func (d *Desk) endOthers(tx *db.Tx, promised []recurring) error {
	kept := func(c *obligation.Clock) bool {
		return slices.ContainsFunc(promised, func(r recurring) bool { return r.about == c.About && same(&r.duty, &c.Duty) })
	}
	for _, kind := range []string{TestDuty, ExerciseDuty, SwitchOverDuty} {
		if err := d.Engine.KeepPromised(tx, kind, kept); err != nil {
			return err
		}
	}
	return nil
}

// done discharges the clock of a rhythm. The next one runs by the figure that is promised now.
func (d *Desk) done(tx *db.Tx, about string, duty obligation.Duty, evidence string) error {
	c, err := d.running(tx, about, duty)
	if err != nil {
		return err
	}
	if err := d.Engine.Discharge(tx, c.ID, duty.Evidence, evidence); err != nil {
		return err
	}
	if c.Duty.Limit == duty.Limit {
		return nil
	}
	next, err := d.running(tx, about, duty)
	if err != nil || next.Late(tx.Now()) || next.Duty.Limit == duty.Limit {
		return err
	}
	if err := d.Engine.Cancel(tx, next.ID, "figure-changed"); err != nil {
		return err
	}
	_, err = d.Engine.Open(tx, duty, about)
	return err
}
