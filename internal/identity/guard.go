package identity

import (
	"container/list"
	"crypto/sha256"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/session"
)

// guard slows down guessing. It counts by where somebody comes from, by the log-in name, and by both, in
// memory alone. A name is counted whether it has an account or not.
//
// Who guesses at a name from many places uses up that name's own allowance; but a place from which somebody
// signed in with that name has an allowance of its own there, and a mailed code needs none: so nobody is
// locked out by others. Those places are kept apart: however many names are made up, none of them is forgotten.
type guard struct {
	mu    sync.Mutex
	known map[[32]byte]*list.Element
	// The allowances, the one used last at the front: those of places where somebody signed in by a name, and the others.
	good, others list.List
}

type allowance struct {
	key   [32]byte
	limit *rate.Limiter
	used  time.Time
	good  bool
}

// The allowances: so many at once, and one more each so often.
type pace struct {
	burst int
	every time.Duration
}

var (
	ofPlace = pace{40, 5 * time.Second}  // whatever the name: an office has one address
	ofBoth  = pace{6, 30 * time.Second}  // a name from a place
	ofName  = pace{30, 90 * time.Second} // a name from places it was never signed in from
	ofMail  = pace{4, 15 * time.Minute}  // mails to a name
	ofCode  = pace{10, 20 * time.Second} // mailed codes typed, from a place
	ofProof = pace{5, 60 * time.Second}  // second factors of a person
)

const (
	maxGood, maxOthers = 50_000, 150_000 // some 60 MB
	forget             = 24 * time.Hour  // what was not used for so long
)

func key(what string, parts ...string) [32]byte {
	h := sha256.New()
	for _, p := range append([]string{what}, parts...) {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return [32]byte(h.Sum(nil))
}

// allow reports whether there is allowance left for a key, and takes of it.
func (g *guard) allow(now time.Time, p pace, what string, parts ...string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.at(now, p, key(what, parts...)).limit.AllowN(now, 1)
}

// at is the allowance of a key, which is used now.
func (g *guard) at(now time.Time, p pace, k [32]byte) *allowance {
	g.makeRoom(now, &g.good, maxGood)
	g.makeRoom(now, &g.others, maxOthers)
	if at, ok := g.known[k]; ok {
		found := at.Value.(*allowance)
		g.of(found).MoveToFront(at)
		found.used = now
		return found
	}
	return g.put(now, &allowance{key: k, limit: rate.NewLimiter(rate.Every(p.every), p.burst)})
}

// of is the list that an allowance is kept in.
func (g *guard) of(a *allowance) *list.List {
	if a.good {
		return &g.good
	}
	return &g.others
}

func (g *guard) put(now time.Time, a *allowance) *allowance {
	if g.known == nil {
		g.known = map[[32]byte]*list.Element{}
	}
	a.used = now
	g.known[a.key] = g.of(a).PushFront(a)
	return a
}

// makeRoom is for one more: it forgets what was long not used, and if that is not enough, what was used before all
// others. That can only give an allowance back.
func (g *guard) makeRoom(now time.Time, kept *list.List, most int) {
	for last := kept.Back(); last != nil; last = kept.Back() {
		oldest := last.Value.(*allowance)
		if kept.Len() < most && now.Sub(oldest.used) <= forget {
			return
		}
		kept.Remove(last)
		delete(g.known, oldest.key)
	}
}

// signIn takes of the allowances of an attempt to sign in. known says that somebody was let in before by that name,
// from that place.
func (g *guard) signIn(now time.Time, tenant, login, source string) (known bool, err error) {
	place := session.Near(source)
	if !g.allow(now, ofPlace, "place", place) {
		return false, tooMany()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	both := g.at(now, ofBoth, key("both", tenant, login, place))
	if !both.limit.AllowN(now, 1) {
		return false, tooMany()
	}
	if !both.good && !g.at(now, ofName, key("name", tenant, login)).limit.AllowN(now, 1) {
		return false, tooMany()
	}
	return both.good, nil
}

// signedIn notes that somebody signed in with a name from a place, which gives back what it took.
func (g *guard) signedIn(now time.Time, tenant, login, source string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	both := g.at(now, ofBoth, key("both", tenant, login, session.Near(source)))
	both.limit = rate.NewLimiter(rate.Every(ofBoth.every), ofBoth.burst)
	if !both.good {
		g.others.Remove(g.known[both.key])
		both.good = true
		g.put(now, both)
	}
}

func tooMany() error {
	return fault.New("identity.guard", fault.TooMany, "there were too many attempts").WithHint("wait a minute, or have a code mailed to you")
}
