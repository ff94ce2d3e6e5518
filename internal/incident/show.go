package incident

import (
	"context"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/vault"
)

// Get returns an incident.
func (d *Desk) Get(ctx context.Context, c vault.Caller, tenant, id string) (out api.Incident, err error) {
	if err := d.admit(ctx, c, "incident.read", tenant); err != nil {
		return out, err
	}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		b, err := loadBreach(tx, id)
		if err != nil {
			return err
		}
		out, err = d.show(tx, b)
		return err
	})
	return out, fault.Wrap("incident.Get", err)
}

// List returns a page of the incidents, the newest first, and the cursor of the next, "" on the last.
func (d *Desk) List(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) (all []api.Incident, next string, err error) {
	if err := d.admit(ctx, c, "incident.list", tenant); err != nil {
		return nil, "", err
	}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		rows, more, err := page(tx, breachKind, cursor, limit)
		all, next = make([]api.Incident, 0, len(rows)), more
		for i := range rows {
			b := &breach{row: rows[i]}
			if err := decode(&rows[i], b); err != nil {
				return err
			}
			shown, err := d.show(tx, b)
			if err != nil {
				return err
			}
			all = append(all, shown)
		}
		return err
	})
	return all, next, fault.Wrap("incident.List", err)
}

// Calls lists people who are to be called and were not yet.
func (d *Desk) Calls(ctx context.Context, c vault.Caller, tenant, id string) (out api.Calls, err error) {
	if err := d.admit(ctx, c, "incident.calls", tenant); err != nil {
		return out, err
	}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		if _, err := loadBreach(tx, id); err != nil {
			return err
		}
		out.Subjects, err = notify.Uncalled(tx, id, maxCalls)
		return err
	})
	return out, fault.Wrap("incident.Calls", err)
}

// Unreached lists the people concerned whom no message has reached so far, and what became of each: those
// after a cursor, and the cursor of the next page, "" on the last.
func (d *Desk) Unreached(ctx context.Context, c vault.Caller, tenant, id, cursor string, limit int) (out api.Unreached, err error) {
	if err := d.admit(ctx, c, "incident.unreached", tenant); err != nil {
		return out, err
	}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		if _, err := loadBreach(tx, id); err != nil {
			return err
		}
		missed, err := notify.Unreached(tx, id, cursor, limit+1)
		out = api.Unreached{People: []api.UnreachedPerson{}}
		if len(missed) > limit {
			missed = missed[:limit]
			out.Next = missed[limit-1].Subject
		}
		for _, m := range missed {
			p := api.UnreachedPerson{Subject: m.Subject}
			for _, w := range m.Ways {
				p.Ways = append(p.Ways, api.MessageWay{Channel: string(w.Channel), State: w.State, Reason: w.Outcome})
			}
			out.People = append(out.People, p)
		}
		return err
	})
	return out, fault.Wrap("incident.Unreached", err)
}

// maxCalls is how many people to be called are listed at a time.
const maxCalls = 1000

// show is an incident as it travels.
func (d *Desk) show(tx *db.Tx, b *breach) (api.Incident, error) {
	out := api.Incident{
		ID: b.id, State: b.state, Drill: b.Drill, Nature: b.Nature, Cause: b.Cause, Reference: b.Reference, Exposure: b.Exposure,
		Suspected: b.suspectedAt(), Aware: api.Moment(b.Aware), Assessed: api.Moment(b.Assessed), Closed: api.Moment(b.Closed),
		Risk: b.Risk, Reasons: b.Reasons, Consequences: b.Consequences, Measures: b.Measures, Affected: b.Affected,
		Authority: b.Phases, Lessons: b.Lessons, NoBreach: b.NoBreach,
	}
	var err error
	if out.Clocks, err = d.Engine.WireOf(tx, b.id); err != nil {
		return out, err
	}
	if !b.Telling.IsZero() || b.Public != "" {
		out.People, err = reached(tx, b)
	}
	return out, err
}

// reached is how far the people concerned were told.
func reached(tx *db.Tx, b *breach) (*api.PeopleReached, error) {
	r := &api.PeopleReached{Public: b.Public, At: api.Moment(b.Told)}
	var err error
	if r.People, r.Reached, err = notify.Reached(tx, b.id); err != nil {
		return nil, err
	}
	r.Channels, err = tallies(tx, b.id)
	return r, err
}
