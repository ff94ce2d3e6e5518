package password

import (
	"context"
	"slices"
	"sync"

	"clause.dev/clause/internal/fault"
)

// Hasher hashes within bounds: so many at a time, and so many waiting, that a flood of log-ins starves nobody else of
// the processors. Those who were known before go first, and wait in a queue of their own: strangers who try what they
// stole elsewhere, from however many places, hold up each other. Safe for use by many at once.
type Hasher struct {
	rule Rule
	most int // may wait, of either kind

	mu      sync.Mutex
	free    int
	waiting [2][]chan struct{} // by queue, the oldest first
	before  Rule               // by which hashes were made that have another algorithm than the rule; zero: none was seen

	once  sync.Once
	decoy string
}

// The queues.
const (
	ofKnown = iota
	ofStrangers
)

// waitingPerSlot bounds the wait: at a quarter of a second each, some eight seconds.
const waitingPerSlot = 32

// NewHasher returns a hasher by a rule that was checked, with so many at a time.
func NewHasher(rule Rule, parallel int) *Hasher {
	parallel = max(1, parallel)
	return &Hasher{rule: rule, free: parallel, most: parallel * waitingPerSlot}
}

// Rule returns how passwords are hashed.
func (h *Hasher) Rule() Rule { return h.rule }

// Hash makes the stored form of a password of somebody who was let in by it: they wait for no stranger. Invalid if it
// cannot be one, TooMany if too many wait.
func (h *Hasher) Hash(ctx context.Context, secret string) (hash string, err error) {
	prepared, err := Prepare(secret)
	if err != nil {
		return "", err
	}
	if e := h.in(ctx, ofKnown, func() { hash, err = h.rule.hash(prepared) }); e != nil {
		return "", e
	}
	return hash, err
}

// Make is Hash of a new password, which must be good: see Good, which runs within the same bounds, since
// some passwords take a second to judge.
func (h *Hasher) Make(ctx context.Context, secret string, leaked *Leaked, about ...string) (hash string, err error) {
	prepared, err := Prepare(secret)
	if err != nil {
		return "", err
	}
	e := h.in(ctx, ofStrangers, func() {
		if err = Good(prepared, leaked, about...); err == nil {
			hash, err = h.rule.hash(prepared)
		}
	})
	if e != nil {
		return "", e
	}
	return hash, err
}

// Verify reports whether a stored hash is of a password, and whether that hash is weaker than the rule
// asks by now. With no hash it takes as long and says no, and so does a hash that is weaker: who has no account
// must not be told apart. Once hashes of another algorithm are seen, each no takes as long as both.
func (h *Hasher) Verify(ctx context.Context, hash, secret string) (ok, stale bool, err error) {
	return h.verify(ctx, ofStrangers, hash, secret)
}

// VerifyKnown is Verify for somebody who was let in before from where they are: they wait for no stranger.
func (h *Hasher) VerifyKnown(ctx context.Context, hash, secret string) (ok, stale bool, err error) {
	return h.verify(ctx, ofKnown, hash, secret)
}

func (h *Hasher) verify(ctx context.Context, queue int, hash, secret string) (ok, stale bool, err error) {
	prepared, err := Prepare(secret)
	if err != nil {
		prepared, hash = "no such password", ""
	}
	known := hash != ""
	err = h.in(ctx, queue, func() {
		if !known {
			hash = h.nobodys()
		}
		if ok = matches(hash, prepared) && known; ok {
			return
		}
		if made, isHash := Of(hash); isHash {
			for _, r := range h.seen(made) {
				r.makeUp(made, prepared)
			}
		}
	})
	if err != nil || !ok {
		return false, false, err
	}
	made, _ := Of(hash)
	return true, !made.Meets(h.rule), nil
}

// seen takes notice of a rule that a stored hash was made by, and returns those whose work each wrong password costs.
func (h *Hasher) seen(made Rule) []Rule {
	h.mu.Lock()
	defer h.mu.Unlock()
	if made.Algorithm != h.rule.Algorithm && made.Cost > h.before.Cost {
		h.before = Rule{made.Algorithm, min(made.Cost, mostCost)}
	}
	if h.before.Cost == 0 {
		return []Rule{h.rule}
	}
	return []Rule{h.rule, h.before}
}

// nobodys is a hash of nothing anybody could send, by the same rule.
func (h *Hasher) nobodys() string {
	h.once.Do(func() {
		h.decoy, _ = h.rule.hash("\x00") // what Prepare never lets through; a failure only makes it quicker
	})
	return h.decoy
}

// in runs f in a slot, once one is free.
func (h *Hasher) in(ctx context.Context, queue int, f func()) error {
	turn, ok := h.enter(queue)
	if !ok {
		return fault.New("password.Hasher", fault.TooMany, "too many people are signing in at this moment").WithHint("try again in a few seconds")
	}
	if turn != nil {
		select {
		case <-turn:
		case <-ctx.Done():
			h.giveUp(queue, turn)
			return fault.As("password.Hasher", fault.Unavailable, ctx.Err())
		}
	}
	defer h.leave()
	f()
	return nil
}

// enter takes a free slot, or a place in the queue: then the slot is one's own once turn is closed.
func (h *Hasher) enter(queue int) (turn chan struct{}, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.free > 0:
		h.free--
		return nil, true
	case len(h.waiting[queue]) >= h.most:
		return nil, false
	}
	turn = make(chan struct{})
	h.waiting[queue] = append(h.waiting[queue], turn)
	return turn, true
}

// leave hands a slot on.
func (h *Hasher) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for queue, all := range h.waiting {
		if len(all) > 0 {
			close(all[0])
			h.waiting[queue] = all[1:]
			return
		}
	}
	h.free++
}

// giveUp leaves the queue, or hands on the slot that came in this moment.
func (h *Hasher) giveUp(queue int, turn chan struct{}) {
	h.mu.Lock()
	at := slices.Index(h.waiting[queue], turn)
	if at >= 0 {
		h.waiting[queue] = slices.Delete(h.waiting[queue], at, at+1)
	}
	h.mu.Unlock()
	if at < 0 {
		h.leave()
	}
}
