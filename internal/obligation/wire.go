package obligation

import (
	"time"

	"clause.dev/clause/api"
)

// Wire is the clock as it travels, as of now.
func (c *Clock) Wire(now time.Time) api.Clock {
	out := api.Clock{
		ID: c.ID, Kind: c.Duty.Kind, Clause: c.Duty.Clause, About: c.About, State: string(c.State), Limit: c.Duty.Limit.String(),
		Opened: c.Opened, Target: api.Moment(c.Target), Due: api.Moment(c.Due), Awaits: c.Awaits, PausedUntil: api.Moment(c.PausedUntil),
		PauseReason: c.PauseReason, Ended: api.Moment(c.Ended), Discharge: c.Duty.Evidence, Evidence: c.Evidence, Near: c.Near(now), Late: c.Late(now),
	}
	if c.State == Void {
		out.Evidence = c.EvidenceKind
	}
	return out
}
