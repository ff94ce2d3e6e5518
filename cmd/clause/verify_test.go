package main

import (
	"testing"

	"clause.dev/clause/api"
)

// What --allow-unkept tolerates: a clause without a control that runs, and one that sums such clauses up;
// never one that was seen to be other than kept.
func TestWhatIsTolerated(t *testing.T) {
	finding := func(clause, control, outcome string) api.Finding {
		return api.Finding{Clause: clause, Control: control, Outcome: outcome}
	}
	status := func(clause, state string, controls ...string) api.ClauseStatus {
		return api.ClauseStatus{Clause: clause, State: state, Controls: controls}
	}
	for _, row := range []struct {
		name  string
		last  api.ClauseStatus
		found []api.Finding
		kept  bool
	}{
		{"no control", status("last", api.StateUnkept), nil, true},
		{"one not built", status("last", api.StateUnkept, "threat-detection"), nil, true},
		{"derived from what is not built", status("last", api.StateUnkept, "derived"), []api.Finding{finding("last", "derived", api.OutcomeKept)}, true},
		{"derived, and the page says more than is so", status("last", api.StateUnkept, "derived"), []api.Finding{finding("last", "derived", api.OutcomeBroken)}, false},
		{"derived from what is broken", status("last", api.StateBroken, "derived"), []api.Finding{finding("last", "derived", api.OutcomeKept)}, false},
		{"built, and unkept", status("last", api.StateUnkept, "tls"), []api.Finding{finding("last", "tls", api.OutcomeKept)}, false},
	} {
		c := &verifyCmd{AllowUnkept: true}
		all := []api.ClauseStatus{status("first", api.StateKept, "tls"), row.last}
		if got := c.weigh(all, append(row.found, finding("first", "tls", api.OutcomeKept))); got.Kept != row.kept {
			t.Errorf("%s: kept is %v", row.name, got.Kept)
		}
		if got := (&verifyCmd{}).weigh(all, row.found); got.Kept {
			t.Errorf("%s: kept without --allow-unkept", row.name)
		}
	}
}
