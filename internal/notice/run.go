package notice

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/policy"
)

const (
	batch = 256 // people one transaction tells
	// again is how often everybody is gone through once more for who joined meanwhile.
	again = time.Hour
	// retry is how long after a message was given up it is tried once more: an address may have come.
	retry = 24 * time.Hour
	// forgotten is how old a drill is that its probe did not live to end.
	forgotten = time.Hour
)

// actor is the desk in the ledger.
const actor = "clause"

// RunDue tells whoever is still to be told. It may be interrupted anywhere, and two servers may run it
// at a time: who was told stands in the outbox, and nobody is told twice. A version that fails keeps no
// other from its turn.
func (d *Desk) RunDue(ctx context.Context, now time.Time) (err error) {
	const op = "notice.RunDue"
	all, err := d.versions(ctx, `state = 'announced' OR (state = 'withdrawn' AND passed_at > 0) OR (state IN ('in-force', 'past') AND told_at = 0 AND promises <> 'null' AND promises <> '[]')`)
	if err != nil || len(all) == 0 {
		return fault.Wrap(op, err)
	}
	var current string
	err = d.Engine.DB.Read(ctx, "", func(tx *db.Tx) (err error) {
		current, err = inForce(tx)
		return err
	})
	for i := range all {
		v := &all[i]
		switch {
		case v.state == Withdrawn:
			err = errors.Join(err, d.recallAll(ctx, v, now))
		case v.drill != "":
			if now.Sub(v.registered) > forgotten {
				err = errors.Join(err, d.withdraw(ctx, v, actor, "forgotten"))
			}
		case v.state == Announced && v.base != current: // another version took effect meanwhile
			err = errors.Join(err, d.withdraw(ctx, v, actor, "superseded"))
		default:
			err = errors.Join(err, d.run(ctx, v, now))
		}
	}
	return fault.Wrap(op, err)
}

// recalling is how long the messages of a withdrawn version are looked for: another server may have been
// about to enqueue some.
const recalling = time.Minute

// recallAll takes back the messages of a withdrawn version that have not gone out, where whoever withdrew it
// could not.
func (d *Desk) recallAll(ctx context.Context, v *row, now time.Time) error {
	if err := d.recall(ctx, v); err != nil || now.Sub(v.passed) < recalling {
		return err
	}
	return d.Engine.DB.Write(ctx, v.home(), func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE policy_versions SET passed_at = 0 WHERE version_id = $1 AND state = $2`, v.id, string(Withdrawn))
		return err
	})
}

// run tells whoever is to be told of one version, and finds out whether the last notice has gone out.
func (d *Desk) run(ctx context.Context, v *row, now time.Time) error {
	all, err := d.tenants(ctx, v.drill)
	if err != nil {
		return err
	}
	if v.passed.IsZero() || now.Sub(v.passed) >= again || now.Before(v.passed) {
		if err := d.pass(ctx, v, all); err != nil {
			return err
		}
	}
	if !v.told.IsZero() {
		return nil
	}
	last, waiting, err := d.lastOf(ctx, v, all)
	if err != nil || waiting {
		return err
	}
	return d.toldAll(ctx, v, last)
}

// pass goes through everybody.
func (d *Desk) pass(ctx context.Context, v *row, tenants []string) error {
	const op = "notice.pass"
	p, err := d.Parse(v.source)
	if err != nil {
		return fault.Wrap(op, err)
	}
	words := d.message(v, p)
	for _, tenant := range tenants {
		if err := d.passTenant(ctx, v, tenant, words); err != nil {
			return fault.Wrap(op, err)
		}
	}
	return fault.Wrap(op, d.Engine.DB.Write(ctx, v.home(), func(tx *db.Tx) error {
		v.passed = tx.Now()
		_, err := tx.Exec(`UPDATE policy_versions SET passed_at = $2 WHERE version_id = $1`, v.id, db.Micros(v.passed))
		return err
	}))
}

// passTenant goes through a tenant's people a batch at a time: what it holds in memory is bounded, and no
// other request waits long.
func (d *Desk) passTenant(ctx context.Context, v *row, tenant string, words notify.Message) error {
	for after := ""; ; {
		page, err := d.page(ctx, tenant, after)
		if err != nil || len(page) == 0 {
			return err
		}
		last := page[len(page)-1]
		err = d.Engine.DB.Write(ctx, tenant, func(tx *db.Tx) error {
			if now, err := versions(tx, `version_id = $1`, v.id); err != nil || len(now) == 0 || now[0].state == Withdrawn {
				return err // nobody more is told
			}
			people, err := untold(tx, v.id, after, last)
			if err != nil {
				return err
			}
			for _, person := range people {
				if err := tell(tx, v, person, words); err != nil {
					return err
				}
			}
			if v.told.IsZero() {
				return nil
			}
			return retryLost(tx, v.id, after, last)
		})
		if err != nil {
			return err
		}
		after = last
	}
}

// page is the next people of a tenant.
func (d *Desk) page(ctx context.Context, tenant, after string) (page []string, err error) {
	err = d.Engine.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		page, err = ids(tx, `SELECT subject_id FROM subjects WHERE tenant_id = $1 AND subject_id > $2 ORDER BY subject_id LIMIT $3`, tenant, after, int64(batch))
		return err
	})
	return page, err
}

// untold are the people of a page whom nothing was enqueued for. What was kept of somebody erased, under
// a legal hold, is nobody to tell. The event is compared as no index can: the messages of a page of people
// are few, those about the event are not.
func untold(tx *db.Tx, event, after, last string) ([]string, error) {
	const within = ` WHERE tenant_id = $1 AND subject_id > $2 AND subject_id <= $3`
	people, err := ids(tx, `SELECT subject_id FROM subjects`+within+` ORDER BY subject_id`, tx.Tenant(), after, last)
	if err != nil {
		return nil, err
	}
	told, err := ids(tx, `SELECT DISTINCT subject_id FROM outbox`+within+` AND event || '' = $4`, tx.Tenant(), after, last, event)
	if err != nil {
		return nil, err
	}
	kept, err := ids(tx, `SELECT copy_id FROM holds WHERE tenant_id = $1 AND copy_id > $2 AND copy_id <= $3`, tx.Tenant(), after, last)
	if err != nil {
		return nil, err
	}
	left := map[string]bool{}
	for _, id := range append(told, kept...) {
		left[id] = true
	}
	return slices.DeleteFunc(people, func(id string) bool { return left[id] }), nil
}

func ids(tx *db.Tx, query string, args ...any) (all []string, err error) {
	err = tx.Each(query, args, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		all = append(all, id)
		return err
	})
	return all, err
}

func tell(tx *db.Tx, v *row, person string, words notify.Message) error {
	words.Subject = person
	told := map[notify.Channel]bool{}
	for _, o := range v.owed {
		for _, words.Channel = range o.Channels {
			if told[words.Channel] {
				continue
			}
			told[words.Channel] = true
			if err := notify.Enqueue(tx, words); err != nil {
				return err
			}
		}
	}
	return nil
}

// retryLost has what was given up a day ago tried once more.
func retryLost(tx *db.Tx, event, after, last string) error {
	lost, err := ids(tx, `SELECT message_id FROM outbox WHERE tenant_id = $1 AND subject_id > $2 AND subject_id <= $3 AND event || '' = $4 AND state = $5 AND ended_at <= $6 AND outcome NOT IN ($7, $8)`,
		tx.Tenant(), after, last, event, notify.Failed, db.Micros(tx.Now().Add(-retry)), "nobody-there", "no-consent")
	if err != nil || len(lost) == 0 {
		return err
	}
	return notify.Again(tx, lost...)
}

// The bounds of what a message carries of the changes.
const (
	mostSaid  = 8
	mostBytes = 2000
)

// message is what everybody is told, but for whom it is for.
func (d *Desk) message(v *row, p *policy.Policy) notify.Message {
	var said []string
	size := 0
	for _, change := range v.changes {
		if size += len(change); len(said) == mostSaid || size > mostBytes {
			break
		}
		said = append(said, "- "+change)
	}
	if more := len(v.changes) - len(said); more > 0 {
		said = append(said, "- … "+strconv.Itoa(more))
	}
	details := map[string]string{"version": p.Version, "summary": strings.Join(said, "\n"), "link": p.Organisation.Website}
	if !p.Effective.IsZero() {
		details["effective"] = p.Effective.Format(time.DateOnly)
	}
	if v.asks {
		details["consent"] = "yes"
	}
	if o := d.Policy.Organisation; slices.ContainsFunc(v.owed, func(o owed) bool { return o.OptOut }) && len(v.recipients) > 0 {
		details["opt_out"] = strings.TrimPrefix(o.Contact, "mailto:")
	}
	if !slices.ContainsFunc(v.owed, func(o owed) bool { return o.Control != Disclosing }) {
		if who := disclosed(v, p); who != nil {
			who["opt_out"] = details["opt_out"]
			return notify.Message{Event: v.id, Template: "disclosure-notice", Language: d.Policy.Language, Details: who}
		}
	}
	return notify.Message{Event: v.id, Template: "policy-change", Language: d.Policy.Language, Details: details}
}

// lastOf is when the last notice went out, and whether one is still to go.
func (d *Desk) lastOf(ctx context.Context, v *row, tenants []string) (last time.Time, waiting bool, err error) {
	var latest int64
	for _, tenant := range tenants {
		err := d.Engine.DB.Read(ctx, tenant, func(tx *db.Tx) error {
			var one, at int64
			err := tx.One(`SELECT 1 FROM outbox WHERE tenant_id = $1 AND event = $2 AND state IN ($3, $4) LIMIT 1`,
				[]any{tenant, v.id, notify.Waiting, notify.Printed}, &one)
			if waiting = err == nil; waiting || !fault.Is(err, fault.NotFound) {
				return err
			}
			// What is shown in the application was there to see from the beginning, whenever it was looked at.
			err = tx.One(`SELECT COALESCE(MAX(CASE WHEN channel = $3 THEN created_at ELSE ended_at END), 0) FROM outbox WHERE tenant_id = $1 AND event = $2 AND state IN ($4, $5)`,
				[]any{tenant, v.id, string(notify.InApp), notify.Sent, notify.Seen}, &at)
			latest = max(latest, at)
			return err
		})
		if err != nil || waiting {
			return time.Time{}, waiting, fault.Wrap("notice.lastOf", err)
		}
	}
	return db.Moment(latest), false, nil
}

// toldAll records that the last notice has gone out, which discharges the clocks.
func (d *Desk) toldAll(ctx context.Context, v *row, last time.Time) error {
	return fault.Wrap("notice.toldAll", d.Engine.DB.Write(ctx, v.home(), func(tx *db.Tx) error {
		if last.IsZero() { // there was nobody
			last = tx.Now()
		}
		v.told = last
		n, err := tx.Exec(`UPDATE policy_versions SET told_at = $2 WHERE version_id = $1 AND told_at = 0`, v.id, db.Micros(last))
		if err != nil || n == 0 {
			return err
		}
		var clauses []string
		for _, o := range v.owed {
			clauses = append(clauses, o.Clause)
			if err := d.Engine.Discharge(tx, o.Clock, Evidence, v.id); err != nil && !fault.Is(err, fault.Conflict) {
				return err
			}
		}
		if err := d.begin(tx, v); err != nil {
			return err
		}
		return ledger.Append(tx, proof.Entry{Kind: "policy.told", Actor: actor, Clauses: clauses, Detail: map[string]string{"version": v.id, "sha256": v.digest}})
	}))
}
