package control

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// Interactions say what is recorded of what people do at the gate: in which data set, and for which purpose.
type Interactions struct {
	DataSet, Purpose string
	Fields           []string // of loggable
	Page             int      // bytes of a page that are kept
}

// loggable are the fields that the gate can fill, and their types.
func loggable() map[string]policy.Type {
	return map[string]policy.Type{"page": policy.Text, "at": policy.Date, "method": policy.Text, "ip_address": policy.Text}
}

// longestPage bounds a page, in bytes, where its field does not.
const longestPage = 1 << 10

// canaryPages is where the pages begin that probes ask for.
const canaryPages = "/canary-"

// interactions finds out what is recorded, or why nothing can be.
func (c *InteractionLog) interactions(p *policy.Policy) (*Interactions, error) {
	const name, param = "interaction-log", "gate"
	if len(c.Gate) != 1 {
		return nil, problem(name, param, "what people do is recorded in one data set, and not in %d", len(c.Gate))
	}
	sets := dataSets(p, func(d *policy.DataSet) bool { return d.ID == c.Gate[0] })
	if len(sets) == 0 { // the reference is a finding of its own
		return nil, problem(name, param, "there is no data set %s", c.Gate[0])
	}
	set := sets[0]
	purpose, fields := writer(p, set)
	switch {
	case !set.Many:
		return nil, problem(name, param, "%s has one record for each person, and what they do needs many", set.ID).WithHint("records: many")
	case purpose == nil:
		return nil, problem(name, param, "no purpose may write %s", set.ID)
	}
	in := &Interactions{DataSet: set.ID, Purpose: purpose.ID, Page: longestPage}
	for _, id := range fields {
		f, _ := set.Field(id)
		kind, known := loggable()[id]
		switch {
		case known && f.Type == kind:
			in.Fields = append(in.Fields, id)
		case !f.Optional:
			return nil, problem(name, param, "the gate cannot fill %s.%s", set.ID, id).WithHint("it fills page, at (a date), method and ip_address; others have to be optional")
		}
		if id == "page" && f.Max > 0 {
			in.Page = int(f.Max)
		}
	}
	if !slices.Contains(in.Fields, "page") {
		return nil, problem(name, param, "%s has no field page", set.ID)
	}
	return in, nil
}

// recordedWithin is how many beats a probe waits for a record. What is done is written thrice in each.
const recordedWithin = 3

// atGate has somebody who is signed in ask for a page of an application behind the gate, and looks for it among
// their records and in the ledger.
func (c *InteractionLog) atGate(ctx context.Context, t *trial, s *System) {
	in, err := c.interactions(s.Policy)
	if err != nil || s.Behind == nil {
		t.hurdle("the gate, or what it records, cannot be seen.")
		return
	}
	before, err := s.openLog(ctx, s.Canary.A.ID)
	if err != nil {
		unverified(t, err)
		return
	}
	s.asMember(ctx, t, func(m *member) {
		if !m.registers(ctx) || !m.verifies(ctx) {
			return
		}
		subject, err := m.People.Whose(ctx, m.login)
		if err != nil || subject == "" {
			t.hurdle("a canary account could not be found again.")
			return
		}
		gate, err := s.Behind(canned{})
		if err != nil {
			t.hurdle("no gate could be made: %v", err)
			return
		}
		page, cookie := canaryPages+strings.ToLower(token()), CookieOf(s.Policy)
		if a, err := through(ctx, gate, page, cookie+"="+m.jar[cookie]); err != nil || a.status != http.StatusNotFound {
			t.hurdle("the canary application could not be reached through the gate: %v", came(a, err))
			return
		}
		p := &person{door: s.door(s.Canary.A.Key), policy: s.Policy, tenant: s.Canary.A.ID, id: subject}
		if c.recorded(ctx, t, s, p, in, page[:min(len(page), in.Page)]) {
			c.written(ctx, t, s, p, in, before.head.Size)
		}
	})
}

// recorded waits for a record of a page.
func (c *InteractionLog) recorded(ctx context.Context, t *trial, s *System, p *person, in *Interactions, page string) bool {
	all := readers(p.policy, in.DataSet)
	if len(all) == 0 {
		t.hurdle("no purpose may read %s.", in.DataSet)
		return false
	}
	if err := p.ready(ctx, all[0]); err != nil {
		t.hurdle("%v", err)
		return false
	}
	for waited := time.Duration(0); ; waited += glance {
		a, err := p.do(ctx, call{method: "GET", path: p.path("data", in.DataSet), purpose: all[0].ID})
		switch {
		case !t.mustShow("reading what is recorded", a, err):
			return false
		case bytes.Contains(a.body, []byte(page)):
			t.good("What a canary did at the gate is recorded in %s.", in.DataSet)
			return true
		case waited >= s.beats(recordedWithin):
			t.breach("What people do at the gate is not recorded.")
			return false
		}
		if pause(ctx, glance) != nil {
			t.hurdle("the probe was cut short.")
			return false
		}
	}
}

// written looks for that record's entry in the ledger: that the probe itself read it is not meant.
func (c *InteractionLog) written(ctx context.Context, t *trial, s *System, p *person, in *Interactions, since int64) {
	alias, err := p.alias(ctx)
	if err != nil {
		t.hurdle("%v", err)
		return
	}
	found := false
	log, err := s.openLog(ctx, p.tenant)
	if err == nil {
		err = log.since(since, func(e proof.Entry) {
			found = found || e.Subject == alias && e.DataSet == in.DataSet && e.Purpose == in.Purpose && e.Answer == proof.Allow && e.Kind == "record.put"
		})
	}
	switch {
	case err != nil:
		unverified(t, err)
	case !found:
		t.breach("What is recorded of people at the gate is not in the ledger.")
	default:
		t.good("That it was recorded is in the ledger.")
	}
}
