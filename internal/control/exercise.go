package control

import (
	"context"
	"slices"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/assurance"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
)

// Exercise keeps clauses that say emergencies are exercised at the table.
type Exercise struct {
	Every policy.Term `param:"every" doc:"how often, such as every year"`
	Teams []string    `param:"teams,optional" doc:"who takes part"`
}

// Check finds a term that is no rhythm.
func (c *Exercise) Check(p *policy.Policy) error { return rhythmic(p, "exercise", c.Every) }

func (c *Exercise) duty() obligation.Duty {
	return owed(assurance.ExerciseDuty, c.Every, assurance.Minutes)
}

// Plan has a clock run.
func (c *Exercise) Plan(p *Plan) {
	d := c.duty()
	d.Clause = p.clause
	p.Assurance.Exercises = append(p.Assurance.Exercises, assurance.Drill{Duty: d, Teams: c.Teams})
}

// Probe looks that the organisation's clock runs, and enters a made-up exercise: without a team that was
// promised it is refused, its minutes discharge the clock, and what has to be done has a clock of its own.
func (c *Exercise) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.tryAssurance(t, clauseOf(s.Policy, c), func(a *assuranceTrial) {
		a.rhythm(ctx, "exercises", "exercises", c.duty())
		all := a.teams()
		for _, team := range c.Teams {
			lacking := slices.DeleteFunc(slices.Clone(all), func(other string) bool { return other == team })
			got, err := a.post(ctx, c.made(a, lacking), "exercises")
			a.mustRefuse("An exercise without "+team, got, err)
		}
		c.drill(ctx, a, all)
	})
	return t.finding("Exercises are owed " + c.Every.String() + "; what has to be done after one has an owner and a clock.")
}

// teams are all that the policy has take part.
func (a *assuranceTrial) teams() []string {
	all := []string{}
	for _, clause := range a.s.Policy.Clauses {
		for _, keep := range clause.Keep {
			c, _, err := Of(keep)
			if e, ok := c.(*Exercise); ok && err == nil {
				for _, team := range e.Teams {
					if !slices.Contains(all, team) {
						all = append(all, team)
					}
				}
			}
		}
	}
	return all
}

func (c *Exercise) made(a *assuranceTrial, teams []string) api.NewExercise {
	return api.NewExercise{
		Scenario: "canary", Held: a.s.Now().Add(-time.Minute).UTC(), Teams: teams, Minutes: "canary-" + token()[:16], Digest: canaryDigest,
		Items: []api.NewExerciseItem{{Reference: "canary-item", Owner: "canary", Within: "10 days"}},
	}
}

func (c *Exercise) drill(ctx context.Context, a *assuranceTrial, teams []string) {
	held, ok := made[api.Exercise](ctx, a, "entering an exercise", a.own, c.made(a, teams), "exercises")
	if !ok {
		return
	}
	defer a.remove(ctx, "exercises", held.ID)
	minutes := false
	for _, clock := range held.Clocks {
		minutes = minutes || clock.Kind == assurance.ExerciseDuty && clock.Clause == a.clause && clock.State == string(obligation.Done) && clock.Evidence == held.Minutes
	}
	if !minutes {
		a.breach("The minutes have discharged no clock.")
	}
	a.runs(held.Clocks, c.duty())
	i := slices.IndexFunc(held.Clocks, func(clock api.Clock) bool { return clock.Kind == assurance.ItemDuty })
	if i < 0 || held.Clocks[i].Due == nil {
		a.breach("What has to be done after an exercise has no clock.")
		return
	}
	item := held.Clocks[i]
	a.byHand(ctx, item)
	done, ok := made[api.Exercise](ctx, a, "finishing what had to be done", a.own, api.ExerciseItemDone{Evidence: "canary"}, "exercises", held.ID, "items", "1", "done")
	if !ok {
		return
	}
	a.ended(done.Clocks, item.ID, "what shows that it was done")
	a.recorded(ctx, held.ID, "exercise.held", "exercise.item-done")
}
