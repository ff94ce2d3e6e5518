package gate

import (
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"clause.dev/clause/internal/gate/network"
)

// When a source is banned: one attack may be somebody's odd words, and is stopped; several in a short time are not.
const (
	attacksToBan = 3
	attackWindow = 10 * time.Minute
)

// maxBanned bounds what is remembered of where attacks came from: some 10 MB.
const maxBanned = 100_000

// bans keep those out for a while from where attacks came, in memory alone.
type bans struct {
	lasts time.Duration  // zero: nobody is banned
	spare []netip.Prefix // proxies of ours, behind which everybody stands
	mu    sync.Mutex
	known map[netip.Prefix]offender
}

type offender struct {
	attacks int
	since   time.Time // of the first of them
	until   time.Time // banned; zero: not
}

// holds reports until when a source is banned.
func (b *bans) holds(remote string, now time.Time) (until time.Time, banned bool) {
	if b.lasts == 0 {
		return time.Time{}, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.known) == 0 {
		return time.Time{}, false
	}
	from := near(remote)
	o := b.known[from]
	if o.until.IsZero() {
		return time.Time{}, false
	}
	if left := o.until.Sub(now); left <= 0 || left > b.lasts { // over, or the clock was set back
		delete(b.known, from)
		return time.Time{}, false
	}
	return o.until, true
}

// attack notes one, and reports whether its source is banned for it, from now on.
func (b *bans) attack(remote string, now time.Time) (banned bool) {
	at, err := netip.ParseAddrPort(remote)
	if b.lasts == 0 || err != nil || network.Holds(b.spare, at.Addr().Unmap().WithZone("")) {
		return false
	}
	from := near(remote)
	b.mu.Lock()
	defer b.mu.Unlock()
	o, seen := b.known[from]
	if !seen {
		b.room(now)
	}
	if now.Before(o.until) { // it was on its way when its source was banned
		return false
	}
	if age := now.Sub(o.since); age < 0 || age > attackWindow {
		o = offender{since: now}
	}
	if o.attacks++; o.attacks >= attacksToBan {
		o.until, banned = now.Add(b.lasts), true
	}
	b.known[from] = o
	return banned
}

// room makes some for another source: first what is over is forgotten, then some that are not banned, then any.
func (b *bans) room(now time.Time) {
	if b.known == nil {
		b.known = map[netip.Prefix]offender{}
	}
	if len(b.known) < maxBanned {
		return
	}
	for _, forget := range []func(offender) bool{
		func(o offender) bool {
			return o.until.IsZero() && now.Sub(o.since) > attackWindow || !o.until.IsZero() && !now.Before(o.until)
		},
		func(o offender) bool { return o.until.IsZero() },
		func(offender) bool { return true },
	} {
		for at, o := range b.known {
			if forget(o) {
				delete(b.known, at)
			}
			if len(b.known) <= maxBanned-maxBanned/10 {
				return
			}
		}
	}
}

// count is how many are banned now.
func (b *bans) count(now time.Time) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.known {
		if now.Before(o.until) {
			n++
		}
	}
	return n
}

// Banned is how many sources are banned now.
func (g *Gate) Banned() int { return g.bans.count(g.Now()) }

// refuseBanned turns away who is banned.
func refuseBanned(w http.ResponseWriter, left time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(int(left/time.Second)+1))
	refuse(w, http.StatusForbidden, "Attacks came from your address. It is let in again later.")
}
