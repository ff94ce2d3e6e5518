package ledger

import (
	"errors"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

// maxChunk is the size in bytes of entries at which a chunk is written before the commit, so that
// one transaction with very many entries needs no row of any size.
const maxChunk = 1 << 20

// Append writes e at the end of the log of tx's tenant (db.Organisation for the organisation's
// own), in tx: the entry is there if and only if what else tx does is. Seq and Time are set here:
// Time is tx's, or the previous entry's if the clock was set back. An entry that could hold
// personal data (see proof.Entry.Validate) is fault.Invalid, which fails the transaction.
func Append(tx *db.Tx, e proof.Entry) error {
	_, err := AppendAt(tx, e)
	return err
}

// Details are what an entry tells beside, from pairs of a name and a value. What has no value is left out.
func Details(pairs ...string) map[string]string {
	all := make(map[string]string, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			all[pairs[i]] = pairs[i+1]
		}
	}
	return all
}

// AppendAt is Append, and returns where in the log the entry will stand if tx commits.
func AppendAt(tx *db.Tx, e proof.Entry) (seq int64, err error) {
	const op = "ledger.Append"
	tenant := tx.Tenant()
	if tenant == "" {
		return 0, fault.New(op, fault.Invalid, "an entry needs the log of a tenant or of the organisation").
			WithHint("write in the tenant db.Organisation")
	}
	c := tx.Scope(chunkOf{tenant}, func() any { return &chunk{tenant: tenant} }, flush).(*chunk)
	if err := c.open(tx); err != nil {
		return 0, fault.Wrap(op, err)
	}
	if err := c.add(tx, e); err != nil {
		return 0, fault.Wrap(op, err)
	}
	return c.edge.size - 1, nil
}

// chunkOf is the key of a tenant's chunk in a transaction's scope.
type chunkOf struct{ tenant string }

// chunk gathers what one physical transaction appends to one log.
type chunk struct {
	tenant  string
	opened  bool
	before  int64     // the size of the log when the head was locked
	last    time.Time // of the newest entry
	edge    edge
	first   int64 // of the entries not yet written
	entries []byte
	hashes  []byte
	entry   []byte // scratch
}

// open locks the tenant's head, once per physical transaction.
func (c *chunk) open(tx *db.Tx) error {
	if c.opened {
		return nil
	}
	h, err := lockHead(tx, c.tenant)
	if err != nil {
		return err
	}
	c.edge, c.last = h.edge, h.updated
	c.before, c.first = h.edge.size, h.edge.size
	c.opened = true
	return nil
}

func (c *chunk) add(tx *db.Tx, e proof.Entry) error {
	if err := c.gather(e, tx.Now()); err != nil {
		return err
	}
	if len(c.entries) >= maxChunk {
		return c.write(tx)
	}
	return nil
}

// gather numbers, dates, checks, encodes and hashes an entry.
func (c *chunk) gather(e proof.Entry, now time.Time) error {
	const op = "ledger.gather"
	e.Seq, e.Time = c.edge.size, now.UTC().Truncate(time.Microsecond)
	if e.Time.Before(c.last) {
		e.Time = c.last
	}
	if err := e.Validate(); err != nil {
		field := ""
		if f := (*proof.FieldError)(nil); errors.As(err, &f) {
			field = f.Field
		}
		return fault.New(op, fault.Invalid, "an entry of the ledger may hold ids only").WithField(field)
	}
	c.entry = e.Append(c.entry[:0])
	stored, err := c.edge.add(c.entry)
	if err != nil {
		return fault.As(op, fault.Other, err)
	}
	c.last = e.Time
	c.entries = proof.AppendFrame(c.entries, c.entry)
	for i := range stored {
		c.hashes = append(c.hashes, stored[i][:]...)
	}
	return nil
}

// write inserts the chunk's row and begins the next one.
func (c *chunk) write(tx *db.Tx) error {
	count := c.edge.size - c.first
	if count == 0 {
		return nil
	}
	_, err := tx.Exec(`INSERT INTO ledger_chunks (tenant_id, first, count, entries, hashes) VALUES ($1, $2, $3, $4, $5)`,
		c.tenant, c.first, count, c.entries, c.hashes)
	if err != nil {
		return fault.Wrap("ledger.write", err)
	}
	c.first, c.entries, c.hashes = c.edge.size, nil, nil
	return nil
}

// flush writes what the transaction gathered, just before it commits.
func flush(tx *db.Tx, scope any) error {
	c := scope.(*chunk)
	if !c.opened || c.edge.size == c.before {
		return nil
	}
	if err := c.write(tx); err != nil {
		return err
	}
	return moveHead(tx, c.tenant, c.before, c.edge, c.last)
}
