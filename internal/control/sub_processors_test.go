package control_test

import (
	"net/http"
	"testing"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/app/apptest"
	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/policy"
)

func TestSubProcessorsCheck(t *testing.T) {
	checks(t, []check{{name: "none", control: &control.SubProcessors{}}})
}

// Clari publishes that it has no sub-processors, and Microsoft hosts its language model: that is broken until
// the text is put right.
func TestNoSubProcessorsButOne(t *testing.T) {
	p := apptest.Parse(t, sourceOf(t, "clari"))
	got := (&control.SubProcessors{}).Probe(t.Context(), &control.System{Policy: p})
	if got.Outcome != control.Broken || got.Summary != "The register of recipients holds Microsoft (Azure OpenAI) as a processor, whom the clause does not list." {
		t.Errorf("%s: %s", got.Outcome, got.Summary)
	}
}

func subProcessorsSabotages() []sabotage {
	return []sabotage{
		{name: "a processor nobody told of", says: "holds Quiet Analytics as a processor, whom the clause does not list", system: func(_ *world, sys *control.System) {
			p := *sys.Policy
			p.Recipients = append(p.Recipients[:1:1], policy.Recipient{ID: "quiet", Name: "Quiet Analytics", Role: "processor", Region: "us-east"})
			sys.Policy = &p
		}},
		{name: "a host of models that is called something else", says: "holds Quiet Models as a processor, whom the clause does not list", system: func(_ *world, sys *control.System) {
			p := *sys.Policy
			p.Recipients = append(p.Recipients[:1:1], policy.Recipient{ID: "quiet", Name: "Quiet Models", Role: "controller", Region: "us-east"})
			p.Models = append(p.Models[:1:1], policy.Model{ID: "quiet", Name: "Quiet", Recipient: "quiet", Regions: []string{"us-east"}})
			sys.Policy = &p
		}},
		{name: "a list without it", says: "/published/sub-processors.html (en) is not what the policy says", front: editing("/published/sub-processors.html", "Microsoft (Azure OpenAI)", "A partner")},
		{name: "no list", says: "/published/sub-processors.html is not published", front: hiding("/published/sub-processors.html")},
		{name: "data is given to anybody", says: "to canary-processor was allowed", front: pleasing(func(r *http.Request) bool { return r.Header.Get(api.HeaderRecipient) != "" })},
	}
}
