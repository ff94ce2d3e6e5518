package proof

import (
	"crypto/sha256"
	"encoding/hex"
)

// Hash is a hash of the tree: SHA-256, as RFC 6962 section 2.1 prescribes.
type Hash [sha256.Size]byte

// String is the hash in hexadecimal.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// leafHash is the hash of an entry: the prefix keeps a leaf from passing for a node.
func leafHash(entry []byte) Hash {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(entry)
	return Hash(h.Sum(nil))
}

func nodeHash(left, right Hash) Hash {
	b := make([]byte, 0, 1+2*sha256.Size)
	b = append(b, 1)
	b = append(b, left[:]...)
	b = append(b, right[:]...)
	return sha256.Sum256(b)
}

// tree holds the leaf hashes of a log from the beginning, and remembers complete subtrees, so that
// the roots of many sizes can be had. 64 bytes an entry.
type tree struct {
	levels [][]Hash // levels[k][i] is the subtree over leaves [i<<k, (i+1)<<k)
}

func (t *tree) add(leaf Hash) {
	if len(t.levels) == 0 {
		t.levels = make([][]Hash, 64)
	}
	t.levels[0] = append(t.levels[0], leaf)
}

func (t *tree) size() int64 {
	if len(t.levels) == 0 {
		return 0
	}
	return int64(len(t.levels[0]))
}

// root is MTH(D[0:n]) of RFC 6962, for n up to the tree's size.
func (t *tree) root(n int64) Hash { return t.mth(0, n) }

// mth is the definition: the hash of nothing, of a leaf, or of the two parts split at the largest
// power of two below n. It only looks up what it has computed before.
func (t *tree) mth(lo, hi int64) Hash {
	n := hi - lo
	switch {
	case n == 0:
		return sha256.Sum256(nil)
	case n == 1:
		return t.levels[0][lo]
	}
	k, level := int64(1), 0
	for k<<1 < n {
		k, level = k<<1, level+1
	}
	if n != k<<1 || lo%n != 0 {
		return nodeHash(t.mth(lo, lo+k), t.mth(lo+k, hi))
	}
	level, i := level+1, lo/n
	for next := int64(len(t.levels[level])); next <= i; next++ {
		from := next * n
		t.levels[level] = append(t.levels[level], nodeHash(t.mth(from, from+k), t.mth(from+k, from+n)))
	}
	return t.levels[level][i]
}
