package decision

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

func TestCompileRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*policy.Policy, *Grounds)
		field  string
	}{
		{"256 purposes", func(p *policy.Policy, g *Grounds) {
			for i := range 252 {
				p.Purposes = append(p.Purposes, policy.Purpose{ID: fmt.Sprint("p", i), Basis: policy.Contract})
			}
		}, "purposes"},
		{"65 fields", func(p *policy.Policy, g *Grounds) {
			for i := range 62 {
				p.Data[0].Fields = append(p.Data[0].Fields, policy.Field{ID: fmt.Sprint("f", i)})
			}
		}, "data.identity.fields"},
		{"a table too large", func(p *policy.Policy, g *Grounds) {
			for i := range 30000 {
				p.Data = append(p.Data, policy.DataSet{ID: fmt.Sprint("d", i)})
			}
			for i := range 100 {
				g.Add(StepPurpose, "tenant", fmt.Sprint("p", i))
			}
		}, "purposes"},
		{"more ids than can be numbered", func(p *policy.Policy, g *Grounds) { p.Data = make([]policy.DataSet, maxIDs+1) }, "data"},
		{"more names than can be numbered", func(p *policy.Policy, g *Grounds) {
			for i := range maxIDs {
				g.Add(StepPurpose, "tenant", fmt.Sprint("p", i))
			}
		}, "clauses.tenant"},
		{"a purpose twice", func(p *policy.Policy, g *Grounds) { p.Purposes[1].ID = "service" }, "purposes"},
		{"a data set twice", func(p *policy.Policy, g *Grounds) { p.Data[1].ID = "identity" }, "data"},
		{"a field twice", func(p *policy.Policy, g *Grounds) { p.Data[0].Fields[1].ID = "name" }, "data.identity.fields"},
		{"a region without id", func(p *policy.Policy, g *Grounds) { p.Regions[0].ID = "" }, "regions"},
		{"a recipient twice", func(p *policy.Policy, g *Grounds) { p.Recipients[1].ID = "printer" }, "recipients"},
		{"no basis", func(p *policy.Policy, g *Grounds) { p.Purposes[0].Basis = "" }, "purposes.service.basis"},
		{"unknown action", func(p *policy.Policy, g *Grounds) { p.Purposes[0].May = []policy.Action{"sell"} }, "purposes.service.may"},
		{"unknown recipient", func(p *policy.Policy, g *Grounds) { p.Purposes[0].Recipients = []string{"x"} }, "purposes.service.recipients"},
		{"unknown data set seen", func(p *policy.Policy, g *Grounds) { p.Purposes[0].Sees[0].DataSet = "x" }, "purposes.service.sees"},
		{"unknown field seen", func(p *policy.Policy, g *Grounds) { p.Purposes[0].Sees[0].Fields = []string{"x"} }, "purposes.service.sees"},
		{"condition that is no CEL", func(p *policy.Policy, g *Grounds) { p.Purposes[0].When = "hour <" }, "purposes.service.when"},
		{"unknown clause", func(p *policy.Policy, g *Grounds) { g.Add(StepTenant, "x") }, "clauses"},
		{"no step", func(p *policy.Policy, g *Grounds) { g.Add(0, "tenant") }, "clauses.tenant"},
		{"unknown step", func(p *policy.Policy, g *Grounds) { g.Add(steps, "tenant") }, "clauses.tenant"},
		{"consent to an unknown purpose", func(p *policy.Policy, g *Grounds) { g.Add(StepConsent, "tenant", "x") }, "clauses.tenant"},
		{"unknown data set in a scope", func(p *policy.Policy, g *Grounds) { g.AddFor(StepPurpose, "tenant", Scope{DataSets: []string{"x"}}) }, "clauses.tenant"},
		{"unknown region allowed", func(p *policy.Policy, g *Grounds) { g.AllowRegions("dubai", "x") }, "regions"},
		{"no region allowed by all", func(p *policy.Policy, g *Grounds) { g.AllowRegions("mumbai") }, "regions"},
		{"no region allowed", func(p *policy.Policy, g *Grounds) { g.AllowRegions() }, "regions"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, p, g := sample(t)
			c.change(p, g)
			_, err := Compile(p, g)
			if e, ok := err.(*fault.Error); !ok || e.Kind != fault.Invalid || e.Field != c.field {
				t.Fatalf("got %#v", err)
			}
		})
	}
	if _, err := Compile(nil, nil); fault.KindOf(err) != fault.Invalid {
		t.Fatalf("no policy: %v", err)
	}
}

func TestWithoutGroundsTheDefaultDenies(t *testing.T) {
	_, p, _ := sample(t)
	r, err := Compile(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	q := ask(r, "service")
	if a := r.Decide(q); !a.Allow || a.Clauses != nil {
		t.Fatalf("got %+v", a)
	}
	q.Home, q.Here = r.Region("mumbai"), r.Region("mumbai")
	if a := r.Decide(q); !a.Allow {
		t.Fatalf("a declared region is refused where no clause limits them: %v", a.Reason)
	}
	q.Owner = "rival"
	if a := r.Decide(q); a.Allow || a.Reason != WrongTenant || a.Refused != "" {
		t.Fatalf("got %+v", a)
	}
}

func TestAPolicyMayDeclareNoEnvironment(t *testing.T) {
	_, p, g := sample(t)
	p.Environments = nil
	r, err := Compile(p, g)
	if err != nil {
		t.Fatal(err)
	}
	q := ask(r, "service")
	q.Environment, q.Credential.Environment = "lab", "lab"
	if a := r.Decide(q); !a.Allow {
		t.Fatal(a.Reason)
	}
	q.Credential.Environment = "production"
	if a := r.Decide(q); a.Reason != WrongEnvironment {
		t.Fatal(a.Reason)
	}
}

func TestTheMostSpecificClauseRefuses(t *testing.T) {
	_, p, g := sample(t)
	for _, id := range []string{"by-purpose", "by-category", "by-data-set", "by-both"} {
		p.Clauses = append(p.Clauses, policy.Clause{ID: id})
	}
	g.Add(StepFields, "by-purpose", "service")
	g.AddFor(StepFields, "by-category", Scope{Categories: []string{"identity", "unused"}})
	g.AddFor(StepFields, "by-both", Scope{Purposes: []string{"service"}, DataSets: []string{"identity"}})
	g.AddFor(StepFields, "by-data-set", Scope{DataSets: []string{"identity"}})
	r, err := Compile(p, g)
	if err != nil {
		t.Fatal(err)
	}
	q := ask(r, "service")
	q.Want = 0b100
	if a := r.Decide(q); !slices.Equal(a.Clauses, []string{"by-both", "by-data-set", "by-category", "by-purpose", "fields"}) {
		t.Fatalf("got %v", a.Clauses)
	}
	q = ask(r, "tips")
	q.Want = 0b100
	if a := r.Decide(q); !slices.Equal(a.Clauses, []string{"by-data-set", "by-category", "fields"}) {
		t.Fatalf("got %v", a.Clauses)
	}
}

// TestCellsAreSharedWithTheirLikeOnly: purposes that no clause narrows differ by basis and condition
// all the same, and from the unknown purpose, which stands for Manage.
func TestCellsAreSharedWithTheirLikeOnly(t *testing.T) {
	p := &policy.Policy{Regions: []policy.Region{{ID: "dubai"}}, Data: []policy.DataSet{{ID: "identity", Fields: []policy.Field{{ID: "name"}}}}}
	g := &Grounds{}
	for _, step := range []Step{StepTenant, StepPurpose, StepConsent, StepCondition} {
		p.Clauses = append(p.Clauses, policy.Clause{ID: stepNames[step]})
		g.Add(step, stepNames[step])
	}
	want := map[string]string{"duty": "tenant purpose", "law": "tenant purpose", "timed": "tenant purpose condition", "asked": "tenant purpose consent"}
	for _, u := range []policy.Purpose{{ID: "duty"}, {ID: "law"}, {ID: "timed", When: "true"}, {ID: "asked", Basis: policy.Consent}} {
		if u.Basis == "" {
			u.Basis = policy.LegalObligation
		}
		u.May, u.Sees = []policy.Action{policy.Read}, []policy.Sight{{DataSet: "identity", Fields: []string{"name"}}}
		p.Purposes = append(p.Purposes, u)
	}
	r, err := Compile(p, g)
	if err != nil {
		t.Fatal(err)
	}
	for purpose, clauses := range want {
		if a := r.Decide(ask(r, purpose)); !a.Allow || strings.Join(a.Clauses, " ") != clauses {
			t.Errorf("%s rests on %v (%v)", purpose, a.Clauses, a.Reason)
		}
	}
	manage := ask(r, "")
	manage.Op = Manage
	if a := r.Decide(manage); !a.Allow || strings.Join(a.Clauses, " ") != "tenant" {
		t.Errorf("Manage rests on %v (%v)", a.Clauses, a.Reason)
	}
}

func TestNames(t *testing.T) {
	r, _, _ := sample(t)
	if r.Purpose("service") == 0 || r.PurposeName(r.Purpose("service")) != "service" || r.Purpose("x") != 0 || r.PurposeName(999) != "" || r.PurposeName(0) != "" {
		t.Error("purposes are misnamed")
	}
	if r.DataSet("x") != 0 || r.Recipient("x") != 0 || r.Region("x") != 0 {
		t.Error("something unknown has an id")
	}
	if !slices.Equal(r.FieldNames(r.DataSet("identity")), []string{"name", "email", "born"}) || r.FieldNames(0) != nil || r.FieldNames(999) != nil {
		t.Error("fields are misnamed")
	}
	set, err := r.PurposeSet([]string{"tips", "service"})
	if err != nil || set != (Set{}.With(r.Purpose("tips")).With(r.Purpose("service"))) {
		t.Errorf("got %v, %v", set, err)
	}
	for _, unknown := range []string{"resale", "direct-marketing", ""} {
		set, err := r.PurposeSet([]string{unknown, "tips"})
		if fault.KindOf(err) != fault.Invalid || set != (Set{}.With(r.Purpose("tips"))) {
			t.Errorf("%q: got %v, %v", unknown, set, err)
		}
	}
	if r.Visible(r.Purpose("service"), r.DataSet("identity")) != 0b11 || r.Visible(0, 1) != 0 || r.Visible(999, 999) != 0 || new(Rules).Visible(1, 1) != 0 {
		t.Error("what is visible is wrong")
	}
}

func TestFieldSet(t *testing.T) {
	r, _, _ := sample(t)
	identity := r.DataSet("identity")
	if f, err := r.FieldSet(identity, []string{"born", "name"}); err != nil || f != 0b101 || f.Count() != 2 || !f.Has(2) || f.Has(1) || f.Has(-1) || f.Has(64) {
		t.Errorf("got %b, %v", f, err)
	}
	for _, d := range []DataSetID{identity, 0, 999} {
		f, err := r.FieldSet(d, []string{"name", "diagnosis"})
		if f != 0 || fault.KindOf(err) != fault.Refused || fault.ClauseOf(err) != "declared" {
			t.Errorf("data set %d: got %b, %v by %q", d, f, err, fault.ClauseOf(err))
		}
		if strings.Contains(fmt.Sprint(err), "diagnosis") {
			t.Errorf("the error repeats what was sent: %v", err)
		}
	}
	if a := r.Undeclared(identity); a.Allow || a.Reason != UnknownField || a.Refused != "declared" {
		t.Errorf("got %+v", a)
	}
	if _, err := new(Rules).FieldSet(1, nil); fault.KindOf(err) != fault.Refused || new(Rules).Undeclared(1).Err("x") == nil {
		t.Error("rules that were never compiled know a field")
	}
}

func TestSet(t *testing.T) {
	for id := range PurposeID(600) {
		s := Set{}.With(id)
		if s.Has(id) != (id > 0 && id < 256) || s.Without(id).Has(id) || s.Without(id) != (Set{}) {
			t.Fatalf("purpose %d", id)
		}
	}
	if (Set{^uint64(0)}).Has(0) {
		t.Fatal("the unknown purpose is held")
	}
}

func TestReasonsAreExplained(t *testing.T) {
	seen := map[string]bool{}
	for why := range reasons {
		if why.String() == "" || seen[why.String()] || why != Allowed && why.Kind() == fault.Other || why > Allowed && why.means().step == noStep {
			t.Errorf("reason %d: %q, %v", why, why, why.Kind())
		}
		seen[why.String()] = true
	}
	if Reason(255).Kind() != fault.Refused || Op(255).String() != "none" || Disclose.String() != "disclose" {
		t.Error("what is out of range is misnamed")
	}
	for _, kind := range []struct {
		why  Reason
		want fault.Kind
	}{{BadCredential, fault.Unauthenticated}, {Erased, fault.Erased}, {NoConsent, fault.Refused}} {
		if kind.why.Kind() != kind.want {
			t.Errorf("%v is %v", kind.why, kind.why.Kind())
		}
	}
}

func TestConditions(t *testing.T) {
	for _, c := range []struct {
		when string
		at   time.Time
		want bool
	}{
		{"true", noon, true},
		{"false", noon, false},
		{"weekday == 1", noon, true},
		{"weekday == 7", noon.AddDate(0, 0, -1), true},
		{"hour == 12", noon.In(time.FixedZone("Dubai", 4*3600)), true},
		{`purpose == "claims" && data_set == "identity" && op == "read"`, noon, true},
		{`environment == "production" && region == "dubai" && recipient == ""`, noon, true},
		{"fields == 1", noon, true},
		{"fields == 0", noon, false},
		{"100 / (hour - 12) > 0", noon, false}, // division by zero: an error refuses
		{"hour == 12 || 1 / 0 > 0", noon, true},
		{`purpose.matches("^cl")`, noon, true},
	} {
		_, p, g := sample(t)
		p.Purposes[3].When = c.when
		r, err := Compile(p, g)
		if err != nil {
			t.Fatalf("%s: %v", c.when, err)
		}
		q := ask(r, "claims")
		q.Now, q.Credential.Expires = c.at, time.Time{}
		if a := r.Decide(q); a.Allow != c.want || !c.want && (a.Reason != ConditionFailed || a.Refused != "condition") {
			t.Errorf("%s: got %+v", c.when, a)
		}
		q.Want = 1
		if a := r.Decide(q); a.Allow != c.want {
			t.Errorf("%s with fields asked for: got %+v", c.when, a)
		}
	}
}

func TestConditionsThatCannotWork(t *testing.T) {
	deep := "[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, a + b + c > hour)))"
	for _, when := range []string{
		"", "hour <", "hour", `"yes"`, "subject == 1", "hour == true", "now() > 1", deep,
		strings.Repeat("hour > 1 || ", 400) + "true", strings.Repeat("(", 300) + "true" + strings.Repeat(")", 300), "\x00", `purpose.matches("(")`,
	} {
		if err := CheckCondition(when); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%.40q: got %v", when, err)
		}
	}
	if err := CheckCondition("hour < 12"); err != nil {
		t.Error(err)
	}
}

func TestManyAskAtOnce(t *testing.T) {
	r, _, _ := sample(t)
	done := make(chan bool)
	for range 8 {
		go func() {
			ok := true
			for range 500 {
				ok = ok && r.Decide(ask(r, "claims")).Allow
			}
			done <- ok
		}()
	}
	for range 8 {
		if !<-done {
			t.Fatal("refused")
		}
	}
}
