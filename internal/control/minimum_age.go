package control

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"clause.dev/clause/internal/incident"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
)

// MinimumAge keeps clauses that say how old people must be.
type MinimumAge struct {
	Age   int         `param:"age" doc:"the least age in years"`
	Erase policy.Term `param:"erase,optional" doc:"by when somebody who is found to be younger is erased, such as 7 days, or without undue delay"`
}

// oldest is the highest age that can be asked for.
const oldest = 60

// Check finds ages that nobody has to be, or hardly anybody is, and terms that no clock can run to.
func (c *MinimumAge) Check(p *policy.Policy) error {
	var all []error
	if c.Age < 1 || c.Age > oldest {
		all = append(all, problem("minimum-age", "age", "an age of %d years cannot be asked for: name 1 to %d", c.Age, oldest))
	}
	switch c.Erase.Form {
	case "", policy.Within, policy.Prompt, policy.Instant:
	default:
		all = append(all, problem("minimum-age", "erase", "somebody is erased once, and not %s", c.Erase).WithHint("name a span, such as 7 days"))
	}
	return errors.Join(append(all, countable(p, "minimum-age", "erase", c.Erase))...)
}

// Plan has everybody asked for their day of birth, and turned away if they are younger; and whoever is found to
// be, later, erased by a time.
func (c *MinimumAge) Plan(p *Plan) {
	if c.Age > p.Accounts.Rules.MinAge {
		p.Accounts.Rules.MinAge, p.Accounts.Rules.MinAgeClause = c.Age, p.clause
	}
	if c.Erase.Form != "" {
		d := c.duty()
		p.owe(d)
		d.Clause = p.clause
		p.Incidents.Minor = append(p.Incidents.Minor, d)
	}
}

// duty is what the clause owes of each report of somebody who may be too young.
func (c *MinimumAge) duty() obligation.Duty {
	return promptly(incident.MinorDuty, c.Erase, promptLimit, incident.MinorErased)
}

// Probe tries to register too young, and without a day of birth: nothing of it may be left. Then the same
// person registers old enough, and, where the clause says what becomes of minors, is reported as one.
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
		if c.Erase.Form != "" {
			(&minorTrial{member: m, control: c}).run(ctx)
		}
	})
	kept := "Nobody younger than " + strconv.Itoa(c.Age) + " is registered, and nothing is kept of who tried."
	if c.Erase.Form != "" {
		kept += " Who is found to be is erased, and a clock runs until then."
	}
	return t.finding(kept)
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
