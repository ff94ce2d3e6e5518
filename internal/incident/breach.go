package incident

import (
	"context"
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

// The states of a breach.
const (
	suspected = "suspected"
	aware     = "aware"
	assessed  = "assessed"
	closed    = "closed"
)

// The risks, from the least.
var risks = []string{"none", "risk", "high"}

// breach is what is stored of a breach beside its columns. What can be worked out is not.
type breach struct {
	row `json:"-"`

	Nature       []string
	Cause        string
	Reference    string `json:",omitempty"`
	Exposure     api.Exposure
	Drill        bool `json:",omitempty"`
	Aware        time.Time
	Assessed     time.Time
	Closed       time.Time
	Risk         string
	Reasons      []string
	Consequences []string
	Measures     []string
	Affected     *api.Affected
	Phases       []api.AuthorityPhase
	Telling      time.Time // since when messages are being written
	Told         time.Time // since when everybody has one
	Public       string
	Lessons      []string
	NoBreach     bool
}

func loadBreach(tx *db.Tx, id string) (*breach, error) {
	r, err := read(tx, breachKind, id)
	if err != nil {
		return nil, err
	}
	b := &breach{row: *r}
	return b, decode(r, b)
}

func (b *breach) save(tx *db.Tx) error {
	b.details = encode(b)
	return update(tx, &b.row)
}

func (b *breach) suspectedAt() time.Time { return time.UnixMicro(b.opened).UTC() }

// clauses are those that promise something of breaches.
func (d *Desk) clauses() (all []string) {
	for _, p := range d.Rules.Breach {
		all = append(all, p.Clause)
	}
	return all
}

// Suspect opens an incident.
func (d *Desk) Suspect(ctx context.Context, c vault.Caller, tenant string, in api.Suspicion) (api.Incident, error) {
	const op = "incident.Suspect"
	if err := d.admit(ctx, c, "incident.suspect", tenant); err != nil {
		return api.Incident{}, err
	}
	if err := known(op, "nature", append([]string{in.Cause}, in.Nature...)...); err != nil {
		return api.Incident{}, err
	}
	if err := d.checkExposure(in.Exposure); err != nil {
		return api.Incident{}, err
	}
	b := &breach{row: row{id: newID("inc_"), state: suspected}, Nature: in.Nature, Cause: in.Cause, Reference: in.Reference, Exposure: in.Exposure, Drill: len(in.Drill) > 0}
	return d.stepped(ctx, tenant, b.id, func(tx *db.Tx) error {
		b.opened, b.details = db.Micros(tx.Now()), encode(b)
		if err := insert(tx, breachKind, &b.row); err != nil {
			return err
		}
		if err := name(tx, b.id, in.Drill); err != nil {
			return err
		}
		return told(tx, "incident.suspected", c.Credential.ID, b.id, b.Cause, d.clauses())
	})
}

// checkExposure finds an exposure that nothing can have come through.
func (d *Desk) checkExposure(x api.Exposure) error {
	const op = "incident.Exposure"
	if x.From.IsZero() || !x.From.Before(x.To) {
		return invalid(op, "exposure", "an exposure begins before it ends")
	}
	if _, ok := d.Policy.DataSet(x.DataSet); x.DataSet != "" && !ok {
		return invalid(op, "exposure", "the policy declares no such data set")
	}
	if _, ok := d.Policy.Purpose(x.Purpose); x.Purpose != "" && !ok {
		return invalid(op, "exposure", "the policy declares no such purpose")
	}
	return nil
}

// stepped makes a step in one transaction, and returns where the incident then stands.
func (d *Desk) stepped(ctx context.Context, tenant, id string, step func(tx *db.Tx) error) (out api.Incident, err error) {
	err = d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		if err := step(tx); err != nil {
			return err
		}
		b, err := loadBreach(tx, id)
		if err != nil {
			return err
		}
		out, err = d.show(tx, b)
		return err
	})
	return out, fault.Wrap("incident.step", err)
}

// move is stepped from some of the states.
func (d *Desk) move(ctx context.Context, tenant, id string, what string, from []string, step func(tx *db.Tx, b *breach) error) (api.Incident, error) {
	return d.stepped(ctx, tenant, id, func(tx *db.Tx) error {
		b, err := loadBreach(tx, id)
		if err != nil {
			return err
		}
		if !slices.Contains(from, b.state) {
			return wrong("incident.move", b.state, what)
		}
		if err := step(tx, b); err != nil {
			return err
		}
		return b.save(tx)
	})
}

// Aware notes when the organisation learned of the breach, from when on the clocks run.
func (d *Desk) Aware(ctx context.Context, c vault.Caller, tenant, id string, in api.Awareness) (api.Incident, error) {
	if err := d.admit(ctx, c, "incident.aware", tenant); err != nil {
		return api.Incident{}, err
	}
	return d.move(ctx, tenant, id, "its clocks run already", []string{suspected}, func(tx *db.Tx, b *breach) error {
		b.Aware = tx.Now()
		if in.At != nil {
			b.Aware = in.At.UTC().Truncate(time.Microsecond)
		}
		switch {
		case b.Aware.After(tx.Now()):
			return invalid("incident.Aware", "at", "nobody is aware of something in the future")
		case b.Drill && in.At != nil:
			return invalid("incident.Aware", "at", "the clocks of a drill run from now: it must make no clause late")
		}
		b.state = aware
		if err := told(tx, "incident.aware", c.Credential.ID, b.id, "", d.clauses(), "at", stamp(b.Aware)); err != nil {
			return err
		}
		return d.settleClocks(tx, b, b.Aware)
	})
}

// stamp is a moment as an id.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// owes reports whether a duty of a promise is owed at the breach's risk, as far as that is known.
func (p *Promise) owes(duty *obligation.Duty, b *breach) bool {
	least := "risk" // GDPR art. 33(1): unless a risk is unlikely
	if duty == &p.People {
		least = p.PeopleAt
	}
	return b.Risk == "" || slices.Index(risks, b.Risk) >= slices.Index(risks, least)
}

// settleClocks opens, from a time on, what the breach owes and has no clock yet, and ends what it does not
// owe after all.
func (d *Desk) settleClocks(tx *db.Tx, b *breach, since time.Time) error {
	running, err := d.Engine.Of(tx, b.id)
	if err != nil {
		return err
	}
	for i := range d.Rules.Breach {
		p := &d.Rules.Breach[i]
		for _, duty := range []*obligation.Duty{&p.Authority, &p.People} {
			if duty.Kind == "" {
				continue
			}
			if err := d.settleClock(tx, b, duty, running, p.owes(duty, b), since); err != nil {
				return err
			}
		}
	}
	return nil
}

// of reports whether a clock is of a duty.
func of(c *obligation.Clock, duty *obligation.Duty) bool {
	return c.Duty.Kind == duty.Kind && c.Duty.Clause == duty.Clause
}

func (d *Desk) settleClock(tx *db.Tx, b *breach, duty *obligation.Duty, all []obligation.Clock, owed bool, since time.Time) error {
	had := false
	for i := range all {
		c := &all[i]
		if !of(c, duty) || c.State == obligation.Void {
			continue
		}
		had = true // it runs, or was discharged
		if c.Live() && !owed {
			if err := d.Engine.Void(tx, c, "risk-"+b.Risk, b.id); err != nil {
				return err
			}
		}
	}
	if had || !owed {
		return nil
	}
	_, err := d.Engine.OpenSince(tx, *duty, b.id, since)
	return err
}

// Assess weighs the breach, once or again, and works out from the ledger whom it concerns.
func (d *Desk) Assess(ctx context.Context, c vault.Caller, tenant, id string, in api.Assessment) (api.Incident, error) {
	const op = "incident.Assess"
	if err := d.admit(ctx, c, "incident.assess", tenant); err != nil {
		return api.Incident{}, err
	}
	if !slices.Contains(risks, in.Risk) || len(in.Reasons) == 0 {
		return api.Incident{}, invalid(op, "risk", "a risk is none, risk or high, and has reasons")
	}
	if err := known(op, "reasons", slices.Concat(in.Reasons, in.Consequences, in.Measures)...); err != nil {
		return api.Incident{}, err
	}
	if in.Exposure != nil {
		if err := d.checkExposure(*in.Exposure); err != nil {
			return api.Incident{}, err
		}
	}
	before, err := d.breach(ctx, tenant, id)
	if err != nil {
		return api.Incident{}, err
	}
	if in.Exposure != nil {
		before.Exposure = *in.Exposure
	}
	found, err := d.affected(ctx, tenant, before)
	if err != nil {
		return api.Incident{}, fault.Wrap(op, err)
	}
	return d.move(ctx, tenant, id, "it is weighed once the organisation is aware of it, until it is closed", []string{aware, assessed}, func(tx *db.Tx, b *breach) error {
		first := b.Assessed.IsZero()
		b.state, b.Assessed, b.Exposure, b.Affected = assessed, tx.Now(), before.Exposure, found.affected(d.Policy)
		b.Risk, b.Reasons, b.Consequences, b.Measures = in.Risk, in.Reasons, in.Consequences, in.Measures
		err := told(tx, "incident.assessed", c.Credential.ID, b.id, in.Risk, d.clauses(), "people", strconv.Itoa(b.Affected.People))
		if err != nil {
			return err
		}
		since := b.Aware
		if !first { // what comes to be owed now was not before
			since = tx.Now()
		}
		return d.settleClocks(tx, b, since)
	})
}

// breach reads a breach outside of a change.
func (d *Desk) breach(ctx context.Context, tenant, id string) (b *breach, err error) {
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) (err error) {
		b, err = loadBreach(tx, id)
		return err
	})
	return b, err
}

// maxPhases bounds the reports to the authority.
const maxPhases = 20

// TellAuthority notes that the authority took a report; its receipt discharges the clock. What was told
// is kept as it was known then.
func (d *Desk) TellAuthority(ctx context.Context, c vault.Caller, tenant, id string, in api.AuthorityTold) (api.Incident, error) {
	const op = "incident.TellAuthority"
	if err := d.admit(ctx, c, "incident.tell-authority", tenant); err != nil {
		return api.Incident{}, err
	}
	if in.Receipt == "" {
		return api.Incident{}, invalid(op, "receipt", "the authority's receipt proves that it was told")
	}
	return d.move(ctx, tenant, id, "the authority is told of what the organisation is aware of", []string{aware, assessed}, func(tx *db.Tx, b *breach) error {
		form, err := d.notification(tx, b)
		switch {
		case err != nil:
			return err
		case slices.ContainsFunc(b.Phases, func(p api.AuthorityPhase) bool { return p.Receipt == in.Receipt }):
			return fault.New(op, fault.Conflict, "the report with this receipt is noted already")
		case len(b.Phases) == maxPhases:
			return fault.New(op, fault.TooLarge, "an incident has at most %d reports", maxPhases)
		case form.Late && len(b.Phases) == 0 && in.Delay == "":
			return invalid(op, "delay", "it comes late, and the authority is told why (GDPR art. 33(1))")
		}
		if in.Delay != "" {
			if err := known(op, "delay", in.Delay); err != nil {
				return err
			}
		}
		b.Phases = append(b.Phases, api.AuthorityPhase{Phase: len(b.Phases) + 1, Receipt: in.Receipt, At: tx.Now(), Delay: in.Delay, Told: form})
		err = told(tx, "incident.authority-told", c.Credential.ID, b.id, in.Delay, d.clauses(), "receipt", in.Receipt, "phase", strconv.Itoa(len(b.Phases)))
		if err != nil {
			return err
		}
		return d.Engine.DischargeOf(tx, b.id, AuthorityReceipt, in.Receipt)
	})
}

// Close ends an incident of which nothing is owed any more, or a suspicion that was unfounded.
func (d *Desk) Close(ctx context.Context, c vault.Caller, tenant, id string, in api.Closing) (api.Incident, error) {
	const op = "incident.Close"
	if err := d.admit(ctx, c, "incident.close", tenant); err != nil {
		return api.Incident{}, err
	}
	if !slices.ContainsFunc(in.Lessons, func(l string) bool { return !vault.IsReference(l) }) && len(in.Lessons) <= 50 {
		return d.move(ctx, tenant, id, "it must be assessed first", []string{suspected, assessed}, func(tx *db.Tx, b *breach) error {
			if in.NoBreach != (b.state == suspected) {
				return wrong(op, b.state, "only a suspicion is closed as unfounded, and nothing else can be closed before it is assessed")
			}
			all, err := d.Engine.Of(tx, b.id)
			if err != nil {
				return err
			}
			for i := range all {
				if all[i].Live() {
					return fault.New(op, fault.Conflict, "%s is still owed", all[i].Duty.Kind).WithClause(all[i].Duty.Clause)
				}
			}
			if !b.Telling.IsZero() && b.Told.IsZero() {
				return fault.New(op, fault.Conflict, "people are being told")
			}
			b.state, b.Closed, b.Lessons, b.NoBreach, b.wake = closed, tx.Now(), in.Lessons, in.NoBreach, 0
			return told(tx, "incident.closed", c.Credential.ID, b.id, "", d.clauses(), "lessons", strconv.Itoa(len(in.Lessons)))
		})
	}
	return api.Incident{}, invalid(op, "lessons", "lessons are at most 50 ids of yours")
}

// Remove deletes a drill with all it left: its clocks and messages. What happened stays in the ledger.
func (d *Desk) Remove(ctx context.Context, c vault.Caller, tenant, id string) error {
	const op = "incident.Remove"
	if err := d.admit(ctx, c, "incident.remove", tenant); err != nil {
		return err
	}
	return fault.Wrap(op, d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		b, err := loadBreach(tx, id)
		if err != nil {
			return err
		}
		if !b.Drill {
			return fault.New(op, fault.Refused, "only a drill can be removed: a breach is documented (GDPR art. 33(5))")
		}
		return d.removeDrill(tx, c.Credential.ID, id)
	}))
}

func (d *Desk) removeDrill(tx *db.Tx, by, id string) error {
	if err := notify.Withdraw(tx, id); err != nil {
		return err
	}
	if err := d.Engine.Remove(tx, id); err != nil {
		return err
	}
	if err := remove(tx, id); err != nil {
		return err
	}
	return told(tx, "incident.removed", by, id, "drill", nil)
}
