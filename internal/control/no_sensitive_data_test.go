package control_test

import (
	"slices"
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

func TestNoSensitiveDataCheck(t *testing.T) {
	checks(t, []check{
		{name: "nothing sensitive", control: &control.NoSensitiveData{}},
		{name: "a sensitive data set", control: &control.NoSensitiveData{}, finds: []string{"income is declared sensitive"},
			change: func(p *policy.Policy) { p.Data[1].Sensitive = true }},
	})
}

func TestNoSensitiveDataPlan(t *testing.T) {
	refuses(t, keep("no-sensitive-data", nil), func(_ *decision.Rules, q *decision.Request) { q.DataSet = 0 })
}

func sensitiveSabotages() []sabotage {
	return []sabotage{
		{name: "a hidden data set", says: "Data of the kind health was allowed", engine: func(p *policy.Policy) {
			p.Data = append(p.Data, policy.DataSet{ID: "health", Category: "identity", Storage: policy.Stored, Many: true,
				Fields: []policy.Field{{ID: "value", Type: policy.Text}}})
			p.Purposes[0].Sees = append(p.Purposes[0].Sees, policy.Sight{DataSet: "health", Fields: []string{"value"}})
		}},
		{name: "a hidden field", says: "A field religion in identity was allowed", engine: func(p *policy.Policy) {
			set, _ := p.DataSet("identity")
			set.Fields = append(set.Fields, policy.Field{ID: "religion", Type: policy.Text, Optional: true})
			p.Purposes[0].Sees[0].Fields = append(p.Purposes[0].Sees[0].Fields, "religion")
		}},
		{name: "a declared field", says: "declares a field called health", system: func(_ *world, sys *control.System) {
			sys.Policy = clone(sys.Policy)
			set, _ := sys.Policy.DataSet("identity")
			set.Fields = append(slices.Clone(set.Fields), policy.Field{ID: "health", Type: policy.Text, Optional: true})
		}},
	}
}

// clone copies a policy as far as its data sets.
func clone(p *policy.Policy) *policy.Policy {
	other := *p
	other.Data = slices.Clone(p.Data)
	return &other
}
