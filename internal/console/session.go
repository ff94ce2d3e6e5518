package console

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"

	"clause.dev/clause/internal/access"
)

// How long somebody stays signed in: unused, and at most. The cookie itself ends with the browser.
const (
	idle    = 30 * time.Minute
	longest = 12 * time.Hour
)

// How many sessions there are, of all and of one member: the ones that were not used for longest give way.
const (
	maxSessions = 4000
	maxOfOne    = 8
)

// sessions are who is signed in, by the digest of their token. They are in memory alone: a restart signs everybody
// out. The zero value has none.
type sessions struct {
	mu  sync.Mutex
	all map[[32]byte]*entered
}

// entered is one session.
type entered struct {
	pass        access.Pass
	member      string
	began, seen time.Time
}

func (e *entered) lasts(now time.Time) bool {
	return now.Sub(e.seen) < idle && now.Sub(e.began) < longest && !now.Before(e.began.Add(-idle))
}

// begin signs a member in and returns the token, of 256 random bits.
func (s *sessions) begin(pass access.Pass, member string, now time.Time) string {
	token := rand.Text() + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[[32]byte]*entered{}
	}
	for at, e := range s.all {
		if !e.lasts(now) {
			delete(s.all, at)
		}
	}
	s.giveWay(maxOfOne, func(e *entered) bool { return e.member == member })
	s.giveWay(maxSessions, func(*entered) bool { return true })
	s.all[sha256.Sum256([]byte(token))] = &entered{pass: pass, member: member, began: now, seen: now}
	return token
}

// giveWay ends the session that was not used for longest, if there are as many as may be.
func (s *sessions) giveWay(most int, of func(*entered) bool) {
	n, oldest := 0, [32]byte{}
	for at, e := range s.all {
		if !of(e) {
			continue
		}
		if n++; n == 1 || e.seen.Before(s.all[oldest].seen) {
			oldest = at
		}
	}
	if n >= most {
		delete(s.all, oldest)
	}
}

// of returns the pass of the session with the token, if there is one.
func (s *sessions) of(token string, now time.Time) (pass access.Pass, ok bool) {
	if token == "" {
		return pass, false
	}
	at := sha256.Sum256([]byte(token)) // looked up by digest: how long it takes tells nothing of a token
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.all[at]
	if e == nil {
		return pass, false
	}
	if !e.lasts(now) {
		delete(s.all, at)
		return pass, false
	}
	e.seen = now
	return e.pass, true
}

// end signs out.
func (s *sessions) end(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, sha256.Sum256([]byte(token)))
}
