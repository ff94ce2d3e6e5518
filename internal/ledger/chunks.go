package ledger

import (
	"golang.org/x/mod/sumdb/tlog"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

// row is a row of ledger_chunks: count entries from index first on, framed as in a bundle, and the
// stored hashes (see tlog.StoredHashIndex) that came with them, which are contiguous.
type row struct {
	first, count    int64
	entries, hashes []byte
}

// part is one of a row's two blobs.
type part struct {
	first, count int64
	data         []byte
}

// The columns that a part is read from.
const (
	entriesColumn = "entries"
	hashesColumn  = "hashes"
)

// partAt returns a column of the chunk that holds entry index; fault.NotFound when there is none.
func partAt(tx *db.Tx, tenant, column string, index int64) (part, error) {
	const op = "ledger.partAt"
	var p part
	err := tx.One(`SELECT first, count, `+column+` FROM ledger_chunks WHERE tenant_id = $1 AND first <= $2 ORDER BY first DESC LIMIT 1`,
		[]any{tenant, index}, &p.first, &p.count, &p.data)
	if err != nil {
		return part{}, fault.Wrap(op, err)
	}
	if index >= p.first+p.count {
		return part{}, fault.New(op, fault.NotFound, "the ledger has no entry %d", index)
	}
	return p, nil
}

// eachEntry calls fn with the bytes of the entries from (included) to (excluded), in order. The
// first that is not there is fault.NotFound.
func eachEntry(tx *db.Tx, tenant string, from, to int64, fn func(index int64, entry []byte) error) error {
	const op = "ledger.eachEntry"
	next := from
	for next < to {
		p, err := partAt(tx, tenant, entriesColumn, next)
		if err != nil {
			return err
		}
		for i, rest := p.first, p.data; i < p.first+p.count && i < to; i++ {
			var entry []byte
			if entry, rest, err = proof.NextFrame(rest); err != nil {
				return fault.New(op, fault.NotFound, "the ledger has no entry %d", i)
			}
			if i < next {
				continue
			}
			if err := fn(i, entry); err != nil {
				return err
			}
			next++
		}
	}
	return nil
}

// hashReader reads stored hashes from chunks; it keeps the last chunk read, since neighbouring
// hashes are mostly of one.
type hashReader struct {
	tx     *db.Tx
	tenant string
	last   part
}

// ReadHashes implements tlog.HashReader.
func (r *hashReader) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, 0, len(indexes))
	for _, index := range indexes {
		level, n := tlog.SplitStoredHashIndex(index)
		leaf := (n+1)<<level - 1 // the entry that completed this subtree
		if leaf < r.last.first || leaf >= r.last.first+r.last.count {
			found, err := partAt(r.tx, r.tenant, hashesColumn, leaf)
			if err != nil {
				return nil, err
			}
			r.last = found
		}
		at := (index - tlog.StoredHashCount(r.last.first)) * tlog.HashSize
		if at < 0 || at+tlog.HashSize > int64(len(r.last.data)) {
			return nil, fault.New("ledger.ReadHashes", fault.NotFound, "the ledger has no hash of entry %d", leaf)
		}
		hashes = append(hashes, tlog.Hash(r.last.data[at:at+tlog.HashSize]))
	}
	return hashes, nil
}
