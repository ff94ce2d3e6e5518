package control

import (
	"clause.dev/clause/internal/policy"
)

// Aggregates keeps clauses that say only anonymous statistics are released.
type Aggregates struct {
	People int `param:"people" doc:"the least number of people a released statistic is made from"`
}

// Check finds a number of people that hides nobody.
func (c *Aggregates) Check(*policy.Policy) error {
	if c.People < 2 {
		return problem("aggregates", "people", "people must be at least 2: a statistic over one person is that person's data")
	}
	return nil
}

// Plan raises the number of people a statistic needs.
func (c *Aggregates) Plan(p *Plan) {
	p.AggregateMin = max(p.AggregateMin, c.People)
}
