package notify

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// wakePrefix begins the names under which the outbox has tenants looked at: no tenant's id begins so, and
// all of them sort before it.
const wakePrefix = "~outbox/"

// wakeBy makes sure that the tenant's messages are looked at by a time.
func wakeBy(tx *db.Tx, at int64) error {
	_, err := tx.Exec(`INSERT INTO wakes (name, next_at) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at WHERE excluded.next_at < wakes.next_at`, wakePrefix+tx.Tenant(), at)
	return err
}

// settleWake sets when the tenant is to be looked at again, or that it need not be. Writes of a tenant
// come one after another, so nothing is enqueued in between.
func settleWake(tx *db.Tx) error {
	var next int64
	err := tx.One(`SELECT COALESCE(MIN(next_at), 0) FROM outbox WHERE tenant_id = $1 AND next_at > 0`, []any{tx.Tenant()}, &next)
	if err != nil {
		return err
	}
	if next == 0 {
		_, err = tx.Exec(`DELETE FROM wakes WHERE name = $1`, wakePrefix+tx.Tenant())
		return err
	}
	_, err = tx.Exec(`UPDATE wakes SET next_at = $2 WHERE name = $1`, wakePrefix+tx.Tenant(), next)
	return err
}

// tenantsDue returns tenants that have something to send, in order, those after one.
func tenantsDue(ctx context.Context, d *db.DB, now time.Time, after string) (due []string, err error) {
	err = d.Read(ctx, "", func(tx *db.Tx) error {
		due = nil
		return tx.Each(`SELECT name FROM wakes WHERE next_at <= $1 AND name > $2 AND name < $3 ORDER BY name LIMIT 1000`,
			[]any{now.UnixMicro(), wakePrefix + after, wakePrefix + "~"}, func(scan func(...any) error) error {
				var name string
				err := scan(&name)
				due = append(due, strings.TrimPrefix(name, wakePrefix))
				return err
			})
	})
	return due, err
}

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
