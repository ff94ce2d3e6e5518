package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// token ties a mail that comes back to its message: it stands in Message-ID and, where the operator gives
// mail an address of its own to come back to, in that. Nobody can make one up who does not know the ids of
// event and reader, and it tells neither.
func (d *Dispatch) token() string { return mark(d.Tenant) + strings.TrimPrefix(d.ID, "msg_") }

// mark tells the messages of one tenant from those of others.
func mark(tenant string) string {
	sum := sha256.Sum256([]byte("mark\x00" + tenant))
	return hex.EncodeToString(sum[:4])
}

// bounced is how the outcome of a message that came back begins.
const bounced = "bounced-"

// Bounced notes that a mail came back, once, in whose name it was reported. What was to be told to a person
// goes the next way. It reports whether that was new; a report that is no failure changes nothing. A
// token of no message, or of one to somebody who was erased since, is NotFound.
func (o *Outbox) Bounced(ctx context.Context, by string, b Bounce) (fresh bool, err error) {
	const op = "notify.Bounced"
	if !tokenForm.MatchString(b.Token) || !statusForm.MatchString(b.Status) {
		return false, fault.New(op, fault.Invalid, "it names no mail of this server's, or no status such as 5.1.1")
	}
	marked, err := o.marked(ctx, b.Token[:8])
	if err != nil {
		return false, fault.Wrap(op, err)
	}
	for _, tenant := range marked { // two tenants may bear one mark; a message's id is one's alone
		err = o.DB.Write(ctx, tenant, func(tx *db.Tx) (err error) {
			fresh, err = o.comeBack(tx, by, "msg_"+b.Token[8:], b)
			return err
		})
		if !fault.Is(err, fault.NotFound) {
			return fresh, fault.Wrap(op, err)
		}
	}
	return false, fault.New(op, fault.NotFound, "there is no mail of this server's that it could be about")
}

// marked are the tenants, and the organisation, that bear a mark.
func (o *Outbox) marked(ctx context.Context, m string) (all []string, err error) {
	err = o.DB.Read(ctx, "", func(tx *db.Tx) error {
		all = nil
		if mark(db.Organisation) == m {
			all = append(all, db.Organisation)
		}
		return tx.Each(`SELECT tenant_id FROM tenants ORDER BY tenant_id`, nil, func(scan func(...any) error) error {
			var tenant string
			err := scan(&tenant)
			if mark(tenant) == m {
				all = append(all, tenant)
			}
			return err
		})
	})
	return all, err
}

// comeBack notes it in the message's row and in the ledger.
func (o *Outbox) comeBack(tx *db.Tx, by, id string, b Bounce) (fresh bool, err error) {
	d, n, err := one(tx, `message_id = $2 AND channel = $3`, id, string(Email))
	if err != nil || b.Action != "failed" || strings.HasPrefix(n.Outcome, bounced) || n.State == Failed {
		return false, err
	}
	state := Failed
	if d.Owner != "" {
		o.Log.Warn("a mail to staff came back", "role", d.Owner, "status", b.Status)
		if len(o.Staff.Of(d.Owner).Email) > 1 { // the other mailboxes may have taken it
			state = n.State
		}
	}
	d.by = by
	_, err = tx.Exec(`UPDATE outbox SET state = $3, outcome = $4, next_at = 0, ended_at = $5 WHERE tenant_id = $1 AND message_id = $2`,
		d.Tenant, d.ID, state, bounced+b.Status, tx.Now().UnixMicro())
	if err != nil {
		return false, err
	}
	gone, err := o.record(tx, d, "message.bounced", b.Status)
	if err != nil || gone || state != Failed {
		return true, err
	}
	if o.Returned != nil && d.Subject != "" {
		if err := o.Returned(tx, d.Event); err != nil {
			return true, err
		}
	}
	return true, o.nextWay(tx, d, bounced+b.Status)
}

// nextWay tells a person by the next channel that the policy names, where one has failed: not where it
// is the policy that lets nobody read the address, or nobody is there to be told.
func (o *Outbox) nextWay(tx *db.Tx, d *Dispatch, reason string) error {
	if o.Next == nil || d.Subject == "" || reason == "refused-by-policy" || reason == "nobody-there" || reason == noConsent {
		return nil
	}
	m := d.Message
	if m.Channel = o.Next(m.Template, m.Channel); m.Channel == "" {
		return nil
	}
	return Enqueue(tx, m) // once: it may be told by that channel already
}

// Missed is a person whom no message about an event has reached, and what became of each.
type Missed struct {
	Subject string
	Ways    []Way
}

// Way is what became of a message by one channel.
type Way struct {
	Channel        Channel
	State, Outcome string
}

// Unreached lists people whom no message about an event has reached so far, in order of their ids, those
// after one.
func Unreached(tx *db.Tx, event, after string, limit int) (all []Missed, err error) {
	err = tx.Each(`SELECT o.subject_id, o.channel, o.state, o.outcome FROM outbox o JOIN (
		SELECT subject_id FROM outbox WHERE tenant_id = $1 AND event = $2 AND subject_id > $6 GROUP BY subject_id
		HAVING MAX(CASE WHEN state = $3 OR (state = $4 AND channel <> $5) THEN 1 ELSE 0 END) = 0 ORDER BY subject_id LIMIT $7) AS missed ON missed.subject_id = o.subject_id
		WHERE o.tenant_id = $1 AND o.event = $2 ORDER BY o.subject_id, o.channel`,
		[]any{tx.Tenant(), event, Seen, Sent, string(InApp), after, limit}, func(scan func(...any) error) error {
			var subject, channel string
			var w Way
			err := scan(&subject, &channel, &w.State, &w.Outcome)
			w.Channel = Channel(channel)
			if len(all) == 0 || all[len(all)-1].Subject != subject {
				all = append(all, Missed{Subject: subject})
			}
			last := &all[len(all)-1]
			last.Ways = append(last.Ways, w)
			return err
		})
	return all, fault.Wrap("notify.Unreached", err)
}
