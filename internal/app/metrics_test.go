package app

import (
	"testing"
	"time"

	"clause.dev/clause/internal/evidence"
)

// A control that was never probed has no age, wherever it stands: the figure is left out, and an alert set on that.
func TestTheOldestProbe(t *testing.T) {
	day := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	probed := func(at time.Time, runs bool) evidence.Status {
		return evidence.Status{Controls: []evidence.ControlStatus{{Runs: runs, Newest: evidence.Record{At: at}}}}
	}
	first, second, never, stated := probed(day, true), probed(day.Add(time.Hour), true), probed(time.Time{}, true), probed(time.Time{}, false)
	for name, c := range map[string]struct {
		all  []evidence.Status
		want time.Time
	}{
		"nothing":         {nil, time.Time{}},
		"none that runs":  {[]evidence.Status{stated}, time.Time{}},
		"the older":       {[]evidence.Status{second, first, stated}, day},
		"the older first": {[]evidence.Status{stated, first, second}, day},
		"never, first":    {[]evidence.Status{never, first}, time.Time{}},
		"never, last":     {[]evidence.Status{first, never}, time.Time{}},
		"never, between":  {[]evidence.Status{first, never, second}, time.Time{}},
	} {
		if got := oldest(c.all); !got.Equal(c.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
