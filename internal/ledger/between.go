package ledger

import (
	"context"
	"sort"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

// betweenBytes is how many bytes of entries are held at a time.
const betweenBytes = 4 << 20

// Between calls each with the entries of a tenant's log from a time on and before another, oldest first.
// It finds where to begin by the order of the log and holds a few MiB of it, however long it is. What is
// appended meanwhile may be left out.
func (l *Log) Between(ctx context.Context, tenant string, from, to time.Time, each func(*proof.Entry) error) error {
	const op = "ledger.Between"
	next, size, err := l.firstSince(ctx, tenant, from)
	if err != nil {
		return fault.Wrap(op, err)
	}
	for next < size {
		var parts []part
		err := l.db.Read(ctx, tenant, func(tx *db.Tx) (err error) {
			parts, err = partsFrom(tx, tenant, next, size)
			return err
		})
		if err != nil {
			return fault.Wrap(op, err)
		}
		for _, p := range parts {
			if p.first > next {
				return errDamaged(op, "entry %d is missing", next)
			}
			over, err := p.between(from, to, each)
			if over || err != nil {
				return err
			}
			next = p.first + p.count
		}
	}
	return nil
}

// firstSince returns the index of an entry that no entry since the time is before, and the log's size.
func (l *Log) firstSince(ctx context.Context, tenant string, from time.Time) (first, size int64, err error) {
	err = l.db.Read(ctx, tenant, func(tx *db.Tx) error {
		h, err := readHead(tx, tenant, "")
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		size = h.edge.size
		var failed error
		at := sort.Search(int(size), func(i int) bool {
			entryTime, err := timeAt(tx, tenant, int64(i))
			if err != nil {
				failed = err
				return true
			}
			return !entryTime.Before(from)
		})
		first = int64(at)
		return failed
	})
	return first, size, err
}

// timeAt is when an entry was written.
func timeAt(tx *db.Tx, tenant string, index int64) (at time.Time, err error) {
	err = eachEntry(tx, tenant, index, index+1, func(_ int64, data []byte) error {
		e, err := proof.Parse(data)
		at = e.Time
		if err != nil {
			return errDamaged("ledger.timeAt", "entry %d is malformed", index)
		}
		return nil
	})
	return at, err
}

// partsFrom reads chunks from the one that holds an entry on.
func partsFrom(tx *db.Tx, tenant string, next, size int64) (parts []part, err error) {
	for bytes := 0; next < size && bytes < betweenBytes; {
		p, err := partAt(tx, tenant, entriesColumn, next)
		if err != nil {
			return nil, err
		}
		parts, bytes, next = append(parts, p), bytes+len(p.data), p.first+p.count
	}
	return parts, nil
}

// between calls each with the part's entries within the times. over says that a later one was met.
func (p part) between(from, to time.Time, each func(*proof.Entry) error) (over bool, err error) {
	for rest := p.data; len(rest) > 0; {
		var data []byte
		if data, rest, err = proof.NextFrame(rest); err != nil {
			return false, errDamaged("ledger.Between", "the row of entry %d is malformed", p.first)
		}
		e, err := proof.Parse(data)
		if err != nil {
			return false, errDamaged("ledger.Between", "an entry from %d on is malformed", p.first)
		}
		if !e.Time.Before(to) {
			return true, nil
		}
		if e.Time.Before(from) {
			continue
		}
		if err := each(&e); err != nil {
			return false, err
		}
	}
	return false, nil
}
