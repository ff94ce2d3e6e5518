package control_test

import (
	"testing"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestComplaintsCheck(t *testing.T) {
	checks(t, []check{{name: "an authority", control: &control.Complaints{Authority: "Data Office"}}})
}

// What the policy does not say cannot be told to people.
func TestComplaintsNeedsAnAuthority(t *testing.T) {
	for _, row := range []struct {
		at   policy.Authority
		want control.Outcome
	}{
		{policy.Authority{}, control.Unable},
		{policy.Authority{Name: "Data Office"}, control.Unable},
		{policy.Authority{Name: "Another Office", URL: "https://office.example"}, control.Broken},
	} {
		p := small()
		p.Organisation.Authority = row.at
		if got := (&control.Complaints{Authority: "Data Office"}).Probe(t.Context(), &control.System{Policy: p}); got.Outcome != row.want {
			t.Errorf("%+v: %s, %s", row.at, got.Outcome, got.Summary)
		}
	}
}

func complaintsSabotages() []sabotage {
	const office = "https://u.ae/en/about-the-uae/digital-uae/data/data-protection-laws"
	return []sabotage{
		{name: "a page that leads elsewhere", says: "The public page does not say where to complain", front: editing("/", office, "https://clesaro.example/complaints")},
		{name: "a page without the authority", says: "The public page does not say where to complain", front: editing("/", ">UAE Data Office<", ">our team<")},
		{name: "a statement that leads elsewhere", says: "/statement (en) is not what the policy says", front: editing("/statement", office, "https://clesaro.example/complaints")},
		{name: "a server that knows no authority", says: "does not say where to complain", engine: func(p *policy.Policy) { p.Organisation.Authority = policy.Authority{} }},
	}
}
