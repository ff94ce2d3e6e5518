package incident

import (
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"math"
)

// distinct counts different things in bounded memory: exactly up to its bound, and from there on by how
// close together the smallest of their hashes lie (Bar-Yossef et al., 2002), within about half a per cent.
type distinct struct {
	held map[uint64]bool
	top  largest // of those held
}

// distinctBound is how many hashes are held: some MiB.
const distinctBound = 1 << 16

func (d *distinct) add(parts ...string) {
	hash := sha256.New()
	for _, p := range parts {
		hash.Write([]byte(p))
		hash.Write([]byte{0})
	}
	h := binary.BigEndian.Uint64(hash.Sum(nil))
	if d.held == nil {
		d.held = map[uint64]bool{}
	}
	if d.held[h] || len(d.top) == distinctBound && h >= d.top[0] {
		return
	}
	d.held[h] = true
	heap.Push(&d.top, h)
	if len(d.top) > distinctBound {
		delete(d.held, heap.Pop(&d.top).(uint64))
	}
}

// count returns how many there were, and whether that is exact.
func (d *distinct) count() (n int64, exact bool) {
	if len(d.top) < distinctBound {
		return int64(len(d.top)), true
	}
	return int64(float64(distinctBound-1) / (float64(d.top[0]) / math.MaxUint64)), false
}

// largest is a heap with the largest hash on top.
type largest []uint64

func (l largest) Len() int           { return len(l) }
func (l largest) Less(i, j int) bool { return l[i] > l[j] }
func (l largest) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }

// Push and Pop are for package heap.
func (l *largest) Push(x any) { *l = append(*l, x.(uint64)) }

// Pop removes the last.
func (l *largest) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}
