package decision

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clause.dev/clause/internal/policy"
)

// TestModel: after any sequence of consents, withdrawals, objections, restrictions, grants,
// erasures and credential changes under any policy, the tables allow what the model allows, no
// more and no less, and say why.
func TestModel(t *testing.T) {
	allowed, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		rules := compileWorld(t, w)
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			happen(t, w)
			for range 4 {
				if compare(t, w, rules, drawWish(t, w)) {
					allowed++
				} else {
					refused++
				}
			}
		}
	})
	if allowed < refused/50 {
		t.Fatalf("only %d of %d requests were allowed: the property hardly tests anything", allowed, allowed+refused)
	}
}

var (
	someTenants      = []string{"acme", "rival"}
	someEnvironments = []string{"production", "staging", "lab"}
	someRegions      = []string{"dubai", "mumbai", "nowhere"}
	somePeople       = []string{"ann", "bob", ""}
	begin            = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

func names(prefix string, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint(prefix, i)
	}
	return ids
}

// subset draws each item with probability 3/4, so that most steps can pass.
func subset(t *rapid.T, of []string, label string) (some []string) {
	for _, s := range of {
		if rapid.IntRange(0, 3).Draw(t, label) > 0 {
			some = append(some, s)
		}
	}
	return some
}

// mostly draws the first item two times of three.
func mostly[T any](t *rapid.T, of []T, label string) T {
	if rapid.IntRange(0, 2).Draw(t, label) > 0 {
		return of[0]
	}
	return rapid.SampledFrom(of).Draw(t, label)
}

func drawWorld(t *rapid.T) *world {
	p := &policy.Policy{Environments: []string{"production", "staging"}, Regions: []policy.Region{{ID: "dubai"}, {ID: "mumbai"}}}
	for _, id := range names("d", rapid.IntRange(1, 3).Draw(t, "data sets")) {
		d := policy.DataSet{ID: id, Category: rapid.SampledFrom([]string{"financial", "technical"}).Draw(t, "category")}
		for _, f := range names("f", rapid.SampledFrom([]int{1, 3, 64}).Draw(t, "fields")) {
			d.Fields = append(d.Fields, policy.Field{ID: f})
		}
		p.Data = append(p.Data, d)
	}
	for _, id := range names("r", rapid.IntRange(0, 3).Draw(t, "recipients")) {
		p.Recipients = append(p.Recipients, policy.Recipient{ID: id,
			Region: mostly(t, someRegions, "region"), Safeguard: rapid.SampledFrom([]string{"", "clauses"}).Draw(t, "safeguard")})
	}
	for _, id := range names("p", rapid.IntRange(1, 5).Draw(t, "purposes")) {
		p.Purposes = append(p.Purposes, drawPurpose(t, p, id))
	}
	w := &world{policy: p, now: begin, account: true, consents: map[string]bool{}, objections: map[string]bool{}}
	w.release = mostly(t, []Release{{Announced: true, Allowed: true}, {Announced: true}, {Allowed: true}, {Announced: true, Allowed: true, OptedOut: true}, {}}, "release")
	w.key = worldKey{tenants: someTenants, purposes: purposeNames(w), environment: "production", expires: begin.Add(72 * time.Hour)}
	if rapid.Bool().Draw(t, "residency") {
		w.regions = mostly(t, [][]string{{"dubai"}, {"mumbai", "dubai"}}, "allowed")
	}
	drawGrounds(t, w)
	return w
}

func drawPurpose(t *rapid.T, p *policy.Policy, id string) policy.Purpose {
	u := policy.Purpose{ID: id, UnderRestriction: rapid.Bool().Draw(t, "under restriction"),
		Basis: rapid.SampledFrom([]policy.Basis{policy.Contract, policy.Consent, policy.LegitimateInterests, policy.PublicTask, policy.LegalObligation, policy.VitalInterests}).Draw(t, "basis"),
		When:  rapid.SampledFrom([]string{"", "", "hour < 12"}).Draw(t, "when")}
	for _, a := range subset(t, []string{"read", "write", "delete", "aggregate", "disclose"}, "may") {
		u.May = append(u.May, policy.Action(a))
	}
	for i := range p.Data {
		fields := subset(t, fieldNames(&p.Data[i]), "sees")
		if len(fields) > 0 && rapid.IntRange(0, 3).Draw(t, "sees any") > 0 {
			u.Sees = append(u.Sees, policy.Sight{DataSet: p.Data[i].ID, Fields: fields})
		}
	}
	for _, to := range p.Recipients {
		u.Recipients = append(u.Recipients, subset(t, []string{to.ID}, "recipient")...)
	}
	return u
}

func drawGrounds(t *rapid.T, w *world) {
	for i, id := range names("c", rapid.IntRange(0, 30).Draw(t, "clauses")) {
		w.policy.Clauses = append(w.policy.Clauses, policy.Clause{ID: id})
		g := ground0{step: Step(rapid.IntRange(1, int(steps)-1).Draw(t, "step")), clause: id}
		if i%2 == 1 {
			g.scope.Purposes = subset(t, purposeNames(w), "narrowed")
			if g.step == StepPurpose {
				g.scope.Purposes = append(g.scope.Purposes, "marketing")
			}
		}
		if i%3 == 2 {
			g.scope.DataSets, g.scope.Categories = subset(t, []string{"d0"}, "narrowed"), subset(t, []string{"technical"}, "narrowed")
		}
		w.grounds = append(w.grounds, g)
	}
}

func purposeNames(w *world) []string {
	return idsOf(w.policy.Purposes, func(p *policy.Purpose) string { return p.ID })
}

func fieldNames(d *policy.DataSet) []string {
	return idsOf(d.Fields, func(f *policy.Field) string { return f.ID })
}

func compileWorld(t *rapid.T, w *world) *Rules {
	g := &Grounds{}
	for _, r := range w.grounds {
		g.AddFor(r.step, r.clause, r.scope)
	}
	if w.regions != nil {
		g.AllowRegions(w.regions...)
	}
	rules, err := Compile(w.policy, g)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// happen changes the world in one way.
func happen(t *rapid.T, w *world) {
	purpose := rapid.SampledFrom(purposeNames(w)).Draw(t, "purpose")
	switch rapid.SampledFrom([]string{"consent", "consent", "consent", "withdraw", "object", "overrule", "restrict", "lift", "lift", "erase", "account",
		"grant", "grant", "end grant", "key", "revoke", "renew", "renew", "time"}).Draw(t, "event") {
	case "consent":
		w.consents[purpose] = true
	case "withdraw":
		w.consents[purpose] = false
	case "object":
		w.objections[purpose] = true
	case "overrule":
		w.objections[purpose] = false
	case "restrict":
		w.restricted = true
	case "lift":
		w.restricted = false
	case "erase":
		w.erased = rapid.IntRange(0, 4).Draw(t, "erased") == 0
	case "account":
		w.account = !w.account
	case "grant":
		from := w.now.Add(time.Duration(rapid.IntRange(-2, 1).Draw(t, "from")) * time.Hour)
		w.grant = &worldGrant{mostly(t, someTenants, "tenant"), subset(t, purposeNames(w), "granted"), from,
			from.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "hours")) * time.Hour), mostly(t, somePeople, "approver"), mostly(t, []string{"bob", "ann"}, "holder")}
	case "end grant":
		w.grant = nil
	case "key":
		w.key = worldKey{subset(t, someTenants, "tenants"), subset(t, purposeNames(w), "held"), mostly(t, someEnvironments, "environment"), w.now.Add(9 * time.Hour), false}
	case "revoke":
		w.key.revoked = true
	case "renew":
		w.key = worldKey{someTenants, purposeNames(w), "production", w.now.Add(24 * time.Hour), false}
	case "time":
		w.now = w.now.Add(time.Duration(rapid.IntRange(1, 9).Draw(t, "later")) * time.Hour)
	}
}

func drawWish(t *rapid.T, w *world) wish {
	q := wish{
		op:     rapid.SampledFrom([]Op{Read, Read, Write, Delete, Aggregate, Disclose, Disclose, Manage}).Draw(t, "op"),
		tenant: mostly(t, someTenants, "tenant"), environment: mostly(t, someEnvironments, "environment"),
		dataSet: rapid.SampledFrom(append(idsOf(w.policy.Data, func(d *policy.DataSet) string { return d.ID }), "d0", "d0", "unheard")).Draw(t, "data set"),
		purpose: rapid.SampledFrom(append(purposeNames(w), purposeNames(w)...)).Draw(t, "purpose"),
		home:    mostly(t, someRegions, "home"), staff: rapid.IntRange(0, 2).Draw(t, "staff") == 0,
	}
	if rapid.IntRange(0, 19).Draw(t, "odd purpose") == 0 {
		q.purpose = rapid.SampledFrom([]string{"marketing", "resale", ""}).Draw(t, "other purpose")
	}
	q.owner, q.here = mostly(t, []string{q.tenant, "acme", "rival"}, "owner"), mostly(t, append([]string{q.home}, someRegions...), "here")
	if q.op == Disclose || rapid.IntRange(0, 9).Draw(t, "odd recipient") == 0 {
		q.recipient = rapid.SampledFrom([]string{"r0", "r1", "r2", ""}).Draw(t, "recipient")
	}
	if w.policyRecipient(q.recipient) == "" {
		q.recipient = "" // an unknown recipient is the same as none, to the tables
	}
	q.fields = drawFields(t, w, q)
	return q
}

func (w *world) policyRecipient(id string) string {
	if to, ok := w.policy.Recipient(id); ok {
		return to.ID
	}
	return ""
}

func drawFields(t *rapid.T, w *world, q wish) []string {
	data, _ := w.policy.DataSet(q.dataSet)
	purpose, _ := w.policy.Purpose(q.purpose)
	switch rapid.IntRange(0, 4).Draw(t, "fields") {
	case 0:
		if data != nil && len(data.Fields) < maxFields {
			return []string{"?"}
		}
	case 1:
		if data != nil {
			return subset(t, fieldNames(data), "field")
		}
	case 2, 3:
		if purpose != nil {
			return subset(t, w.visible(purpose, q.dataSet), "field")
		}
	}
	return nil
}

// compare asks both, and reports whether they allowed.
func compare(t *rapid.T, w *world, r *Rules, q wish) bool {
	a := r.Decide(w.request(r, q))
	no := w.against(q)
	if a.Allow != (len(no) == 0) {
		t.Fatalf("tables say %v (%v), the model's objections are %v: %+v", a.Allow, a.Reason, no, q)
	}
	if a.Allow {
		compareAllowed(t, w, r, q, a)
	} else {
		compareRefused(t, w, q, a, no)
	}
	return a.Allow
}

func compareAllowed(t *rapid.T, w *world, r *Rules, q wish, a Answer) {
	want, err := r.FieldSet(r.DataSet(q.dataSet), w.released(q))
	if q.op == Manage {
		want, err = 0, nil
	}
	if err != nil || a.Fields != want || a.Reason != Allowed || a.Refused != "" {
		t.Fatalf("got %+v, want fields %b (%v)", a, want, err)
	}
	clauses := slices.Clone(a.Clauses)
	slices.Sort(clauses)
	if rests := w.rests(q, w.steps(q)...); !slices.Equal(clauses, rests) {
		t.Fatalf("rests on %v, the model on %v", clauses, rests)
	}
}

func compareRefused(t *rapid.T, w *world, q wish, a Answer, no map[Reason]bool) {
	if !no[a.Reason] || a.Fields != 0 {
		t.Fatalf("refused with %v and fields %b, the model's objections are %v: %+v", a.Reason, a.Fields, no, q)
	}
	for why := range no {
		if why < a.Reason && why != GrantExpired && !(a.Reason == PurposeNotHeld && why == UnknownPurpose) {
			t.Fatalf("refused with %v though %v comes first", a.Reason, why)
		}
	}
	rests := w.rests(q, whys[a.Reason].step)
	if (a.Refused == "") != (len(rests) == 0) || len(rests) > 0 && !slices.Contains(rests, a.Refused) {
		t.Fatalf("refused by %q, the model by one of %v", a.Refused, rests)
	}
}

// request puts the wish and the world into the tables' words.
func (w *world) request(r *Rules, q wish) *Request {
	out := &Request{Op: q.op, Tenant: q.tenant, Owner: q.owner, Environment: q.environment, DataSet: r.DataSet(q.dataSet), Purpose: r.Purpose(q.purpose),
		Home: r.Region(q.home), Here: r.Region(q.here), Recipient: r.Recipient(q.recipient), Release: w.release, Now: w.now}
	set := func(ids []string) (s Set) {
		for _, id := range ids {
			s = s.With(r.Purpose(id))
		}
		return s
	}
	out.Credential = Credential{ID: "key", Tenants: w.key.tenants, Purposes: set(w.key.purposes), Environment: w.key.environment, Expires: w.key.expires, Revoked: w.key.revoked}
	out.Standing = Standing{Account: w.account, Erased: w.erased, Restricted: w.restricted}
	for id, yes := range w.consents {
		if yes {
			out.Standing.Consented = out.Standing.Consented.With(r.Purpose(id))
		}
	}
	for id, yes := range w.objections {
		if yes {
			out.Standing.Objected = out.Standing.Objected.With(r.Purpose(id))
		}
	}
	if q.staff {
		out.Grant.Staff = true
		if g := w.grant; g != nil {
			out.Grant = Grant{true, g.tenant, set(g.purposes), g.from, g.until, g.approver, g.holder, "gra_1"}
		}
	}
	for _, name := range q.fields {
		if name == "?" {
			out.Want |= 1 << len(r.FieldNames(out.DataSet))
			continue
		}
		bits, _ := r.FieldSet(out.DataSet, []string{name})
		out.Want |= bits
	}
	return out
}
