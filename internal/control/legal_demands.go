package control

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/policy"
)

// LegalDemands keeps clauses that say how the demands of courts and authorities are met. The server keeps
// due process whether a clause asks for it or not.
type LegalDemands struct {
	Review bool        `param:"review,optional" doc:"nothing is released without a reviewed legal basis"`
	Notice bool        `param:"notice,optional" doc:"the people concerned are told first, where the law allows"`
	Wait   policy.Term `param:"wait,optional" doc:"how long after the notice data is released at the earliest, such as 7 days"`
}

// Check finds a wait that nobody can count.
func (c *LegalDemands) Check(*policy.Policy) error {
	switch {
	case c.Wait.Form != "" && c.Wait.Form != policy.Within:
		return problem("legal-demands", "wait", "%q is no time to wait", c.Wait).WithHint("name a span, such as 7 days")
	case c.Wait.Form != "" && !c.Notice:
		return problem("legal-demands", "wait", "it waits after a notice that it does not promise").WithHint("add notice: true")
	}
	return nil
}

// Plan has releases rest on the clause. Of several times to wait the longest counts.
func (c *LegalDemands) Plan(p *Plan) {
	d := &p.Incidents.Demand
	d.Clauses = append(d.Clauses, p.clause)
	longest, _ := c.Wait.Longest()
	if known, _ := d.Wait.Longest(); c.Wait.Form != "" && longest >= known {
		d.Wait = c.Wait
	}
}

// Probe demands data of a made-up person: nothing may leave before somebody else has reviewed it, the
// person must have a notice before anything does, and what leaves is what was granted, sealed. A demand of
// which the law forbids to tell must reach the person by no channel.
func (c *LegalDemands) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Now == nil || s.Policy == nil || s.Store == nil || s.Canary.Reviewer == "" {
		t.hurdle("no demand can be tried.")
		return t.finding("")
	}
	s.with(ctx, t, s.Canary.A, func(p *person) {
		d := &demandTrial{t: t, s: s, person: p, reviewer: s.door(s.Canary.Reviewer)}
		if d.stock(ctx) {
			d.open(ctx)
			d.gagged(ctx)
		}
	})
	return t.finding("A demand releases nothing before its legal basis was reviewed and the person told, and then no more than was granted.")
}

// demandTrial is what is tried with a demand for the data of a canary.
type demandTrial struct {
	t        *trial
	s        *System
	person   *person
	reviewer door
	asked    []string // data-set.field
	granted  string   // one of them, which holds the person's marks
}

// stock stores a record of which a part can be granted.
func (d *demandTrial) stock(ctx context.Context) bool {
	for _, set := range dataSets(d.s.Policy, func(set *policy.DataSet) bool { return set.Storage != policy.Memory && len(set.Fields) > 1 }) {
		k, err := d.person.stock(ctx, set)
		if err != nil || len(k.values) < 2 {
			continue
		}
		d.asked, d.granted = nil, ""
		for _, f := range set.Fields {
			if k.values[f.ID] == nil {
				continue
			}
			d.asked = append(d.asked, set.ID+"."+f.ID)
			if _, marked := d.person.marks.value(&f); marked {
				d.granted = set.ID + "." + f.ID
			}
		}
		if d.granted != "" {
			return true
		}
	}
	d.t.hurdle("no purpose of the policy may store a whole record of two fields.")
	return false
}

func (d *demandTrial) path(parts ...string) string {
	return strings.Join(append([]string{d.person.home() + "/demands"}, parts...), "/")
}

func (d *demandTrial) enter(ctx context.Context) (id string, ok bool) {
	a, err := d.person.do(ctx, call{method: "POST", path: d.path(), body: api.LegalDemand{
		Kind: "court-order", Issuer: "canary-court", Reference: "canary", Subjects: []string{d.person.id}, Fields: d.asked, Drill: true,
	}})
	var m api.Demand
	if !d.t.mustShow("entering a demand", a, err) || json.Unmarshal(a.body, &m) != nil || m.ID == "" {
		return "", false
	}
	return m.ID, true
}

func (d *demandTrial) remove(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetting)
	defer cancel()
	a, err := d.person.do(ctx, call{method: "DELETE", path: d.path(id)})
	d.t.mustShow("removing the demand", a, err)
}

// open is a demand of which the person may be told.
func (d *demandTrial) open(ctx context.Context) {
	id, ok := d.enter(ctx)
	if !ok {
		return
	}
	defer d.remove(ctx, id)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		d.t.hurdle("no key could be made: %v", err)
		return
	}
	release := call{method: "POST", path: d.path(id, "release"), body: api.Handover{SealTo: key.Recipient().String()}}
	a, err := d.person.do(ctx, release)
	d.t.mustRefuse("Releasing what nobody has reviewed", a, err)
	review := api.Review{Ground: "statute", Citation: "Canary Act, art. 1", Fields: []string{d.granted}}
	a, err = d.person.do(ctx, call{method: "POST", path: d.path(id, "review"), body: review})
	d.t.mustRefuse("A review by whoever entered the demand", a, err)
	a, err = d.reviewer.do(ctx, call{method: "POST", path: d.path(id, "review"), body: review})
	var m api.Demand
	if !d.t.mustShow("reviewing the demand", a, err) || json.Unmarshal(a.body, &m) != nil {
		return
	}
	if !d.noticed(ctx, id) {
		d.t.breach("The person was not told of the demand before the release.")
		return
	}
	d.t.good("The person has a notice of the demand before anything is released.")
	if m.NotBefore != nil && m.NotBefore.After(d.s.Now()) {
		a, err = d.person.do(ctx, release)
		d.t.mustRefuse("A release before the time to wait is over", a, err)
		return
	}
	a, err = d.person.do(ctx, release)
	if d.t.mustShow("releasing what was granted", a, err) {
		d.opened(a, key)
		d.recorded(ctx, id)
	}
}

// noticed reports whether the outbox holds a notice of the demand for the person, by each way there is.
func (d *demandTrial) noticed(ctx context.Context, id string) bool {
	found := map[notify.Channel]bool{}
	err := d.s.Store.Rows(ctx, d.s.Canary.A.ID, func(table string, columns map[string][]byte) error {
		if table == "outbox" && string(columns["event"]) == id && string(columns["subject_id"]) == d.person.id {
			found[notify.Channel(columns["channel"])] = true
		}
		return nil
	})
	if err != nil {
		d.t.hurdle("the store could not be read: %v", err)
	}
	return found[notify.InApp] && (found[notify.Email] || d.s.Policy.Contacts.Email == "")
}

// opened looks that an answer is sealed, and holds what was granted and nothing else.
func (d *demandTrial) opened(a answer, key *age.X25519Identity) {
	if a.holds(d.person.marks) {
		d.t.breach("What is released leaves in the clear.")
		return
	}
	var sealed, plain api.DemandAnswer
	if err := json.Unmarshal(a.body, &sealed); err != nil {
		d.t.hurdle("the answer to the demand could not be read.")
		return
	}
	body, err := age.Decrypt(armor.NewReader(strings.NewReader(sealed.Sealed)), key)
	if err != nil {
		d.t.breach("The authority's key does not open what is released.")
		return
	}
	text, err := io.ReadAll(io.LimitReader(body, maxAnswer))
	if err != nil || json.Unmarshal(text, &plain) != nil || len(plain.Records) != 1 {
		d.t.breach("What is released is not the person's record.")
		return
	}
	_, granted, _ := strings.Cut(d.granted, ".")
	for field := range plain.Records[0].Fields {
		if field != granted {
			d.t.breach("What is released holds %s, and no more than %s was granted.", field, granted)
			return
		}
	}
	if !(answer{body: text}).holds(d.person.marks) {
		d.t.breach("What is released does not hold what was granted.")
		return
	}
	d.t.good("What is released is sealed, and holds %s alone of %s that were demanded.", granted, plural(len(d.asked), "field"))
}

func (d *demandTrial) recorded(ctx context.Context, id string) {
	want := []string{"demand.received", "demand.reviewed", "demand.noticed", "demand.released"}
	if missing := d.s.missing(ctx, d.t, d.person.tenant, id, want); len(missing) > 0 {
		d.t.breach("In the ledger there is no %s in its place.", list(missing))
	}
}

// gagged is a demand of which the law forbids to tell until a day.
func (d *demandTrial) gagged(ctx context.Context) {
	id, ok := d.enter(ctx)
	if !ok {
		return
	}
	defer d.remove(ctx, id)
	until := d.s.Now().Add(30 * 24 * time.Hour).UTC().Truncate(time.Second)
	review := api.Review{Ground: "court-order", Citation: "Canary Act, art. 2", Fields: []string{d.granted}, Gagged: &until}
	a, err := d.reviewer.do(ctx, call{method: "POST", path: d.path(id, "review"), body: review})
	var m api.Demand
	if !d.t.mustShow("reviewing a gagged demand", a, err) || json.Unmarshal(a.body, &m) != nil {
		return
	}
	if d.noticed(ctx, id) {
		d.t.breach("The person was told of a demand though the law forbids it.")
		return
	}
	if !slices.ContainsFunc(m.Clocks, func(c api.Clock) bool { return c.Due != nil && c.Due.After(until) }) {
		d.t.breach("Nothing has the person told when the gag ends.")
		return
	}
	d.t.good("A demand that must be kept from the person is, and a clock has them told when the gag ends.")
}
