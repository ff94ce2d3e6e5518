package evidence

import "clause.dev/clause/api"

// Wire puts statuses in the form in which they travel.
func Wire(statuses []Status) []api.ClauseStatus {
	out := make([]api.ClauseStatus, 0, len(statuses))
	for _, s := range statuses {
		w := api.ClauseStatus{
			Clause: s.Clause.ID, Section: s.Clause.Section, Text: s.Clause.Text, State: string(s.State),
			Since: api.Moment(s.Since), Proven: api.Moment(s.Proven), Reasons: s.Reasons,
		}
		for _, c := range s.Controls {
			w.Controls = append(w.Controls, c.Keep.Control)
		}
		out = append(out, w)
	}
	return out
}
