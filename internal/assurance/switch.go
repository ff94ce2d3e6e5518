package assurance

import (
	"context"
	"strconv"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// The states of a switch-over.
const (
	switching = "running"
	tookOver  = "taken-over"
	lostSome  = "failed" // what had been acknowledged was not there afterwards
)

// switchOver is what is stored of a switch-over beside its columns.
type switchOver struct {
	row `json:"-"`

	Before, After db.Node
	Ended         time.Time
	Acknowledged  int64         // writes that were answered for while it went on
	Lost          int64         // those of them that could not be read afterwards
	Pause         time.Duration // the longest time in which no write was answered for
}

// switchOvers is what the clocks of switch-overs are about.
const switchOvers = "switch-overs"

func (s *switchOver) clockAbout(tenant string) string {
	if drill(tenant) {
		return s.id
	}
	return switchOvers
}

// BeginSwitchOver notes which node answers for the store, before another is made to take over.
func (d *Desk) BeginSwitchOver(ctx context.Context, c vault.Caller, tenant string, in api.NewSwitchOver) (out api.SwitchOver, err error) {
	const op = "assurance.BeginSwitchOver"
	if err := d.admit(ctx, c, "switch-over.begin", tenant); err != nil {
		return out, err
	}
	if err := reference(op, "reference", in.Reference); err != nil {
		return out, err
	}
	before, err := d.Node(ctx)
	if err != nil {
		return out, fault.Wrap(op, err)
	}
	s := &switchOver{row: row{kind: switchKind, id: newID("swi_"), state: switching, reference: in.Reference}, Before: before}
	return d.switches().step(ctx, tenant, s.id, func(tx *db.Tx) error {
		s.opened = db.Micros(tx.Now())
		if err := insert(tx, s); err != nil {
			return err
		}
		return told(tx, "switch-over.begun", c.Credential.ID, s.id, "", d.switchClauses(), "reference", s.reference, "timeline", before.Timeline)
	})
}

// FinishSwitchOver notes what came of it: how many writes were acknowledged meanwhile, and how many of them
// were lost. The server looks itself whether another node answers now: if not, nothing has taken over, and
// that is a Conflict. Only one that lost nothing discharges the clock.
func (d *Desk) FinishSwitchOver(ctx context.Context, c vault.Caller, tenant, id string, in api.SwitchOverResult) (out api.SwitchOver, err error) {
	const op = "assurance.FinishSwitchOver"
	if err := d.admit(ctx, c, "switch-over.finish", tenant); err != nil {
		return out, err
	}
	if in.Acknowledged < 1 || in.Lost < 0 || in.Lost > in.Acknowledged || in.Pause < 0 {
		return out, invalid(op, "acknowledged", "a switch-over is proven under load: with writes that were acknowledged, and no more lost than those")
	}
	after, err := d.Node(ctx)
	if err != nil {
		return out, fault.Wrap(op, err)
	}
	return d.switches().step(ctx, tenant, id, func(tx *db.Tx) error {
		s := &switchOver{}
		if err := load(tx, switchKind, id, s); err != nil {
			return err
		}
		if s.state != switching {
			return wrong(op, s.state, "its outcome is noted already")
		}
		if after == s.Before {
			return fault.New(op, fault.Conflict, "the node that answers is the one that did before: nothing has taken over").WithHint("switch over, then finish")
		}
		s.After, s.Ended, s.Acknowledged, s.Lost, s.Pause = after, tx.Now(), in.Acknowledged, in.Lost, time.Duration(in.Pause)*time.Millisecond
		s.state = tookOver
		if s.Lost > 0 {
			s.state = lostSome
		}
		err := told(tx, "switch-over.finished", c.Credential.ID, s.id, "", d.switchClauses(), "state", s.state, "timeline", after.Timeline,
			"acknowledged", strconv.FormatInt(s.Acknowledged, 10), "lost", strconv.FormatInt(s.Lost, 10))
		if err != nil {
			return err
		}
		if err := save(tx, s); err != nil || s.state == lostSome {
			return err
		}
		for _, duty := range d.Rules.SwitchOvers {
			if err := d.done(tx, s.clockAbout(tenant), duty, s.reference); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *Desk) switchClauses() (clauses []string) {
	for _, duty := range d.Rules.SwitchOvers {
		clauses = append(clauses, duty.Clause)
	}
	return clauses
}

// switches are the switchovers of a tenant.
func (d *Desk) switches() sort[*switchOver, api.SwitchOver] {
	return sort[*switchOver, api.SwitchOver]{d, switchKind, func() *switchOver { return &switchOver{} }, d.showSwitch}
}

// SwitchOver returns a switch-over, and while it goes on, which node answers now.
func (d *Desk) SwitchOver(ctx context.Context, c vault.Caller, tenant, id string) (api.SwitchOver, error) {
	out, err := d.switches().one(ctx, c, tenant, id)
	if err != nil || out.State != switching {
		return out, err
	}
	now, err := d.Node(ctx)
	out.Now = nodeName(now)
	return out, fault.Wrap("assurance.SwitchOver", err)
}

// SwitchOvers returns a page of the switch-overs, the newest first, and the cursor of the next, "" on the
// last.
func (d *Desk) SwitchOvers(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) ([]api.SwitchOver, string, error) {
	return d.switches().page(ctx, c, tenant, cursor, limit)
}

// RemoveSwitchOver deletes a drill with its clocks.
func (d *Desk) RemoveSwitchOver(ctx context.Context, c vault.Caller, tenant, id string) error {
	return d.remove(ctx, c, tenant, id, &switchOver{}, switchKind)
}

func (d *Desk) showSwitch(tx *db.Tx, s *switchOver) (api.SwitchOver, error) {
	out := api.SwitchOver{
		ID: s.id, State: s.state, Drill: drill(tx.Tenant()), Reference: s.reference, Begun: s.openedAt(), Finished: api.Moment(s.Ended),
		From: nodeName(s.Before), To: nodeName(s.After), Acknowledged: s.Acknowledged, Lost: s.Lost, Pause: s.Pause.Milliseconds(),
	}
	var err error
	out.Clocks, err = d.Engine.WireOf(tx, s.clockAbout(tx.Tenant()))
	return out, err
}

func nodeName(n db.Node) string {
	if n == (db.Node{}) {
		return ""
	}
	return n.Address + " timeline " + n.Timeline
}
