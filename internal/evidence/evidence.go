// Package evidence runs the probes of a policy's controls, keeps what they saw, and says of each
// clause whether it is kept.
//
// Nothing is kept by default: a clause is kept only if each of its controls was lately seen to be
// kept under the policy as it is now.
package evidence

import (
	"context"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
)

// Outcome is what a probe says of a promise.
type Outcome = control.Outcome

// Record is a probe's finding about a clause.
type Record struct {
	Clause, Control string
	At              time.Time
	Finding         control.Finding
}

// State is what is known of a clause.
type State string

// The states, as the interface names them. A clause is attested by a person's signed document.
const (
	Kept     State = api.StateKept
	AtRisk   State = api.StateAtRisk
	Broken   State = api.StateBroken
	Attested State = api.StateAttested
	Stated   State = api.StateStated
	Unkept   State = api.StateUnkept
)

// The defaults of an Evidence.
const (
	defaultMaxAge = 24 * time.Hour
	defaultWithin = 2 * time.Minute
	defaultKeep   = 90 * 24 * time.Hour
)

// Evidence runs probes and keeps their findings. It is safe for concurrent use; probes run one run
// at a time, because they would see each other's canaries. Its durations may be set before use.
type Evidence struct {
	MaxAge time.Duration // how long a finding proves something; default 24 hours
	Within time.Duration // how long one probe may take; default 2 minutes
	Keep   time.Duration // how long findings are kept; default 90 days
	// Clocks says how the clocks of each clause stand; nil where there are none.
	Clocks func(ctx context.Context, now time.Time) (map[string]obligation.Standing, error)

	db      *db.DB
	policy  *policy.Policy
	running chan struct{}
}

// New returns the evidence of a policy. A maxAge of zero is the default.
func New(d *db.DB, p *policy.Policy, maxAge time.Duration) *Evidence {
	if maxAge <= 0 {
		maxAge = defaultMaxAge
	}
	return &Evidence{MaxAge: maxAge, Within: defaultWithin, Keep: defaultKeep, db: d, policy: p, running: make(chan struct{}, 1)}
}
