package control

import (
	"context"
	"net/http"

	"clause.dev/clause/internal/detection"
	"clause.dev/clause/internal/policy"
)

// LogOutliers keeps clauses that say logs are searched for outliers.
type LogOutliers struct{}

// Check finds nothing: what an outlier is needs no parameter.
func (c *LogOutliers) Check(*policy.Policy) error { return nil }

// Plan has the doors searched.
func (c *LogOutliers) Plan(p *Plan) { p.Search.Outliers = true }

// bursting is how many errors a canary has: enough at the edge of two minutes too.
const bursting = 30

// Probe has a canary application behind a gate like the server's fail many times in a minute, which must raise an
// alert, once; ordinary answers must not.
func (c *LogOutliers) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	d := &detectionDrill{t: t, s: s, kind: detection.Outlier}
	if !d.begin(ctx) {
		return t.finding("")
	}
	burst := func() bool {
		return d.many(ctx, bursting, http.StatusInternalServerError, func() string { return "/fails" })
	}
	ready := d.many(ctx, strolled, http.StatusOK, func() string { return "/" }) && burst()
	if ready && d.raises(ctx, detection.ServerErrors) && burst() {
		d.once(ctx, detection.ServerErrors)
	}
	if ready {
		d.doors(ctx)
	}
	d.tidy(ctx)
	return t.finding("A burst of errors stands out among the minutes before and raised one alert; ordinary answers raised none.")
}
