package notify

import (
	"encoding/json"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// wakes says when each tenant's messages are to be looked at.
var wakes = db.Wakes{Kind: "outbox", Table: "outbox", Column: "next_at"}

const columns = `message_id, event, channel, subject_id, owner, template, language, details, tries, created_at`

// take leases messages that are due: until the lease runs out nobody else sends them. A server that dies
// while it sends leaves them to the next one that looks then.
func take(tx *db.Tx, now time.Time) (taken []Dispatch, err error) {
	due, err := dispatches(tx, `next_at > 0 AND next_at <= $2 AND state = $3 ORDER BY CASE channel WHEN $5 THEN 0 ELSE 1 END, next_at, message_id LIMIT $4`+tx.LockRow(),
		now.UnixMicro(), Waiting, int64(batch), string(Pager))
	if err != nil {
		return nil, err
	}
	until := tx.Now()
	if until.Before(now) {
		until = now
	}
	for i := range due {
		d := &due[i]
		n, err := tx.Exec(`UPDATE outbox SET next_at = $3, tries = $4 WHERE tenant_id = $1 AND message_id = $2 AND tries = $5 AND state = $6`,
			d.Tenant, d.ID, until.Add(leaseOf(d.Channel)).UnixMicro(), d.Try, d.Try-1, Waiting)
		if err != nil {
			return nil, err
		}
		if n == 1 {
			taken = append(taken, *d)
		}
	}
	return taken, nil
}

func leaseOf(by Channel) time.Duration {
	if by == Pager {
		return leasePager
	}
	return lease
}

// dispatches reads messages of the transaction's tenant as they would be tried next.
func dispatches(tx *db.Tx, where string, args ...any) (all []Dispatch, err error) {
	err = tx.Each(`SELECT `+columns+` FROM outbox WHERE tenant_id = $1 AND `+where, append([]any{tx.Tenant()}, args...), func(scan func(...any) error) error {
		d := Dispatch{Tenant: tx.Tenant(), Now: tx.Now().UnixMicro()}
		var channel, details string
		if err := scan(&d.ID, &d.Event, &channel, &d.Subject, &d.Owner, &d.Template, &d.Language, &details, &d.Try, &d.Sent); err != nil {
			return err
		}
		d.Channel, d.Try = Channel(channel), d.Try+1
		if err := json.Unmarshal([]byte(details), &d.Details); err != nil {
			return fault.New("notify.decode", fault.Other, "the details of a message are damaged")
		}
		all = append(all, d)
		return nil
	})
	return all, err
}
