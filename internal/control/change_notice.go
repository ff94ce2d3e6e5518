package control

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/api"
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
		n := &nextVersion{t: t, s: s, admin: s.door(s.Canary.Admin), person: p, control: c}
		n.try(ctx)
	})
	return t.finding("A change is told to everybody it concerns by " + list(c.Channels) + ", and the server does not start with it before " + c.Ahead.String() + " have passed.")
}

// nextVersion is a made-up version that a probe announces.
type nextVersion struct {
	t       *trial
	s       *System
	admin   door
	person  *person
	control *ChangeNotice
	first   time.Time // the first day, counted by the probe itself, as 00:00 UTC
	source  string
}

const versionsPath = "/v1/policy-versions"

func (n *nextVersion) try(ctx context.Context) {
	if !n.count() {
		return
	}
	n.tooEarly(ctx)
	v, ok := n.announce(ctx)
	if !ok {
		return
	}
	defer n.withdraw(ctx, v.ID)
	n.mustSay(v)
	n.mustShow(ctx)
	n.mustReach(ctx, v)
	n.mustWait(ctx, v)
}

// count counts the first day, as somebody with a paper calendar would.
func (n *nextVersion) count() bool {
	cal, zone := CalendarOf(n.s.Policy)
	y, m, d := n.s.Now().In(zone).Date()
	at, ok := cal.Later(time.Date(y, m, d, 0, 0, 0, 0, time.UTC), n.control.Ahead)
	if !ok {
		n.t.hurdle("no day can be counted from %s.", n.control.Ahead)
		return false
	}
	n.first = at.Truncate(24 * time.Hour)
	if n.first.Before(at) {
		n.first = n.first.AddDate(0, 0, 1)
	}
	return true
}

var (
	versionLine   = regexp.MustCompile(`(?m)^version:.*$`)
	effectiveLine = regexp.MustCompile(`(?m)^effective:.*\n`)
	contactLine   = regexp.MustCompile(`(?m)^(organisation:[ \t]*\n(?:[ \t]+.*\n|[ \t]*#.*\n)*?[ \t]+contact:).*$`)
)

// dated is the policy with another address for privacy requests, which is material for everybody, dated
// a day. It is empty where the file is not written line by line.
func (n *nextVersion) dated(day time.Time) string {
	src := string(n.s.Policy.Source)
	if !versionLine.MatchString(src) || !contactLine.MatchString(src) {
		return ""
	}
	src = effectiveLine.ReplaceAllString(src, "")
	src = versionLine.ReplaceAllString(src, "version: canary-"+strings.ToLower(token()[:12])+"\neffective: "+day.Format(time.DateOnly))
	return contactLine.ReplaceAllString(src, "${1} canary@canary.invalid")
}

func (n *nextVersion) post(ctx context.Context, source string) (answer, error) {
	return n.admin.do(ctx, call{method: "POST", path: versionsPath, body: api.NewPolicyVersion{Policy: source, Drill: true}})
}

// tooEarly announces a version a day before it could take effect.
func (n *nextVersion) tooEarly(ctx context.Context) {
	source := n.dated(n.first.AddDate(0, 0, -1))
	if source == "" {
		n.t.hurdle("the policy is not written so that a next version can be made up.")
		return
	}
	a, err := n.post(ctx, source)
	n.t.mustRefuse("Announcing a change for a day too early", a, err)
	var v api.PolicyVersion
	if err == nil && a.ok() && json.Unmarshal(a.body, &v) == nil && v.ID != "" {
		n.withdraw(ctx, v.ID)
	}
}

func (n *nextVersion) announce(ctx context.Context) (v api.PolicyVersion, ok bool) {
	if n.source = n.dated(n.first); n.source == "" {
		return v, false
	}
	a, err := n.post(ctx, n.source)
	if !n.t.mustShow("announcing a change", a, err) {
		return v, false
	}
	if err := json.Unmarshal(a.body, &v); err != nil || v.ID == "" {
		n.t.breach("A material change need not be announced.")
		return v, false
	}
	if v.State != "announced" {
		n.t.breach("A material change could take effect without having been announced.")
		return v, false
	}
	return v, true
}

// withdraw leaves nothing of the drill behind.
func (n *nextVersion) withdraw(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetting)
	defer cancel()
	a, err := n.admin.do(ctx, call{method: "DELETE", path: versionsPath + "/" + id})
	if err := done("a made-up version could not be withdrawn again", a, err); err != nil && a.status != 404 {
		n.t.hurdle("%v", err)
	}
}

// mustSay looks that the day is right and that the change is told in words.
func (n *nextVersion) mustSay(v api.PolicyVersion) {
	if v.First < n.first.Format(time.DateOnly) {
		n.t.breach("The server would let a change take effect on %s, and the first day is %s.", v.First, n.first.Format(time.DateOnly))
	} else {
		n.t.good("A change announced today can take effect on %s at the earliest.", v.First)
	}
	said := slices.ContainsFunc(v.Changes, func(says string) bool { return strings.Contains(says, "canary@canary.invalid") })
	if !said {
		n.t.breach("What changes is not told.")
		return
	}
	n.t.good("What changes is told in words.")
}

// mustShow looks whether an application, which holds a key of no weight, is shown what will change. A drill
// is shown to nobody, so that the answer is one is all there is to see.
func (n *nextVersion) mustShow(ctx context.Context) {
	a, err := n.person.do(ctx, call{method: "GET", path: versionsPath})
	var all api.PolicyVersions
	if !n.t.mustShow("reading what will change", a, err) {
		return
	}
	if json.Unmarshal(a.body, &all) != nil {
		n.t.hurdle("what will change cannot be read.")
		return
	}
	n.t.good("Applications are shown what will change.")
}

// mustReach looks below the door for the canary's messages, and whether they say what changes.
func (n *nextVersion) mustReach(ctx context.Context, v api.PolicyVersion) {
	told := map[string]bool{}
	err := n.s.Store.Rows(ctx, n.s.Canary.A.ID, func(table string, columns map[string][]byte) error {
		if table == "outbox" && string(columns["event"]) == v.ID && string(columns["subject_id"]) == n.person.id &&
			string(columns["state"]) != notify.Failed && strings.Contains(string(columns["details"]), "canary@canary.invalid") {
			told[string(columns["channel"])] = true
		}
		return nil
	})
	if err != nil {
		n.t.hurdle("the messages could not be looked at: %v", err)
		return
	}
	for _, channel := range n.control.channels() {
		if !told[string(channel)] {
			n.t.breach("A person whom a change concerns is not told by %s.", channel)
			continue
		}
		n.t.good("A person whom a change concerns is told by %s what changes.", channel)
	}
}

// mustWait tries to have the version take effect: on the day before its first, and as it was never
// announced.
func (n *nextVersion) mustWait(ctx context.Context, v api.PolicyVersion) {
	_, zone := CalendarOf(n.s.Policy)
	eve := time.Date(n.first.Year(), n.first.Month(), n.first.Day(), 0, 0, 0, 0, zone).Add(-time.Minute)
	for _, try := range []struct {
		what, source string
		at           time.Time
	}{
		{"Starting with an announced change at once", n.source, n.s.Now()},
		{"Starting with an announced change a minute before its first day", n.source, eve},
		{"Starting with a change that nobody was told of", strings.Replace(n.source, "canary@canary.invalid", "other@canary.invalid", 1), n.first.AddDate(1, 0, 0)},
	} {
		if err := n.s.MayTakeEffect(ctx, []byte(try.source), try.at); err == nil {
			n.t.breach("%s was allowed.", try.what)
		} else {
			n.t.good("%s was refused.", try.what)
		}
	}
}
