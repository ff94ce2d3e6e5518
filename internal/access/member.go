package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/vault"
)

// KeyPrefix begins the keys of members: no application's key does.
const KeyPrefix = "staff_"

// How long a member's key lasts, if nothing is said and at most.
const (
	keyLasts    = 12 * time.Hour
	keyLastsMax = 90 * 24 * time.Hour
)

// The states of a member.
const (
	active = "active"
	ended  = "ended"
)

// Enrol makes a member of staff and their key, which is shown this once. Where a clause says how many
// people reach this server's environment, one more is refused.
func (d *Desk) Enrol(ctx context.Context, c vault.Caller, tenant string, in api.NewMember) (out api.EnrolledMember, err error) {
	const op = "access.Enrol"
	if err := d.enroller(ctx, c, "staff.enrol", tenant); err != nil {
		return out, err
	}
	prefix := ofMember
	if tenant == d.Drills {
		prefix = ofDrill
	}
	m := &member{id: newID(prefix), state: active, Environment: d.Environment, Roles: in.Roles}
	key := m.newKey()
	err = d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		if err := d.roomFor(tx, in.Roles); err != nil {
			return err
		}
		m.created, m.By, m.reviewBy = tx.Now(), c.Credential.ID, d.reviewBy(tx.Now())
		if in.ReviewBy != nil {
			if tenant != d.Drills {
				return invalid(op, "review_by", "a drill alone says when it lapses")
			}
			m.reviewBy = in.ReviewBy.UTC()
		}
		if m.until, err = keyUntil(op, tx.Now(), in.KeyUntil); err != nil {
			return err
		}
		if err := m.insert(tx); err != nil {
			return err
		}
		out = api.EnrolledMember{Member: m.show(tx.Now()), Key: key, KeyUntil: m.until}
		return told(tx, "staff.enrolled", c.Credential.ID, m.id, "", d.Rules.teamClauses(d.Environment))
	})
	if err != nil {
		return api.EnrolledMember{}, fault.Wrap(op, err)
	}
	return out, nil
}

func keyUntil(op string, now time.Time, asked *time.Time) (time.Time, error) {
	if asked == nil {
		return now.Add(keyLasts), nil
	}
	if !asked.After(now) || asked.Sub(now) > keyLastsMax {
		return time.Time{}, invalid(op, "key_until", "a key lasts from now to at most 90 days")
	}
	return asked.UTC().Truncate(time.Microsecond), nil
}

// teamClauses are those that bound who reaches an environment.
func (r *Rules) teamClauses(environment string) (all []string) {
	for _, t := range r.Teams {
		if slices.Contains(t.Environments, environment) {
			all = append(all, t.Clause)
		}
	}
	return all
}

// roomFor refuses one more than a clause says.
func (d *Desk) roomFor(tx *db.Tx, roles []string) error {
	all, err := members(tx, `state = 'active'`)
	if err != nil {
		return err
	}
	n := len(all)
	if tx.Tenant() == d.Drills { // several drills may run at a time, each with a first role of its own
		n = 0
		for _, m := range all {
			if first(m.Roles) == first(roles) {
				n++
			}
		}
	}
	for _, t := range d.Rules.Teams {
		if slices.Contains(t.Environments, d.Environment) && n >= t.People {
			return refused("access.Enrol", t.Clause, "%d people reach %s, and no more may", t.People, d.Environment).WithHint("end the membership of one of them first")
		}
	}
	return nil
}

// newKey gives the member a key of 256 random bits, of which the hash alone is kept.
func (m *member) newKey() string {
	key := KeyPrefix + m.id + "." + rand.Text() + rand.Text()
	hash := sha256.Sum256([]byte(key))
	m.hash = hash[:]
	return key
}

// NewKey gives a member a new key, shown this once; the old one ends.
func (d *Desk) NewKey(ctx context.Context, c vault.Caller, tenant, id string, in api.NewMemberKey) (out api.EnrolledMember, err error) {
	const op = "access.NewKey"
	if err := d.enroller(ctx, c, "staff.key", tenant); err != nil {
		return out, err
	}
	err = d.change(ctx, tenant, id, func(tx *db.Tx, m *member) error {
		out.Key = m.newKey()
		if m.until, err = keyUntil(op, tx.Now(), in.KeyUntil); err != nil {
			return err
		}
		out.Member, out.KeyUntil = m.show(tx.Now()), m.until
		return told(tx, "staff.key", c.Credential.ID, m.id, "", nil)
	})
	if err != nil {
		return api.EnrolledMember{}, fault.Wrap(op, err)
	}
	return out, nil
}

// End ends a membership, at once and for good.
func (d *Desk) End(ctx context.Context, c vault.Caller, tenant, id string) (out api.Member, err error) {
	const op = "access.End"
	if err := d.enroller(ctx, c, "staff.end", tenant); err != nil {
		return out, err
	}
	err = d.change(ctx, tenant, id, func(tx *db.Tx, m *member) error {
		m.end(tx.Now(), c.Credential.ID)
		out = m.show(tx.Now())
		return told(tx, "staff.ended", c.Credential.ID, m.id, "", nil)
	})
	return out, fault.Wrap(op, err)
}

func (m *member) end(at time.Time, by string) {
	m.state, m.Ended, m.EndedBy, m.hash = ended, at, by, []byte{}
}

// change changes a member who is active.
func (d *Desk) change(ctx context.Context, tenant, id string, do func(*db.Tx, *member) error) error {
	return d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		m, err := memberByID(tx, id)
		if err != nil {
			return err
		}
		if m.state != active {
			return fault.New("access.change", fault.Conflict, "the membership has ended")
		}
		if err := do(tx, m); err != nil {
			return err
		}
		return m.save(tx)
	})
}

// Members returns all members, the oldest first.
func (d *Desk) Members(ctx context.Context, c vault.Caller, tenant string) (out []api.Member, err error) {
	if c.Has(vault.ScopeStaff) {
		err = d.staff(ctx, c, "staff.list", tenant)
	} else {
		err = d.enroller(ctx, c, "staff.list", tenant)
	}
	if err != nil {
		return nil, err
	}
	out = []api.Member{}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		all, err := members(tx, `TRUE ORDER BY created_at, member_id`)
		for _, m := range all {
			out = append(out, m.show(tx.Now()))
		}
		return err
	})
	return out, fault.Wrap("access.Members", err)
}

// RemoveMember removes a drill.
func (d *Desk) RemoveMember(ctx context.Context, c vault.Caller, tenant, id string) error {
	const op = "access.RemoveMember"
	if err := d.enroller(ctx, c, "staff.remove", tenant); err != nil {
		return err
	}
	if tenant != d.Drills {
		return fault.New(op, fault.Conflict, "it is no drill: end the membership")
	}
	return fault.Wrap(op, d.db().Write(ctx, tenant, func(tx *db.Tx) error {
		m, err := memberByID(tx, id)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM staff WHERE tenant_id = $1 AND member_id = $2`, tx.Tenant(), m.id); err != nil {
			return err
		}
		return told(tx, "staff.removed", c.Credential.ID, m.id, "drill", nil)
	}))
}

func notValid() error {
	return fault.New("access.Authenticate", fault.Unauthenticated, "the key is not valid").WithHint("sign in again, or ask for a new key")
}

// caller is a member as the vault sees them. They belong to whatever tenant exists, so that what they try
// there is decided, refused by the clause that says so, and told in that tenant's ledger; a grant is what
// lets them see anything.
func (d *Desk) caller(ctx context.Context, m *member, tenant string) (vault.Caller, error) {
	held, err := d.Decisions.PurposeSet(d.Purposes)
	if err != nil {
		return vault.Caller{}, fault.Wrap("access.caller", err)
	}
	c := vault.Caller{
		Credential: decision.Credential{ID: m.id, Purposes: held, Environment: m.Environment, Expires: m.until},
		Scopes:     []string{vault.ScopeStaff, vault.ScopeData},
		Grant:      decision.Grant{Staff: true, Holder: m.id},
	}
	if tenant == "" || tenant == db.Organisation || drill(m.id) && tenant != d.Drills {
		return c, nil
	}
	err = d.db().Read(ctx, tenant, func(tx *db.Tx) error {
		var state string
		err := tx.One(`SELECT state FROM tenants WHERE tenant_id = $1`, []any{tenant}, &state)
		if fault.Is(err, fault.NotFound) || err == nil && state != "active" {
			return nil
		}
		if err != nil {
			return err
		}
		c.Credential.Tenants = []string{tenant}
		all, err := grants(tx, `holder = $2 AND state IN ('live', 'expired', 'lapsed') ORDER BY until_at DESC LIMIT 50`, m.id)
		for _, g := range all {
			c.Grants = append(c.Grants, d.decided(g))
		}
		return err
	})
	return c, fault.Wrap("access.caller", err)
}

func first(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}
