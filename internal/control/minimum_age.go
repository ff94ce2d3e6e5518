package control

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"clause.dev/clause/internal/policy"
)

// MinimumAge keeps clauses that say how old people must be.
type MinimumAge struct {
	Age int `param:"age" doc:"the least age in years"`
}

// oldest is the highest age that can be asked for.
const oldest = 60

// Check finds ages that nobody has to be, or hardly anybody is.
func (c *MinimumAge) Check(*policy.Policy) error {
	if c.Age < 1 || c.Age > oldest {
		return problem("minimum-age", "age", "an age of %d years cannot be asked for: name 1 to %d", c.Age, oldest)
	}
	return nil
}

// Plan has everybody asked for their day of birth, and turned away if they are younger.
func (c *MinimumAge) Plan(p *Plan) {
	if c.Age > p.Accounts.Rules.MinAge {
		p.Accounts.Rules.MinAge, p.Accounts.Rules.MinAgeClause = c.Age, p.clause
	}
}

// Probe tries to register too young, and without a day of birth: nothing of it may be left. Then the same
// person registers old enough.
func (c *MinimumAge) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.asMember(ctx, t, func(m *member) {
		adult, today := m.born, s.Now().UTC()
		c.mustRefuse(ctx, m, "who turns "+strconv.Itoa(c.Age)+" tomorrow", today.AddDate(-c.Age, 0, 1).Format(time.DateOnly))
		c.mustRefuse(ctx, m, "who was born last year", today.AddDate(-1, 0, 0).Format(time.DateOnly))
		c.mustRefuse(ctx, m, "who does not say when they were born", "")
		if s.Now().UTC().Day() != today.Day() {
			*t = trial{}
			t.hurdle("a day ended meanwhile.")
			return
		}
		if len(t.breaches) > 0 {
			return
		}
		s.lookAtRest(ctx, t, s.Canary.A.ID, s.Canary.A.ID, m.marks)
		if m.born = adult; !m.registers(ctx) {
			return
		}
		if !m.stored(ctx) {
			t.hurdle("whoever is old enough cannot be found either, so that finding nobody proves nothing.")
			return
		}
		t.good("The same person is registered when old enough.")
	})
	return t.finding("Nobody younger than " + strconv.Itoa(c.Age) + " is registered, and nothing is kept of who tried.")
}

// mustRefuse tries to register somebody born on a day.
func (c *MinimumAge) mustRefuse(ctx context.Context, m *member, who, born string) {
	m.born = born
	a, err := m.registering(ctx)
	switch {
	case err != nil:
		m.trial.hurdle("registering somebody %s: %v", who, err)
	case moved(a):
		m.trial.breach("Somebody %s was registered.", who)
	case m.stored(ctx):
		m.trial.breach("Somebody %s was turned away, and stored all the same.", who)
	case len(m.jar) > 0:
		m.trial.breach("Somebody %s was turned away with a cookie.", who)
	case a.status == http.StatusForbidden || a.malformed():
		m.trial.good("Somebody %s is turned away, and is not stored.", who)
	default:
		m.trial.hurdle("registering somebody %s: %s", who, a)
	}
}
