package notify

import (
	"context"
	"encoding/json"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// Note is a message as it stands: what is shown in an application, or where a letter or mail got.
type Note struct {
	ID, Event, Template, Language string
	Channel                       Channel
	State, Outcome                string
	File                          string // of a letter that lies in the folder
	Words                         Words
	Created, Ended                time.Time // Ended is when it was seen, sent, printed or given up; zero while it waits

	details map[string]string
}

// Inbox returns a page of a person's in-app messages, the newest first, in a language if one is given,
// and the cursor of the next page, "" on the last.
func (o *Outbox) Inbox(ctx context.Context, tenant, subject, language, cursor string, limit int) (page []Note, next string, err error) {
	const op = "notify.Inbox"
	before, err := db.ParseCursor(cursor, db.Newest)
	if err != nil {
		return nil, "", fault.Wrap(op, err)
	}
	err = o.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		page, err = notes(tx, `subject_id = $2 AND channel = $3 AND (created_at, message_id) < ($4, $5) ORDER BY created_at DESC, message_id DESC LIMIT $6`,
			subject, string(InApp), before.At, before.ID, int64(limit+1))
		return err
	})
	if err != nil {
		return nil, "", fault.Wrap(op, err)
	}
	if len(page) > limit {
		page = page[:limit]
		next = db.Cursor{At: db.Micros(page[limit-1].Created), ID: page[limit-1].ID}.String()
	}
	return page, next, fault.Wrap(op, o.word(page, language))
}

// word renders notes, in a language if one is given.
func (o *Outbox) word(page []Note, language string) error {
	for i := range page {
		m := Message{Template: page[i].Template, Language: page[i].Language, Details: page[i].details}
		if language != "" {
			m.Language = language
		}
		var err error
		if page[i].Words, err = o.Words.Render(&m, ""); err != nil {
			return err
		}
	}
	return nil
}

// See marks an in-app message as seen, once. A message of another person is NotFound.
func (o *Outbox) See(ctx context.Context, tenant, subject, id string) (n Note, err error) {
	const op = "notify.See"
	err = o.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		d, found, err := one(tx, `message_id = $2 AND subject_id = $3 AND channel = $4`, id, subject, string(InApp))
		if err != nil {
			return err
		}
		if found.State == Waiting || found.State == Sent {
			_, err = tx.Exec(`UPDATE outbox SET state = $3, next_at = 0, ended_at = $4 WHERE tenant_id = $1 AND message_id = $2`, tenant, id, Seen, tx.Now().UnixMicro())
			if err != nil {
				return err
			}
			if _, err := o.record(tx, d, "message.seen", ""); err != nil {
				return err
			}
			found.State, found.Ended = Seen, tx.Now()
		}
		n = found
		return nil
	})
	if err != nil {
		return Note{}, fault.Wrap(op, err)
	}
	page := []Note{n}
	err = o.word(page, "")
	return page[0], fault.Wrap(op, err)
}

// one reads a message, locked if the transaction writes.
func one(tx *db.Tx, where string, args ...any) (d *Dispatch, n Note, err error) {
	if tx.Writing() {
		where += tx.LockRow()
	}
	err = eachNote(tx, where, args, func(note Note, dispatch *Dispatch) { d, n = dispatch, note })
	if err == nil && d == nil {
		err = fault.New("notify.one", fault.NotFound, "there is no such message")
	}
	return d, n, err
}

func notes(tx *db.Tx, where string, args ...any) (all []Note, err error) {
	err = eachNote(tx, where, args, func(n Note, _ *Dispatch) { all = append(all, n) })
	return all, err
}

func eachNote(tx *db.Tx, where string, args []any, yield func(Note, *Dispatch)) error {
	return tx.Each(`SELECT message_id, event, channel, subject_id, owner, template, language, details, state, outcome, created_at, ended_at FROM outbox WHERE tenant_id = $1 AND `+where,
		append([]any{tx.Tenant()}, args...), func(scan func(...any) error) error {
			d := Dispatch{Tenant: tx.Tenant()}
			var n Note
			var channel, details string
			var created, ended int64
			if err := scan(&d.ID, &d.Event, &channel, &d.Subject, &d.Owner, &d.Template, &d.Language, &details, &n.State, &n.Outcome, &created, &ended); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(details), &d.Details); err != nil {
				return fault.New("notify.decode", fault.Other, "the details of a message are damaged")
			}
			d.Channel = Channel(channel)
			n.ID, n.Event, n.Channel, n.Template, n.Language = d.ID, d.Event, d.Channel, d.Template, d.Language
			n.details = d.Details
			n.Created = time.UnixMicro(created).UTC()
			if ended > 0 {
				n.Ended = time.UnixMicro(ended).UTC()
			}
			yield(n, &d)
			return nil
		})
}
