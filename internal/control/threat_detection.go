package control

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"clause.dev/clause/internal/detection"
	"clause.dev/clause/internal/policy"
)

// ThreatDetection keeps clauses that say interactions are searched for threats.
type ThreatDetection struct{}

// Check finds nothing: what is searched for needs no parameter.
func (c *ThreatDetection) Check(*policy.Policy) error { return nil }

// Plan has the doors searched.
func (c *ThreatDetection) Plan(p *Plan) { p.Search.Threats = true }

// What a canary does: enough to be found, and little to do.
const (
	scanned  = 150 // pages that are not there
	guessed  = 24  // passwords
	strolled = 30  // times the one page
)

// Probe scans a canary application behind a gate like the server's, and guesses at a password there; each must raise
// an alert, once, and ordinary visits none.
func (c *ThreatDetection) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	d := &detectionDrill{t: t, s: s, kind: detection.Threat}
	if !d.begin(ctx) {
		return t.finding("")
	}
	causes := []string{detection.Scanning}
	ready := d.many(ctx, strolled, http.StatusOK, func() string { return "/" }) && c.scan(ctx, d)
	if s.People == nil {
		t.note("Nobody can sign in at this server: guesses at passwords were not tried.")
	} else {
		ready = ready && c.guess(ctx, d)
		causes = append(causes, detection.BruteForce)
	}
	if ready && d.raises(ctx, causes...) && c.scan(ctx, d) {
		d.once(ctx, causes...)
	}
	if ready {
		d.doors(ctx)
	}
	d.tidy(ctx)
	return t.finding("What happens at the doors is searched for threats: " + list(spellings(causes)) + " raised one alert each, and ordinary visits none.")
}

func spellings(causes []string) (all []string) {
	for _, what := range causes {
		all = append(all, spelt(what))
	}
	return all
}

func (c *ThreatDetection) scan(ctx context.Context, d *detectionDrill) bool {
	return d.many(ctx, scanned, http.StatusNotFound, func() string { return "/canary-" + strings.ToLower(token()) })
}

// guess tries passwords of an address that nobody has.
func (c *ThreatDetection) guess(ctx context.Context, d *detectionDrill) bool {
	from, form := place(), url.Values{"login": {strings.ToLower(token()) + "@canary.invalid"}}
	for range guessed {
		form.Set("password", token())
		a, err := d.ask(ctx, from, http.MethodPost, "/account/en/sign-in", form)
		if err != nil || a.status != http.StatusUnauthorized && a.status != http.StatusTooManyRequests {
			d.t.hurdle("guessing at a password: %v", came(a, err))
			return false
		}
	}
	return true
}
