package control_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

const day = 24 * time.Hour

// small is a policy in which every control finds something and no contradiction.
func small() *policy.Policy {
	return &policy.Policy{
		Version:      "1",
		Regions:      []policy.Region{{ID: "uae-north"}, {ID: "eu-west"}},
		Environments: []string{"test"},
		Backups:      policy.Backups{Epoch: 7 * day, Horizon: 21 * day},
		Data: []policy.DataSet{
			{ID: "profile", Category: "identity", Storage: policy.Stored, Fields: []policy.Field{
				{ID: "name", Type: policy.Text}, {ID: "email", Type: policy.Email, Unique: true},
			}},
			{ID: "income", Category: "financial", Storage: policy.Stored, Fields: []policy.Field{{ID: "monthly", Type: policy.Money, Optional: true}}},
			{ID: "session", Category: "technical", Storage: policy.Memory, Many: true, Fields: []policy.Field{{ID: "address", Type: policy.Text}}},
		},
		Purposes: []policy.Purpose{
			{ID: "account", Basis: policy.Contract, May: []policy.Action{policy.Read, policy.Write, policy.Delete}, Sees: []policy.Sight{
				{DataSet: "profile", Fields: []string{"name", "email"}}, {DataSet: "income", Fields: []string{"monthly"}},
			}},
			{ID: "insights", Basis: policy.Consent, May: []policy.Action{policy.Read}, Sees: []policy.Sight{{DataSet: "profile", Fields: []string{"name"}}}},
			{ID: "security", Basis: policy.LegitimateInterests, May: []policy.Action{policy.Read, policy.Write}, Sees: []policy.Sight{
				{DataSet: "session", Fields: []string{"address"}},
			}},
		},
		Recipients: []policy.Recipient{{ID: "auditor", Region: "uae-north"}},
	}
}

// promising returns small with one clause, kept by the controls.
func promising(keeps ...policy.Keep) *policy.Policy {
	p := small()
	p.Clauses = []policy.Clause{{ID: "promise", Keep: keeps}}
	return p
}

// check is one row of a table of contradictions.
type check struct {
	name    string
	control control.Control
	change  func(*policy.Policy) // of small, may be nil
	param   string               // the parameter at fault
	finds   []string             // a part of each contradiction, in order; none for none
}

// checks runs a table of contradictions.
func checks(t *testing.T, table []check) {
	t.Helper()
	for _, row := range table {
		t.Run(row.name, func(t *testing.T) {
			p := small()
			if row.change != nil {
				row.change(p)
			}
			found := split(row.control.Check(p))
			if len(found) != len(row.finds) {
				t.Fatalf("found %d contradictions, not %d: %v", len(found), len(row.finds), found)
			}
			for i, err := range found {
				var f *fault.Error
				if !errors.As(err, &f) || f.Kind != fault.Invalid || f.Field != row.param {
					t.Errorf("contradiction %d is %#v, not invalid at %q", i, err, row.param)
				}
				if !strings.Contains(err.Error(), row.finds[i]) {
					t.Errorf("contradiction %d is %q, which does not say %q", i, err, row.finds[i])
				}
			}
		})
	}
}

// asFault is errors.As.
func asFault(err error, f **fault.Error) bool { return errors.As(err, f) }

// split takes joined errors apart.
func split(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

// keep binds a control.
func keep(name string, params policy.Params) policy.Keep {
	return policy.Keep{Control: name, Params: params}
}

// allowed is a request that small's rules allow.
func allowed(r *decision.Rules) *decision.Request {
	held, _ := r.PurposeSet([]string{"account", "insights", "security"})
	return &decision.Request{
		Op: decision.Read, Tenant: "a", Owner: "a", Environment: "test",
		Credential: decision.Credential{ID: "app", Tenants: []string{"a"}, Purposes: held, Environment: "test"},
		DataSet:    r.DataSet("profile"), Purpose: r.Purpose("account"), Standing: decision.Standing{Account: true},
		Home: r.Region("uae-north"), Here: r.Region("uae-north"), Now: time.Unix(1_800_000_000, 0),
	}
}

// refuses checks that the plan of the clause compiles into rules that allow the request, and refuse
// it, naming the clause, once it is changed. Without the clause the refusal names none.
func refuses(t *testing.T, k policy.Keep, change func(*decision.Rules, *decision.Request)) {
	t.Helper()
	for _, row := range []struct {
		p    *policy.Policy
		want string
	}{{promising(k), "promise"}, {promising(), ""}} {
		plan, err := control.PlanOf(row.p)
		if err != nil {
			t.Fatal(err)
		}
		rules, err := decision.Compile(row.p, plan.Grounds)
		if err != nil {
			t.Fatal(err)
		}
		if got := rules.Decide(allowed(rules)); !got.Allow {
			t.Fatalf("the unchanged request is refused: %s", got.Reason)
		}
		q := allowed(rules)
		change(rules, q)
		got := rules.Decide(q)
		if row.want != "" && got.Allow {
			t.Fatal("the changed request is allowed")
		}
		if got.Refused != row.want {
			t.Errorf("the refusal (%s) names clause %q, not %q", got.Reason, got.Refused, row.want)
		}
	}
}
