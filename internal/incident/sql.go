package incident

import (
	"encoding/json"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// kind tells the two sorts of rows apart.
type kind string

const (
	breachKind kind = "breach"
	demandKind kind = "demand"
)

// row is a breach or a demand as stored.
type row struct {
	id, state    string
	opened, wake int64
	details      string
}

const columns = `incident_id, state, opened_at, wake_at, details`

func (r *row) dest() []any { return []any{&r.id, &r.state, &r.opened, &r.wake, &r.details} }

// encode is what is stored beside the columns.
func encode(v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings, numbers and times only
	}
	return string(out)
}

func decode(r *row, into any) error {
	if err := json.Unmarshal([]byte(r.details), into); err != nil {
		return fault.New("incident.decode", fault.Other, "the record of %s is damaged", r.id)
	}
	return nil
}

// read returns a row, locked if the transaction writes.
func read(tx *db.Tx, k kind, id string) (*row, error) {
	lock := ""
	if tx.Writing() {
		lock = tx.LockRow()
	}
	var r row
	err := tx.One(`SELECT `+columns+` FROM incidents WHERE tenant_id = $1 AND incident_id = $2 AND kind = $3`+lock, []any{tx.Tenant(), id, string(k)}, r.dest()...)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New("incident.read", fault.NotFound, "the tenant has no such %s", k)
	}
	return &r, err
}

func insert(tx *db.Tx, k kind, r *row) error {
	if err := wakes.By(tx, r.wake); err != nil {
		return err
	}
	_, err := tx.Exec(`INSERT INTO incidents (tenant_id, kind, `+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		tx.Tenant(), string(k), r.id, r.state, r.opened, r.wake, r.details)
	return err
}

func update(tx *db.Tx, r *row) error {
	if err := wakes.By(tx, r.wake); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE incidents SET state = $3, wake_at = $4, details = $5 WHERE tenant_id = $1 AND incident_id = $2`,
		tx.Tenant(), r.id, r.state, r.wake, r.details)
	return err
}

func remove(tx *db.Tx, id string) error {
	for _, table := range []string{"incident_people", "incidents"} {
		if _, err := tx.Exec(`DELETE FROM `+table+` WHERE tenant_id = $1 AND incident_id = $2`, tx.Tenant(), id); err != nil {
			return err
		}
	}
	return wakes.Settle(tx)
}

// page returns rows, the newest first, and the cursor of the next page.
func page(tx *db.Tx, k kind, cursor string, limit int) (all []row, next string, err error) {
	before, err := db.ParseCursor(cursor, db.Newest)
	if err != nil {
		return nil, "", err
	}
	err = tx.Each(`SELECT `+columns+` FROM incidents WHERE tenant_id = $1 AND kind = $2 AND (opened_at, incident_id) < ($3, $4)
		ORDER BY opened_at DESC, incident_id DESC LIMIT $5`, []any{tx.Tenant(), string(k), before.At, before.ID, limit + 1}, func(scan func(...any) error) error {
		var r row
		err := scan(r.dest()...)
		all = append(all, r)
		return err
	})
	if err == nil && len(all) > limit {
		all = all[:limit]
		next = db.Cursor{At: all[limit-1].opened, ID: all[limit-1].id}.String()
	}
	return all, next, err
}

// due returns the ids of what the server has something to do for by now.
func due(tx *db.Tx, k kind, now time.Time) (ids []string, err error) {
	err = tx.Each(`SELECT incident_id FROM incidents WHERE tenant_id = $1 AND kind = $2 AND wake_at > 0 AND wake_at <= $3 ORDER BY wake_at, incident_id LIMIT 100`,
		[]any{tx.Tenant(), string(k), db.Micros(now)}, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
	return ids, err
}

// wakes says when each tenant's incidents are to be looked at.
var wakes = db.Wakes{Kind: "incidents", Table: "incidents", Column: "wake_at"}

// name notes whom a demand or a drill names.
func name(tx *db.Tx, id string, subjects []string) error {
	for _, s := range subjects {
		_, err := tx.Exec(`INSERT INTO incident_people (tenant_id, incident_id, subject_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, tx.Tenant(), id, s)
		if err != nil {
			return err
		}
	}
	return nil
}

// named returns whom it names and who was not erased since.
func named(tx *db.Tx, id string) (subjects []string, err error) {
	subjects = []string{}
	err = tx.Each(`SELECT p.subject_id FROM incident_people p JOIN subjects s ON s.tenant_id = p.tenant_id AND s.subject_id = p.subject_id
		WHERE p.tenant_id = $1 AND p.incident_id = $2 ORDER BY p.subject_id`, []any{tx.Tenant(), id}, func(scan func(...any) error) error {
		var subject string
		err := scan(&subject)
		subjects = append(subjects, subject)
		return err
	})
	return subjects, err
}

// unnoticed counts the people named who have no message about it.
func unnoticed(tx *db.Tx, id string) (n int, err error) {
	err = tx.One(`SELECT COUNT(*) FROM incident_people p JOIN subjects s ON s.tenant_id = p.tenant_id AND s.subject_id = p.subject_id
		WHERE p.tenant_id = $1 AND p.incident_id = $2
		AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.tenant_id = p.tenant_id AND o.event = p.incident_id AND o.subject_id = p.subject_id)`, []any{tx.Tenant(), id}, &n)
	return n, err
}
