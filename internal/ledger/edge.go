package ledger

import (
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// edge is a log's size and the roots of its complete subtrees, from left to right: one for each
// bit of the size. It is all of the tree that appending needs.
type edge struct {
	size   int64
	hashes []tlog.Hash
}

// parseEdge reads the edge of a head row.
func parseEdge(size int64, blob []byte) (edge, error) {
	if size < 0 || len(blob) != bits.OnesCount64(uint64(size))*tlog.HashSize {
		return edge{}, fmt.Errorf("an edge of %d bytes is not of a log of size %d", len(blob), size)
	}
	e := edge{size: size, hashes: make([]tlog.Hash, 0, 64)}
	for ; len(blob) > 0; blob = blob[tlog.HashSize:] {
		e.hashes = append(e.hashes, tlog.Hash(blob[:tlog.HashSize]))
	}
	return e, nil
}

func (e *edge) marshal() []byte {
	blob := make([]byte, 0, len(e.hashes)*tlog.HashSize)
	for _, h := range e.hashes {
		blob = append(blob, h[:]...)
	}
	return blob
}

// ReadHashes serves tlog, which asks either for the tail of the edge (the subtrees that a new leaf
// completes) or for all of it (the root): both times the last len(indexes) hashes, in this order.
func (e *edge) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	if len(indexes) > len(e.hashes) {
		return nil, fmt.Errorf("%d hashes asked of an edge of %d", len(indexes), len(e.hashes))
	}
	return e.hashes[len(e.hashes)-len(indexes):], nil
}

// add appends a leaf and returns the hashes to store for it: its own and those of the subtrees
// that it completes.
func (e *edge) add(entry []byte) ([]tlog.Hash, error) {
	stored, err := tlog.StoredHashesForRecordHash(e.size, tlog.RecordHash(entry), e)
	if err != nil {
		return nil, err
	}
	e.hashes = append(e.hashes[:len(e.hashes)-(len(stored)-1)], stored[len(stored)-1])
	e.size++
	return stored, nil
}

func (e *edge) root() (tlog.Hash, error) { return tlog.TreeHash(e.size, e) }
