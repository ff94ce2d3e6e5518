package decision

import (
	"fmt"
	"testing"

	"clause.dev/clause/internal/policy"
)

// wide returns the sample's rules with n clauses more, each on a step, half of them narrowed.
func wide(t testing.TB, n int) *Rules {
	t.Helper()
	_, p, g := sample(t)
	for i := range n {
		id := fmt.Sprint("clause-", i)
		p.Clauses = append(p.Clauses, policy.Clause{ID: id})
		step := StepTenant + Step(i)%(steps-StepTenant)
		if i%2 == 0 {
			g.Add(step, id)
		} else {
			g.Add(step, id, "service")
		}
	}
	r, err := Compile(p, g)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestNothingIsAllocated(t *testing.T) {
	r := wide(t, 1000)
	allowed, disclosed, refused := ask(r, "service"), ask(r, "service"), ask(r, "tips")
	disclosed.Op, disclosed.Recipient, disclosed.Grant = Disclose, r.Recipient("far"), staffGrant(r)
	refused.Standing.Consented = Set{}
	for name, q := range map[string]*Request{"allowed": allowed, "disclosed": disclosed, "refused": refused} {
		if a := r.Decide(q); a.Allow == (name == "refused") {
			t.Fatalf("%s: got %+v", name, a)
		}
		if n := testing.AllocsPerRun(1000, func() { r.Decide(q) }); n != 0 {
			t.Errorf("%s: %v allocations a decision", name, n)
		}
	}
}

var sink Answer

func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 1000} {
		r := wide(b, n)
		staff := ask(r, "service")
		staff.Op, staff.Recipient, staff.Grant = Disclose, r.Recipient("far"), staffGrant(r)
		refused := ask(r, "tips")
		refused.Standing.Consented = Set{}
		for name, q := range map[string]*Request{"allow": ask(r, "service"), "staff-disclose": staff, "refuse": refused, "condition": ask(r, "claims")} {
			b.Run(fmt.Sprintf("%s/clauses=%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					sink = r.Decide(q)
				}
			})
		}
	}
}

// BenchmarkCompile: a server compiles once, at its start, and has 300 ms for all of that.
func BenchmarkCompile(b *testing.B) {
	_, p, g := sample(b)
	for i := range 60 {
		id := fmt.Sprint("set-", i)
		p.Data = append(p.Data, policy.DataSet{ID: id, Category: "more", Fields: []policy.Field{{ID: "f"}}})
		p.Purposes = append(p.Purposes, policy.Purpose{ID: fmt.Sprint("purpose-", i), Basis: policy.Consent, Sees: []policy.Sight{{DataSet: id, Fields: []string{"f"}}}})
	}
	for i := range 1000 {
		id := fmt.Sprint("clause-", i)
		p.Clauses = append(p.Clauses, policy.Clause{ID: id})
		g.Add(StepTenant+Step(i)%(steps-StepTenant), id, [][]string{nil, {fmt.Sprint("purpose-", i%60)}}[i%2]...)
	}
	for b.Loop() {
		if _, err := Compile(p, g); err != nil {
			b.Fatal(err)
		}
	}
}
