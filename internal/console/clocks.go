package console

import (
	"net/http"
	"slices"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/obligation"
)

// listed is how many lines a page of a list has.
const listed = 25

// clocksPage is what is owed in a tenant, those due first first.
type clocksPage struct {
	Clocks []clockView
	Plot   span
	Next   string
	Only   string
	Of     string // the clause
	Kinds  []string
}

type clockView struct {
	api.Clock
	Stand string // a word of clock.…
	Bars  []bar
}

func (v *visit) clocks() error {
	by := obligation.Filter{Clause: v.query("clause"), Only: v.query("only")}
	found, next, err := v.door.Desks.Clocks.Find(v.r.Context(), v.who.Caller, v.tenant, by, v.query("after"), listed)
	if err != nil {
		return err
	}
	now := v.door.Now()
	p := clocksPage{Plot: span{now, now.Add(time.Hour)}, Next: next, Only: by.Only, Of: by.Clause, Kinds: []string{obligation.OnlyMissed, obligation.OnlyNear, obligation.OnlyPaused}}
	for i := range found {
		c := found[i].Wire(now)
		if p.Plot.From.After(c.Opened) {
			p.Plot.From = c.Opened
		}
		if c.Due != nil && c.Due.After(p.Plot.To) {
			p.Plot.To = *c.Due
		}
		p.Clocks = append(p.Clocks, clockView{Clock: c, Stand: stands(&c)})
	}
	today := p.Plot.bar(now, now, plotHigh, "at-now")
	for i := range p.Clocks {
		c := &p.Clocks[i]
		until := p.Plot.To // it awaits an event
		if c.Due != nil {
			until = *c.Due
		}
		if c.Stand == "missed" {
			c.Bars = []bar{p.Plot.bar(c.Opened, until, clockHeights["running"], "f-running"), p.Plot.bar(until, now, plotHigh, "f-missed"), today}
			continue
		}
		c.Bars = []bar{p.Plot.bar(c.Opened, until, clockHeights[c.Stand], "f-"+c.Stand), today}
	}
	return v.show(http.StatusOK, "clocks", p, nil)
}

// clockHeights say by height what colour says.
var clockHeights = map[string]int{"running": 8, "paused": 5, "near": 13}

// stands is where a clock stands, in one word.
func stands(c *api.Clock) string {
	switch {
	case c.State == string(obligation.Done) && c.Late:
		return "late"
	case c.Late:
		return "missed"
	case c.Near:
		return "near"
	}
	return c.State
}

// clock is one clock.
func (v *visit) clock() error {
	c, err := v.door.Desks.Clocks.Get(v.r.Context(), v.who.Caller, v.tenant, v.r.PathValue("clock"))
	if err != nil {
		return err
	}
	wire := c.Wire(v.door.Now())
	return v.show(http.StatusOK, "clock", clockPage{clockView{Clock: wire, Stand: stands(&wire)}, slices.Clone(c.Duty.Owners)}, nil)
}

// clockPage is one clock and who answers for it.
type clockPage struct {
	clockView
	Owners []string
}
