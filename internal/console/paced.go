package console

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"clause.dev/clause/internal/identity/session"
)

// What one network may do without being known: so often at once, and once more each so often. A member's key has 256
// random bits and is not guessed at any rate, so who has one is let in whatever others do from their network.
const (
	guessBurst, guessEvery = 10, 10 * time.Second // failed attempts to sign in
	leaveBurst, leaveEvery = 60, time.Second      // browsers sent elsewhere to sign in, each of which is a row: an office goes at nine
)

// maxSources is how many networks are known at a time.
const maxSources = 10_000

// paced slows down what whoever comes from one network does. The zero value is ready.
type paced struct {
	mu    sync.Mutex
	known map[string]*rate.Limiter
}

// tooOften notes that somebody did it, and reports whether that was too often.
func (p *paced) tooOften(burst int, every time.Duration, source string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil {
		p.known = map[string]*rate.Limiter{}
	}
	from := session.Near(source)
	l := p.known[from]
	if l == nil {
		p.makeRoom(now)
		l = rate.NewLimiter(rate.Every(every), burst)
		p.known[from] = l
	}
	return !l.AllowN(now, 1)
}

// makeRoom drops who has not come for long, which loses nothing, and all if there are too many still.
func (p *paced) makeRoom(now time.Time) {
	if len(p.known) < maxSources {
		return
	}
	for at, l := range p.known {
		if l.TokensAt(now) >= float64(l.Burst()) {
			delete(p.known, at)
		}
	}
	if len(p.known) >= maxSources {
		clear(p.known)
	}
}
