package control

import (
	"errors"
	"slices"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// Residency keeps clauses that say where data is kept: GDPR ch. V, PDPL art. 22.
type Residency struct {
	Regions Regions `param:"regions" doc:"the regions data is kept in"`
}

// Check finds regions that are not declared, and recipients outside without a safeguard.
func (c *Residency) Check(p *policy.Policy) error {
	var all []error
	if len(c.Regions) == 0 {
		all = append(all, problem("residency", "regions", "a clause about residency must name a region"))
	}
	for _, id := range c.Regions {
		if !slices.ContainsFunc(p.Regions, func(r policy.Region) bool { return r.ID == id }) {
			all = append(all, problem("residency", "regions", "region %s is not declared", id))
		}
	}
	for _, recipient := range p.Recipients {
		if recipient.Safeguard == "" && !slices.Contains(c.Regions, recipient.Region) {
			all = append(all, problem("residency", "regions", "recipient %s is in %s, outside the clause's regions, and no safeguard is recorded", recipient.ID, recipient.Region).
				WithHint("record the safeguard of the transfer, or take the recipient out"))
		}
	}
	return errors.Join(all...)
}

// Plan keeps data in the regions, and has refusals elsewhere name the clause.
func (c *Residency) Plan(p *Plan) {
	p.ground(decision.StepRegion)
	p.Grounds.AllowRegions(c.Regions...)
}
