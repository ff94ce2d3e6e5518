package control

import (
	"context"
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
				all = append(all, problem("no-direct-marketing", "", "purpose %s is declared, and the clause says there is none of the kind", purpose.ID).
					WithHint("one of the two has to go"))
				break
			}
		}
	}
	return errors.Join(all...)
}

// Plan has refusals of such purposes name the clause.
func (c *NoDirectMarketing) Plan(p *Plan) {
	// Narrowed to all data there is, so that this clause is named before those that list purposes.
	p.Grounds.AddFor(decision.StepPurpose, p.clause, decision.Scope{Purposes: marketing(), DataSets: p.dataSets})
}

// Probe asks for canary data for every such purpose, to read and to hand to each recipient.
func (c *NoDirectMarketing) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	recipients := []string{"", "advertiser"}
	for _, recipient := range s.Policy.Recipients {
		recipients = append(recipients, recipient.ID)
	}
	s.with(ctx, t, s.Canary.A, func(p *person) {
		for i := range s.Policy.Purposes { // even whoever consents to everything is left alone
			if err := p.ready(ctx, &s.Policy.Purposes[i]); err != nil {
				t.hurdle("%v", err)
			}
		}
		for _, k := range p.fillAndShow(ctx, t, dataSets(s.Policy, func(*policy.DataSet) bool { return true })) {
			for _, purpose := range marketing() {
				for _, recipient := range recipients {
					a, err := p.do(ctx, call{method: "GET", path: p.path("data", k.set.ID, k.id), purpose: purpose, recipient: recipient})
					t.mustForbid(strings.TrimSuffix("Using "+k.set.ID+" for "+purpose+" by "+recipient, " by "), a, err)
				}
			}
		}
	})
	return t.finding("Every request for marketing, advertising or sale is refused, whoever the data would go to.")
}
