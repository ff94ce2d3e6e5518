package vault

import (
	"strconv"
	"testing"
	"time"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
)

// The purposes of the test policy.
const (
	account   = "account"   // contract: everything but sessions
	support   = "support"   // contract: reads and writes the e-mail address alone
	viewing   = "viewing"   // contract: reads only
	insights  = "insights"  // consent: reads and counts transactions
	security  = "security"  // legitimate interests: sessions, the e-mail address
	taxes     = "taxes"     // legal obligation: goes on under restriction
	shipping  = "shipping"  // contract: may disclose to the courier
	marketing = "marketing" // named by a clause, to be refused
	unheld    = "unheld"    // declared, but no credential holds it
	epochFor  = 24 * time.Hour * 7
	horizon   = 24 * time.Hour * 21
	people    = 3 // fewest of a statistic
)

func field(id string, t policy.Type, change ...func(*policy.Field)) policy.Field {
	f := policy.Field{ID: id, Title: id, Type: t}
	for _, c := range change {
		c(&f)
	}
	return f
}

func optional(f *policy.Field) { f.Optional = true }
func unique(f *policy.Field)   { f.Unique, f.Find = true, true }
func findable(f *policy.Field) { f.Find = true }
func upTo(n int) func(*policy.Field) {
	return func(f *policy.Field) { f.Max = n }
}
func oneOf(values ...string) func(*policy.Field) {
	return func(f *policy.Field) { f.Values = values }
}

func testPolicy() *policy.Policy {
	p := &policy.Policy{
		Version:      "2026-01-01",
		Regions:      []policy.Region{{ID: "here", Country: "AE"}, {ID: "abroad", Country: "US"}},
		Environments: []string{"test"},
		Backups:      policy.Backups{Epoch: epochFor, Horizon: horizon},
		Data: []policy.DataSet{
			{ID: "identity", Storage: policy.Stored, Fields: []policy.Field{
				field("first_name", policy.Text, upTo(100)), field("email", policy.Email, unique),
				field("phone", policy.Phone, optional, findable), field("nick", policy.Text, optional),
			}},
			{ID: "transactions", Storage: policy.Stored, Many: true, Fields: []policy.Field{
				field("date", policy.Date), field("amount", policy.Money), field("direction", policy.Enum, oneOf("income", "expense")),
				field("note", policy.Text, optional, upTo(2000)), field("receipt", policy.Blob, optional, upTo(3<<20)),
				field("count", policy.Integer, optional), field("shared", policy.Bool, optional),
			}},
			{ID: "files", Storage: policy.Stored, Many: true, Fields: []policy.Field{
				field("name", policy.Text, findable), field("body", policy.Blob, optional, upTo(65<<20)),
			}},
			{ID: "sessions", Storage: policy.Memory, Many: true, Fields: []policy.Field{
				field("token", policy.Text), field("ip", policy.Text, optional),
			}},
			{ID: "current", Storage: policy.Memory, Fields: []policy.Field{field("page", policy.Text)}},
		},
		Recipients: []policy.Recipient{{ID: "courier", Role: "processor", Region: "here"}, {ID: "ads", Role: "controller", Region: "abroad"}},
	}
	every := []policy.Action{policy.Read, policy.Write, policy.Delete, policy.Aggregate}
	p.Purposes = []policy.Purpose{
		{ID: account, Basis: policy.Contract, May: every, Sees: sees(p, "identity", "transactions", "files")},
		{ID: support, Basis: policy.Contract, May: every, Sees: []policy.Sight{{DataSet: "identity", Fields: []string{"email"}}}},
		{ID: viewing, Basis: policy.Contract, May: []policy.Action{policy.Read}, Sees: sees(p, "identity", "transactions", "files")},
		{ID: insights, Basis: policy.Consent, May: every, Sees: sees(p, "transactions")},
		{ID: security, Basis: policy.LegitimateInterests, May: every, Sees: append(sees(p, "sessions", "current"), policy.Sight{DataSet: "identity", Fields: []string{"email"}})},
		{ID: taxes, Basis: policy.LegalObligation, UnderRestriction: true, May: every, Sees: sees(p, "transactions")},
		{ID: shipping, Basis: policy.Contract, May: []policy.Action{policy.Disclose}, Recipients: []string{"courier"}, Sees: sees(p, "identity")},
		{ID: unheld, Basis: policy.Contract, May: every, Sees: sees(p, "identity")},
	}
	return p
}

func sees(p *policy.Policy, sets ...string) (out []policy.Sight) {
	for _, id := range sets {
		set, _ := p.DataSet(id)
		s := policy.Sight{DataSet: id}
		for _, f := range set.Fields {
			s.Fields = append(s.Fields, f.ID)
		}
		out = append(out, s)
	}
	return out
}

func testRules(t testing.TB, p *policy.Policy, more ...decision.Step) *decision.Rules {
	t.Helper()
	g := &decision.Grounds{}
	for _, step := range more {
		clause := "c-step-" + strconv.Itoa(int(step))
		g.Add(step, clause)
		p.Clauses = append(p.Clauses, policy.Clause{ID: clause})
	}
	for step, clause := range map[decision.Step]string{
		decision.StepTenant: "c-tenant", decision.StepEnvironment: "c-environment", decision.StepCredential: "c-credential",
		decision.StepDeclared: "c-declared", decision.StepPurpose: "c-purpose", decision.StepFields: "c-fields",
		decision.StepContract: "c-contract", decision.StepConsent: "c-consent", decision.StepInterests: "c-interests",
		decision.StepRestriction: "c-restriction", decision.StepRegion: "c-region", decision.StepGrant: "c-grant",
		decision.StepRecipient: "c-recipient", decision.StepErased: "c-erased",
	} {
		g.Add(step, clause)
		p.Clauses = append(p.Clauses, policy.Clause{ID: clause})
	}
	g.Add(decision.StepPurpose, "c-no-marketing", marketing)
	p.Clauses = append(p.Clauses, policy.Clause{ID: "c-no-marketing"})
	rules, err := decision.Compile(p, g)
	if err != nil {
		t.Fatal(err)
	}
	return rules
}
