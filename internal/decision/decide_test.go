package decision

import (
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

var noon = time.Date(2026, 3, 2, 12, 30, 0, 0, time.UTC) // a Monday

// sample is a small company: a clause for each step, and two narrowed ones.
func sample(t testing.TB) (*Rules, *policy.Policy, *Grounds) {
	t.Helper()
	p := &policy.Policy{
		Environments: []string{"production", "staging"},
		Regions:      []policy.Region{{ID: "dubai"}, {ID: "mumbai"}},
		Data: []policy.DataSet{
			{ID: "identity", Category: "identity", Fields: []policy.Field{{ID: "name"}, {ID: "email"}, {ID: "born"}}},
			{ID: "session", Category: "technical", Fields: []policy.Field{{ID: "address"}}},
		},
		Purposes: []policy.Purpose{
			{ID: "service", Basis: policy.Contract, May: []policy.Action{policy.Read, policy.Write, policy.Disclose, policy.Aggregate},
				Sees: []policy.Sight{{DataSet: "identity", Fields: []string{"name", "email"}}}, Recipients: []string{"printer", "far", "unsafe"}},
			{ID: "tips", Basis: policy.Consent, May: []policy.Action{policy.Read}, Sees: []policy.Sight{{DataSet: "identity", Fields: []string{"name"}}}},
			{ID: "security", Basis: policy.LegitimateInterests, May: []policy.Action{policy.Read, policy.Delete},
				Sees: []policy.Sight{{DataSet: "identity", Fields: []string{"name"}}, {DataSet: "session", Fields: []string{"address"}}}},
			{ID: "claims", Basis: policy.LegalObligation, May: []policy.Action{policy.Read}, UnderRestriction: true,
				Sees: []policy.Sight{{DataSet: "identity", Fields: []string{"name"}}}, When: "weekday <= 5 && hour >= 9 && hour < 17"},
		},
		Recipients: []policy.Recipient{
			{ID: "printer", Region: "dubai"}, {ID: "far", Region: "mumbai", Safeguard: "standard clauses"},
			{ID: "unsafe", Region: "mumbai"}, {ID: "other", Region: "dubai"},
		},
	}
	g := &Grounds{}
	for step, name := range stepNames {
		p.Clauses = append(p.Clauses, policy.Clause{ID: name})
		g.Add(step, name)
	}
	p.Clauses = append(p.Clauses, policy.Clause{ID: "no-marketing"}, policy.Clause{ID: "technical-only"}, policy.Clause{ID: "tips-consent"})
	slices.SortFunc(p.Clauses, func(a, b policy.Clause) int { return strings.Compare(a.ID, b.ID) })
	g.Add(StepPurpose, "no-marketing", "direct-marketing")
	g.AddFor(StepPurpose, "technical-only", Scope{Categories: []string{"technical"}})
	g.Add(StepConsent, "tips-consent", "tips")
	g.AllowRegions("dubai")
	r, err := Compile(p, g)
	if err != nil {
		t.Fatal(err)
	}
	return r, p, g
}

var stepNames = map[Step]string{
	StepTenant: "tenant", StepEnvironment: "environment", StepCredential: "credential", StepErased: "erased",
	StepDeclared: "declared", StepPurpose: "purpose", StepFields: "fields", StepContract: "contract",
	StepConsent: "consent", StepInterests: "interests", StepRestriction: "restriction", StepRegion: "region",
	StepGrant: "grant", StepRecipient: "recipient", StepCondition: "condition",
	StepNotice: "notice", StepOptOut: "opt-out", StepAllowance: "allowance",
}

// ask returns a request for the purpose that is allowed.
func ask(r *Rules, purpose string) *Request {
	all := Set{}.With(1).With(2).With(3).With(4)
	return &Request{
		Op: Read, Tenant: "acme", Owner: "acme", Environment: "production",
		Credential: Credential{ID: "c1", Tenants: []string{"other", "acme"}, Purposes: all, Environment: "production", Expires: noon.Add(time.Hour)},
		DataSet:    r.DataSet("identity"), Purpose: r.Purpose(purpose),
		Standing: Standing{Account: true, Consented: all},
		Home:     r.Region("dubai"), Here: r.Region("dubai"), Now: noon,
		Release: Release{Announced: true, Allowed: true},
	}
}

func staffGrant(r *Rules) Grant {
	return Grant{Staff: true, Tenant: "acme", Purposes: Set{}.With(r.Purpose("service")), From: noon, Until: noon.Add(time.Hour), ApprovedBy: "boss", Holder: "ann"}
}

func TestRefusals(t *testing.T) {
	r, _, _ := sample(t)
	for _, c := range []struct {
		name    string
		purpose string
		change  func(*Request)
		why     Reason
		clause  string
	}{
		{"another tenant's data", "service", func(q *Request) { q.Owner = "rival" }, WrongTenant, "tenant"},
		{"a tenant the credential lacks", "service", func(q *Request) { q.Tenant, q.Owner = "rival", "rival" }, WrongTenant, "tenant"},
		{"no tenant", "service", func(q *Request) { q.Tenant, q.Owner, q.Credential.Tenants = "", "", []string{""} }, WrongTenant, "tenant"},
		{"another environment", "service", func(q *Request) { q.Credential.Environment = "staging" }, WrongEnvironment, "environment"},
		{"undeclared environment", "service", func(q *Request) { q.Environment, q.Credential.Environment = "lab", "lab" }, WrongEnvironment, "environment"},
		{"no environment", "service", func(q *Request) { q.Environment, q.Credential.Environment = "", "" }, WrongEnvironment, "environment"},
		{"no credential", "service", func(q *Request) { q.Credential.ID = "" }, BadCredential, "credential"},
		{"revoked", "service", func(q *Request) { q.Credential.Revoked = true }, BadCredential, "credential"},
		{"expires now", "service", func(q *Request) { q.Credential.Expires = noon }, BadCredential, "credential"},
		{"no clock", "service", func(q *Request) { q.Now = time.Time{} }, BadCredential, "credential"},
		{"erased", "service", func(q *Request) { q.Standing.Erased = true }, Erased, "erased"},
		{"erased before all else of the subject", "tips", func(q *Request) { q.Standing = Standing{Erased: true, Restricted: true}; q.DataSet = 0 }, Erased, "erased"},
		{"unknown data set", "service", func(q *Request) { q.DataSet = 0 }, UnknownDataSet, "declared"},
		{"data set out of range", "service", func(q *Request) { q.DataSet = 3 }, UnknownDataSet, "declared"},
		{"data set far out of range", "service", func(q *Request) { q.DataSet = 65535 }, UnknownDataSet, "declared"},
		{"unknown purpose", "resale", func(q *Request) {}, UnknownPurpose, "purpose"},
		{"purpose out of range", "service", func(q *Request) { q.Purpose = 65535 }, UnknownPurpose, "purpose"},
		{"purpose named to be refused", "direct-marketing", func(q *Request) {}, UnknownPurpose, "no-marketing"},
		{"purpose not held", "service", func(q *Request) { q.Credential.Purposes = q.Credential.Purposes.Without(q.Purpose) }, PurposeNotHeld, "purpose"},
		{"technical data for another purpose", "service", func(q *Request) { q.DataSet = r.DataSet("session") }, PurposeNotForData, "technical-only"},
		{"no operation", "service", func(q *Request) { q.Op = 0 }, ActionNotAllowed, "purpose"},
		{"operation out of range", "service", func(q *Request) { q.Op = 7 }, ActionNotAllowed, "purpose"},
		{"operation far out of range", "service", func(q *Request) { q.Op = 255 }, ActionNotAllowed, "purpose"},
		{"delete not allowed", "service", func(q *Request) { q.Op = Delete }, ActionNotAllowed, "purpose"},
		{"aggregate not allowed", "tips", func(q *Request) { q.Op = Aggregate }, ActionNotAllowed, "purpose"},
		{"disclose not allowed", "tips", func(q *Request) { q.Op, q.Recipient = Disclose, r.Recipient("printer") }, ActionNotAllowed, "purpose"},
		{"a field the data set lacks", "service", func(q *Request) { q.Want = 1 << 3 }, UnknownField, "declared"},
		{"a field the purpose may not see", "service", func(q *Request) { q.Want = 0b101 }, FieldNotVisible, "fields"},
		{"a write of a field the purpose may not see", "service", func(q *Request) { q.Op, q.Want = Write, 0b100 }, FieldNotVisible, "fields"},
		{"no account", "service", func(q *Request) { q.Standing.Account = false }, NoAccount, "contract"},
		{"consent withdrawn", "tips", func(q *Request) { q.Standing.Consented = q.Standing.Consented.Without(q.Purpose) }, NoConsent, "tips-consent"},
		{"objection", "security", func(q *Request) { q.Standing.Objected = q.Standing.Objected.With(q.Purpose) }, Objected, "interests"},
		{"restricted", "service", func(q *Request) { q.Standing.Restricted = true }, Restricted, "restriction"},
		{"restricted write", "service", func(q *Request) { q.Op, q.Standing.Restricted = Write, true }, Restricted, "restriction"},
		{"restricted delete", "security", func(q *Request) { q.Op, q.Standing.Restricted = Delete, true }, Restricted, "restriction"},
		{"another region", "service", func(q *Request) { q.Here = r.Region("mumbai") }, WrongRegion, "region"},
		{"a region not promised", "service", func(q *Request) { q.Home, q.Here = r.Region("mumbai"), r.Region("mumbai") }, WrongRegion, "region"},
		{"no region", "service", func(q *Request) { q.Home, q.Here = 0, 0 }, WrongRegion, "region"},
		{"region out of range", "service", func(q *Request) { q.Home, q.Here = 9, 9 }, WrongRegion, "region"},
		{"staff without a grant", "service", func(q *Request) { q.Grant = Grant{Staff: true} }, NoGrant, "grant"},
		{"staff with another tenant's grant", "service", func(q *Request) { q.Grant = staffGrant(r); q.Grant.Tenant = "other" }, NoGrant, "grant"},
		{"staff for another purpose", "security", func(q *Request) { q.Grant = staffGrant(r) }, NoGrant, "grant"},
		{"staff approved by nobody", "service", func(q *Request) { q.Grant = staffGrant(r); q.Grant.ApprovedBy = "" }, NoGrant, "grant"},
		{"staff approved by the holder", "service", func(q *Request) { q.Grant = staffGrant(r); q.Grant.ApprovedBy = "ann" }, NoGrant, "grant"},
		{"staff before the grant", "service", func(q *Request) { q.Grant = staffGrant(r); q.Grant.From = noon.Add(1) }, NoGrant, "grant"},
		{"staff with an unbounded grant", "service", func(q *Request) { q.Grant = staffGrant(r); q.Grant.Until = time.Time{} }, NoGrant, "grant"},
		{"staff as the grant ends", "service", func(q *Request) { q.Grant = staffGrant(r); q.Grant.From, q.Grant.Until = noon.Add(-1), noon }, GrantExpired, "grant"},
		{"disclosure to nobody", "service", func(q *Request) { q.Op = Disclose }, RecipientNotAllowed, "recipient"},
		{"disclosure to another purpose's recipient", "service", func(q *Request) { q.Op, q.Recipient = Disclose, r.Recipient("other") }, RecipientNotAllowed, "recipient"},
		{"recipient out of range", "service", func(q *Request) { q.Op, q.Recipient = Disclose, 500 }, RecipientNotAllowed, "recipient"},
		{"a read that names a recipient", "service", func(q *Request) { q.Recipient = r.Recipient("printer") }, RecipientNotAllowed, "recipient"},
		{"disclosure before its time", "service", func(q *Request) { q.Op, q.Recipient, q.Release.Announced = Disclose, r.Recipient("printer"), false }, NotAnnounced, "notice"},
		{"disclosure to who was opted out of", "service", func(q *Request) { q.Op, q.Recipient, q.Release.OptedOut = Disclose, r.Recipient("printer"), true }, OptedOut, "opt-out"},
		{"disclosure that the tenant has not allowed", "service", func(q *Request) { q.Op, q.Recipient, q.Release.Allowed = Disclose, r.Recipient("printer"), false }, NotAllowed, "allowance"},
		{"disclosure of which nothing was looked up", "service", func(q *Request) { q.Op, q.Recipient, q.Release = Disclose, r.Recipient("printer"), Release{} }, NotAnnounced, "notice"},
		{"transfer without a safeguard", "service", func(q *Request) { q.Op, q.Recipient = Disclose, r.Recipient("unsafe") }, NoSafeguard, "region"},
		{"condition false", "claims", func(q *Request) { q.Now = noon.Add(-8 * time.Hour) }, ConditionFailed, "condition"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := ask(r, c.purpose)
			if q.Purpose != 0 && c.why != UnknownPurpose {
				if a := r.Decide(q); !a.Allow {
					t.Fatalf("the request is refused even before the change: %v", a.Reason)
				}
			}
			c.change(q)
			a := r.Decide(q)
			if a.Allow || a.Fields != 0 || a.Reason != c.why || a.Refused != c.clause {
				t.Fatalf("got %+v (%v), want %v by %s", a, a.Reason, c.why, c.clause)
			}
			if a.Refused != a.Clauses[0] {
				t.Fatalf("the clauses %v do not begin with %s", a.Clauses, a.Refused)
			}
			if err := a.Err("test"); fault.ClauseOf(err) != c.clause || fault.KindOf(err) != c.why.Kind() {
				t.Fatalf("the error %v names %q", err, fault.ClauseOf(err))
			}
		})
	}
}

func TestAllowances(t *testing.T) {
	r, _, _ := sample(t)
	common := "tenant environment credential erased declared purpose fields "
	for _, c := range []struct {
		name    string
		purpose string
		change  func(*Request)
		fields  Fields
		clauses string
	}{
		{"all visible", "service", func(q *Request) {}, 0b11, common + "contract restriction region"},
		{"some", "service", func(q *Request) { q.Want = 0b10 }, 0b10, common + "contract restriction region"},
		{"write", "service", func(q *Request) { q.Op, q.Want = Write, 0b01 }, 0b01, common + "contract restriction region"},
		{"no expiry", "service", func(q *Request) { q.Credential.Expires = time.Time{} }, 0b11, common + "contract restriction region"},
		{"consent", "tips", func(q *Request) {}, 0b1, common + "tips-consent consent restriction region"},
		{"consent needs no account", "tips", func(q *Request) { q.Standing.Account = false }, 0b1, common + "tips-consent consent restriction region"},
		{"interests", "security", func(q *Request) { q.DataSet = r.DataSet("session") }, 0b1,
			"tenant environment credential erased declared technical-only purpose fields interests restriction region"},
		{"an objection to another purpose", "security", func(q *Request) { q.Standing.Objected = q.Standing.Objected.With(r.Purpose("service")) }, 0b1, common + "interests restriction region"},
		{"under restriction", "claims", func(q *Request) { q.Standing.Restricted = true }, 0b1, common + "restriction region condition"},
		{"staff", "service", func(q *Request) { q.Grant = staffGrant(r) }, 0b11, common + "contract restriction region grant"},
		{"disclosure inside", "service", func(q *Request) { q.Op, q.Recipient = Disclose, r.Recipient("printer") }, 0b11, common + "contract restriction region recipient notice opt-out allowance"},
		{"disclosure outside with a safeguard", "service", func(q *Request) { q.Op, q.Recipient, q.Grant = Disclose, r.Recipient("far"), staffGrant(r) }, 0b11,
			common + "contract restriction region grant recipient notice opt-out allowance"},
		{"manage", "", func(q *Request) { q.Op, q.Purpose, q.DataSet, q.Standing = Manage, 0, 0, Standing{Restricted: true} }, 0,
			"tenant environment credential erased region"},
		{"manage by staff", "", func(q *Request) { q.Op, q.Grant = Manage, staffGrant(r) }, 0, "tenant environment credential erased region grant"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := ask(r, c.purpose)
			c.change(q)
			a := r.Decide(q)
			if !a.Allow || a.Fields != c.fields || a.Refused != "" || strings.Join(a.Clauses, " ") != c.clauses {
				t.Fatalf("got %+v: %v", a, a.Reason)
			}
			if a.Err("test") != nil {
				t.Fatal("an allowed answer is an error")
			}
		})
	}
}

func TestManageIsRefused(t *testing.T) {
	r, _, _ := sample(t)
	for name, change := range map[string]func(*Request){
		"tenant":      func(q *Request) { q.Owner = "rival" },
		"environment": func(q *Request) { q.Environment = "staging" },
		"credential":  func(q *Request) { q.Credential.Revoked = true },
		"erased":      func(q *Request) { q.Standing.Erased = true },
		"region":      func(q *Request) { q.Here = r.Region("mumbai") },
		"grant":       func(q *Request) { q.Grant = staffGrant(r); q.Grant.Until = noon },
		"recipient":   func(q *Request) { q.Recipient = 1 },
	} {
		q := ask(r, "")
		q.Op = Manage
		change(q)
		if a := r.Decide(q); a.Allow || a.Refused != name {
			t.Errorf("%s: got %+v", name, a)
		}
	}
}

func TestZeroIsRefused(t *testing.T) {
	r, _, _ := sample(t)
	for name, a := range map[string]Answer{
		"zero request": r.Decide(&Request{}), "no request": r.Decide(nil),
		"zero rules": new(Rules).Decide(&Request{}), "no rules": (*Rules)(nil).Decide(ask(r, "service")),
		"zero rules, good request": new(Rules).Decide(ask(r, "service")), "zero answer": {},
	} {
		if a.Allow || a.Fields != 0 || a.Err("x") == nil {
			t.Errorf("%s: got %+v", name, a)
		}
	}
}

// TestOrder breaks every step at once and mends them in the documented order.
func TestOrder(t *testing.T) {
	r, _, _ := sample(t)
	q := ask(r, "tips")
	good := *q
	*q = Request{Op: Disclose, Purpose: good.Purpose, Now: noon, Grant: Grant{Staff: true}, Standing: Standing{Erased: true, Restricted: true}}
	r.purposes[good.Purpose].may |= 1 << Disclose
	for _, step := range []struct {
		why  Reason
		mend func()
	}{
		{WrongTenant, func() { q.Tenant, q.Owner, q.Credential.Tenants = "acme", "acme", good.Credential.Tenants }},
		{WrongEnvironment, func() { q.Environment, q.Credential.Environment = good.Environment, good.Environment }},
		{BadCredential, func() { q.Credential.ID = "c1" }},
		{Erased, func() { q.Standing.Erased = false }},
		{UnknownDataSet, func() { q.DataSet, q.Want = good.DataSet, 0b1010 }},
		{PurposeNotHeld, func() { q.Credential.Purposes = good.Credential.Purposes }},
		{UnknownField, func() { q.Want = 0b10 }},
		{FieldNotVisible, func() { q.Want = 0b1 }},
		{NoConsent, func() { q.Standing.Consented = good.Standing.Consented }},
		{Restricted, func() { q.Standing.Restricted = false }},
		{WrongRegion, func() { q.Home, q.Here = good.Home, good.Here }},
		{NoGrant, func() { q.Grant = Grant{} }},
		{RecipientNotAllowed, func() { q.Op = Read }},
	} {
		if a := r.Decide(q); a.Reason != step.why {
			t.Fatalf("got %v, want %v", a.Reason, step.why)
		}
		step.mend()
	}
	if a := r.Decide(q); !a.Allow {
		t.Fatalf("all mended, yet %v", a.Reason)
	}
}
