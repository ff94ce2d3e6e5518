package control

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// RetainedCopies keeps clauses that say what may be kept after erasure for legal duties and disputes.
type RetainedCopies struct {
	Fields  Fields      `param:"fields" doc:"the fields that may be kept, and no others"`
	Longest policy.Term `param:"longest" doc:"how long at most, such as 6 years"`
}

// Check finds fields that no hold can keep, and a time without end. That what is in memory only cannot be kept
// is a finding of clause check.
func (c *RetainedCopies) Check(p *policy.Policy) error {
	var all []error
	for _, name := range c.Fields {
		id, field, _ := strings.Cut(name, ".")
		set, ok := p.DataSet(id)
		if !ok {
			continue // the parser says so
		}
		if f, ok := set.Field(field); ok && f.Type == policy.Blob {
			all = append(all, problem("retained-copies", "fields", "%s is a blob, which goes with its person: it cannot be kept", name).WithHint("take it out of the clause"))
		}
	}
	if c.Longest.Form != policy.Within {
		all = append(all, problem("retained-copies", "longest", "%q is no end: what is kept must go one day", c.Longest).WithHint("name a time, such as 6 years"))
	}
	return errors.Join(append(all, countable(p, "retained-copies", "longest", c.Longest))...)
}

// Plan lets legal holds keep the fields. Where several clauses allow something, what all of them do.
func (c *RetainedCopies) Plan(p *Plan) {
	p.ground(decision.StepErased)
	if p.Retained == nil {
		p.Retained = &Retained{Clause: p.clause, Fields: slices.Clone(c.Fields), Longest: c.Longest}
		return
	}
	p.Retained.Fields = slices.DeleteFunc(p.Retained.Fields, func(f string) bool { return !slices.Contains(c.Fields, f) })
	mine, _ := c.Longest.Longest()
	if longest, ok := p.Retained.Longest.Longest(); !ok || mine < longest {
		p.Retained.Clause, p.Retained.Longest = p.clause, c.Longest
	}
}

// Probe erases a canary under a hold that asks for all there is, reads what was kept, and releases it.
func (c *RetainedCopies) Probe(ctx context.Context, s *System) Finding {
	t := &trial{}
	if s.Store == nil || s.Now == nil {
		t.hurdle("the store cannot be seen from below.")
		return t.finding("")
	}
	s.with(ctx, t, s.Canary.A, func(p *person) {
		records := p.fillAndShow(ctx, t, stored(s.Policy, nil))
		if records == nil || !s.mustHaveRows(ctx, t, p) {
			return
		}
		c.endless(ctx, t, s, p)
		if !c.hold(ctx, t, s, p) {
			return
		}
		defer p.release(ctx, t)
		id, ok := p.certifiedErasure(ctx, t)
		if !ok {
			return
		}
		p.goneFrom(ctx, t, p.door, records, "right after the erasure")
		copied, ok := c.kept(ctx, t, s, p, records)
		if !ok {
			return
		}
		c.only(ctx, t, s, p, copied, records)
		c.released(ctx, t, s, p, copied, records, id)
	})
	return t.finding("Of a person erased under a legal hold " + list(c.Fields) + " can be read, for a legal obligation alone; the hold ends, and then nothing is left.")
}

func (p *person) holdPath() string { return p.path("hold") }

// fieldsHeld are all stored fields that a hold may name.
func fieldsHeld(p *policy.Policy) (all []string) {
	for _, set := range stored(p, nil) {
		for _, f := range set.Fields {
			if f.Type != policy.Blob {
				all = append(all, set.ID+"."+f.ID)
			}
		}
	}
	return all
}

// endless tries holds without an end, and of one that is too far off.
func (c *RetainedCopies) endless(ctx context.Context, t *trial, s *System, p *person) {
	cal, zone := CalendarOf(s.Policy)
	latest, ok := cal.Due(s.Now().In(zone), c.Longest)
	if !ok {
		t.hurdle("no day is %s away.", c.Longest)
		return
	}
	held := fieldsHeld(s.Policy)
	for _, try := range []struct {
		what string
		body any
	}{
		{"A hold without an end", map[string]any{"reason": "canary", "fields": held}},
		{"A hold for longer than " + c.Longest.String(), api.NewHold{Reason: "canary", Fields: held, Until: latest.AddDate(0, 0, 2).UTC()}},
		{"A hold that ended before it began", api.NewHold{Reason: "canary", Fields: held, Until: s.Now().Add(-time.Hour).UTC()}},
		{"A hold without a reason", map[string]any{"fields": held, "until": s.Now().Add(time.Hour).UTC()}},
	} {
		a, err := p.do(ctx, call{method: "POST", path: p.holdPath(), body: try.body})
		t.mustRefuse(try.what, a, err)
		if err == nil && a.ok() {
			p.do(ctx, call{method: "DELETE", path: p.holdPath()}) // the next must not fail for its sake
		}
	}
}

// hold places a hold that asks for every field, and looks that it keeps those the clause names.
func (c *RetainedCopies) hold(ctx context.Context, t *trial, s *System, p *person) bool {
	body := api.NewHold{Reason: "canary", Fields: fieldsHeld(s.Policy), Until: s.Now().Add(time.Hour).UTC()}
	a, err := p.do(ctx, call{method: "POST", path: p.holdPath(), body: body})
	var h api.Hold
	if !t.mustShow("placing a legal hold", a, err) {
		return false
	}
	if err := json.Unmarshal(a.body, &h); err != nil || h.ID == "" {
		t.hurdle("the answer to a legal hold is malformed.")
		return false
	}
	want := slices.Sorted(slices.Values(c.Fields))
	if got := slices.Sorted(slices.Values(h.Keeps)); !slices.Equal(got, want) {
		t.breach("A hold on everything keeps %s, not %s.", list(got), list(want))
	}
	return true
}

// release ends the hold, whatever became of the probe.
func (p *person) release(ctx context.Context, t *trial) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetting)
	defer cancel()
	a, err := p.do(ctx, call{method: "DELETE", path: p.holdPath()})
	if err != nil || !a.ok() && !a.refused() {
		t.hurdle("the hold on a canary could not be released: %s", a)
	}
}

// certifiedErasure erases the person, and returns the id of the certificate that will follow.
func (p *person) certifiedErasure(ctx context.Context, t *trial) (id string, ok bool) {
	a, err := p.do(ctx, call{method: "POST", path: p.path("erasure"), body: api.Erasure{About: "canary-" + token()[:12]}})
	var cert api.Certificate
	if !t.mustShow("erasing a canary person", a, err) {
		return "", false
	}
	if err := json.Unmarshal(a.body, &cert); err != nil || cert.ID == "" {
		t.hurdle("the answer to an erasure is malformed.")
		return "", false
	}
	return cert.ID, true
}

// kept finds what was kept, reads it for each purpose that may, and compares the fields with those promised.
func (c *RetainedCopies) kept(ctx context.Context, t *trial, s *System, p *person, records []kept) (copied *person, ok bool) {
	if err := s.Store.Settle(ctx); err != nil {
		t.hurdle("the sweep could not be run: %v", err)
		return nil, false
	}
	a, err := p.do(ctx, call{method: "GET", path: p.holdPath()})
	var h api.Hold
	if !t.mustShow("reading the hold on an erased person", a, err) {
		return nil, false
	}
	if err := json.Unmarshal(a.body, &h); err != nil || h.Copy == "" {
		t.breach("Nothing was kept of a person erased under a hold.")
		return nil, false
	}
	twin := *p
	twin.id = h.Copy
	c.stored(ctx, t, s, p, &twin)
	seen := map[string]bool{}
	for _, k := range records {
		for _, purpose := range readers(s.Policy, k.set.ID) {
			if lawful(purpose) {
				c.read(ctx, t, &twin, purpose, k, seen)
			}
		}
	}
	for _, f := range c.Fields {
		switch {
		case !seen[f]:
			t.breach("%s was to be kept, and cannot be read.", f)
		default:
			t.good("%s was kept, and can be read.", f)
		}
	}
	return &twin, true
}

// lawful reports whether what was kept may be read for the purpose.
func lawful(p *policy.Purpose) bool { return p.Basis == policy.LegalObligation && p.UnderRestriction }

// read reads a record of what was kept, all of whose fields must be among those promised.
func (c *RetainedCopies) read(ctx context.Context, t *trial, copied *person, purpose *policy.Purpose, k kept, seen map[string]bool) {
	a, err := copied.read(ctx, purpose.ID, k.set.ID, k.id)
	if err == nil && a.refused() {
		return // of this data set nothing is kept: if it ought to be, its fields are missing
	}
	if !t.mustShow("reading what was kept for "+purpose.ID, a, err) {
		return
	}
	fields, err := fieldsOf(a)
	if err != nil {
		t.hurdle("%v", err)
		return
	}
	for field := range fields {
		name := k.set.ID + "." + field
		if !slices.Contains(c.Fields, name) {
			t.breach("%s was kept of an erased person, and must not be.", name)
		}
		seen[name] = true
	}
}

// stored looks at the rows: the erased person has none but the hold, and the copy only records of what may be kept.
func (c *RetainedCopies) stored(ctx context.Context, t *trial, s *System, p, copied *person) {
	tables, err := s.rowsOf(ctx, p)
	if err != nil {
		t.hurdle("the rows of the store could not be read: %v", err)
		return
	}
	delete(tables, "holds")
	for table, n := range tables {
		t.breach("Under a hold, the store has %s of the erased person in %s.", plural(n, "row"), table)
	}
	err = s.Store.Rows(ctx, p.tenant, func(table string, columns map[string][]byte) error {
		set := string(columns["data_set"])
		if string(columns["subject_id"]) != copied.id || table != "records" && table != "lookups" {
			return nil
		}
		if table == "lookups" || !slices.ContainsFunc(c.Fields, func(f string) bool { return strings.HasPrefix(f, set+".") }) {
			t.breach("Of an erased person the store keeps a row of %s in %s.", set, table)
		}
		return nil
	})
	if err != nil {
		t.hurdle("the rows of the store could not be read: %v", err)
	}
}

// only tries every other purpose, and every other act, on what was kept.
func (c *RetainedCopies) only(ctx context.Context, t *trial, s *System, p, copied *person, records []kept) {
	for _, k := range records {
		for _, purpose := range readers(s.Policy, k.set.ID) {
			if lawful(purpose) {
				continue
			}
			for _, w := range copied.ways(purpose, k) {
				t.mustHide(ctx, copied.door, w, "of what was kept, for "+purpose.ID)
			}
		}
		if purpose, _ := writer(s.Policy, k.set); purpose != nil {
			a, err := copied.create(ctx, purpose.ID, k.set.ID, k.values)
			t.mustForbid("Adding to what was kept", a, err)
		}
	}
	a, err := copied.do(ctx, call{method: "PUT", path: copied.path("restriction"), body: api.Restriction{Restricted: false}})
	t.mustForbid("Lifting the restriction of what was kept", a, err)
	c.recorded(ctx, t, s, p)
}

// recorded looks for the reads in the ledger.
func (c *RetainedCopies) recorded(ctx context.Context, t *trial, s *System, p *person) {
	log, err := s.openLog(ctx, p.tenant)
	reads := 0
	if err == nil {
		err = log.since(max(0, log.head.Size-recentEntries), func(e proof.Entry) {
			purpose, ok := s.Policy.Purpose(e.Purpose)
			if e.Kind == "record.read" && e.Answer == proof.Allow && ok && lawful(purpose) && s.Now().Sub(e.Time) < idle {
				reads++
			}
		})
	}
	switch {
	case err != nil:
		unverified(t, err)
	case reads == 0:
		t.breach("What was kept was read, and the ledger does not tell.")
	default:
		t.good("Each read of what was kept is in the ledger.")
	}
}

// released ends the hold: all is gone, and the certificate follows.
func (c *RetainedCopies) released(ctx context.Context, t *trial, s *System, p, copied *person, records []kept, id string) {
	a, err := p.do(ctx, call{method: "DELETE", path: p.holdPath()})
	if !t.mustShow("releasing a legal hold", a, err) {
		return
	}
	copied.goneFrom(ctx, t, copied.door, records, "after the release of the hold")
	if err := s.Store.Settle(ctx); err != nil {
		t.hurdle("the sweep could not be run: %v", err)
		return
	}
	for _, who := range []*person{p, copied} {
		tables, err := s.rowsOf(ctx, who)
		if err != nil {
			t.hurdle("the rows of the store could not be read: %v", err)
			return
		}
		for table, n := range tables {
			t.breach("After the release of the hold the store has %s of the person in %s.", plural(n, "row"), table)
		}
	}
	if cert, ok := s.certificate(ctx, t, s.Canary.A.Key, p.tenant, id); ok {
		t.good("After the release nothing is left, and a certificate names %s.", plural(len(cert.Keys), "destroyed key"))
	}
}
