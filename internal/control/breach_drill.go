package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/policy"
)

// breachDrill is a breach of two made-up people, of whom one was read and the other was not.
type breachDrill struct {
	t *trial
	s *System
	door
	control      *BreachNotice
	clause       string
	hurt, spared *person
	set          *policy.DataSet
	id           string // of the incident
}

// clauseOf is the id of the clause that a control of a policy keeps.
func clauseOf(p *policy.Policy, c Control) string {
	for _, clause := range p.Clauses {
		for _, keep := range clause.Keep {
			if other, _, err := Of(keep); err == nil && fmt.Sprintf("%T%+v", other, other) == fmt.Sprintf("%T%+v", c, c) {
				return clause.ID
			}
		}
	}
	return ""
}

func (d *breachDrill) path(parts ...string) string {
	return strings.Join(append([]string{d.hurt.home() + "/incidents"}, parts...), "/")
}

// step makes a step and reads where the incident then stands.
func (d *breachDrill) step(ctx context.Context, what string, body any, parts ...string) (in api.Incident, ok bool) {
	a, err := d.do(ctx, call{method: "POST", path: d.path(parts...), body: body})
	if !d.t.mustShow(what, a, err) {
		return in, false
	}
	if err := json.Unmarshal(a.body, &in); err != nil || in.ID == "" {
		d.t.hurdle("%s was answered with something else.", what)
		return in, false
	}
	d.private(what, a)
	return in, true
}

// private looks that nothing of what the people entered is in an answer.
func (d *breachDrill) private(what string, a answer) {
	if a.holds(d.hurt.marks) || a.holds(d.spared.marks) {
		d.t.breach("The answer to %s holds data of the people concerned.", what)
	}
}

func (d *breachDrill) run(ctx context.Context) {
	if !d.expose(ctx) || !d.suspect(ctx) {
		return
	}
	defer d.remove(ctx)
	in, ok := d.step(ctx, "becoming aware", api.Awareness{}, d.id, "aware")
	if !ok {
		return
	}
	d.clocks(in)
	if in, ok = d.step(ctx, "assessing", assessment(), d.id, "assess"); !ok {
		return
	}
	d.affected(in)
	d.form(ctx)
	if d.control.Authority.Form != "" {
		if in, ok = d.step(ctx, "telling the authority", api.AuthorityTold{Receipt: "drill-receipt"}, d.id, "authority"); !ok {
			return
		}
		d.ended(in, breachAuthority, "the authority's receipt")
	}
	d.people(ctx)
	if in, ok = d.step(ctx, "closing", api.Closing{Lessons: []string{"drill"}}, d.id, "close"); !ok {
		return
	}
	if in.State != "closed" {
		d.t.breach("An incident that was closed is %s.", in.State)
	}
	d.recorded(ctx)
}

// expose stores a record of each, and reads that of one.
func (d *breachDrill) expose(ctx context.Context) bool {
	for _, set := range dataSets(d.s.Policy, func(set *policy.DataSet) bool { return set.Storage != policy.Memory }) {
		purpose, _ := writer(d.s.Policy, set)
		if purpose == nil || len(readers(d.s.Policy, set.ID)) == 0 {
			continue
		}
		d.set = set
		read, err := d.hurt.stock(ctx, set)
		if err == nil {
			_, err = d.spared.stock(ctx, set)
		}
		if err == nil {
			_, err = d.hurt.show(ctx, read)
		}
		if err != nil {
			d.t.hurdle("%v", err)
			return false
		}
		return true
	}
	d.t.hurdle("no purpose of the policy may both store and read a whole record.")
	return false
}

func (d *breachDrill) suspect(ctx context.Context) bool {
	now := d.s.Now().UTC().Truncate(time.Second)
	in, ok := d.step(ctx, "suspecting a breach", api.Suspicion{
		Nature: []string{"confidentiality"}, Cause: "stolen-credential", Drill: []string{d.hurt.id, d.spared.id},
		Exposure: api.Exposure{From: now.Add(-time.Hour), To: now.Add(time.Hour), DataSet: d.set.ID},
	})
	d.id = in.ID
	if ok && len(in.Clocks) > 0 {
		d.t.breach("A mere suspicion has started %s.", plural(len(in.Clocks), "clock"))
	}
	return ok
}

// remove takes the drill out of the books again.
func (d *breachDrill) remove(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetting)
	defer cancel()
	a, err := d.do(ctx, call{method: "DELETE", path: d.path(d.id)})
	d.t.mustShow("removing the drill", a, err)
}

func assessment() api.Assessment {
	return api.Assessment{
		Risk: "high", Reasons: []string{"cannot-be-undone"}, Consequences: []string{"loss-of-confidentiality"}, Measures: []string{"credentials-replaced"},
	}
}

// clocks looks that each thing owed has a clock, which runs to what the clause says.
func (d *breachDrill) clocks(in api.Incident) {
	cal, zone := CalendarOf(d.s.Policy)
	for _, want := range d.control.duties() {
		i := slices.IndexFunc(in.Clocks, func(c api.Clock) bool { return c.Kind == want.Kind && c.Clause == d.clause })
		if i < 0 {
			d.t.breach("Becoming aware has started no clock of %s.", want.Kind)
			continue
		}
		c := in.Clocks[i]
		limit, ok := policy.ParseTerm(c.Limit)
		if !ok || limit != want.Limit {
			d.t.breach("The clock of %s runs to %q, which is not what the clause says.", c.Kind, c.Limit)
			continue
		}
		if due, ends := cal.Due(in.Aware.In(zone), limit); !ends || c.Due == nil || !c.Due.Equal(due) {
			d.t.breach("The clock of %s does not end when %s have passed.", c.Kind, limit)
			continue
		}
		d.t.good("The clock of %s runs from awareness and ends when %s have passed.", c.Kind, limit)
	}
}

// affected looks that the person who was read is found, and nobody else.
func (d *breachDrill) affected(in api.Incident) {
	a := in.Affected
	switch {
	case a == nil || a.People == 0 || a.Records == 0:
		d.t.breach("Nobody is found concerned, and somebody was read.")
	case a.People != 1:
		d.t.breach("%d people are found concerned, and one was read.", a.People)
	case len(a.Data) != 1 || a.Data[0].DataSet != d.set.ID || len(a.Data[0].Fields) == 0:
		d.t.breach("It is not found that %s was exposed.", d.set.ID)
	default:
		d.t.good("The one person whose %s was read is found concerned, and no other.", d.set.ID)
	}
}

// form looks that the form for the authority says what the law asks for, as data and on paper.
func (d *breachDrill) form(ctx context.Context) {
	a, err := d.do(ctx, call{method: "GET", path: d.path(d.id, "notification")})
	var n api.BreachNotification
	if !d.t.mustShow("reading the form", a, err) {
		return
	}
	if json.Unmarshal(a.body, &n) != nil {
		d.t.hurdle("the form could not be read.")
		return
	}
	d.private("the form", a)
	for _, part := range []struct {
		what string
		said bool
	}{
		{"the nature of the breach", len(n.Nature) > 0 && n.Cause != ""},
		{"how many people and records are concerned", n.Affected.People > 0 && n.Affected.Records > 0},
		{"which data is concerned", len(n.Affected.Data) > 0},
		{"who can tell more", n.Contact.Contact != "" && n.Organisation != ""},
		{"the likely consequences", len(n.Consequences) > 0},
		{"the measures taken", len(n.Measures) > 0},
	} {
		if !part.said {
			d.t.breach("The form for the authority does not say %s.", part.what)
		}
	}
	for _, language := range []string{"en", "ar"} {
		a, err := d.do(ctx, call{method: "GET", path: d.path(d.id, "notification") + "?lang=" + language})
		if !d.t.mustShow("printing the form", a, err) {
			continue
		}
		d.private("printing the form", a)
		if !bytes.Contains(a.body, []byte(d.id)) || !bytes.Contains(a.body, []byte(`lang="`+language+`"`)) {
			d.t.breach("The form to be printed in %s is not of this incident.", language)
		}
	}
	d.t.good("The form for the authority is filled in, to be sent and to be printed in English and Arabic.")
}

// people has them told, and looks who has which message.
func (d *breachDrill) people(ctx context.Context) {
	in, ok := d.step(ctx, "telling people", api.PeopleTold{}, d.id, "people")
	if !ok {
		return
	}
	if in.People == nil || in.People.People != 1 {
		d.t.breach("Not everybody concerned is told, or others are.")
		return
	}
	for _, channel := range d.control.expected(d.s.Policy) {
		if !slices.ContainsFunc(in.People.Channels, func(c api.ChannelTally) bool { return c.Channel == string(channel) && c.Count == 1 }) {
			d.t.breach("The person concerned is not told by %s.", channel)
			continue
		}
		d.t.good("The person concerned has a message by %s.", channel)
	}
	d.outbox(ctx)
	if d.control.people().Form == "" {
		return
	}
	if in, ok = d.step(ctx, "a public communication", api.PeopleTold{Public: "drill"}, d.id, "people"); ok {
		d.ended(in, breachPeople, "the notice to people")
	}
}

// outbox looks below the front door whether the messages are there, where it can.
func (d *breachDrill) outbox(ctx context.Context) {
	if d.s.Store == nil {
		return
	}
	found := map[notify.Channel]bool{}
	err := d.s.Store.Rows(ctx, d.s.Canary.A.ID, func(table string, columns map[string][]byte) error {
		if table != "outbox" || string(columns["event"]) != d.id {
			return nil
		}
		if string(columns["subject_id"]) != d.hurt.id {
			d.t.breach("Somebody whom the breach does not concern is told of it.")
		}
		found[notify.Channel(columns["channel"])] = true
		return nil
	})
	if err != nil {
		d.t.hurdle("the store could not be read: %v", err)
		return
	}
	for _, channel := range d.control.expected(d.s.Policy) {
		if !found[channel] {
			d.t.breach("No message by %s is in the outbox.", channel)
		}
	}
}

// ended looks that a clock was discharged in time by what discharges it.
func (d *breachDrill) ended(in api.Incident, kind, by string) {
	i := slices.IndexFunc(in.Clocks, func(c api.Clock) bool { return c.Kind == kind && c.Clause == d.clause })
	if i < 0 || in.Clocks[i].State != "done" || in.Clocks[i].Late {
		d.t.breach("The clock of %s was not discharged by %s.", kind, by)
		return
	}
	d.t.good("The clock of %s was discharged by %s.", kind, by)
}

// recorded looks for each step in the ledger.
func (d *breachDrill) recorded(ctx context.Context) {
	want := []string{"incident.suspected", "incident.aware", "incident.assessed", "incident.people-told", "incident.closed"}
	missing := d.s.missing(ctx, d.t, d.hurt.tenant, d.id, want)
	if len(missing) > 0 {
		d.t.breach("In the ledger there is no %s.", list(missing))
	}
}

// missing returns which kinds of entries about an incident, or an item of assurance, are not in a tenant's ledger, in the order given.
func (s *System) missing(ctx context.Context, t *trial, tenant, id string, want []string) (missing []string) {
	log, err := s.openLog(ctx, tenant)
	next := 0
	if err == nil {
		err = log.since(max(0, log.head.Size-recentEntries), func(e proof.Entry) {
			if (e.Detail["incident"] == id || e.Detail["item"] == id || e.Detail["grant"] == id) && next < len(want) && e.Kind == want[next] && e.Answer != proof.Refuse {
				next++
			}
		})
	}
	if err != nil {
		unverified(t, err)
		return nil
	}
	if next == len(want) {
		t.good("Each of its %d steps is in the ledger.", len(want))
	}
	return want[next:]
}
