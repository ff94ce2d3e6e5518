package gate

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits bound what comes from one address. Zero is the default, negative is none.
type Limits struct {
	Rate   float64 // requests a second
	Burst  int     // at once
	Open   int     // under way at a time, WebSockets among them
	Upload int64   // bytes of one request
}

func (l Limits) complete() Limits {
	if l.Rate == 0 {
		l.Rate = 100
	}
	if l.Burst == 0 {
		l.Burst = max(400, int(4*l.Rate))
	}
	if l.Open == 0 {
		l.Open = 256
	}
	if l.Upload == 0 {
		l.Upload = 1 << 30
	}
	return l
}

// sources counts by where requests come from, in memory alone.
type sources struct {
	Limits
	mu    sync.Mutex
	known map[netip.Prefix]*source
}

type source struct {
	limit   *rate.Limiter
	open    int
	looking int // forms that are looked into, or wait for it
}

// maxLooking bounds the forms of one source that are looked into at a time: who floods the gate with forms waits
// behind their own.
const maxLooking = 4

// maxSources bounds what is remembered: some 20 MB.
const maxSources = 100_000

// near is what one household or server has: an address of IPv4, a /64 of IPv6.
func near(remote string) netip.Prefix {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	a, bits := at.Addr().Unmap().WithZone(""), 64
	if a.Is4() {
		bits = 32
	}
	p, _ := a.Prefix(bits) // fits by what was just asked
	return p
}

// enter takes of the allowance of an address. leave gives back what is held while a request is under way.
func (s *sources) enter(remote string, now time.Time) (leave func(), ok bool) {
	if s.Rate < 0 && s.Open < 0 {
		return func() {}, true
	}
	from := near(remote)
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.known[from]
	if found == nil {
		found = s.add(from)
	}
	if s.Open > 0 && found.open >= s.Open || s.Rate > 0 && !found.limit.AllowN(now, 1) {
		return nil, false
	}
	found.open++
	return func() {
		s.mu.Lock()
		found.open--
		s.mu.Unlock()
	}, true
}

// look takes a place among the forms of an address that are looked into. done gives it back.
func (s *sources) look(remote string) (done func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.known[near(remote)]
	if found == nil || s.Open < 0 { // nobody counts
		return func() {}, true
	}
	if found.looking >= maxLooking {
		return nil, false
	}
	found.looking++
	return func() {
		s.mu.Lock()
		found.looking--
		s.mu.Unlock()
	}, true
}

// add remembers an address. Where there are too many, some that have nothing under way are forgotten: that can only
// give an allowance back.
func (s *sources) add(from netip.Prefix) *source {
	if s.known == nil {
		s.known = map[netip.Prefix]*source{}
	}
	if len(s.known) >= maxSources {
		looked := 0
		for at, one := range s.known {
			if one.open == 0 {
				delete(s.known, at)
			}
			if looked++; looked == 64 {
				break
			}
		}
	}
	made := &source{limit: rate.NewLimiter(rate.Limit(s.Rate), s.Burst)}
	s.known[from] = made
	return made
}
