package incident

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// The states of a demand.
const (
	received = "received"
	reviewed = "reviewed"
	released = "released"
	refused  = "refused"
)

// grounds are the legal bases on which a demand can be met.
var grounds = []string{"court-order", "statute", "treaty", "vital-interests"}

// demand is what is stored of a demand beside its columns.
type demand struct {
	row `json:"-"`

	Kind      string
	Issuer    string
	Reference string
	Drill     bool `json:",omitempty"`
	Asked     []string
	Granted   []string
	EnteredBy string
	Reviewer  string
	Reviewed  time.Time
	Ground    string
	Citation  string
	Gagged    time.Time
	Noticed   time.Time
	NotBefore time.Time
	Releases  []api.Release
	Reason    string
}

func loadDemand(tx *db.Tx, id string) (*demand, error) {
	r, err := read(tx, demandKind, id)
	if err != nil {
		return nil, err
	}
	d := &demand{row: *r}
	return d, decode(r, d)
}

func (m *demand) save(tx *db.Tx) error {
	m.details = encode(m)
	return update(tx, &m.row)
}

// Demand enters a demand. It releases nothing.
func (d *Desk) Demand(ctx context.Context, c vault.Caller, tenant string, in api.LegalDemand) (api.Demand, error) {
	const op = "incident.Demand"
	if err := d.admit(ctx, c, "demand.enter", tenant); err != nil {
		return api.Demand{}, err
	}
	switch {
	case !vault.IsReference(in.Issuer) || !vault.IsReference(in.Reference) || !vault.IsReference(in.Kind):
		return api.Demand{}, invalid(op, "reference", "a demand has a kind, an issuer and a reference, which are ids")
	case len(in.Subjects) == 0 || len(in.Subjects) > 1000:
		return api.Demand{}, invalid(op, "subjects", "a demand names 1 to 1000 people")
	}
	if err := d.declared(op, in.Fields); err != nil {
		return api.Demand{}, err
	}
	m := &demand{row: row{id: newID("dem_"), state: received}, Kind: in.Kind, Issuer: in.Issuer, Reference: in.Reference, Drill: in.Drill,
		Asked: in.Fields, Granted: []string{}, EnteredBy: c.Credential.ID}
	return d.demandStep(ctx, tenant, m.id, func(tx *db.Tx) error {
		m.opened, m.details = db.Micros(tx.Now()), encode(m)
		if err := insert(tx, demandKind, &m.row); err != nil {
			return err
		}
		if err := name(tx, m.id, in.Subjects); err != nil {
			return err
		}
		found, err := named(tx, m.id)
		if err != nil {
			return err
		}
		if len(found) != len(in.Subjects) {
			return invalid(op, "subjects", "the tenant has no such person").WithHint("of %d named, %d are there", len(in.Subjects), len(found))
		}
		return told(tx, "demand.received", c.Credential.ID, m.id, "", d.Rules.Demand.Clauses, "issuer", m.Issuer, "kind", m.Kind)
	})
}

// declared finds fields that the policy does not declare, or that are not kept.
func (d *Desk) declared(op string, fields []string) error {
	for _, f := range fields {
		set, field, _ := strings.Cut(f, ".")
		s, ok := d.Policy.DataSet(set)
		if !ok {
			return invalid(op, "fields", "the policy declares no data set of that name")
		}
		if _, ok := s.Field(field); !ok {
			return invalid(op, "fields", "the policy declares no field of that name").WithHint("write data-set.field")
		}
		if s.Storage == policy.Memory {
			return invalid(op, "fields", "%s is held in memory only, and not kept for anybody", set)
		}
	}
	if len(fields) == 0 {
		return invalid(op, "fields", "nothing is named")
	}
	return nil
}

// demandStep makes a step in one transaction, and returns where the demand then stands.
func (d *Desk) demandStep(ctx context.Context, tenant, id string, step func(tx *db.Tx) error) (out api.Demand, err error) {
	err = d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		if err := step(tx); err != nil {
			return err
		}
		m, err := loadDemand(tx, id)
		if err != nil {
			return err
		}
		out, err = d.showDemand(tx, m)
		return err
	})
	return out, fault.Wrap("incident.demandStep", err)
}

// clause is one that promises due process, for refusals.
func (d *Desk) processClause() string {
	if len(d.Rules.Demand.Clauses) == 0 {
		return ""
	}
	return d.Rules.Demand.Clauses[0]
}

// Review notes the legal review of a demand: its ground, and the least that answers it. The people
// concerned are sent a notice in the same transaction, unless the law forbids it until a time.
func (d *Desk) Review(ctx context.Context, c vault.Caller, tenant, id string, in api.Review) (api.Demand, error) {
	const op = "incident.Review"
	if err := d.admit(ctx, c, "demand.review", tenant); err != nil {
		return api.Demand{}, err
	}
	if !slices.Contains(grounds, in.Ground) || strings.TrimSpace(in.Citation) == "" {
		return api.Demand{}, invalid(op, "ground", "a demand is met on a legal ground, and its provision is cited")
	}
	if err := d.declared(op, in.Fields); err != nil {
		return api.Demand{}, err
	}
	return d.demandStep(ctx, tenant, id, func(tx *db.Tx) error {
		m, err := loadDemand(tx, id)
		switch {
		case err != nil:
			return err
		case m.state != received:
			return wrong(op, m.state, "a demand is reviewed once")
		case m.EnteredBy == c.Credential.ID:
			return fault.New(op, fault.Refused, "whoever entered a demand does not review it").WithClause(d.processClause())
		case slices.ContainsFunc(in.Fields, func(f string) bool { return !slices.Contains(m.Asked, f) }):
			return invalid(op, "fields", "more is granted than was demanded")
		case in.Gagged != nil && !in.Gagged.After(tx.Now()):
			return invalid(op, "gagged_until", "a gag that has ended forbids nothing")
		}
		m.state, m.Reviewer, m.Reviewed, m.Ground, m.Citation, m.Granted = reviewed, c.Credential.ID, tx.Now(), in.Ground, in.Citation, in.Fields
		if in.Gagged != nil {
			m.Gagged = in.Gagged.UTC().Truncate(time.Microsecond)
		}
		err = told(tx, "demand.reviewed", m.Reviewer, m.id, m.Ground, d.Rules.Demand.Clauses, "asked", strconv.Itoa(len(m.Asked)), "granted", strconv.Itoa(len(m.Granted)), "gagged", stampIf(m.Gagged))
		if err != nil {
			return err
		}
		if m.Gagged.IsZero() {
			err = d.notice(tx, m, m.Reviewer)
		} else {
			err = d.gag(tx, m)
		}
		if err != nil {
			return err
		}
		return m.save(tx)
	})
}

func stampIf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}

// notice tells the people concerned, and from when on data may be released.
func (d *Desk) notice(tx *db.Tx, m *demand, by string) error {
	people, err := named(tx, m.id)
	if err != nil {
		return err
	}
	s := d.speech()
	var sets []string
	for _, set := range setsOf(m.Granted) {
		sets = append(sets, s.Set(set))
	}
	details := map[string]string{"demand": m.id, "by": m.Issuer, "basis": m.Citation, "data": s.join(sets)}
	if err := d.enqueue(tx, m.id, demandTemplate, people, d.channels(nil), details); err != nil {
		return err
	}
	m.Noticed, m.NotBefore, m.wake = tx.Now(), tx.Now(), 0
	if wait := d.Rules.Demand.Wait; wait.Form != "" && len(m.Releases) == 0 {
		until, ok := d.Engine.Calendar.Due(tx.Now().In(d.Engine.Zone), wait)
		if !ok {
			return fault.New("incident.notice", fault.Invalid, "%q is no time to wait", wait)
		}
		m.NotBefore = until
	}
	return told(tx, "demand.noticed", by, m.id, "", d.Rules.Demand.Clauses, "people", strconv.Itoa(len(people)))
}

func setsOf(fields []string) (sets []string) {
	for _, f := range fields {
		set, _, _ := strings.Cut(f, ".")
		if !slices.Contains(sets, set) {
			sets = append(sets, set)
		}
	}
	return sets
}

// GagNotice is the kind of what is owed when a gag has ended.
const GagNotice = "legal-demand.notice"

// gag keeps the demand from the people until the gag ends, and has them told then.
func (d *Desk) gag(tx *db.Tx, m *demand) error {
	m.wake = db.Micros(m.Gagged)
	for _, clause := range d.Rules.Demand.Clauses {
		owed := obligation.Duty{Kind: GagNotice, Clause: clause, Limit: policy.Term{Form: policy.Within, Count: 1, Unit: policy.Day}, Evidence: PeopleTold}
		if _, err := d.Engine.OpenSince(tx, owed, m.id, m.Gagged); err != nil {
			return err
		}
	}
	return nil
}

// endGag tells the people of a demand whose gag has ended, whatever has become of it.
func (d *Desk) endGag(ctx context.Context, tenant, id string) error {
	return d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		m, err := loadDemand(tx, id)
		if err != nil {
			return err
		}
		if m.Gagged.IsZero() || !m.Noticed.IsZero() || tx.Now().Before(m.Gagged) {
			return nil
		}
		if err := d.notice(tx, m, actor); err != nil {
			return err
		}
		if err := d.Engine.DischargeOf(tx, id, PeopleTold, id); err != nil {
			return err
		}
		return m.save(tx)
	})
}

// Deny refuses a demand. Nothing of it can be released any more.
func (d *Desk) Deny(ctx context.Context, c vault.Caller, tenant, id string, in api.Denial) (api.Demand, error) {
	const op = "incident.Deny"
	if err := d.admit(ctx, c, "demand.deny", tenant); err != nil {
		return api.Demand{}, err
	}
	if !vault.IsReference(in.Reason) {
		return api.Demand{}, invalid(op, "reason", "a demand is refused for a reason")
	}
	return d.demandStep(ctx, tenant, id, func(tx *db.Tx) error {
		m, err := loadDemand(tx, id)
		if err != nil {
			return err
		}
		if m.state != received && m.state != reviewed {
			return wrong(op, m.state, "it cannot be refused any more")
		}
		m.state, m.Reason = refused, in.Reason
		if err := told(tx, "demand.refused", c.Credential.ID, m.id, m.Reason, d.Rules.Demand.Clauses); err != nil {
			return err
		}
		return m.save(tx)
	})
}

// RemoveDemand deletes a drill with all it left.
func (d *Desk) RemoveDemand(ctx context.Context, c vault.Caller, tenant, id string) error {
	const op = "incident.RemoveDemand"
	if err := d.admit(ctx, c, "demand.remove", tenant); err != nil {
		return err
	}
	return fault.Wrap(op, d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		m, err := loadDemand(tx, id)
		if err != nil {
			return err
		}
		if !m.Drill {
			return fault.New(op, fault.Refused, "only a drill can be removed")
		}
		return d.removeDrill(tx, c.Credential.ID, id)
	}))
}
