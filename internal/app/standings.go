package app

import (
	"context"
	"maps"
	"sync"
	"time"

	"clause.dev/clause/internal/obligation"
)

const (
	// countShare is how much longer a count of the clocks is good for than it took: so a store of ten thousand
	// tenants or a million clocks costs a twentieth of a processor, however often the public page is asked for.
	countShare = 20
	// countFree is how long a count may take of which nothing is kept: in a small store what is shown is never old.
	countFree = 250 * time.Millisecond
)

// standing is how the clocks of each clause stood when they were last counted.
type standing struct {
	count func(context.Context, time.Time) (map[string]obligation.Standing, error)
	clock func() time.Time // tells how long a count took

	mu        sync.Mutex
	all       map[string]obligation.Standing
	at, until time.Time
}

// now says how they stand, as of now or shortly before. Who asks while they are counted waits for that count.
func (s *standing) now(ctx context.Context, now time.Time) (map[string]obligation.Standing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !now.Before(s.at) && now.Before(s.until) { // a clock that was set back is no reason to show what was
		return maps.Clone(s.all), nil
	}
	began := s.clock()
	all, err := s.count(ctx, now)
	if err != nil {
		return nil, err
	}
	s.until = time.Time{}
	if took := s.clock().Sub(began); took > countFree {
		s.all, s.at, s.until = all, now, now.Add(countShare*took)
	}
	return maps.Clone(all), nil
}
