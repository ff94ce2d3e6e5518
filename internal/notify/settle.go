package notify

import (
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// settle records what came of a try.
func (o *Outbox) settle(tx *db.Tx, d *Dispatch, failure error) error {
	if failure == nil {
		return o.end(tx, d, o.arrived(d), o.note(d))
	}
	reason, forGood := reasonOf(failure)
	if forGood {
		return o.end(tx, d, Failed, reason)
	}
	if tx.Now().Sub(time.UnixMicro(d.Sent)) >= giveUp && !o.byHand(d) {
		return o.end(tx, d, Failed, reason)
	}
	next := tx.Now().Add(pause(d.Channel, d.Try)).UnixMicro()
	if _, err := tx.Exec(`UPDATE outbox SET next_at = $3, outcome = $4 WHERE tenant_id = $1 AND message_id = $2 AND state = $5`,
		d.Tenant, d.ID, next, reason, Waiting); err != nil {
		return err
	}
	return wakes.By(tx, next)
}

// byHand reports whether it is for somebody to print, whenever they do.
func (o *Outbox) byHand(d *Dispatch) bool { return d.Channel == Letter && o.Senders[Letter] == nil }

// arrived is the state of a message that its channel took.
func (o *Outbox) arrived(d *Dispatch) string {
	if d.Channel == Letter && !o.Drill(d.Tenant) {
		return Printed
	}
	return Sent
}

func (o *Outbox) note(d *Dispatch) string {
	if o.Drill(d.Tenant) {
		return "drill"
	}
	return ""
}

// end records the end of a message, in its row and in the ledger. The row may be gone with the person; one
// that was made after they were goes now: it names them.
func (o *Outbox) end(tx *db.Tx, d *Dispatch, state, outcome string) error {
	n, err := tx.Exec(`UPDATE outbox SET state = $3, outcome = $4, next_at = 0, ended_at = $5 WHERE tenant_id = $1 AND message_id = $2 AND state IN ($6, $7)`,
		d.Tenant, d.ID, state, outcome, tx.Now().UnixMicro(), Waiting, Printed)
	if err != nil || n == 0 && state == Failed {
		return err
	}
	gone, err := o.record(tx, d, "message."+state, outcome)
	if err == nil && !gone {
		err = o.ended(tx, d, state, outcome)
	}
	if err == nil && !gone && state == Failed {
		err = o.nextWay(tx, d, outcome)
	}
	if err != nil || !gone {
		return err
	}
	_, err = tx.Exec(`DELETE FROM outbox WHERE tenant_id = $1 AND message_id = $2`, d.Tenant, d.ID)
	return err
}

// record tells the ledger, by ids alone. gone says that the person is no more.
func (o *Outbox) record(tx *db.Tx, d *Dispatch, kind, reason string) (gone bool, err error) {
	e := proof.Entry{Kind: kind, Actor: cmp.Or(d.by, actor), Reason: reason, Detail: map[string]string{
		"message": d.ID, "event": d.Event, "channel": string(d.Channel), "template": d.Template,
	}}
	if d.Owner != "" {
		e.Detail["owner"] = d.Owner
		return false, ledger.Append(tx, e)
	}
	e.Subject, err = o.Alias(tx, d.Subject)
	gone = fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased)
	if err != nil && !gone {
		return false, err
	}
	return gone, ledger.Append(tx, e)
}

// reasonOf is why a message was not taken, in a fixed word, and whether it never will be.
func reasonOf(failure error) (reason string, forGood bool) {
	var refusal *Refusal
	var delay *Delay
	var outage *Outage
	switch {
	case errors.As(failure, &refusal):
		return refusal.Reason, true
	case errors.As(failure, &delay):
		return delay.Reason, false
	case errors.As(failure, &outage):
		return outage.Reason, false
	}
	return "failure", false
}

// pause is how long to wait after a try: twice as long each time, up to a bound, and up to a quarter
// more by chance, so that what failed together is not tried together.
func pause(by Channel, try int64) time.Duration {
	most := longest
	if by == Pager {
		most = longestPager
	}
	wait := most
	if try < 8 {
		wait = min(most, firstTry<<max(0, try-1))
	}
	var b [8]byte
	rand.Read(b[:])
	return wait + time.Duration(binary.BigEndian.Uint64(b[:])%uint64(wait/4))
}
