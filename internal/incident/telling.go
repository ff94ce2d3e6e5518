package incident

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/vault"
)

// again is how often the server looks whether everybody was reached.
const again = time.Minute

// takeOver is how long telling people may take before the server goes on with it: whoever began may have
// died, and if not, nobody is told twice.
const takeOver = 5 * time.Minute

// breachTemplate and demandTemplate are the words of the notices.
const (
	breachTemplate = "breach-people"
	demandTemplate = "legal-demand"
)

// TellPeople has the people concerned told, by every channel promised: it returns when each has a message
// in the outbox. What cuts it short is finished by Run. Once each was reached by one, or a public
// communication was made for those who were not, the clock is discharged.
func (d *Desk) TellPeople(ctx context.Context, c vault.Caller, tenant, id string, in api.PeopleTold) (api.Incident, error) {
	if err := d.admit(ctx, c, "incident.tell-people", tenant); err != nil {
		return api.Incident{}, err
	}
	out, err := d.move(ctx, tenant, id, "people are told once the breach is assessed", []string{assessed}, func(tx *db.Tx, b *breach) error {
		for _, subject := range in.Called {
			if err := notify.Called(tx, b.id, subject); err != nil {
				return err
			}
		}
		switch {
		case in.Public != "":
			b.Public = in.Public
			if err := told(tx, "incident.public-communication", c.Credential.ID, b.id, "", d.clauses(), "reference", in.Public); err != nil {
				return err
			}
			return d.Engine.DischargeOf(tx, b.id, PeopleTold, in.Public)
		case len(in.Called) > 0:
			return told(tx, "incident.people-called", c.Credential.ID, b.id, "", d.clauses(), "people", strconv.Itoa(len(in.Called)))
		}
		if len(b.Consequences) == 0 || len(b.Measures) == 0 {
			return invalid("incident.TellPeople", "measures", "people are told what is likely to come of it and what was done: assess both first (GDPR art. 34(2))")
		}
		b.Telling, b.Told, b.wake = tx.Now(), time.Time{}, db.Micros(tx.Now().Add(takeOver))
		return told(tx, "incident.telling-people", c.Credential.ID, b.id, "", d.clauses())
	})
	if err != nil || in.Public != "" {
		return out, err
	}
	if len(in.Called) == 0 {
		if err := d.tell(ctx, c, tenant, id); err != nil {
			return api.Incident{}, fault.Wrap("incident.TellPeople", err)
		}
	}
	return d.settle(ctx, tenant, id)
}

// tell gives everybody concerned who is not erased a message by each channel. It may be cut short and
// done again: a message is told once.
func (d *Desk) tell(ctx context.Context, c vault.Caller, tenant, id string) error {
	b, err := d.breach(ctx, tenant, id)
	if err != nil {
		return err
	}
	found, err := d.affected(ctx, tenant, b)
	if err != nil {
		return err
	}
	channels, details := d.channels(d.promised()), d.noticeDetails(b)
	people := 0
	meant := func(alias string) bool { return found.people[alias] }
	if len(found.people) > 0 {
		err = d.Vault.People(ctx, c, tenant, id, meant, func(subjects []string) error {
			people += len(subjects)
			return d.db().Write(ctx, tenant, func(tx *db.Tx) error {
				return d.enqueue(tx, id, breachTemplate, subjects, channels, details)
			})
		})
	}
	if err != nil {
		return err
	}
	_, err = d.move(ctx, tenant, id, "people are told once the breach is assessed", []string{assessed}, func(tx *db.Tx, b *breach) error {
		if !b.Told.IsZero() { // another server was quicker
			return nil
		}
		b.Told = tx.Now()
		return told(tx, "incident.people-told", c.Credential.ID, b.id, "", d.clauses(), "people", strconv.Itoa(people), "affected", strconv.Itoa(len(found.people)))
	})
	return err
}

// promised are the channels that the clauses name.
func (d *Desk) promised() (all []notify.Channel) {
	known := map[notify.Channel]bool{}
	for _, p := range d.Rules.Breach {
		for _, channel := range p.Channels {
			if !known[channel] {
				known[channel] = true
				all = append(all, channel)
			}
		}
	}
	return all
}

// noticeDetails are the facts for the words of a notice, GDPR art. 34(2).
func (d *Desk) noticeDetails(b *breach) map[string]string {
	s := d.speech()
	var sets []string
	for _, of := range b.Affected.Data {
		sets = append(sets, s.Set(of.DataSet))
	}
	return map[string]string{
		"incident": b.id, "happened": b.Exposure.From.In(s.zone).Format(time.DateOnly), "nature": s.all(b.Nature), "data": s.join(sets),
		"consequences": s.all(b.Consequences), "measures": s.all(b.Measures),
	}
}

// settle looks whether everybody was reached, which discharges the clock.
func (d *Desk) settle(ctx context.Context, tenant, id string) (api.Incident, error) {
	return d.stepped(ctx, tenant, id, func(tx *db.Tx) error {
		b, err := loadBreach(tx, id)
		if err != nil || b.state != assessed || b.Told.IsZero() {
			return err
		}
		people, reached, err := notify.Reached(tx, id)
		if err != nil {
			return err
		}
		b.wake = db.Micros(tx.Now().Add(again))
		if reached == people {
			b.wake = 0
			if err := d.Engine.DischargeOf(tx, id, PeopleTold, id); err != nil {
				return err
			}
		}
		return b.save(tx)
	})
}

// CameBack is told, in the transaction that notes it, that a mail about an event came back. Where that is a
// breach of which everybody seemed to be told, somebody was not: the people's clock runs anew, from now on,
// when it could be known. It ends as the first did, unless a public communication stands for those not reached.
func (d *Desk) CameBack(tx *db.Tx, event string) error {
	b, err := loadBreach(tx, event)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || b.state != assessed || b.Told.IsZero() || b.Public != "" {
		return err
	}
	all, err := d.Engine.Of(tx, b.id)
	if err != nil {
		return err
	}
	for i := range d.Rules.Breach {
		p := &d.Rules.Breach[i]
		running := slices.ContainsFunc(all, func(c obligation.Clock) bool { return of(&c, &p.People) && c.Live() })
		if p.People.Kind == "" || running || !p.owes(&p.People, b) {
			continue
		}
		if _, err := d.Engine.Open(tx, p.People, b.id); err != nil {
			return err
		}
	}
	b.wake = db.Micros(tx.Now().Add(again))
	return b.save(tx)
}

// Run does what is due by now: goes on telling people where that was cut short, looks who was reached,
// and tells of demands whose gag has ended. It may be interrupted anywhere, two servers may run it, and a
// tenant or incident that fails keeps no other from its turn.
func (d *Desk) Run(ctx context.Context, now time.Time) error {
	var failed error
	for after := ""; ; {
		tenants, err := wakes.Due(ctx, d.db(), now, after)
		if err != nil || len(tenants) == 0 {
			return errors.Join(failed, err)
		}
		for _, tenant := range tenants {
			failed = errors.Join(failed, d.runTenant(ctx, tenant, now))
			after = tenant
		}
	}
}

func (d *Desk) runTenant(ctx context.Context, tenant string, now time.Time) error {
	var breaches, demands, minors []string
	err := d.db().Read(ctx, tenant, func(tx *db.Tx) (err error) {
		if breaches, err = due(tx, breachKind, now); err != nil {
			return err
		}
		if demands, err = due(tx, demandKind, now); err != nil {
			return err
		}
		minors, err = due(tx, minorKind, now)
		return err
	})
	for _, id := range breaches {
		err = errors.Join(err, d.goOn(ctx, tenant, id))
	}
	for _, id := range demands {
		err = errors.Join(err, d.endGag(ctx, tenant, id))
	}
	for _, id := range minors {
		if _, failed := d.goOnMinor(ctx, tenant, id); !fault.Is(failed, fault.NotFound) { // it was closed meanwhile
			err = errors.Join(err, failed)
		}
	}
	return errors.Join(err, d.db().Write(ctx, tenant, wakes.Settle))
}

// goOn continues with a breach.
func (d *Desk) goOn(ctx context.Context, tenant, id string) error {
	b, err := d.breach(ctx, tenant, id)
	if err != nil {
		return err
	}
	if b.Told.IsZero() && !b.Telling.IsZero() {
		if err := d.tell(ctx, d.server(tenant), tenant, id); err != nil {
			return err
		}
	}
	_, err = d.settle(ctx, tenant, id)
	return err
}
