package console

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"clause.dev/clause/internal/identity/session"
)

// How often one network may fail to sign in: so many at once, and one more each so often.
const (
	guessBurst = 10
	guessEvery = 10 * time.Second
	maxSources = 10_000
)

// guesses slow down who fails to sign in, by the network they come from. A key has 256 random bits and is not
// guessed at any rate, so who has one is let in whatever others do from their network. The zero value is ready.
type guesses struct {
	mu    sync.Mutex
	known map[string]*rate.Limiter
}

// failed notes that somebody failed to sign in, and reports whether that was too often.
func (g *guesses) failed(source string, now time.Time) (tooOften bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.known == nil {
		g.known = map[string]*rate.Limiter{}
	}
	from := session.Near(source)
	l := g.known[from]
	if l == nil {
		g.makeRoom(now)
		l = rate.NewLimiter(rate.Every(guessEvery), guessBurst)
		g.known[from] = l
	}
	return !l.AllowN(now, 1)
}

// makeRoom drops who has not failed for long, which loses nothing, and all if there are too many still.
func (g *guesses) makeRoom(now time.Time) {
	if len(g.known) < maxSources {
		return
	}
	for at, l := range g.known {
		if l.TokensAt(now) >= guessBurst {
			delete(g.known, at)
		}
	}
	if len(g.known) >= maxSources {
		clear(g.known)
	}
}
