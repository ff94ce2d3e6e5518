package notify

import (
	"context"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// fetched is the outcome of a letter that somebody printed from its page: it lies in no folder of ours.
const fetched = "fetched"

// Letters returns a page of a tenant's letters that are to be printed or posted, in order of their ids,
// and the cursor of the next page, "" on the last.
func (o *Outbox) Letters(ctx context.Context, tenant, cursor string, limit int) (page []Note, next string, err error) {
	err = o.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		page, err = notes(tx, `channel = $2 AND state IN ($3, $4) AND message_id > $5 ORDER BY message_id LIMIT $6`, string(Letter), Waiting, Printed, cursor, int64(limit+1))
		return err
	})
	if err == nil && len(page) > limit {
		page = page[:limit]
		next = page[limit-1].ID
	}
	for i := range page {
		if page[i].State == Printed && page[i].Outcome != fetched && o.Senders[Letter] != nil {
			page[i].File = LetterFile(tenant, page[i].ID)
		}
	}
	return page, next, fault.Wrap("notify.Letters", err)
}

// LetterPage is a letter that was not posted yet as a page to print, with the address that reach reads,
// in whose name it decides. A letter to a person without an address is given up.
func (o *Outbox) LetterPage(ctx context.Context, tenant, id string, reach func(ctx context.Context, tenant, subject string, by Channel) (Address, error)) (n Note, html string, err error) {
	const op = "notify.LetterPage"
	var d *Dispatch
	err = o.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		d, n, err = one(tx, `message_id = $2 AND channel = $3`, id, string(Letter))
		if err == nil {
			d.Now = tx.Now().UnixMicro()
		}
		return err
	})
	if err != nil {
		return n, "", fault.Wrap(op, err)
	}
	if n.State != Waiting && n.State != Printed {
		return n, "", fault.New(op, fault.Conflict, "the letter is %s, and not to be printed", n.State)
	}
	to, err := reach(ctx, tenant, d.Subject, Letter)
	if err != nil {
		return n, "", fault.Wrap(op, err)
	}
	if to.Postal == "" {
		err = o.DB.Write(ctx, tenant, func(tx *db.Tx) error { return o.end(tx, d, Failed, "no-address") })
		if err == nil {
			err = fault.New(op, fault.Conflict, "the person has no postal address: the letter is given up")
		}
		return n, "", fault.Wrap(op, err)
	}
	if n.Words, err = o.Words.Render(&d.Message, to.Name); err == nil {
		html, err = o.Words.Letter(n.Words, to, time.UnixMicro(d.Now).UTC())
	}
	return n, html, fault.Wrap(op, err)
}

// MarkPrinted notes that somebody printed a letter from its page; one that is printed or posted stays so.
func (o *Outbox) MarkPrinted(ctx context.Context, tenant, id, by string) (Note, error) {
	n, err := o.mark(ctx, tenant, id, by, Printed, fetched, Waiting)
	return n, fault.Wrap("notify.MarkPrinted", err)
}

// Posted notes that somebody posted a printed letter: this counts as sent, and the next run removes its
// page from the folder.
func (o *Outbox) Posted(ctx context.Context, tenant, id, by string) (Note, error) {
	n, err := o.mark(ctx, tenant, id, by, Sent, "posted", Printed)
	return n, fault.Wrap("notify.Posted", err)
}

// mark moves a letter on from a state, once, in whose name it is said to be so.
func (o *Outbox) mark(ctx context.Context, tenant, id, by, state, outcome, from string) (n Note, err error) {
	err = o.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		d, found, err := one(tx, `message_id = $2 AND channel = $3`, id, string(Letter))
		if err != nil {
			return err
		}
		n = found
		switch {
		case n.State == state || n.State == Sent:
			return nil
		case n.State != from:
			return fault.New("notify.mark", fault.Conflict, "the letter is %s, not %s", n.State, from)
		}
		n.State, n.Ended, n.Outcome, d.by = state, tx.Now(), outcome, by
		return o.end(tx, d, state, outcome)
	})
	return n, err
}
