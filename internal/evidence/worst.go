package evidence

import (
	"slices"
	"time"

	"clause.dev/clause/internal/control"
)

// worst lays the spans of several controls over each other: at each moment the worst that was seen. Where one of them
// was not looked at there is nothing to say, unless another is broken.
func worst(lanes [][]Span) (out []Span) {
	if len(lanes) == 1 {
		return lanes[0]
	}
	var edges []time.Time
	for _, lane := range lanes {
		for _, s := range lane {
			edges = append(edges, s.From, s.To)
		}
	}
	slices.SortFunc(edges, time.Time.Compare)
	edges = slices.CompactFunc(edges, time.Time.Equal)
	at := make([]int, len(lanes))
	for i := 0; i+1 < len(edges); i++ {
		from, to := edges[i], edges[i+1]
		seen, known := control.Kept, 0
		for l, lane := range lanes {
			for at[l] < len(lane) && !lane[at[l]].To.After(from) {
				at[l]++
			}
			if at[l] == len(lane) || lane[at[l]].From.After(from) {
				continue
			}
			known++
			if o := lane[at[l]].Outcome; rank(o) > rank(seen) {
				seen = o
			}
		}
		if known == 0 || known < len(lanes) && seen != control.Broken {
			continue
		}
		if n := len(out); n > 0 && out[n-1].Outcome == seen && out[n-1].To.Equal(from) {
			out[n-1].To = to
			continue
		}
		out = append(out, Span{Outcome: seen, From: from, To: to})
	}
	return out
}

// rank orders outcomes, the worst last.
func rank(o Outcome) int {
	return slices.Index([]Outcome{control.Kept, control.Attested, control.Unable, control.Broken}, o)
}
