package ledger

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

// Health is the outcome of Check.
type Health struct {
	Size    int64  // entries by the head
	Altered bool   // something is not as it was written
	Index   int64  // the first entry concerned, Size if only the head is
	What    string // in plain words
}

// checkRows is how many chunks Check reads in one snapshot.
const checkRows = 256

// Check reads a whole log from the store and computes it again: entries, their order, each stored
// hash, the head, and the head last anchored. It finds any change of the rows that did not come
// with all the hashes made anew; against that stand the anchored heads and what strangers remember.
// fault.NotFound for a log without entries. A log may grow meanwhile: what is appended is not read.
func (l *Log) Check(ctx context.Context, tenant string) (Health, error) {
	const op = "ledger.Check"
	c := checker{tenant: tenant}
	if err := l.db.Read(ctx, tenant, c.begin); err != nil {
		return Health{}, fault.Wrap(op, err)
	}
	for !c.health.Altered && c.edge.size < c.health.Size {
		if err := l.db.Read(ctx, tenant, c.rows); err != nil {
			return Health{}, fault.Wrap(op, err)
		}
	}
	if !c.health.Altered {
		if err := c.end(); err != nil {
			return Health{}, fault.As(op, fault.Other, err)
		}
	}
	return c.health, nil
}

// checker is one run of Check: edge is what the rows read so far amount to.
type checker struct {
	tenant   string
	health   Health
	head     head
	anchored anchor
	edge     edge
	last     time.Time
}

func (c *checker) altered(index int64, what string) {
	c.health.Altered, c.health.Index, c.health.What = true, index, what
}

func (c *checker) begin(tx *db.Tx) (err error) {
	if c.head, err = readHead(tx, c.tenant, ""); err != nil {
		return err
	}
	if c.anchored, err = readAnchor(tx, c.tenant); err != nil {
		return err
	}
	c.health.Size = c.head.edge.size
	var end int64
	err = tx.One(`SELECT first + count FROM ledger_chunks WHERE tenant_id = $1 ORDER BY first DESC LIMIT 1`, []any{c.tenant}, &end)
	switch {
	case err != nil && !fault.Is(err, fault.NotFound):
		return err
	case end > c.health.Size:
		c.altered(c.health.Size, "the head is older than the rows")
	case c.anchored.size > c.health.Size:
		c.altered(c.health.Size, "the log is shorter than its anchored head")
	}
	return nil
}

// rows reads the next chunks.
func (c *checker) rows(tx *db.Tx) error {
	before := c.edge.size
	err := tx.Each(`SELECT first, count, entries, hashes FROM ledger_chunks WHERE tenant_id = $1 AND first >= $2 AND first < $3 ORDER BY first LIMIT $4`,
		[]any{c.tenant, before, c.health.Size, checkRows}, func(scan func(...any) error) error {
			var r row
			if err := scan(&r.first, &r.count, &r.entries, &r.hashes); err != nil {
				return err
			}
			return c.row(r)
		})
	if err == nil && !c.health.Altered && c.edge.size == before {
		c.altered(before, "the entry is missing")
	}
	return err
}

func (c *checker) row(r row) error {
	switch {
	case c.health.Altered:
		return nil
	case r.first != c.edge.size:
		c.altered(c.edge.size, "the entry is missing")
		return nil
	}
	entries, hashes := r.entries, r.hashes
	for range r.count {
		entry, rest, err := proof.NextFrame(entries)
		if err != nil {
			c.altered(c.edge.size, "the entry is missing")
			return nil
		}
		entries = rest
		if hashes, err = c.entry(entry, hashes); err != nil || c.health.Altered {
			return err
		}
	}
	if len(entries) != 0 || len(hashes) != 0 {
		c.altered(max(r.first, c.edge.size-1), "its row holds more than its entries")
	}
	return nil
}

// entry checks one entry and returns the hashes that follow its own.
func (c *checker) entry(data, hashes []byte) ([]byte, error) {
	index := c.edge.size
	e, err := proof.Parse(data)
	switch {
	case err != nil:
		c.altered(index, "the entry is malformed")
	case e.Seq != index:
		c.altered(index, "the entry has another's number")
	case e.Time.Before(c.last):
		c.altered(index, "the entry is dated before the one before it")
	}
	c.last = e.Time
	want, err := c.edge.add(data)
	if err != nil {
		return nil, fault.As("ledger.Check", fault.Other, err)
	}
	for level, h := range want {
		if c.health.Altered {
			return nil, nil
		}
		if len(hashes) < tlog.HashSize || tlog.Hash(hashes[:tlog.HashSize]) != h {
			c.differs(index, level)
			return nil, nil
		}
		hashes = hashes[tlog.HashSize:]
	}
	if c.edge.size == c.anchored.size {
		if root, err := c.edge.root(); err != nil || root != c.anchored.root {
			c.altered(0, "the entries do not have the anchored root")
		}
	}
	return hashes, nil
}

// differs tells of a stored hash that is not that of the entries: of an entry itself at level 0;
// above, of a subtree whose last entry is index, where the entries' own hashes were made to match.
func (c *checker) differs(index int64, level int) {
	if level == 0 {
		c.altered(index, "the entry or its hash was altered")
		return
	}
	from := index + 1 - 1<<level
	c.altered(from, fmt.Sprintf("an entry from %d to %d, or their hash, was altered", from, index))
}

// end compares the head with what the rows amount to.
func (c *checker) end() error {
	want, err := c.edge.root()
	if err != nil {
		return err
	}
	got, err := c.head.edge.root()
	if err != nil {
		return err
	}
	if c.edge.size != c.health.Size || want != got {
		c.altered(c.health.Size, "the head does not have the entries' root")
	} else if !c.last.Equal(c.head.updated) {
		c.altered(c.health.Size, "the head does not have the newest entry's time")
	}
	return nil
}
