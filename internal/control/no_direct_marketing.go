package control

import (
	"errors"
	"strings"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// NoDirectMarketing keeps clauses that say data is neither sold nor used for advertising.
type NoDirectMarketing struct{}

// marketing are the words by which a purpose of selling or advertising goes.
func marketing() []string {
	return []string{"marketing", "advertising", "advertisement", "sale", "resale"}
}

// Check finds purposes that are called marketing.
func (c *NoDirectMarketing) Check(p *policy.Policy) error {
	var all []error
	for _, purpose := range p.Purposes {
		for _, word := range marketing() {
			if strings.Contains(purpose.ID, word) {
				all = append(all, problem("no-direct-marketing", "", "purpose %s is declared, and the clause says there is none of the kind", purpose.ID))
				break
			}
		}
	}
	return errors.Join(all...)
}

// Plan has refusals of such purposes name the clause.
func (c *NoDirectMarketing) Plan(p *Plan) {
	p.ground(decision.StepPurpose, marketing()...)
}
