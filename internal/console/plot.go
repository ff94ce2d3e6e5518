package console

import (
	"time"

	"clause.dev/clause/internal/evidence"
)

// A plot is drawn in units of its own, wide enough that no rounding shows, and stretched to the page. Time runs from
// left to right in every language; what colour says, height says too.
const (
	plotWide = 1000
	plotHigh = 20
)

// span is the time that a plot shows.
type span struct{ From, To time.Time }

// at is where a moment stands, within the plot.
func (s span) at(t time.Time) int {
	whole := s.To.Sub(s.From)
	if whole <= 0 || !t.After(s.From) {
		return 0
	}
	if !t.Before(s.To) {
		return plotWide
	}
	return int(float64(t.Sub(s.From)) / float64(whole) * plotWide)
}

// bar is one rectangle of a plot.
type bar struct {
	X, Y, W, H int
	Class      string
}

// bar draws a time, at least as wide as can be seen.
func (s span) bar(from, to time.Time, high int, class string) bar {
	x := min(s.at(from), plotWide-2)
	return bar{X: x, Y: plotHigh - high, W: max(2, s.at(to)-x), H: high, Class: class}
}

// heights are how high what was seen is drawn.
var heights = map[evidence.Outcome]int{"kept": 8, "attested": 8, "unable": 13, "broken": plotHigh}

// Bars draws what was seen of a control.
func (s span) Bars(lane []evidence.Span) (bars []bar) {
	for i := range lane {
		l := &lane[i]
		if l.To.Before(s.From) {
			continue
		}
		high, ok := heights[l.Outcome]
		class := "f-" + string(l.Outcome)
		if !ok {
			high, class = heights["unable"], "f-unable"
		}
		bars = append(bars, s.bar(l.From, l.To, high, class))
	}
	return bars
}

// Wide and High are the plot's own measures, for templates.
func (span) Wide() int { return plotWide }

// High is how high a lane is.
func (span) High() int { return plotHigh }
