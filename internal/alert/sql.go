package alert

import (
	"encoding/json"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// row is an alert as stored, but for its details.
type row struct {
	id, kind, cause, state string
	raised, wake           int64
}

const columns = `alert_id, kind, cause, state, raised_at, wake_at, details`

// wakes says when each tenant's alerts are to be looked at.
var wakes = db.Wakes{Kind: "alerts", Table: "alerts", Column: "wake_at"}

func insert(tx *db.Tx, a *alert) error {
	_, err := tx.Exec(`INSERT INTO alerts (tenant_id, `+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		tx.Tenant(), a.id, a.kind, a.cause, a.state, a.raised, a.wake, a.details())
	if err != nil {
		return err
	}
	return wakes.By(tx, a.wake)
}

func (a *alert) save(tx *db.Tx) error {
	_, err := tx.Exec(`UPDATE alerts SET state = $3, wake_at = $4, details = $5 WHERE tenant_id = $1 AND alert_id = $2`,
		tx.Tenant(), a.id, a.state, a.wake, a.details())
	if err != nil {
		return err
	}
	return wakes.By(tx, a.wake)
}

func remove(tx *db.Tx, id string) error {
	_, err := tx.Exec(`DELETE FROM alerts WHERE tenant_id = $1 AND alert_id = $2`, tx.Tenant(), id)
	return err
}

func (a *alert) details() string {
	out, err := json.Marshal(a)
	if err != nil {
		panic(err) // strings, numbers and times only
	}
	return string(out)
}

// current returns the alert of a cause that is not over, nil if there is none.
func current(tx *db.Tx, kind, cause string) (*alert, error) {
	all, err := alerts(tx, `kind = $2 AND cause = $3 AND state <> 'resolved'`+tx.LockRow(), kind, cause)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// byID returns an alert, locked if the transaction writes.
func byID(tx *db.Tx, id string) (*alert, error) {
	lock := ""
	if tx.Writing() {
		lock = tx.LockRow()
	}
	all, err := alerts(tx, `alert_id = $2`+lock, id)
	if err == nil && len(all) == 0 {
		return nil, fault.New("alert.byID", fault.NotFound, "there is no such alert")
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

func alerts(tx *db.Tx, where string, args ...any) (all []*alert, err error) {
	err = tx.Each(`SELECT `+columns+` FROM alerts WHERE tenant_id = $1 AND `+where, append([]any{tx.Tenant()}, args...), func(scan func(...any) error) error {
		var r row
		var details string
		if err := scan(&r.id, &r.kind, &r.cause, &r.state, &r.raised, &r.wake, &details); err != nil {
			return err
		}
		a := &alert{}
		if err := json.Unmarshal([]byte(details), a); err != nil {
			return fault.New("alert.decode", fault.Other, "the record of %s is damaged", r.id)
		}
		a.row = r
		all = append(all, a)
		return nil
	})
	return all, err
}

// page returns alerts, the newest first, and the cursor of the next page.
func page(tx *db.Tx, cursor string, limit int) (all []*alert, next string, err error) {
	before, err := db.ParseCursor(cursor, db.Newest)
	if err != nil {
		return nil, "", err
	}
	all, err = alerts(tx, `(raised_at, alert_id) < ($2, $3) ORDER BY raised_at DESC, alert_id DESC LIMIT $4`, before.At, before.ID, int64(limit+1))
	if err == nil && len(all) > limit {
		all = all[:limit]
		next = db.Cursor{At: all[limit-1].raised, ID: all[limit-1].id}.String()
	}
	return all, next, err
}
