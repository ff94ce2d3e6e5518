package control

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/rights"
)

// exercise is a canary person who uses the rights of a clause.
type exercise struct {
	*DataSubjectRights
	t         *trial
	s         *System
	person    *person
	neighbour *person
	records   []kept
	requests  []string // that were answered
	refused   bool     // a refusal without a ground was tried
}

// run uses the rights, erasure last: nothing can be seen after it.
func (x *exercise) run(ctx context.Context) {
	alias, err := x.person.alias(ctx)
	if err != nil {
		x.t.hurdle("%v", err)
		return
	}
	for _, use := range []struct {
		right rights.Right
		try   func(context.Context)
	}{
		{rights.Rectification, x.rectify},
		{rights.Access, func(ctx context.Context) { x.packaged(ctx, rights.Access, alias) }},
		{rights.Access, x.agent},
		{rights.Portability, func(ctx context.Context) { x.packaged(ctx, rights.Portability, alias) }},
		{rights.Withdrawal, func(ctx context.Context) { x.against(ctx, rights.Withdrawal) }},
		{rights.Objection, func(ctx context.Context) { x.against(ctx, rights.Objection) }},
		{rights.Restriction, x.restrict},
		{rights.Erasure, x.erase},
	} {
		if slices.Contains(x.Rights, string(use.right)) {
			use.try(ctx)
		}
	}
	if len(x.requests) > 0 {
		x.recorded(ctx)
	}
}

func (x *exercise) home(parts ...string) string {
	path := x.person.home() + "/requests"
	for _, part := range parts {
		path += "/" + part
	}
	return path
}

// open asks for a right, and looks that its clocks have the clause's figures. Once it also looks that a
// request is not refused without a legal ground.
func (x *exercise) open(ctx context.Context, right rights.Right, purposes ...string) (api.Request, bool) {
	ask := api.NewRequest{Subject: x.person.id, Right: string(right), Purposes: purposes}
	a, err := x.person.do(ctx, call{method: "POST", path: x.home(), body: ask})
	var r api.Request
	if !x.t.mustShow("asking for "+string(right), a, err) {
		return r, false
	}
	if err := json.Unmarshal(a.body, &r); err != nil || r.ID == "" {
		x.t.hurdle("the server opened a request without an id.")
		return r, false
	}
	x.clocks(right, r)
	if !x.refused {
		x.refused = true
		a, err := x.person.do(ctx, call{method: "POST", path: x.home(r.ID, "refuse"), body: api.Refusal{Ground: "too-much-work"}})
		x.t.mustRefuse("Refusing a request without a legal ground", a, err)
	}
	return r, true
}

// clocks counts the days again, as somebody with a paper calendar would.
func (x *exercise) clocks(right rights.Right, r api.Request) {
	cal, zone := CalendarOf(x.s.Policy)
	for _, want := range x.duties(x.s.Policy, right) {
		i := slices.IndexFunc(r.Clocks, func(c api.Clock) bool { return c.Kind == want.Kind })
		if i < 0 {
			x.t.breach("Nothing says by when a request of %s is answered.", want.Kind)
			continue
		}
		clock := r.Clocks[i]
		limit, ok := policy.ParseTerm(clock.Limit)
		due, ends := cal.Due(clock.Opened.In(zone), want.Limit)
		switch {
		case !ok || limit != want.Limit:
			x.t.breach("A request of %s runs by %q, which is not what the clause says.", right, clock.Limit)
		case !ends || clock.Due == nil || !clock.Due.Equal(due):
			x.t.breach("A request of %s is not due when %s have passed.", right, want.Limit)
		default:
			x.t.good("A request of %s is due when %s have passed.", right, want.Limit)
		}
	}
}

// answer has a request carried out.
func (x *exercise) answer(ctx context.Context, r api.Request, fixes ...api.Correction) (api.Answer, bool) {
	a, err := x.person.do(ctx, call{method: "POST", path: x.home(r.ID, "answer"), body: api.Carry{Corrections: fixes}})
	var out api.Answer
	if !x.t.mustShow("answering a request of "+r.Right, a, err) {
		return out, false
	}
	if err := json.Unmarshal(a.body, &out); err != nil {
		x.t.hurdle("the server's answer to a request of %s is not one.", r.Right)
		return out, false
	}
	x.requests = append(x.requests, r.ID)
	return out, true
}

// ended looks that a request is answered, and in time.
func (x *exercise) ended(ctx context.Context, r api.Request) {
	a, err := x.person.do(ctx, call{method: "GET", path: x.home(r.ID)})
	var now api.Request
	if !x.t.mustShow("reading a request of "+r.Right, a, err) {
		return
	}
	if err := json.Unmarshal(a.body, &now); err != nil {
		x.t.hurdle("a request could not be read.")
		return
	}
	runs := slices.ContainsFunc(now.Clocks, func(c api.Clock) bool { return c.State != "done" || c.Evidence != r.ID })
	if now.State != "answered" || now.Late || runs {
		x.t.breach("A request of %s that was answered at once is %s, late: %v.", r.Right, now.State, now.Late)
		return
	}
	x.t.good("A request of %s was answered, in time.", r.Right)
}

// rectify corrects a value, and reads it for every purpose that may.
func (x *exercise) rectify(ctx context.Context) {
	k, field, purpose := x.correctable()
	if k == nil {
		x.t.hurdle("no purpose may correct a value that can be told from another.")
		return
	}
	if err := x.person.ready(ctx, purpose); err != nil {
		x.t.hurdle("%v", err)
		return
	}
	if n, _ := x.reads(ctx, *k, field.ID, k.values[field.ID]); n == 0 { // read before too: what is kept of it must not be read after
		x.t.hurdle("no purpose may read what is to be corrected.")
		return
	}
	r, ok := x.open(ctx, rights.Rectification)
	if !ok {
		return
	}
	value, _ := newMarks().value(field)
	text, err := json.Marshal(value)
	if err != nil {
		x.t.hurdle("%v", err)
		return
	}
	if _, ok := x.answer(ctx, r, api.Correction{Purpose: purpose.ID, DataSet: k.set.ID, Record: k.id, Fields: api.Fields{field.ID: text}}); !ok {
		return
	}
	k.values[field.ID] = value
	if _, other := x.reads(ctx, *k, field.ID, value); other != "" {
		x.t.breach("What was corrected in %s is read for %s as it was before.", k.set.ID, other)
		return
	}
	x.t.good("What was corrected in %s is what is read next.", k.set.ID)
	x.ended(ctx, r)
}

// reads reads a field for every purpose that may, and returns how many showed the value, and one that
// showed another.
func (x *exercise) reads(ctx context.Context, k kept, field string, value any) (n int, other string) {
	for _, reader := range readers(x.s.Policy, k.set.ID) {
		if !slices.Contains(sight(reader, k.set.ID), field) {
			continue
		}
		if err := x.person.ready(ctx, reader); err != nil {
			x.t.hurdle("%v", err)
			continue
		}
		a, err := x.person.read(ctx, reader.ID, k.set.ID, k.id)
		if !x.t.mustShow("reading "+k.set.ID+" for "+reader.ID, a, err) {
			continue
		}
		if fields, err := fieldsOf(a); err == nil && same(fields[field], value) {
			n++
			continue
		}
		other = reader.ID
	}
	return n, other
}

// correctable is a value of the person's that can be told from another, and a purpose that may write it.
func (x *exercise) correctable() (*kept, *policy.Field, *policy.Purpose) {
	for i := range x.records {
		k := &x.records[i]
		purpose, fields := writer(x.s.Policy, k.set)
		for _, id := range fields {
			f, ok := k.set.Field(id)
			if !ok || k.values[id] == nil {
				continue
			}
			readable := slices.ContainsFunc(readers(x.s.Policy, k.set.ID), func(r *policy.Purpose) bool { return slices.Contains(sight(r, k.set.ID), id) })
			if _, marked := newMarks().value(f); marked && readable {
				return k, f, purpose
			}
		}
	}
	return nil, nil, nil
}

// same reports whether a value is the one that was sent.
func same(got json.RawMessage, sent any) bool {
	text, err := json.Marshal(sent)
	return err == nil && string(text) == strings.TrimSpace(string(got))
}

// against withdraws consent from a purpose, or objects to one, after which it must be refused.
func (x *exercise) against(ctx context.Context, right rights.Right) {
	purposes := right.Purposes(x.s.Policy)
	if len(purposes) == 0 {
		x.t.note("The policy has no purpose that %s could be about.", right)
		return
	}
	for _, id := range purposes {
		purpose, _ := x.s.Policy.Purpose(id)
		for _, k := range x.records {
			if purpose.When != "" || len(plainFields(k.set, sight(purpose, k.set.ID))) == 0 || !may(purpose, policy.Read) && !may(purpose, policy.Write) {
				continue
			}
			if err := x.person.ready(ctx, purpose); err != nil {
				x.t.hurdle("%v", err)
				return
			}
			a, _, err := x.person.use(ctx, purpose, k)
			if !x.t.mustShow("using "+k.set.ID+" for "+id, a, err) {
				return
			}
			r, ok := x.open(ctx, right, id)
			if !ok {
				return
			}
			if _, ok := x.answer(ctx, r); !ok {
				return
			}
			a, _, err = x.person.use(ctx, purpose, k)
			x.t.mustForbid(fmt.Sprintf("Using %s for %s after a request of %s", k.set.ID, id, right), a, err)
			x.ended(ctx, r)
			return
		}
	}
	x.t.hurdle("nothing could be tried that a request of %s would end.", right)
}

// restrict restricts the processing: only purposes that go on under a restriction may read then. It is
// lifted again, since somebody whose data is restricted is not erased.
func (x *exercise) restrict(ctx context.Context) {
	r, ok := x.open(ctx, rights.Restriction)
	if !ok {
		return
	}
	if _, ok := x.answer(ctx, r); !ok {
		return
	}
	tried := false
	for _, k := range x.records {
		for _, purpose := range readers(x.s.Policy, k.set.ID) {
			if purpose.UnderRestriction {
				continue
			}
			tried = true
			a, err := x.person.read(ctx, purpose.ID, k.set.ID, k.id)
			x.t.mustForbid("Reading "+k.set.ID+" for "+purpose.ID+" after a request of restriction", a, err)
		}
	}
	if !tried {
		x.t.hurdle("no purpose is one that a restriction would stop.")
	}
	x.ended(ctx, r)
	a, err := x.person.do(ctx, call{method: "PUT", path: x.person.path("restriction"), body: api.Restriction{}})
	x.t.mustShow("lifting the restriction", a, err)
}

// erase has the person erased, after which nothing may be had, and no request may name them.
func (x *exercise) erase(ctx context.Context) {
	r, ok := x.open(ctx, rights.Erasure)
	if !ok {
		return
	}
	if _, ok := x.answer(ctx, r); !ok {
		return
	}
	for _, k := range x.records {
		for _, purpose := range readers(x.s.Policy, k.set.ID) {
			for _, w := range x.person.ways(purpose, k) {
				x.t.mustHide(ctx, x.person.door, w, "after a request of erasure")
			}
		}
	}
	for _, id := range x.requests {
		a, err := x.person.do(ctx, call{method: "GET", path: x.home(id)})
		if err == nil && a.ok() && searchFor(x.person.id).in(a.body) != "" {
			x.t.breach("A request of an erased person still names them.")
		}
	}
	x.ended(ctx, r)
}

// recorded looks for the beginning and the end of each request in the ledger.
func (x *exercise) recorded(ctx context.Context) {
	log, err := x.s.openLog(ctx, x.person.tenant)
	opened, answered := map[string]bool{}, map[string]bool{}
	if err == nil {
		err = log.since(max(0, log.head.Size-recentEntries), func(e proof.Entry) {
			switch e.Kind {
			case "request.opened":
				opened[e.Detail["request"]] = true
			case "request.answered":
				answered[e.Detail["request"]] = true
			}
		})
	}
	if err != nil {
		unverified(x.t, err)
		return
	}
	for _, id := range x.requests {
		if !opened[id] || !answered[id] {
			x.t.breach("Of a request that was answered the beginning or the end is not in the ledger.")
			return
		}
	}
	x.t.good("The beginning and the end of %s are in the ledger.", plural(len(x.requests), "request"))
}
