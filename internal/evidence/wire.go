package evidence

import (
	"time"

	"clause.dev/clause/api"
)

// Wire puts statuses in the form in which they travel.
func Wire(statuses []Status) []api.ClauseStatus {
	out := make([]api.ClauseStatus, 0, len(statuses))
	for _, s := range statuses {
		w := api.ClauseStatus{
			Clause: s.Clause.ID, Section: s.Clause.Section, Text: s.Clause.Text, State: string(s.State),
			Since: some(s.Since), Proven: some(s.Proven), Reasons: s.Reasons,
		}
		for _, c := range s.Controls {
			w.Controls = append(w.Controls, c.Keep.Control)
		}
		out = append(out, w)
	}
	return out
}

// some is nil for the zero time, which is none.
func some(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
