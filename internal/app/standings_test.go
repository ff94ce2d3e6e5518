package app

import (
	"context"
	"testing"
	"time"

	"clause.dev/clause/internal/obligation"
)

// What took long to count is kept for as long as makes it cheap, and what did not is counted each time.
func TestStandingsAreKeptWhileTheyCostMuch(t *testing.T) {
	clock, counts, took := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC), 0, time.Second
	s := &standing{clock: func() time.Time { return clock }}
	s.count = func(context.Context, time.Time) (map[string]obligation.Standing, error) {
		counts++
		clock = clock.Add(took)
		return map[string]obligation.Standing{"c": {Running: counts}}, nil
	}
	for _, step := range []struct {
		what    string
		after   time.Duration
		took    time.Duration
		running int
	}{
		{"first", 0, time.Second, 1},
		{"soon after", 15 * time.Second, time.Second, 1},
		{"a twentieth of the time is over", 5 * time.Second, time.Second, 2},
		{"the clock was set back", -time.Hour, time.Second, 3},
		{"it is set right", time.Hour, 10 * time.Millisecond, 4},
		{"a count that cost little", 0, 10 * time.Millisecond, 5},
	} {
		clock, took = clock.Add(step.after), step.took
		all, err := s.now(t.Context(), clock)
		if err != nil || all["c"].Running != step.running {
			t.Errorf("%s: %v, %v; want the count %d", step.what, all, err, step.running)
		}
		all["c"] = obligation.Standing{} // it is the caller's
	}
}
