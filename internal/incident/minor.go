package incident

import (
	"context"
	"slices"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// Somebody who is found to be too young, after all, is erased by a time. Until then their report names them; once
// it is closed it is removed.

const minorKind kind = "minor"

// The states of a report while it is open, and what became of it.
const (
	reported  = "reported"
	erasing   = "erasing" // they are too young, and what is stored of them goes
	erased    = "erased"
	unfounded = "unfounded"
)

// MinorDuty is the kind of what is owed of a report.
const MinorDuty = "minor.erase"

// Owns reports whether a clock of the kind is ended at this desk alone: by what it looked at, and not by words.
func Owns(kind string) bool { return kind == MinorDuty }

// MinorErased is the evidence that discharges the clock of a report: the person's erasure.
const MinorErased = "erasure"

// Public is who reports at the page that is for anybody.
const Public = "public"

// minorEvery is how often the server looks whether somebody reported is erased, by whatever way.
const minorEvery = 5 * time.Minute

// minorGrounds are how it is known that somebody is too young, or is not.
var minorGrounds = []string{"document", "guardian", "person", "data"}

// minor is what is stored of a report beside its columns.
type minor struct {
	row `json:"-"`

	By      string
	Request string `json:",omitempty"` // of the erasure
}

func loadMinor(tx *db.Tx, id string) (*minor, error) {
	r, err := read(tx, minorKind, id)
	if err != nil {
		return nil, err
	}
	m := &minor{row: *r}
	return m, decode(r, m)
}

func (m *minor) save(tx *db.Tx) error {
	m.details = encode(m)
	return update(tx, &m.row)
}

func (d *Desk) minorClauses() (all []string) {
	for _, duty := range d.Rules.Minor {
		all = append(all, duty.Clause)
	}
	return all
}

// ReportMinor notes that somebody may be too young: from now on runs by when they are erased. Reported again,
// it is the same report.
func (d *Desk) ReportMinor(ctx context.Context, c vault.Caller, tenant string, in api.MinorReport) (out api.Minor, err error) {
	const op = "incident.ReportMinor"
	if err := d.admit(ctx, c, "minor.report", tenant); err != nil {
		return out, err
	}
	if len(d.Rules.Minor) == 0 {
		return out, fault.New(op, fault.Conflict, "no clause says by when a minor is erased").WithHint("minimum-age has erase for that")
	}
	err = d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		m, err := d.minorOf(tx, in.Subject)
		if fault.Is(err, fault.NotFound) {
			m, err = d.openMinor(tx, c.Credential.ID, in.Subject)
		}
		if err != nil {
			return err
		}
		out, err = d.showMinor(tx, m)
		return err
	})
	return out, fault.Wrap(op, err)
}

// minorOf is the open report about somebody, NotFound if there is none.
func (d *Desk) minorOf(tx *db.Tx, subject string) (*minor, error) {
	var id string
	err := tx.One(`SELECT i.incident_id FROM incident_people p JOIN incidents i ON i.tenant_id = p.tenant_id AND i.incident_id = p.incident_id
		WHERE p.tenant_id = $1 AND p.subject_id = $2 AND i.kind = $3`, []any{tx.Tenant(), subject, string(minorKind)}, &id)
	if err != nil {
		return nil, err
	}
	return loadMinor(tx, id)
}

// MinorReport says that somebody is reported to be too young, as they are told of it.
type MinorReport struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	By       string    `json:"by"`
	Reported time.Time `json:"at"`
}

// MinorReports are those about a person, to a duty that has admitted its caller.
func (d *Desk) MinorReports(tx *db.Tx, subject string) ([]MinorReport, error) {
	m, err := d.minorOf(tx, subject)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []MinorReport{{m.id, m.state, m.By, db.Moment(m.opened)}}, nil
}

func (d *Desk) openMinor(tx *db.Tx, by, subject string) (*minor, error) {
	if _, err := d.Vault.DataSubject(tx, subject); err != nil {
		return nil, err
	}
	m := &minor{row: row{id: newID("min_"), state: reported, opened: db.Micros(tx.Now()), wake: db.Micros(tx.Now().Add(minorEvery))}, By: by}
	m.details = encode(m)
	if err := insert(tx, minorKind, &m.row); err != nil {
		return nil, err
	}
	if err := name(tx, m.id, []string{subject}); err != nil {
		return nil, err
	}
	for _, duty := range d.Rules.Minor {
		if _, err := d.Engine.Open(tx, duty, m.id); err != nil {
			return nil, err
		}
	}
	return m, told(tx, "minor.reported", by, m.id, "", d.minorClauses())
}

func (d *Desk) showMinor(tx *db.Tx, m *minor) (out api.Minor, err error) {
	out = api.Minor{ID: m.id, State: m.state, Reported: db.Moment(m.opened), By: m.By}
	people, err := named(tx, m.id)
	if err != nil {
		return out, err
	}
	if len(people) > 0 {
		out.Subject = people[0]
	}
	out.Clocks, err = d.Engine.WireOf(tx, m.id)
	return out, err
}

// ListMinors returns the open reports, the newest first.
func (d *Desk) ListMinors(ctx context.Context, c vault.Caller, tenant, cursor string, limit int) (all []api.Minor, next string, err error) {
	const op = "incident.ListMinors"
	if err := d.admit(ctx, c, "minor.list", tenant); err != nil {
		return nil, "", err
	}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		rows, after, err := page(tx, minorKind, cursor, limit)
		if err != nil {
			return err
		}
		all, next = make([]api.Minor, 0, len(rows)), after
		for i := range rows {
			m := &minor{row: rows[i]}
			if err := decode(&m.row, m); err != nil {
				return err
			}
			one, err := d.showMinor(tx, m)
			if err != nil {
				return err
			}
			all = append(all, one)
		}
		return nil
	})
	return all, next, fault.Wrap(op, err)
}

// GetMinor returns an open report.
func (d *Desk) GetMinor(ctx context.Context, c vault.Caller, tenant, id string) (out api.Minor, err error) {
	if err := d.admit(ctx, c, "minor.read", tenant); err != nil {
		return out, err
	}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		m, err := loadMinor(tx, id)
		if err != nil {
			return err
		}
		out, err = d.showMinor(tx, m)
		return err
	})
	return out, fault.Wrap("incident.GetMinor", err)
}

// FindMinor says whether somebody reported is too young. If so they are erased, which closes the report; if not,
// it is closed as unfounded. Whoever decides that somebody is erased must be let erase people.
func (d *Desk) FindMinor(ctx context.Context, c vault.Caller, tenant, id string, in api.MinorFinding) (out api.Minor, err error) {
	const op = "incident.FindMinor"
	if err := d.admit(ctx, c, "minor.find", tenant); err != nil {
		return out, err
	}
	if in.Minor {
		if err := d.Vault.Admit(ctx, c, "minor.erase", tenant, vault.ScopeSubjects); err != nil {
			return out, err
		}
	}
	if !slices.Contains(minorGrounds, in.Ground) {
		return out, invalid(op, "ground", "it is not said how that is known")
	}
	err = d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		m, err := loadMinor(tx, id)
		if err != nil {
			return err
		}
		if in.Minor {
			m.state, m.wake = erasing, db.Micros(tx.Now())
			if err := told(tx, "minor.found", c.Credential.ID, m.id, in.Ground, d.minorClauses()); err != nil {
				return err
			}
			return m.save(tx)
		}
		if m.state == erasing {
			return wrong(op, m.state, "what is stored of them is going already")
		}
		out, err = d.unfounded(tx, c, m, in.Ground)
		return err
	})
	if err != nil || !in.Minor {
		return out, fault.Wrap(op, err)
	}
	return d.goOnMinor(ctx, tenant, id)
}

// unfounded closes a report about somebody who is old enough.
func (d *Desk) unfounded(tx *db.Tx, c vault.Caller, m *minor, ground string) (out api.Minor, err error) {
	if err := d.Engine.VoidOf(tx, m.id, "old-enough", m.id); err != nil {
		return out, err
	}
	if err := told(tx, "minor.unfounded", c.Credential.ID, m.id, ground, d.minorClauses()); err != nil {
		return out, err
	}
	m.state = unfounded
	if out, err = d.showMinor(tx, m); err != nil {
		return out, err
	}
	return out, remove(tx, m.id)
}

// goOnMinor has somebody erased who was found to be too young, and closes the report of whoever is erased, in
// whatever way. Cut short it is done again.
func (d *Desk) goOnMinor(ctx context.Context, tenant, id string) (out api.Minor, err error) {
	var m *minor
	var people []string
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) (err error) {
		if m, err = loadMinor(tx, id); err == nil {
			people, err = named(tx, id)
		}
		return err
	})
	if err != nil {
		return out, err
	}
	request, failed := "", error(nil)
	if m.state == erasing && len(people) > 0 {
		request, failed = d.Erase(ctx, tenant, people[0])
	}
	err = d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		now, err := loadMinor(tx, id)
		if fault.Is(err, fault.NotFound) { // it was closed in this moment
			m.state = erased
			out, err = d.showMinor(tx, m)
			return err
		}
		if err != nil {
			return err
		}
		m = now
		if request != "" {
			m.Request = request
		}
		if people, err = named(tx, id); err != nil {
			return err
		}
		if len(people) == 0 {
			out, err = d.closeMinor(tx, m)
			return err
		}
		m.wake = db.Micros(tx.Now().Add(minorEvery))
		if err := m.save(tx); err != nil {
			return err
		}
		out, err = d.showMinor(tx, m)
		return err
	})
	if err == nil && out.State != erased { // whoever was erased in this moment, in another way, is gone all the same
		err = failed
	}
	return out, err
}

// closeMinor closes the report of somebody who is erased.
func (d *Desk) closeMinor(tx *db.Tx, m *minor) (out api.Minor, err error) {
	evidence := m.Request
	if evidence == "" {
		evidence = m.id // they were erased for another reason
	}
	if err := d.Engine.DischargeOf(tx, m.id, MinorErased, evidence); err != nil {
		return out, err
	}
	if err := told(tx, "minor.erased", actor, m.id, "", d.minorClauses(), "request", m.Request); err != nil {
		return out, err
	}
	m.state = erased
	if out, err = d.showMinor(tx, m); err != nil {
		return out, err
	}
	return out, remove(tx, m.id)
}
