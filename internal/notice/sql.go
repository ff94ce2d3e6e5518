package notice

import (
	"context"
	"encoding/json"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// row is a version as it is kept.
type row struct {
	id, digest, base string
	source           []byte
	state            State
	drill            string // the canary tenant it is for; "" for a real one
	changes          []string
	owed             []owed
	recipients       []string // who newly receives data
	asks             bool     // people must be asked for consent, too

	effective, registered, passed, told, since time.Time
}

// owed is a promise of a version's notice, and the clock of it.
type owed struct {
	Promise
	Clock string `json:"clock"`
}

// home is the tenant in whose transactions a version is changed: its clocks are there.
func (v *row) home() string {
	if v.drill != "" {
		return v.drill
	}
	return db.Organisation
}

const columns = `version_id, digest, base, source, state, drill, changes, promises, asks, effective_at, registered_at, passed_at, told_at, since_at, recipients`

// insert keeps a version. One of the same id is a Conflict.
func insert(tx *db.Tx, v *row) error {
	changes, err := json.Marshal(v.changes)
	if err != nil {
		return fault.As("notice.insert", fault.Other, err)
	}
	promises, err := json.Marshal(v.owed)
	if err != nil {
		return fault.As("notice.insert", fault.Other, err)
	}
	recipients, err := json.Marshal(v.recipients)
	if err != nil {
		return fault.As("notice.insert", fault.Other, err)
	}
	n, err := tx.Exec(`INSERT INTO policy_versions (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT DO NOTHING`,
		v.id, v.digest, v.base, v.source, string(v.state), v.drill, string(changes), string(promises), v.asks,
		db.Micros(v.effective), db.Micros(v.registered), db.Micros(v.passed), db.Micros(v.told), db.Micros(v.since), string(recipients))
	if err == nil && n == 0 {
		err = fault.New("notice.insert", fault.Conflict, "this version was announced already").WithHint("clause policy list shows how far its notice has got; a version that was withdrawn needs another date or number")
	}
	return err
}

// versions reads versions, the oldest first. A Read of any tenant sees them all.
func versions(tx *db.Tx, where string, args ...any) (all []row, err error) {
	err = tx.Each(`SELECT `+columns+` FROM policy_versions WHERE `+where+` ORDER BY registered_at, version_id`, args, func(scan func(...any) error) error {
		var v row
		var state, changes, promises, recipients string
		var asks, effective, registered, passed, told, since int64
		if err := scan(&v.id, &v.digest, &v.base, &v.source, &state, &v.drill, &changes, &promises, &asks, &effective, &registered, &passed, &told, &since, &recipients); err != nil {
			return err
		}
		v.state, v.asks = State(state), asks == 1
		v.effective, v.registered, v.passed, v.told, v.since = db.Moment(effective), db.Moment(registered), db.Moment(passed), db.Moment(told), db.Moment(since)
		if json.Unmarshal([]byte(changes), &v.changes) != nil || json.Unmarshal([]byte(promises), &v.owed) != nil || json.Unmarshal([]byte(recipients), &v.recipients) != nil {
			return fault.New("notice.versions", fault.Other, "a version of the policy is damaged in the store")
		}
		all = append(all, v)
		return nil
	})
	return all, fault.Wrap("notice.versions", err)
}

func (d *Desk) versions(ctx context.Context, where string, args ...any) (all []row, err error) {
	err = d.Engine.DB.Read(ctx, "", func(tx *db.Tx) (err error) {
		all, err = versions(tx, where, args...)
		return err
	})
	return all, err
}

// one returns the version with the id.
func (d *Desk) one(ctx context.Context, id string) (*row, error) {
	all, err := d.versions(ctx, `version_id = $1`, id)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fault.New("notice.one", fault.NotFound, "no version of that id was announced")
	}
	return &all[0], nil
}

// inForceMark is the meta key of the digest of the policy last in force.
const inForceMark = "policy"

// inForce returns the digest of the policy in force, "" before the first start.
func inForce(tx *db.Tx) (digest string, err error) {
	var known []byte
	err = tx.One(`SELECT value FROM meta WHERE key = $1`, []any{inForceMark}, &known)
	if fault.Is(err, fault.NotFound) {
		return "", nil
	}
	return string(known), err
}

func setMeta(tx *db.Tx, key string, value []byte) error {
	_, err := tx.Exec(`INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	return err
}
