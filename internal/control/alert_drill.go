package control

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// alertDrill has canary threats, and removes them again.
type alertDrill struct {
	t      *trial
	s      *System
	within policy.Term // by when one is acknowledged
	paged  bool        // each on call must be called by the pager
	door   door
}

func (d *alertDrill) run(ctx context.Context) {
	if d.s.Now == nil || d.s.Policy == nil || d.s.HTTP == nil {
		d.t.hurdle("the time, or the front door, cannot be seen.")
		return
	}
	d.door = d.s.door(d.s.Canary.A.Key)
	d.answered(ctx)
	if len(d.t.breaches)+len(d.t.hurdles) == 0 {
		d.unanswered(ctx)
	}
}

// answered raises a threat that somebody acknowledges.
func (d *alertDrill) answered(ctx context.Context) {
	a, ok := d.raise(ctx, nil)
	if !ok {
		return
	}
	defer d.remove(ctx, a)
	d.rightTime(a)
	again, ok := d.send(ctx, "raising the same threat again", "POST", "", d.alarm(a.Cause, nil))
	if !ok {
		return
	}
	if again.ID != a.ID || again.Steps != a.Steps {
		d.t.breach("A threat that is raised twice has two alerts.")
	}
	d.reached(ctx, a, 1)
	if _, ok = d.send(ctx, "acknowledging a threat", "POST", "/"+a.ID+"/acknowledge", nil); !ok {
		return
	}
	now, ok := d.send(ctx, "reading a threat", "GET", "/"+a.ID, nil)
	switch running := func(c api.Clock) bool { return c.State == "running" }; {
	case !ok:
	case now.State != "acknowledged" || slices.ContainsFunc(now.Clocks, running):
		d.t.breach("A threat that was acknowledged is %s, and its clock goes on.", now.State)
	default:
		d.t.good("A canary threat that was acknowledged goes to nobody else.")
		d.recorded(ctx, a.ID, "alert.raised", "alert.acknowledged")
	}
}

// unanswered raises a threat that nobody acknowledged though it was detected long enough ago.
func (d *alertDrill) unanswered(ctx context.Context) {
	longest, ok := d.within.Longest()
	if !ok {
		d.t.hurdle("%s has no length.", d.within)
		return
	}
	detected := d.s.Now().Add(-longest - time.Minute)
	a, ok := d.raise(ctx, &detected)
	if !ok {
		return
	}
	defer d.remove(ctx, a)
	for began := time.Duration(0); a.Steps < 2 && began < d.s.beats(escalates); began += glance {
		if pause(ctx, glance) != nil {
			d.t.hurdle("the probe was cut short.")
			return
		}
		if a, ok = d.send(ctx, "reading a threat", "GET", "/"+a.ID, nil); !ok {
			return
		}
	}
	if a.Steps < 2 {
		d.t.breach("A canary threat that nobody acknowledged in time went to nobody else.")
		return
	}
	if len(a.Told) > 1 && a.Told[len(a.Told)-1].Role == a.Told[0].Role {
		d.t.breach("There is nobody on call after the first: an alert that is not acknowledged goes to the same one again.")
		return
	}
	if a, ok = d.reached(ctx, a, 2); ok {
		d.t.good("A canary threat that nobody acknowledged within %s went to the next on call.", d.within)
		d.recorded(ctx, a.ID, "alert.raised", "alert.escalated")
	}
}

// beats is how long the server takes to look so often for what is due.
func (s *System) beats(n time.Duration) time.Duration { return n * cmp.Or(s.Beat, 10*time.Second) }

// How many beats a probe waits, and how often it looks.
const (
	escalates = 5 // clocks run once in each
	arrives   = 6 // messages leave thrice, after those that hang
	glance    = 500 * time.Millisecond
)

func (d *alertDrill) alarm(cause string, detected *time.Time) api.Alarm {
	return api.Alarm{Kind: "threat", Cause: cause, Severity: "info", Detected: detected, Drill: true}
}

func (d *alertDrill) raise(ctx context.Context, detected *time.Time) (api.Alert, bool) {
	return d.send(ctx, "raising a threat", "POST", "", d.alarm("canary-"+strings.ToLower(token()[:12]), detected))
}

func (d *alertDrill) send(ctx context.Context, what, method, under string, body any) (out api.Alert, ok bool) {
	a, err := d.door.do(ctx, call{method: method, path: "/v1/tenants/" + d.s.Canary.A.ID + "/alerts" + under, body: body})
	if !d.t.mustShow(what, a, err) {
		return out, false
	}
	if err := json.Unmarshal(a.body, &out); err != nil || out.ID == "" {
		d.t.hurdle("%s: the answer is no alert.", what)
		return out, false
	}
	return out, true
}

// remove takes the threat back, whatever became of the probe.
func (d *alertDrill) remove(ctx context.Context, a api.Alert) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetting)
	defer cancel()
	got, err := d.door.do(ctx, call{method: "DELETE", path: "/v1/tenants/" + d.s.Canary.A.ID + "/alerts/" + a.ID})
	if err := done("a canary threat could not be removed again", got, err); err != nil && !got.refused() {
		d.t.hurdle("%v", err)
	}
}

// rightTime counts again by when the threat has to be acknowledged.
func (d *alertDrill) rightTime(a api.Alert) {
	cal, zone := CalendarOf(d.s.Policy)
	if d.s.Calendar != nil {
		cal = d.s.Calendar
	}
	due, ok := cal.Due(a.Raised.In(zone), d.within)
	switch {
	case !ok:
		d.t.hurdle("%s cannot be counted.", d.within)
	case a.AnswerBy == nil || a.AnswerBy.After(due):
		d.t.breach("A threat may go unacknowledged for longer than %s.", d.within)
	default:
		d.t.good("A canary threat is to be acknowledged within %s.", d.within)
	}
}

// reached waits until the one on call of a step was told, by the pager where that is promised.
func (d *alertDrill) reached(ctx context.Context, a api.Alert, step int) (api.Alert, bool) {
	for waited := time.Duration(0); ; waited += glance {
		i := slices.IndexFunc(a.Told, func(s api.AlertStep) bool { return s.Step == step })
		if i < 0 || len(a.Told[i].Channels) == 0 {
			d.t.breach("Nobody on call is told of an alert: the server's file of staff names nobody who is.")
			return a, false
		}
		told := a.Told[i]
		pager := slices.IndexFunc(told.Channels, func(c api.AlertChannel) bool { return c.Channel == "pager" })
		waiting := slices.IndexFunc(told.Channels, func(c api.AlertChannel) bool { return c.State != "sent" })
		switch {
		case d.paged && pager < 0:
			d.t.breach("Number %d on call is not called by a pager.", step)
			return a, false
		case waiting < 0:
			d.t.good("Number %d on call was told by %s.", step, list(channelNames(told.Channels)))
			return a, true
		case waited >= d.s.beats(arrives) || hopeless(told.Channels[waiting]):
			c := told.Channels[waiting]
			d.t.breach("Number %d on call is not told: the message by %s is %s (%s).", step, c.Channel, c.State, c.Outcome)
			return a, false
		}
		if pause(ctx, glance) != nil {
			d.t.hurdle("the probe was cut short.")
			return a, false
		}
		var ok bool
		if a, ok = d.send(ctx, "reading a threat", "GET", "/"+a.ID, nil); !ok {
			return a, false
		}
	}
}

// hopeless reports a message that waiting does not help.
func hopeless(c api.AlertChannel) bool { return c.State == "failed" || c.Outcome == "not-set-up" }

func channelNames(all []api.AlertChannel) (names []string) {
	for _, c := range all {
		names = append(names, c.Channel)
	}
	return names
}

// recorded looks for the steps in the canary's ledger.
func (d *alertDrill) recorded(ctx context.Context, id string, kinds ...string) {
	log, err := d.s.openLog(ctx, d.s.Canary.A.ID)
	found := map[string]bool{}
	if err == nil {
		err = log.since(max(0, log.head.Size-recentEntries), func(e proof.Entry) {
			if e.Detail["alert"] == id {
				found[e.Kind] = true
			}
		})
	}
	if err != nil {
		unverified(d.t, err)
		return
	}
	for _, kind := range kinds {
		if !found[kind] {
			d.t.breach("There is no %s in the ledger.", kind)
			return
		}
	}
	d.t.good("Each step is in the ledger.")
}
