package notify

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// Outbox sends what was enqueued.
type Outbox struct {
	DB    *db.DB
	Words *Library
	Staff Staff
	// Senders are the channels that are set up. In-app messages need none. What a channel cannot send,
	// because it is not set up or is down, waits.
	Senders map[Channel]Sender
	// Reach reads how a person is reached, for a channel, and records that it did.
	Reach func(ctx context.Context, tenant, subject string, by Channel) (Address, error)
	// Alias is the name the ledger knows a person by, in a transaction of the tenant.
	Alias func(tx *db.Tx, subject string) (string, error)
	// Next is the channel by which a person is told what a channel could not tell them, "" for none.
	Next func(template string, failed Channel) Channel
	// Electronic reports whether a person consents to notice by electronic means; who does not gets a letter.
	// Nil: it needs no consent.
	Electronic func(tx *db.Tx, subject string) (bool, error)
	// OnPosted is told, in the transaction that says so, that the letter about an event was posted. It may be nil.
	OnPosted func(tx *db.Tx, event string) error
	// Returned is told of the event that a mail to a person was about which came back, in the transaction
	// that notes it.
	Returned func(tx *db.Tx, event string) error
	// Drill reports tenants of nobody real, whose messages count as sent and go nowhere.
	Drill func(tenant string) bool
	// Codes makes, of the id of a code, the code itself and where it is used, "" if nowhere. It may be nil.
	Codes func(tenant, template, language, id string) (code, link string)
	Log   *slog.Logger
}

// The bounds of sending.
const (
	batch = 16               // messages one transaction takes on
	lease = 15 * time.Minute // longer than a batch can take
	// leasePager is shorter: pages go first, and one that hangs holds up no other.
	leasePager = 2 * time.Minute
	patience   = 30 * time.Second // for one message
	// giveUp is how long a message is tried: RFC 5321 section 4.5.4.1 asks for 4 to 5 days, so that a
	// server that is down over a week-end loses nothing.
	giveUp   = 5 * 24 * time.Hour
	firstTry = 30 * time.Second // the pause after the first try that failed; it doubles each time
	longest  = time.Hour        // the longest pause
	// longestPager is the longest pause of what calls whoever is on duty: an hour would be too late.
	longestPager = time.Minute
)

// actor is the outbox in the ledger.
const actor = "clause"

// Run sends what is due by now. It may be interrupted anywhere, and two servers may run it at a time:
// each message is leased before it is sent. It returns how many left. What fails is tried again later; a
// tenant whose store fails keeps no other from its turn.
func (o *Outbox) Run(ctx context.Context, now time.Time) (sent int, err error) {
	const op = "notify.Run"
	down := map[Channel]error{}
	defer o.rest(down)
	if err := o.tidy(ctx); err != nil {
		return 0, fault.Wrap(op, err)
	}
	after := ""
	for {
		due, failed := wakes.Due(ctx, o.DB, now, after)
		if failed != nil || len(due) == 0 {
			return sent, fault.Wrap(op, errors.Join(err, failed))
		}
		for _, tenant := range due {
			n, failed := o.runTenant(ctx, tenant, now, down)
			sent, err = sent+n, errors.Join(err, failed)
		}
		after = due[len(due)-1]
	}
}

// rest ends what a run kept open, and tells the operator once of each channel that is down.
func (o *Outbox) rest(down map[Channel]error) {
	for channel, s := range o.Senders {
		if idle, ok := s.(interface{ Rest() }); ok {
			idle.Rest()
		}
		if err := down[channel]; err != nil {
			o.Log.Warn("messages wait", "channel", string(channel), "why", err.Error())
		}
	}
}

// tidy lets channels that keep something put it in order.
func (o *Outbox) tidy(ctx context.Context) error {
	for _, s := range o.Senders {
		if keeper, ok := s.(interface {
			Tidy(context.Context, *db.DB) error
		}); ok {
			if err := keeper.Tidy(ctx, o.DB); err != nil {
				return err
			}
		}
	}
	return nil
}

// runTenant sends a tenant's messages until none is due.
func (o *Outbox) runTenant(ctx context.Context, tenant string, now time.Time, down map[Channel]error) (sent int, err error) {
	for ctx.Err() == nil {
		var taken []Dispatch
		err := o.DB.Write(ctx, tenant, func(tx *db.Tx) (err error) {
			if taken, err = take(tx, now); err != nil || len(taken) == batch {
				return err
			}
			return wakes.Settle(tx)
		})
		if err != nil {
			return sent, err
		}
		for i := range taken {
			if ctx.Err() != nil {
				return sent, errors.Join(ctx.Err(), o.giveBack(ctx, tenant, taken[i:]))
			}
			left, err := o.deliver(ctx, &taken[i], down)
			if err != nil {
				return sent, errors.Join(err, o.giveBack(ctx, tenant, taken[i+1:]))
			}
			if left {
				sent++
			}
		}
		if len(taken) < batch {
			return sent, nil
		}
	}
	return sent, ctx.Err()
}

// giveBack ends the leases of messages that were not begun, so that they need not wait where a server is
// told to end.
func (o *Outbox) giveBack(ctx context.Context, tenant string, rest []Dispatch) error {
	if len(rest) == 0 {
		return nil
	}
	return o.DB.Write(context.WithoutCancel(ctx), tenant, func(tx *db.Tx) error {
		for i := range rest {
			_, err := tx.Exec(`UPDATE outbox SET next_at = $3, tries = tries - 1 WHERE tenant_id = $1 AND message_id = $2 AND tries = $4 AND state = $5`,
				tenant, rest[i].ID, tx.Now().UnixMicro(), rest[i].Try, Waiting)
			if err != nil {
				return err
			}
		}
		return wakes.By(tx, tx.Now().UnixMicro())
	})
}

// deliver sends one message and records what came of it.
func (o *Outbox) deliver(ctx context.Context, d *Dispatch, down map[Channel]error) (left bool, err error) {
	failure := o.consented(ctx, d)
	if failure == nil {
		failure = down[d.Channel]
	}
	if failure == nil {
		failure = o.send(ctx, d)
	}
	if failure != nil && ctx.Err() != nil { // cut off: the lease runs out, and it is tried again
		return false, ctx.Err()
	}
	if outage := (*Outage)(nil); errors.As(failure, &outage) {
		down[d.Channel] = outage
	}
	err = o.DB.Write(context.WithoutCancel(ctx), d.Tenant, func(tx *db.Tx) error { return o.settle(tx, d, failure) })
	return failure == nil, err
}

// send renders a message and hands it to its channel.
func (o *Outbox) send(ctx context.Context, d *Dispatch) error {
	if d.Channel == InApp {
		return nil
	}
	if o.Drill(d.Tenant) {
		return o.rehearse(ctx, d)
	}
	sender := o.Senders[d.Channel]
	if sender == nil {
		return &Outage{Reason: "not-set-up"}
	}
	if err := o.address(ctx, d); err != nil {
		return err
	}
	var name string
	if d.Subject != "" {
		name = d.To[0].Name
	}
	var err error
	if d.Words, err = o.Words.Render(o.opened(d), name); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return sender.Send(ctx, d)
}

// address finds out where a message goes.
func (o *Outbox) address(ctx context.Context, d *Dispatch) error {
	if d.Channel == Webhook || d.Channel == Pager { // they go to the company, whoever they are about
		d.To = []Address{{}}
		return nil
	}
	if d.Owner != "" {
		for _, mailbox := range o.Staff.Of(d.Owner).Email {
			d.To = append(d.To, Address{Email: mailbox})
		}
		if len(d.To) == 0 { // the operator may name somebody yet
			return &Delay{Reason: "nobody-named"}
		}
		return nil
	}
	to, err := o.Reach(ctx, d.Tenant, d.Subject, d.Channel)
	switch {
	case fault.Is(err, fault.Refused):
		return &Refusal{Reason: "refused-by-policy"}
	case fault.Is(err, fault.Erased), fault.Is(err, fault.NotFound):
		return &Refusal{Reason: "nobody-there"}
	case err != nil:
		return err
	case d.Channel == Email && to.Email == "" || d.Channel == Letter && to.Postal == "":
		return &Refusal{Reason: "no-address"}
	}
	d.To = []Address{to}
	return nil
}
