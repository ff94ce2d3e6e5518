package password

import (
	"context"
	"sync"

	"clause.dev/clause/internal/fault"
)

// Hasher hashes within bounds: so many at a time, and so many waiting, that a flood of log-ins starves
// nobody else of the processors. Safe for use by many at once.
type Hasher struct {
	rule  Rule
	slots chan struct{}
	queue chan struct{}

	once  sync.Once
	decoy string
}

// waitingPerSlot bounds the wait: at a quarter of a second each, some eight seconds.
const waitingPerSlot = 32

// NewHasher returns a hasher by a rule that was checked, with so many at a time.
func NewHasher(rule Rule, parallel int) *Hasher {
	parallel = max(1, parallel)
	return &Hasher{rule: rule, slots: make(chan struct{}, parallel), queue: make(chan struct{}, parallel*(1+waitingPerSlot))}
}

// Rule returns how passwords are hashed.
func (h *Hasher) Rule() Rule { return h.rule }

// Hash makes the stored form of a password. Invalid if it cannot be one, TooMany if too many wait.
func (h *Hasher) Hash(ctx context.Context, secret string) (hash string, err error) {
	prepared, err := Prepare(secret)
	if err != nil {
		return "", err
	}
	if e := h.in(ctx, func() { hash, err = h.rule.hash(prepared) }); e != nil {
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
	e := h.in(ctx, func() {
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
// must not be told apart.
func (h *Hasher) Verify(ctx context.Context, hash, secret string) (ok, stale bool, err error) {
	prepared, err := Prepare(secret)
	if err != nil {
		prepared, hash = "no such password", ""
	}
	known := hash != ""
	err = h.in(ctx, func() {
		if !known {
			hash = h.nobodys()
		}
		if ok = matches(hash, prepared) && known; !ok {
			h.rule.makeUp(hash, prepared)
		}
	})
	if err != nil || !ok {
		return false, false, err
	}
	made, _ := Of(hash)
	return true, !made.Meets(h.rule), nil
}

// nobodys is a hash of nothing anybody could send, by the same rule.
func (h *Hasher) nobodys() string {
	h.once.Do(func() {
		h.decoy, _ = h.rule.hash("\x00") // what Prepare never lets through; a failure only makes it quicker
	})
	return h.decoy
}

// in runs f in a slot, once one is free.
func (h *Hasher) in(ctx context.Context, f func()) error {
	select {
	case h.queue <- struct{}{}:
	default:
		return fault.New("password.Hasher", fault.TooMany, "too many people are signing in at this moment").WithHint("try again in a few seconds")
	}
	defer func() { <-h.queue }()
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		return fault.As("password.Hasher", fault.Unavailable, ctx.Err())
	}
	defer func() { <-h.slots }()
	f()
	return nil
}
