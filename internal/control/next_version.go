package control

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/policy"
)

// nextVersion is a made-up version that a probe announces.
type nextVersion struct {
	t      *trial
	s      *System
	admin  door
	person *person
	first  time.Time // the first day, counted by the probe itself, as 00:00 UTC
	source string

	ahead    policy.Term
	channels []notify.Channel
	mark     string                                   // what is new in it, as people are told
	draft    func(source, mark string) string         // what changes; "" where the file is not written so that it can
	during   func(context.Context, api.PolicyVersion) // what else is looked at while it is announced; nil: nothing
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
	if n.during != nil {
		n.during(ctx, v)
	}
}

// count counts the first day, as somebody with a paper calendar would.
func (n *nextVersion) count() bool {
	cal, zone := CalendarOf(n.s.Policy)
	y, m, d := n.s.Now().In(zone).Date()
	at, ok := cal.Later(time.Date(y, m, d, 0, 0, 0, 0, time.UTC), n.ahead)
	if !ok {
		n.t.hurdle("no day can be counted from %s.", n.ahead)
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
)

// dated is the next version, dated a day. It is empty where the file is not written line by line.
func (n *nextVersion) dated(day time.Time) string {
	src := string(n.s.Policy.Source)
	if !versionLine.MatchString(src) {
		return ""
	}
	src = effectiveLine.ReplaceAllString(src, "")
	src = versionLine.ReplaceAllString(src, "version: canary-"+strings.ToLower(token()[:12])+"\neffective: "+day.Format(time.DateOnly))
	return n.draft(src, n.mark)
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
	said := slices.ContainsFunc(v.Changes, func(says string) bool { return strings.Contains(says, n.mark) })
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
			string(columns["state"]) != notify.Failed && strings.Contains(string(columns["details"]), n.mark) {
			told[string(columns["channel"])] = true
		}
		return nil
	})
	if err != nil {
		n.t.hurdle("the messages could not be looked at: %v", err)
		return
	}
	for _, channel := range n.channels {
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
		{"Starting with a change that nobody was told of", strings.ReplaceAll(n.source, n.mark, "other-"+n.mark), n.first.AddDate(1, 0, 0)},
	} {
		if err := n.s.MayTakeEffect(ctx, []byte(try.source), try.at); err == nil {
			n.t.breach("%s was allowed.", try.what)
		} else {
			n.t.good("%s was refused.", try.what)
		}
	}
}
