package detection

import (
	"iter"
	"time"
)

// The window of threats: so many slots, the running one among them.
const (
	slotLength    = 30 * time.Second
	windowSlots   = 10
	slotsOfMinute = int64(time.Minute / slotLength)
)

// window holds what happened in the newest slots. What left it is gone.
type window[T any] struct {
	last  int64
	slots [windowSlots]T
}

// at returns what happened in a slot, which is the newest.
func (w *window[T]) at(slot int64) *T {
	var none T
	for s := max(w.last+1, slot-windowSlots+1); s <= slot; s++ {
		w.slots[s%windowSlots] = none
	}
	w.last = max(w.last, slot)
	return &w.slots[w.last%windowSlots]
}

// idle reports whether everything left the window.
func (w *window[T]) idle(slot int64) bool { return w.last <= slot-windowSlots }

// newest are the slots of the window that ends with a slot. Looking does not make it younger.
func (w *window[T]) newest(slot int64) iter.Seq[*T] {
	return func(yield func(*T) bool) {
		for s := max(slot, w.last) - windowSlots + 1; s <= w.last; s++ {
			if s >= 0 && !yield(&w.slots[s%windowSlots]) {
				return
			}
		}
	}
}
