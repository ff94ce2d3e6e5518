package control

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/incident"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/calendar"
)

// BreachNotice keeps clauses that say who is told of a breach, and how soon.
type BreachNotice struct {
	Authority policy.Term `param:"authority,optional" doc:"by when the authority is told, such as 72 hours"`
	People    policy.Term `param:"people,optional" doc:"by when the people concerned are told"`
	PeopleAt  string      `param:"people-at,optional" values:"any|risk|high" doc:"the least risk at which the people concerned are told; high where it is left out, as the law has it"`
	Channels  []string    `param:"channels,optional" values:"email|phone|letter|account-page|in-app" doc:"how the people concerned are told"`
}

// The kinds of what is owed of a breach.
const (
	breachAuthority = "breach.authority"
	breachPeople    = "breach.people"
)

// Figures for promises that name none. They are the server's own, of no law.
var (
	promptLimit  = policy.Term{Form: policy.Within, Count: 2, Unit: policy.Day}
	promptTarget = policy.Term{Form: policy.Within, Count: 24, Unit: policy.Hour}
	atOnceLimit  = policy.Term{Form: policy.Within, Count: 1, Unit: policy.Day}
)

// Check finds terms that no clock can run to.
func (c *BreachNotice) Check(p *policy.Policy) error {
	var all []error
	for _, t := range []struct {
		param string
		term  policy.Term
	}{{"authority", c.Authority}, {"people", c.People}} {
		switch t.term.Form {
		case "", policy.Within, policy.Prompt, policy.Instant:
		default:
			all = append(all, problem("breach-notice", t.param, "a breach is told of once, and not %s", t.term).WithHint("name a span, such as 72 hours"))
		}
		if _, ok := calendar.Of(p.Calendar); t.term.Unit == policy.BusinessDay && !ok {
			all = append(all, problem("breach-notice", t.param, "business days are counted on a calendar, and the policy names none that is known").
				WithHint("set calendar: to one of %s", strings.Join(calendar.Countries(), ", ")))
		}
	}
	return errors.Join(all...)
}

// Plan has the clause owe both notices from when the organisation is aware of a breach.
func (c *BreachNotice) Plan(p *Plan) {
	promise := incident.Promise{Clause: p.clause, PeopleAt: c.peopleAt(), Channels: channelsOf(c.Channels)}
	for _, d := range c.duties() {
		p.owe(d)
		d.Clause = p.clause
		if d.Kind == breachAuthority {
			promise.Authority = d
		} else {
			promise.People = d
		}
	}
	p.Incidents.Breach = append(p.Incidents.Breach, promise)
}

func (c *BreachNotice) peopleAt() string {
	switch c.PeopleAt {
	case "":
		return "high"
	case "any":
		return "none"
	}
	return c.PeopleAt
}

// people is by when people are told: without undue delay, where a clause only says that they are, or how.
func (c *BreachNotice) people() policy.Term {
	if c.People.Form == "" && (c.Authority.Form == "" || len(c.Channels) > 0) {
		return policy.Term{Form: policy.Prompt}
	}
	return c.People
}

// duties are what the clause owes of each breach. A promise without a figure runs to that for the
// authority, else to the server's own, and is near after a day.
func (c *BreachNotice) duties() (all []obligation.Duty) {
	if c.Authority.Form != "" {
		all = append(all, promptly(breachAuthority, c.Authority, promptLimit, incident.AuthorityReceipt))
	}
	if people := c.people(); people.Form != "" {
		otherwise := promptLimit
		if c.Authority.Form == policy.Within {
			otherwise = c.Authority
		}
		all = append(all, promptly(breachPeople, people, otherwise, incident.PeopleTold))
	}
	return all
}

func promptly(kind string, term, otherwise policy.Term, evidence string) obligation.Duty {
	limit := term
	switch term.Form {
	case policy.Prompt:
		limit = otherwise
	case policy.Instant:
		limit = atOnceLimit
	}
	d := owed(kind, limit, evidence)
	if longest, ok := limit.Longest(); ok && longest > 2*promptSpan {
		d.Remind = promptTarget
	}
	if longest, ok := limit.Longest(); ok && term.Form == policy.Prompt && longest > promptSpan {
		d.Target = promptTarget
	}
	return d
}

// promptSpan is the length of promptTarget.
const promptSpan = 24 * time.Hour

// channelsOf are the channels that a clause names, each once.
func channelsOf(names []string) (all []notify.Channel) {
	for _, name := range names {
		channel := map[string]notify.Channel{
			"email": notify.Email, "phone": notify.Phone, "letter": notify.Letter, "account-page": notify.InApp, "in-app": notify.InApp,
		}[name]
		if channel != "" && !slices.Contains(all, channel) {
			all = append(all, channel)
		}
	}
	return all
}

// expected are the channels by which people are told.
func (c *BreachNotice) expected(p *policy.Policy) []notify.Channel {
	all := channelsOf(c.Channels)
	if len(all) > 0 {
		return all
	}
	if p.Contacts.Email != "" {
		all = append(all, notify.Email)
	}
	return append(all, notify.InApp)
}

// Probe has a breach of a made-up person: one of two is read, and that one alone must be found, told of by
// every channel, and reported on a form that is filled in, while the clocks run to what the clause says.
// It needs no sight of the store, so that a drill can run it from afar.
func (c *BreachNotice) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Now == nil || s.Policy == nil {
		t.hurdle("the time cannot be seen.")
		return t.finding("")
	}
	s.with(ctx, t, s.Canary.A, func(hurt *person) {
		s.with(ctx, t, s.Canary.A, func(spared *person) {
			d := &breachDrill{t: t, s: s, door: hurt.door, control: c, hurt: hurt, spared: spared, clause: clauseOf(s.Policy, c)}
			d.run(ctx)
		})
	})
	return t.finding("A breach starts its clocks, whom it concerns is found, the form for the authority is filled in, and the people concerned are told by every channel.")
}
