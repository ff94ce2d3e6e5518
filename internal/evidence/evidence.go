// Package evidence runs the probes of a policy's controls, keeps what they saw, and says of each
// clause whether it is kept.
//
// Nothing is kept by default: a clause is kept only if each of its controls was lately seen to be
// kept under the policy as it is now.
package evidence

import (
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
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

// The states, as the interface names them. A clause is attested by a person's signed document; no
// control of today does so.
const (
	Kept     State = api.StateKept
	AtRisk   State = api.StateAtRisk
	Broken   State = api.StateBroken
	Attested State = api.StateAttested
	Stated   State = api.StateStated
	Unkept   State = api.StateUnkept
)

// Config is what evidence is made of. The zero durations stand for the defaults.
type Config struct {
	DB     *db.DB
	Policy *policy.Policy
	MaxAge time.Duration // how long a finding proves something; default 24 hours
	Within time.Duration // how long one probe may take; default 2 minutes
	Keep   time.Duration // how long findings are kept; default 90 days
}

// Evidence runs probes and keeps their findings. It is safe for concurrent use; probes run one run
// at a time, because they look at each other's canaries otherwise.
type Evidence struct {
	Config
	running chan struct{}
}

// New returns the evidence of a policy, whose controls must exist.
func New(c Config) (*Evidence, error) {
	const op = "evidence.New"
	if c.DB == nil || c.Policy == nil {
		return nil, fault.New(op, fault.Other, "a store and a policy are needed")
	}
	for _, clause := range c.Policy.Clauses {
		for _, keep := range clause.Keep {
			if _, _, err := control.Of(keep); err != nil {
				return nil, fault.Wrap(op, err)
			}
		}
	}
	c.MaxAge = orDefault(c.MaxAge, 24*time.Hour)
	c.Within = orDefault(c.Within, 2*time.Minute)
	c.Keep = orDefault(c.Keep, 90*24*time.Hour)
	return &Evidence{c, make(chan struct{}, 1)}, nil
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}
