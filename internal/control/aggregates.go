package control

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"clause.dev/clause/api"
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
	if p.AggregateClause == "" || c.People > p.AggregateMin {
		p.AggregateMin, p.AggregateClause = max(p.AggregateMin, c.People), p.clause
	}
}

// survey is a statistic that some purpose may ask for.
type survey struct {
	purpose *policy.Purpose
	set     *policy.DataSet
	query   api.AggregateQuery
}

// Probe asks for a statistic over one person too few, and over just enough.
func (c *Aggregates) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if v, ok := surveyOf(s.Policy); ok {
		currency := ownCurrency()
		s.crowd(ctx, t, c.People, nil, func(people []*person) { c.ask(ctx, t, v, currency, people) })
	} else {
		t.hurdle("no purpose may ask for a statistic of what it can store.")
	}
	return t.finding(fmt.Sprintf("A statistic over %d people is released, one over %d is not.", c.People, c.People-1))
}

// surveyOf chooses a statistic of money if there is one: amounts of a currency of the probe's own
// are never added to anybody else's.
func surveyOf(p *policy.Policy) (v survey, ok bool) {
	for i := range p.Purposes {
		purpose := &p.Purposes[i]
		if purpose.When != "" || !may(purpose, policy.Aggregate) {
			continue
		}
		for _, set := range stored(p, nil) {
			_, written := writer(p, set)
			for _, id := range sight(purpose, set.ID) {
				f, _ := set.Field(id)
				if !slices.Contains(written, id) || f == nil {
					continue
				}
				if f.Type == policy.Money {
					return survey{purpose, set, api.AggregateQuery{DataSet: set.ID, Statistic: api.StatisticMean, Field: id}}, true
				}
				v, ok = survey{purpose, set, api.AggregateQuery{DataSet: set.ID, Statistic: api.StatisticCount}}, true
			}
		}
	}
	return v, ok
}

// ownCurrency is a random code among those ISO 4217 keeps for what is no currency.
func ownCurrency() string {
	return "X" + strings.Map(func(r rune) rune { return 'A' + r%26 }, token()[:2])
}

// crowd runs fn with n canary people, and erases them all.
func (s *System) crowd(ctx context.Context, t *trial, n int, people []*person, fn func([]*person)) {
	if len(people) == n {
		fn(people)
		return
	}
	s.with(ctx, t, s.Canary.A, func(p *person) { s.crowd(ctx, t, n, append(people, p), fn) })
}

// ask gives data of all but one and asks, then of that one and asks again.
func (c *Aggregates) ask(ctx context.Context, t *trial, v survey, currency string, people []*person) {
	for i, p := range people {
		p.marks.currency = currency
		if err := p.ready(ctx, v.purpose); err != nil {
			t.hurdle("%v", err)
			return
		}
		if last := i == len(people)-1; last && !c.tooFew(ctx, t, v, p) {
			return
		}
		if _, err := p.stock(ctx, v.set); err != nil {
			t.hurdle("%v", err)
			return
		}
		if i == 0 && v.set.Many { // people count, not records
			if _, err := p.stock(ctx, v.set); err != nil {
				t.hurdle("%v", err)
				return
			}
		}
	}
	c.enough(ctx, t, v, people[0])
}

func (v survey) ask(ctx context.Context, p *person) (answer, error) {
	return p.do(ctx, call{method: "POST", path: p.home() + "/aggregates", purpose: v.purpose.ID, body: v.query})
}

// group returns the line of the statistic that is about the canaries: that of their currency, or
// the only one there is.
func (v survey) group(a answer, currency string) (api.Group, bool) {
	var statistic api.Aggregate
	if json.Unmarshal(a.body, &statistic) != nil {
		return api.Group{}, false
	}
	for _, g := range statistic.Groups {
		if v.query.Field == "" || strings.HasSuffix(g.Key, currency) || strings.HasSuffix(g.Value, currency) {
			return g, true
		}
	}
	return api.Group{}, false
}

// tooFew asks for the statistic over one person too few. It reports whether to go on.
func (c *Aggregates) tooFew(ctx context.Context, t *trial, v survey, p *person) bool {
	a, err := v.ask(ctx, p)
	if err != nil || !a.ok() {
		t.mustForbid(fmt.Sprintf("A statistic over %d people", c.People-1), a, err)
		return err == nil && a.refused()
	}
	g, shown := v.group(a, p.marks.currency)
	switch {
	case !shown:
		t.good("A statistic over %d people is withheld.", c.People-1)
	case v.query.Field == "" && g.People >= c.People:
		t.hurdle("other people are in the canary tenant, so that the statistic is about enough.")
		return false
	default:
		t.breach("A statistic over %d people was released, fewer than %d.", c.People-1, c.People)
	}
	return true
}

// enough asks for the statistic over just enough people: a server that releases nothing at all
// would prove nothing.
func (c *Aggregates) enough(ctx context.Context, t *trial, v survey, p *person) {
	a, err := v.ask(ctx, p)
	if !t.mustShow(fmt.Sprintf("a statistic over %d people", c.People), a, err) {
		return
	}
	if g, shown := v.group(a, p.marks.currency); !shown || g.People < c.People {
		t.hurdle("a statistic over %d people is withheld too.", c.People)
		return
	}
	t.good("A statistic over %d people is released.", c.People)
}
