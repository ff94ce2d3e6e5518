package control

import (
	"context"
	"slices"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/access"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// EnvironmentAccess keeps clauses that say environments are apart and few people reach production.
type EnvironmentAccess struct {
	Restricted Environments `param:"restricted" doc:"the environments that only these people reach"`
	Team       string       `param:"team" doc:"who they are"`
	People     int          `param:"people" doc:"how many they are at most"`
}

// mostPeople bounds a team to what a probe can enrol.
const mostPeople = 50

// Check finds a team that cannot be.
func (c *EnvironmentAccess) Check(*policy.Policy) error {
	if c.People < 1 || c.People > mostPeople {
		return problem("environment-access", "people", "a team is of 1 to %d people", mostPeople)
	}
	return nil
}

// Plan bounds the members that a server of such an environment has.
func (c *EnvironmentAccess) Plan(p *Plan) {
	p.ground(decision.StepEnvironment)
	p.Staff.Teams = append(p.Staff.Teams, access.Team{Clause: p.clause, Environments: c.Restricted, People: c.People})
}

// Probe enrols a made-up team, one more than the clause says, where this server's environment is one of
// those; and calls with a key of another environment, which must open nothing.
func (c *EnvironmentAccess) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	s.tryStaff(ctx, t, func(a *staffTrial) {
		a.data(ctx, func(x *staffSight) {
			other := &hire{door: s.door(s.Canary.Elsewhere)}
			got, err := x.read(ctx, other)
			x.mustForbid("Reading with a key of another environment", got, err)
		})
		if !slices.Contains(c.Restricted, s.Canary.A.Environment) {
			t.note("This server is of %s, which the clause does not restrict: how many people reach it was not tried.", s.Canary.A.Environment)
			return
		}
		c.crowd(ctx, a)
	})
	return t.finding("Environments are apart, and no more people reach this one than the clause says.")
}

func (c *EnvironmentAccess) crowd(ctx context.Context, a *staffTrial) {
	for range c.People {
		if _, ok := a.enrol(ctx, nil); !ok {
			return
		}
	}
	body := api.NewMember{Roles: []string{a.team}}
	got, err := a.own.do(ctx, call{method: "POST", path: a.path() + "/staff", body: body})
	a.mustForbid("Enrolling one person more than "+plural(c.People, "member"), got, err)
}
