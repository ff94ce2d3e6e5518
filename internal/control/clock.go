package control

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/calendar"
)

// Clock keeps clauses that say by when, or how often, something is done. A clock that is missed breaks
// its clause for as long as it is not discharged, whatever the probe says.
type Clock struct {
	Duty        string      `param:"duty" doc:"what is owed, such as privacy mail"`
	Within      policy.Term `param:"within" doc:"by when it is done, such as 30 days, or how often, such as every quarter"`
	Acknowledge policy.Term `param:"acknowledge,optional" doc:"by when its receipt is confirmed, such as 5 business days"`
}

// The kinds of evidence that discharge a clock.
const (
	evidenceReceipt = "receipt"
	evidenceAnswer  = "answer"
)

// Check finds terms that no clock can run to.
func (c *Clock) Check(p *policy.Policy) error {
	var all []error
	for _, term := range []struct {
		param string
		term  policy.Term
	}{{"within", c.Within}, {"acknowledge", c.Acknowledge}} {
		if term.term.Form == policy.Prompt {
			all = append(all, problem("clock", term.param, "a clock needs a figure, and %q is none", term.term).
				WithHint("name one that is never later, such as 72 hours"))
		}
		all = append(all, countable(p, "clock", term.param, term.term))
	}
	within, ok := c.Within.Longest()
	if acknowledge, also := c.Acknowledge.Longest(); ok && also && c.Acknowledge.Form != "" && acknowledge > within {
		all = append(all, problem("clock", "acknowledge", "the receipt may be confirmed after all is done: %s, and %s", c.Acknowledge, c.Within))
	}
	return errors.Join(all...)
}

// countable finds business days that no calendar says which they are.
func countable(p *policy.Policy, control, param string, term policy.Term) error {
	if _, ok := calendar.Of(p.Calendar); ok || term.Unit != policy.BusinessDay {
		return nil
	}
	return problem(control, param, "business days are counted on a calendar, and the policy names none that is known").
		WithHint("set calendar: to one of %s", strings.Join(calendar.Countries(), ", "))
}

// Plan has the clause owe the duty, and its receipt.
func (c *Clock) Plan(p *Plan) {
	for _, d := range c.duties() {
		p.owe(d)
	}
}

// duties are what the clause owes on each occasion.
func (c *Clock) duties() (all []obligation.Duty) {
	name := slug(c.Duty)
	if c.Acknowledge.Form != "" {
		all = append(all, owed(name+".acknowledge", c.Acknowledge, evidenceReceipt))
	}
	return append(all, owed(name, c.Within, evidenceAnswer))
}

// owed is a duty that is told of a fifth of its time before its limit, as far as that is days.
func owed(kind string, limit policy.Term, evidence string) obligation.Duty {
	d := obligation.Duty{Kind: kind, Limit: limit, Evidence: evidence, Again: policy.Term{Form: policy.Within, Count: 1, Unit: policy.Day}}
	if longest, ok := limit.Longest(); ok {
		if days := int(longest / (5 * 24 * time.Hour)); days > 0 {
			d.Remind = policy.Term{Form: policy.Within, Count: days, Unit: policy.Day}
		}
	}
	return d
}

// slug is words as an id.
func slug(words string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(words)), "-")
}

// Probe opens the clocks of a made-up occasion and looks that they run to the day the clause says,
// that nothing but their own evidence ends them, that all of it is in the ledger, and that nothing that
// was due waits to be told.
func (c *Clock) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Now == nil || s.Policy == nil {
		t.hurdle("the time cannot be seen.")
		return t.finding("")
	}
	d, about := s.door(s.Canary.A.Key), "canary-"+token()[:12]
	opened := c.open(ctx, t, s, d, about)
	for _, clock := range opened {
		c.rightDay(t, s, clock)
		c.end(ctx, t, s, d, clock)
	}
	if len(opened) > 0 {
		c.recorded(ctx, t, s, about, len(opened))
	}
	mustRun(ctx, t, s)
	return t.finding("A clock runs to " + c.Within.String() + " from its occasion, ends by its own evidence alone, and what is due is told when it is due.")
}

// clause is the id of the clause that this control keeps.
func (c *Clock) clause(p *policy.Policy) string {
	for _, clause := range p.Clauses {
		for _, keep := range clause.Keep {
			if keep.Control == "clock" && keep.Params["duty"] == c.Duty && keep.Params["within"] == c.Within {
				return clause.ID
			}
		}
	}
	return ""
}

func (c *Clock) open(ctx context.Context, t *trial, s *System, d door, about string) []api.Clock {
	path := clocksOf(s.Canary.A)
	a, err := d.do(ctx, call{method: "POST", path: path, body: api.Occasion{Clause: c.clause(s.Policy), About: about}})
	var out api.Clocks
	if !t.mustShow("opening a clock", a, err) {
		return nil
	}
	if err := json.Unmarshal(a.body, &out); err != nil || len(out.Clocks) == 0 {
		t.hurdle("the server opened no clock.")
		return nil
	}
	var mine []api.Clock
	for _, want := range c.duties() {
		found := false
		for _, clock := range out.Clocks {
			if clock.Kind == want.Kind {
				mine, found = append(mine, clock), true
			}
		}
		if !found {
			t.breach("Nothing was opened for %s.", want.Kind)
		}
	}
	return mine
}

func clocksOf(tenant Tenant) string { return "/v1/tenants/" + tenant.ID + "/clocks" }

// rightDay counts the days again, as somebody with a paper calendar would.
func (c *Clock) rightDay(t *trial, s *System, clock api.Clock) {
	limit, ok := policy.ParseTerm(clock.Limit)
	cal, zone := CalendarOf(s.Policy)
	if s.Calendar != nil {
		cal = s.Calendar
	}
	if !ok || limit != c.Within && limit != c.Acknowledge {
		t.breach("A clock of %s runs by %q, which is not what the clause says.", clock.Kind, clock.Limit)
		return
	}
	due, ends := cal.Due(clock.Opened.In(zone), limit)
	switch {
	case !ends:
		t.note("%s ends with an event, which has no day yet.", clock.Kind)
	case clock.Due == nil || !clock.Due.Equal(due):
		t.breach("A clock of %s does not end when %s have passed.", clock.Kind, limit)
	case s.Now().Sub(clock.Opened).Abs() > time.Hour:
		t.breach("A clock of %s did not begin when it was opened.", clock.Kind)
	default:
		t.good("A clock of %s ends when %s have passed: %s.", clock.Kind, limit, due.Format("2 January 2006, 15:04 MST"))
	}
}

// end tries to end a clock by the wrong evidence, then by the right one.
func (c *Clock) end(ctx context.Context, t *trial, s *System, d door, clock api.Clock) {
	path := clocksOf(s.Canary.A) + "/" + clock.ID
	a, err := d.do(ctx, call{method: "POST", path: path + "/discharge", body: api.Discharge{Kind: "wishful-thinking", Evidence: "none"}})
	t.mustRefuse("Ending "+clock.Kind+" by other evidence", a, err)
	a, err = d.do(ctx, call{method: "POST", path: path + "/discharge", body: api.Discharge{Kind: clock.Discharge, Evidence: "canary"}})
	if !t.mustShow("ending "+clock.Kind, a, err) {
		return
	}
	a, err = d.do(ctx, call{method: "GET", path: path})
	var now api.Clock
	if !t.mustShow("reading "+clock.Kind, a, err) {
		return
	}
	if err := json.Unmarshal(a.body, &now); err != nil || now.State != "done" || now.Late {
		t.breach("A clock of %s that was discharged at once is %s.", clock.Kind, fmt.Sprintf("%s, late: %v", now.State, now.Late))
		return
	}
	t.good("A clock of %s was discharged by %s, in time.", clock.Kind, clock.Discharge)
	if c.Within.Form == policy.Every || c.Within.Form == policy.PerUnit {
		c.next(ctx, t, s, d, clock)
	}
}

// next looks that a duty that recurs has begun anew, and ends what the canary is not going to do.
func (c *Clock) next(ctx context.Context, t *trial, s *System, d door, done api.Clock) {
	cursor, found := "", false
	for {
		a, err := d.do(ctx, call{method: "GET", path: clocksOf(s.Canary.A) + "?limit=100&cursor=" + cursor})
		var page api.Clocks
		if !t.mustShow("listing the clocks", a, err) || json.Unmarshal(a.body, &page) != nil {
			return
		}
		for _, clock := range page.Clocks {
			if clock.About == done.About && clock.Kind == done.Kind {
				found = true
				a, err := d.do(ctx, call{method: "POST", path: clocksOf(s.Canary.A) + "/" + clock.ID + "/void", body: api.Void{Reason: "canary"}})
				t.mustShow("ending the clock after "+clock.Kind, a, err)
			}
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if !found {
		t.breach("%s recurs, and has not begun anew.", done.Kind)
	}
}

// recorded looks for the beginning and the end of each clock in the ledger.
func (c *Clock) recorded(ctx context.Context, t *trial, s *System, about string, clocks int) {
	log, err := s.openLog(ctx, s.Canary.A.ID)
	opened, discharged := 0, 0
	if err == nil {
		err = log.since(max(0, log.head.Size-recentEntries), func(e proof.Entry) {
			switch {
			case e.Detail["about"] != about:
			case e.Kind == "clock.opened":
				opened++
			case e.Kind == "clock.discharged":
				discharged++
			}
		})
	}
	switch {
	case err != nil:
		unverified(t, err)
	case opened < clocks || discharged < clocks:
		t.breach("Of %s only %d beginnings and %d ends are in the ledger.", plural(clocks, "clock"), opened, discharged)
	default:
		t.good("The beginning and the end of %s are in the ledger.", plural(clocks, "clock"))
	}
}

// recentEntries is how far back in a canary's ledger a probe looks for what it just did.
const recentEntries = 2000

// idle is how long something due may wait to be told.
const idle = 10 * time.Minute

// mustRun looks in the store whether anything that is due has waited.
func mustRun(ctx context.Context, t *trial, s *System) {
	if s.Store == nil {
		t.hurdle("the store cannot be seen.")
		return
	}
	latest := s.Now().Add(-idle).UnixMicro()
	err := s.Store.Rows(ctx, "", func(table string, columns map[string][]byte) error {
		if table != "wakes" || !bytes.HasPrefix(columns["name"], []byte("clocks/")) { // messages may wait for a mail server
			return nil
		}
		if at := columns["next_at"]; len(at) != 8 || int64(binary.BigEndian.Uint64(at)) < latest {
			t.breach("Something that was due more than %s ago was not told to anybody.", idle)
		}
		return nil
	})
	if err != nil {
		t.hurdle("the store could not be read: %v", err)
		return
	}
	t.good("Nothing that is due has waited longer than %s.", idle)
}

// CalendarOf is the calendar that a policy's terms are counted on, and its time zone: of a policy that
// names none that is known, a calendar without feasts, in UTC.
func CalendarOf(p *policy.Policy) (*calendar.Calendar, *time.Location) {
	c, ok := calendar.Of(p.Calendar)
	if !ok {
		return calendar.Plain(), time.UTC
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return c, time.UTC
	}
	return c, zone
}
