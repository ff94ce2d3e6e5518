package control

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/calendar"
)

// ChangeNotice keeps clauses that say how long before a change people are told. A server refuses to start
// with a changed policy before everybody was told, and the time since is over.
type ChangeNotice struct {
	Ahead    policy.Term `param:"ahead" doc:"how long before a change takes effect people are told, such as 30 days"`
	Channels []string    `param:"channels,optional" values:"email|phone|letter|account-page|in-app" doc:"how people are told; in the application where it is left out"`
}

// Check finds times that nobody can count and channels that no server has.
func (c *ChangeNotice) Check(p *policy.Policy) error {
	all := []error{aheadProblem("change-notice", c.Ahead, p)}
	if slices.Contains(c.Channels, "phone") {
		all = append(all, problem("change-notice", "channels", "a server cannot ring everybody up").WithHint("name email, letter or in-app, in the clause's text too"))
	}
	return errors.Join(all...)
}

// aheadProblem finds a time ahead from which no day can be counted.
func aheadProblem(control string, ahead policy.Term, p *policy.Policy) error {
	switch {
	case ahead.Form != policy.Within:
		return problem(control, "ahead", "no first day can be counted from %q", ahead).WithHint("name a span, such as 30 days")
	case ahead.Unit == policy.BusinessDay:
		if _, ok := calendar.Of(p.Calendar); !ok {
			return problem(control, "ahead", "business days are counted on a calendar, and the policy names none that is known").
				WithHint("set calendar: to one of %s", strings.Join(calendar.Countries(), ", "))
		}
	}
	return nil
}

// Notice is what a clause promises of the notice of changes.
type Notice struct {
	Clause, Control string
	Ahead           policy.Term
	Channels        []notify.Channel
	OptOut          bool // people can opt out of who newly receives data
}

// Plan has changes announced.
func (c *ChangeNotice) Plan(p *Plan) {
	p.Notices = append(p.Notices, Notice{Clause: p.clause, Control: "change-notice", Ahead: c.Ahead, Channels: c.channels()})
}

// channels are those of the clause, by which the server tells people.
func (c *ChangeNotice) channels() (all []notify.Channel) {
	for _, name := range c.Channels {
		channel := map[string]notify.Channel{"email": notify.Email, "letter": notify.Letter, "account-page": notify.InApp, "in-app": notify.InApp}[name]
		if channel != "" && !slices.Contains(all, channel) {
			all = append(all, channel)
		}
	}
	if len(all) == 0 {
		all = []notify.Channel{notify.InApp}
	}
	return all
}

// Probe announces a made-up next version to a canary, as a drill: a day too early is refused, the canary is
// told by every channel what changes, and the server would not start with it before its first day.
func (c *ChangeNotice) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Now == nil || s.Policy == nil || s.MayTakeEffect == nil || s.Store == nil || s.Canary.Admin == "" {
		t.hurdle("no change of the policy can be tried.")
		return t.finding("")
	}
	s.with(ctx, t, s.Canary.A, func(p *person) {
		n := &nextVersion{
			t: t, s: s, admin: s.door(s.Canary.Admin), person: p, ahead: c.Ahead, channels: c.channels(),
			mark: "canary@canary.invalid", draft: otherContact,
		}
		n.try(ctx)
	})
	return t.finding("A change is told to everybody it concerns by " + list(c.Channels) + ", and the server does not start with it before " + c.Ahead.String() + " have passed.")
}

var contactLine = regexp.MustCompile(`(?m)^(organisation:[ \t]*\n(?:[ \t]+.*\n|[ \t]*#.*\n)*?[ \t]+contact:).*$`)

// otherContact gives the policy another address for privacy requests, which is material for everybody.
func otherContact(source, address string) string {
	if !contactLine.MatchString(source) {
		return ""
	}
	return contactLine.ReplaceAllString(source, "${1} "+address)
}
