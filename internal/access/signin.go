package access

import (
	"context"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// bySignIn enrolled whoever came by an identity provider, in the ledger and in the record of a member.
const bySignIn = "sign-in"

// SignIn returns the pass of the member of staff who has an identity at the directory of the organisation, of which
// the desk keeps a keyed hash. Their groups there say at each sign-in what they are. Who comes for the first time is
// enrolled, if the clauses let one more in; whose membership was ended, or lapsed, is Refused, and so is who has no
// role any more: what they were signed in with ends. A pass replaces the member's key, and lasts as long as one does.
func (d *Desk) SignIn(ctx context.Context, identity [32]byte, roles []string) (p Pass, err error) {
	const op = "access.SignIn"
	var no error
	err = d.db().Write(ctx, db.Organisation, func(tx *db.Tx) error {
		no = nil
		var id string
		err := tx.One(`SELECT member_id FROM staff_identities WHERE tenant_id = $1 AND identity_hash = $2`, []any{db.Organisation, identity[:]}, &id)
		if fault.Is(err, fault.NotFound) {
			p, err = d.enrolBy(tx, identity, roles)
			return err
		}
		if err != nil {
			return err
		}
		m, err := memberByID(tx, id)
		if err != nil {
			return err
		}
		switch {
		case m.state != active:
			return fault.New(op, fault.Refused, "the membership has ended").WithHint("whoever enrols members can enrol you anew")
		case m.lapsed(tx.Now()):
			return refused(op, first(d.Rules.reviewClauses()), "the access was not reviewed in time, and has lapsed").WithHint("another member reviews it")
		case len(roles) == 0:
			no, m.hash, m.Roles = noRole(op), []byte{}, nil
			if err := m.save(tx); err != nil {
				return err
			}
			return told(tx, "staff.shut-out", m.id, m.id, "no role", nil)
		}
		key := m.newKey()
		p, _ = PassOf(key)
		m.Roles, m.until = roles, tx.Now().Add(keyLasts)
		if err := m.save(tx); err != nil {
			return err
		}
		return told(tx, "staff.signed-in", m.id, m.id, "", nil)
	})
	if err == nil {
		err = no
	}
	if err != nil {
		return Pass{}, fault.Wrap(op, err)
	}
	return p, nil
}

func noRole(op string) error {
	return fault.New(op, fault.Refused, "the account is in none of the groups that may sign in").WithHint("ask whoever looks after accounts in your organisation")
}

// enrolBy makes a member of whoever the directory vouches for.
func (d *Desk) enrolBy(tx *db.Tx, identity [32]byte, roles []string) (Pass, error) {
	if len(roles) == 0 {
		return Pass{}, noRole("access.enrolBy")
	}
	if err := d.roomFor(tx, roles); err != nil {
		return Pass{}, err
	}
	m := &member{
		id: newID(ofMember), state: active, Environment: d.Environment, Roles: roles,
		created: tx.Now(), By: bySignIn, reviewBy: d.reviewBy(tx.Now()), until: tx.Now().Add(keyLasts),
	}
	p, _ := PassOf(m.newKey())
	if err := m.insert(tx); err != nil {
		return Pass{}, err
	}
	_, err := tx.Exec(`INSERT INTO staff_identities (tenant_id, identity_hash, member_id, made_at) VALUES ($1, $2, $3, $4)`,
		tx.Tenant(), identity[:], m.id, tx.Now().UnixMicro())
	if err != nil {
		return Pass{}, err
	}
	return p, told(tx, "staff.enrolled", bySignIn, m.id, "", d.Rules.teamClauses(d.Environment))
}
