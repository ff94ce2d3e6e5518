package access

import (
	"encoding/json"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// member is a person of staff as stored.
type member struct {
	id, state   string
	hash        []byte
	until       time.Time // of the key
	reviewBy    time.Time // zero: never
	created     time.Time
	Environment string
	Roles       []string
	By          string
	Reviewed    time.Time
	ReviewedBy  string `json:",omitempty"`
	Ended       time.Time
	EndedBy     string `json:",omitempty"`
}

func (m *member) lapsed(now time.Time) bool { return !m.reviewBy.IsZero() && !now.Before(m.reviewBy) }

func (m *member) show(now time.Time) api.Member {
	return api.Member{
		ID: m.id, State: m.state, Lapsed: m.lapsed(now), Roles: m.Roles, Enrolled: m.created, EnrolledBy: m.By, KeyUntil: m.until,
		ReviewBy: api.Moment(m.reviewBy), Reviewed: api.Moment(m.Reviewed), ReviewedBy: m.ReviewedBy, Ended: api.Moment(m.Ended), Drill: drill(m.id),
	}
}

const memberColumns = `member_id, state, key_hash, until_at, review_by, created_at, details`

func (m *member) insert(tx *db.Tx) error {
	_, err := tx.Exec(`INSERT INTO staff (tenant_id, `+memberColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		tx.Tenant(), m.id, m.state, m.hash, db.Micros(m.until), db.Micros(m.reviewBy), db.Micros(m.created), details(m))
	return err
}

func (m *member) save(tx *db.Tx) error {
	_, err := tx.Exec(`UPDATE staff SET state = $3, key_hash = $4, until_at = $5, review_by = $6, details = $7 WHERE tenant_id = $1 AND member_id = $2`,
		tx.Tenant(), m.id, m.state, m.hash, db.Micros(m.until), db.Micros(m.reviewBy), details(m))
	return err
}

func details(of any) string {
	out, err := json.Marshal(of)
	if err != nil {
		panic(err) // strings, numbers and times only
	}
	return string(out)
}

func memberByID(tx *db.Tx, id string) (*member, error) {
	all, err := members(tx, `member_id = $2`+locked(tx), id)
	if err == nil && len(all) == 0 {
		return nil, fault.New("access.memberByID", fault.NotFound, "there is no such member")
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

func locked(tx *db.Tx) string {
	if tx.Writing() {
		return tx.LockRow()
	}
	return ""
}

func members(tx *db.Tx, where string, args ...any) (all []*member, err error) {
	err = tx.Each(`SELECT `+memberColumns+` FROM staff WHERE tenant_id = $1 AND `+where, append([]any{tx.Tenant()}, args...), func(scan func(...any) error) error {
		var text string
		var until, reviewBy, created int64
		m := &member{}
		if err := scan(&m.id, &m.state, &m.hash, &until, &reviewBy, &created, &text); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), m); err != nil {
			return fault.New("access.decode", fault.Other, "the record of %s is damaged", m.id)
		}
		m.until, m.reviewBy, m.created = db.Moment(until), db.Moment(reviewBy), db.Moment(created)
		all = append(all, m)
		return nil
	})
	return all, err
}

// grant is a grant as stored.
type grant struct {
	id, holder, state string
	asked             time.Time
	until, reviewBy   time.Time // reviewBy is zero for never
	wake              time.Time // when it ends by itself; zero for never
	uses              int64
	used              time.Time

	Purposes   []string
	Reason     string
	From       time.Time // when it began to live
	ApprovedBy string    `json:",omitempty"`
	Approved   time.Time
	AllowedBy  string `json:",omitempty"`
	Allowed    time.Time
	Reviewed   time.Time
	ReviewedBy string `json:",omitempty"`
	EndedBy    string `json:",omitempty"`
	Ended      time.Time
}

func (g *grant) show() api.Grant {
	return api.Grant{
		ID: g.id, Holder: g.holder, State: g.state, Purposes: g.Purposes, Reason: g.Reason, Asked: g.asked, From: api.Moment(g.From), Until: g.until,
		Approved: api.Moment(g.Approved), ApprovedBy: g.ApprovedBy, Allowed: api.Moment(g.Allowed), AllowedBy: g.AllowedBy,
		ReviewBy: api.Moment(g.reviewBy), Reviewed: api.Moment(g.Reviewed), ReviewedBy: g.ReviewedBy,
		Ended: api.Moment(g.Ended), EndedBy: g.EndedBy, Uses: g.uses, Used: api.Moment(g.used), Drill: drill(g.holder),
	}
}

const grantColumns = `grant_id, holder, state, asked_at, until_at, review_by, wake_at, uses, used_at, details`

// wakes says which tenants have grants that live, and when the first of each ends.
var wakes = db.Wakes{Kind: "grants", Table: "grants", Column: "wake_at"}

func (g *grant) insert(tx *db.Tx) error {
	_, err := tx.Exec(`INSERT INTO grants (tenant_id, `+grantColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		tx.Tenant(), g.id, g.holder, g.state, db.Micros(g.asked), db.Micros(g.until), db.Micros(g.reviewBy), db.Micros(g.wake), g.uses, db.Micros(g.used), details(g))
	return err
}

func (g *grant) save(tx *db.Tx) error {
	_, err := tx.Exec(`UPDATE grants SET state = $3, review_by = $4, wake_at = $5, details = $6 WHERE tenant_id = $1 AND grant_id = $2`,
		tx.Tenant(), g.id, g.state, db.Micros(g.reviewBy), db.Micros(g.wake), details(g))
	if err != nil {
		return err
	}
	if g.wake.IsZero() {
		return wakes.Settle(tx)
	}
	return wakes.By(tx, db.Micros(g.wake))
}

// Used counts one use of a grant, in the transaction that records what was done under it. A grant that was
// withdrawn meanwhile lets nothing through.
func Used(tx *db.Tx, id string) error {
	n, err := tx.Exec(`UPDATE grants SET uses = uses + 1, used_at = $3 WHERE tenant_id = $1 AND grant_id = $2 AND state = 'live'`,
		tx.Tenant(), id, db.Micros(tx.Now()))
	if err == nil && n == 0 {
		err = fault.New("access.Used", fault.Refused, "the grant has ended")
	}
	return err
}

func grantByID(tx *db.Tx, id string) (*grant, error) {
	all, err := grants(tx, `grant_id = $2`+locked(tx), id)
	if err == nil && len(all) == 0 {
		return nil, fault.New("access.grantByID", fault.NotFound, "there is no such grant")
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

func grants(tx *db.Tx, where string, args ...any) (all []*grant, err error) {
	err = tx.Each(`SELECT `+grantColumns+` FROM grants WHERE tenant_id = $1 AND `+where, append([]any{tx.Tenant()}, args...), func(scan func(...any) error) error {
		var text string
		var asked, until, reviewBy, wake, used int64
		g := &grant{}
		if err := scan(&g.id, &g.holder, &g.state, &asked, &until, &reviewBy, &wake, &g.uses, &used, &text); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), g); err != nil {
			return fault.New("access.decode", fault.Other, "the record of %s is damaged", g.id)
		}
		g.asked, g.until, g.reviewBy, g.wake, g.used = db.Moment(asked), db.Moment(until), db.Moment(reviewBy), db.Moment(wake), db.Moment(used)
		all = append(all, g)
		return nil
	})
	return all, err
}
