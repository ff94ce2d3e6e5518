package control

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/calendar"
)

// ElectronicNotice keeps clauses that say electronic notice rests on consent. Who does not consent is told by
// letter, and who asks for a notice on paper gets one in time.
type ElectronicNotice struct {
	Letter policy.Term `param:"letter" doc:"by when a written notice that was asked for is sent"`
}

// Check finds times that no clock can run to, and letters that can be sent nowhere.
func (c *ElectronicNotice) Check(p *policy.Policy) error {
	var all []error
	_, known := calendar.Of(p.Calendar)
	switch {
	case c.Letter.Form != policy.Within:
		all = append(all, problem("electronic-notice", "letter", "no clock can run to %q", c.Letter).WithHint("name a span, such as 5 business days"))
	case c.Letter.Unit == policy.BusinessDay && !known:
		all = append(all, problem("electronic-notice", "letter", "business days are counted on a calendar, and the policy names none that is known").
			WithHint("set calendar: to one of %s", strings.Join(calendar.Countries(), ", ")))
	}
	if p.Contacts.Address == "" {
		all = append(all, problem("electronic-notice", "letter", "the policy does not say where letters go").WithHint("name the field of the postal address: contacts: {address: data-set.field}"))
	}
	return errors.Join(all...)
}

// Plan has notices by electronic means rest on consent, and those asked for on paper owed.
func (c *ElectronicNotice) Plan(p *Plan) {
	d := owed("written-notice", c.Letter, "letter-posted")
	d.Clause = p.clause
	p.Papers = append(p.Papers, d)
	p.owe(d)
}

// Probe has a breach of two made-up people, as a drill: one consents to electronic notice and is told so, the
// other withdrew and gets a letter. The first then asks for it on paper, which starts a clock.
func (c *ElectronicNotice) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Now == nil || s.Policy == nil || s.Store == nil {
		t.hurdle("the messages cannot be seen.")
		return t.finding("")
	}
	s.with(ctx, t, s.Canary.A, func(willing *person) {
		s.with(ctx, t, s.Canary.A, func(unwilling *person) {
			e := &electronicDrill{
				breachDrill: breachDrill{t: t, s: s, door: willing.door, control: &BreachNotice{}, hurt: willing, spared: unwilling},
				letter:      c.Letter, clause: clauseOf(s.Policy, c), unwilling: unwilling,
			}
			e.run(ctx)
		})
	})
	return t.finding("Who does not consent to electronic notice is told by letter, and who asks for a notice on paper is owed one within " + c.Letter.String() + ".")
}

// electronicDrill is a breach that two made-up people are told of.
type electronicDrill struct {
	breachDrill
	letter    policy.Term
	clause    string
	unwilling *person
}

func (e *electronicDrill) run(ctx context.Context) {
	if !e.consents(ctx) || !e.exposeBoth(ctx) || !e.suspect(ctx) {
		return
	}
	defer e.remove(ctx)
	if _, ok := e.step(ctx, "becoming aware", api.Awareness{}, e.id, "aware"); !ok {
		return
	}
	if _, ok := e.step(ctx, "assessing", assessment(), e.id, "assess"); !ok {
		return
	}
	if _, ok := e.step(ctx, "telling people", api.PeopleTold{}, e.id, "people"); !ok {
		return
	}
	e.told(ctx)
	e.onPaper(ctx)
}

// consents has one consent, and the other withdraw.
func (e *electronicDrill) consents(ctx context.Context) bool {
	for _, step := range []struct {
		who *person
		yes bool
	}{{e.hurt, true}, {e.unwilling, true}, {e.unwilling, false}} {
		a, err := step.who.do(ctx, call{method: "PUT", path: step.who.path("electronic-notice"), body: api.ElectronicNotice{Consented: step.yes}})
		if !e.t.mustShow("recording consent to electronic notice", a, err) {
			return false
		}
	}
	return true
}

// exposeBoth stores a record of each, and reads both.
func (e *electronicDrill) exposeBoth(ctx context.Context) bool {
	for _, set := range dataSets(e.s.Policy, func(set *policy.DataSet) bool { return set.Storage != policy.Memory }) {
		if purpose, _ := writer(e.s.Policy, set); purpose == nil || len(readers(e.s.Policy, set.ID)) == 0 {
			continue
		}
		e.set = set
		for _, p := range []*person{e.hurt, e.unwilling} {
			read, err := p.stock(ctx, set)
			if err == nil {
				_, err = p.show(ctx, read)
			}
			if err != nil {
				e.t.hurdle("%v", err)
				return false
			}
		}
		return true
	}
	e.t.hurdle("no purpose of the policy may both store and read a whole record.")
	return false
}

// message is one in the outbox, seen from below.
type message struct{ subject, channel, state string }

func (e *electronicDrill) messages(ctx context.Context) (all []message, err error) {
	err = e.s.Store.Rows(ctx, e.hurt.tenant, func(table string, columns map[string][]byte) error {
		if table == "outbox" && string(columns["event"]) == e.id {
			all = append(all, message{string(columns["subject_id"]), string(columns["channel"]), string(columns["state"])})
		}
		return nil
	})
	return all, err
}

// settling is how many beats the outbox may take over a drill's messages.
const settling = 2

// settled are the messages once none but those to be called waits.
func (e *electronicDrill) settled(ctx context.Context) (all []message, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, e.s.beats(settling))
	defer cancel()
	for {
		all, err := e.messages(ctx)
		if err != nil {
			e.t.hurdle("the messages could not be looked at: %v", err)
			return nil, false
		}
		waits := slices.ContainsFunc(all, func(m message) bool { return m.state == notify.Waiting && m.channel != string(notify.Phone) })
		if !waits && len(all) > 0 {
			return all, true
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			e.t.hurdle("the messages did not leave in time.")
			return nil, false
		}
	}
}

func (e *electronicDrill) told(ctx context.Context) {
	all, ok := e.settled(ctx)
	if !ok {
		return
	}
	reached := func(who *person, channels ...notify.Channel) bool {
		return slices.ContainsFunc(all, func(m message) bool {
			return m.subject == who.id && slices.Contains(channels, notify.Channel(m.channel)) && m.state != notify.Failed && m.state != notify.Waiting
		})
	}
	if reached(e.unwilling, notify.Email, notify.InApp) {
		e.t.breach("A person who withdrew consent is told by electronic means.")
	} else {
		e.t.good("A person who withdrew consent is not told by electronic means.")
	}
	if !reached(e.unwilling, notify.Letter) {
		e.t.breach("A person who withdrew consent gets no letter.")
	} else {
		e.t.good("A person who withdrew consent gets a letter.")
	}
	if !reached(e.hurt, notify.Email, notify.InApp) {
		e.t.breach("A person who consents is not told by electronic means.")
	} else {
		e.t.good("A person who consents is told by electronic means.")
	}
}

// onPaper has the one who was told electronically ask for a letter.
func (e *electronicDrill) onPaper(ctx context.Context) {
	a, err := e.hurt.do(ctx, call{method: "POST", path: e.hurt.path("written-notices"), body: api.NewWrittenNotice{About: e.id}})
	var w api.WrittenNotice
	if !e.t.mustShow("asking for a notice on paper", a, err) {
		return
	}
	json.Unmarshal(a.body, &w) // what it does not say is missed below
	i := slices.IndexFunc(w.Clocks, func(c api.Clock) bool { return c.Clause == e.clause })
	if w.ID == "" || i < 0 {
		e.t.breach("Asking for a notice on paper starts no clock.")
		return
	}
	c := w.Clocks[i]
	cal, zone := CalendarOf(e.s.Policy)
	limit, ok := policy.ParseTerm(c.Limit)
	due, ends := cal.Due(w.Asked.In(zone), e.letter)
	if !ok || limit != e.letter || !ends || c.Due == nil || !c.Due.Equal(due) {
		e.t.breach("The clock of a notice on paper does not end %s after it was asked for.", e.letter)
		return
	}
	e.t.good("Asking for a notice on paper starts a clock that ends %s later.", e.letter)
	e.posted(ctx, w.ID)
}

// posted waits for the letter to leave, which a drill's does at once, and looks that it ends the clock.
func (e *electronicDrill) posted(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, e.s.beats(settling))
	defer cancel()
	for {
		a, err := e.hurt.do(ctx, call{method: "GET", path: e.hurt.path("written-notices")})
		var all api.WrittenNotices
		if err == nil && a.ok() {
			err = json.Unmarshal(a.body, &all)
		}
		i := slices.IndexFunc(all.Notices, func(w api.WrittenNotice) bool { return w.ID == id })
		if err == nil && i >= 0 && all.Notices[i].Posted != nil {
			if slices.ContainsFunc(all.Notices[i].Clocks, func(c api.Clock) bool { return c.State != "done" }) {
				e.t.breach("A letter that was posted does not end its clock.")
			} else {
				e.t.good("The letter was sent, which ended its clock.")
			}
			return
		}
		if pause(ctx, 200*time.Millisecond) != nil {
			e.t.breach("A notice that was asked for on paper is not sent.")
			return
		}
	}
}
