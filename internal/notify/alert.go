package notify

import (
	"context"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// StaffTold is how a message to staff stands.
type StaffTold struct {
	Owner          string
	Channel        Channel
	State, Outcome string
}

// ToldStaff returns how the messages to staff about an event stand.
func ToldStaff(tx *db.Tx, event string) (all []StaffTold, err error) {
	err = tx.Each(`SELECT owner, channel, state, outcome FROM outbox WHERE tenant_id = $1 AND event = $2 AND owner <> '' ORDER BY owner, channel`,
		[]any{tx.Tenant(), event}, func(scan func(...any) error) error {
			var t StaffTold
			var channel string
			err := scan(&t.Owner, &channel, &t.State, &t.Outcome)
			t.Channel = Channel(channel)
			all = append(all, t)
			return err
		})
	return all, fault.Wrap("notify.ToldStaff", err)
}

// rehearse is what becomes of a message to nobody real: it counts as sent. The pager's way is tried all the
// same, without calling anybody, because somebody on call relies on it.
func (o *Outbox) rehearse(ctx context.Context, d *Dispatch) error {
	if d.Channel != Pager {
		return nil
	}
	sender := o.Senders[Pager]
	if sender == nil {
		return &Outage{Reason: "not-set-up"}
	}
	way, ok := sender.(interface {
		Rehearse(context.Context, *Dispatch) error
	})
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return way.Rehearse(ctx, d)
}
