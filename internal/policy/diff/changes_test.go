package diff_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/diff"
)

const (
	widens  = diff.Widens
	narrows = diff.Narrows
	neutral = diff.Neutral
)

// row is one change: what is told of it, and whether it is material on the way there and back.
type row struct {
	name           string
	edit           func(p *policy.Policy)
	kind           diff.Kind
	effect         diff.Effect
	material, back bool
	says           string // a part of the sentence
}

func rows() []row {
	return slices.Concat(organisationRows(), dataRows(), purposeRows(), partyRows(), clauseRows())
}

func organisationRows() []row {
	return []row{
		{"another controller", func(p *policy.Policy) { p.Organisation.Name = "Bcme" }, "organisation-name", neutral, true, true, "The organisation is Bcme, it was Acme."},
		{"another contact", func(p *policy.Policy) { p.Organisation.Contact = "x@y.example" }, "organisation-contact", neutral, true, true, "x@y.example"},
		{"another website", func(p *policy.Policy) { p.Organisation.Website = "https://y.example" }, "organisation-website", neutral, false, false, ""},
		{"no officer", func(p *policy.Policy) { p.Organisation.Officer = policy.Party{} }, "officer", widens, true, false, "is nothing, it was Ada, dpo@acme.example"},
		{"another authority", func(p *policy.Policy) { p.Organisation.Authority.Name = "CNIL" }, "authority", neutral, true, true, "CNIL"},
		{"a law less", func(p *policy.Policy) { p.Laws = p.Laws[:1] }, "law-gone", widens, true, false, "no longer named"},
		{"a law cited otherwise", func(p *policy.Policy) { p.Laws[0].Citation = "2016/679" }, "law-citation", neutral, false, false, ""},
		{"other business days", func(p *policy.Policy) { p.Calendar = "AE" }, "calendar", neutral, true, true, "AE, they were by that of GB"},
		{"a product less", func(p *policy.Policy) { p.Products = p.Products[:1] }, "product-gone", widens, true, false, "no longer covered"},
		{"a region in another country", func(p *policy.Policy) {
			p.Regions = append(p.Regions, policy.Region{ID: "us", Provider: "Azure", Place: "East US", Country: "US"})
		}, "region-new", widens, true, false, "data can go now"},
		{"a region in the country", func(p *policy.Policy) {
			p.Regions = append(p.Regions, policy.Region{ID: "hull", Provider: "Azure", Place: "UK East", Country: "GB"})
		}, "region-new", neutral, false, false, ""},
		{"a region moved abroad", func(p *policy.Policy) { p.Regions[0].Country = "FR" }, "region-country", neutral, true, true, "lies in FR, it lay in GB"},
		{"another provider", func(p *policy.Policy) { p.Regions[0].Provider = "AWS" }, "region-provider", neutral, true, true, "run by AWS"},
		{"backups are read longer", func(p *policy.Policy) { p.Backups.Horizon += 48 * time.Hour }, "backups", widens, true, false, "30 days, it was 28 days"},
		{"backups are cut otherwise", func(p *policy.Policy) {
			p.Backups = policy.Backups{Epoch: 14 * 24 * time.Hour, Horizon: 14 * 24 * time.Hour}
		}, "backups-parts", neutral, false, false, ""},
		{"an environment more", func(p *policy.Policy) { p.Environments = append(p.Environments, "demo") }, "environment-new", neutral, false, false, ""},
		{"a certificate less", func(p *policy.Policy) { p.Attestations = p.Attestations[1:] }, "attestation-gone", widens, true, false, ""},
		{"a certificate renewed", func(p *policy.Policy) { p.Attestations[0].Expires = day("2031-01-01") }, "attestation-period", neutral, false, false, "from 2025-01-01 to 2031-01-01"},
		{"another standard", func(p *policy.Policy) { p.Attestations[0].Standard = "SOC 2" }, "attestation-standard", neutral, true, true, ""},
		{"no standard", func(p *policy.Policy) { p.Attestations[0].Standard = "" }, "attestation-standard", widens, true, false, ""},
		{"a document's text", func(p *policy.Policy) { p.Documents[0].SHA256 = strings.Repeat("c", 64) }, "document-content", neutral, false, false, ""},
		{"no rewards", func(p *policy.Policy) { p.Security.Rewards = false }, "security-rewards", widens, false, false, "no, it was yes"},
		{"contacts in another order", func(p *policy.Policy) { slices.Reverse(p.Security.Contacts) }, "security-contacts", neutral, false, false, ""},
		{"a finding less", func(p *policy.Policy) { p.Known = p.Known[1:] }, "known-gone", neutral, false, false, "no-control about acme-care"},
		{"a version", func(p *policy.Policy) { p.Version = "2" }, "version", neutral, false, false, "The version is 2, it was 1."},
		{"a translation", func(p *policy.Policy) { p.Data[0].Titles = policy.Titles{"ar": "أنت"} }, "translation", neutral, false, false, ""},
	}
}

func dataRows() []row {
	set := func(i int, edit func(*policy.DataSet)) func(*policy.Policy) {
		return func(p *policy.Policy) { edit(&p.Data[i]) }
	}
	field := func(i, j int, edit func(*policy.Field)) func(*policy.Policy) {
		return func(p *policy.Policy) { edit(&p.Data[i].Fields[j]) }
	}
	return []row{
		{"a data set more", func(p *policy.Policy) {
			p.Data = append(p.Data, policy.DataSet{ID: "health", Title: "Health", Fields: []policy.Field{{ID: "weight"}, {ID: "height"}}})
		}, "data-new", widens, true, true, `Data set health ("Health") is collected now: weight and height.`}, // people gave it: back, they lose it
		{"observed data more", func(p *policy.Policy) {
			p.Data = append(p.Data, policy.DataSet{ID: "clicks", Title: "Clicks", Source: policy.FromDevice, Fields: []policy.Field{{ID: "at"}}})
		}, "data-new", widens, true, false, ""},
		{"a special category", set(0, func(d *policy.DataSet) { d.Sensitive = true }), "data-sensitive", widens, true, true, "special category: yes, it was no"},
		{"onto a disk", set(2, func(d *policy.DataSet) { d.Storage = policy.Stored }), "data-storage", widens, true, false, "is stored, it was memory-only"},
		{"off the disk", set(0, func(d *policy.DataSet) { d.Storage = policy.Memory }), "data-storage", narrows, true, true, "is memory-only"},
		{"a history", set(0, func(d *policy.DataSet) { d.Many = true }), "data-records", widens, true, false, "many records"},
		{"kept longer", set(1, func(d *policy.DataSet) { d.Keep *= 2 }), "data-keep", widens, true, true, "is kept 180 days, it was 90 days"},
		{"kept with the account", set(1, func(d *policy.DataSet) { d.Keep = 0 }), "data-keep", widens, true, true, "while the account is active, it was 90 days"},
		{"observed data kept shorter", set(2, func(d *policy.DataSet) { d.Keep = time.Hour }), "data-keep", narrows, false, true, "is kept 1 hour"},
		{"about others", set(0, func(d *policy.DataSet) { d.Subject = "visitors" }), "data-subject", neutral, true, true, "about visitors"},
		{"from a third party", set(0, func(d *policy.DataSet) { d.Source = policy.FromThirdParty }), "data-source", widens, true, false, "a third party"},
		{"from the device", set(0, func(d *policy.DataSet) { d.Source = policy.FromDevice }), "data-source", neutral, true, true, ""},
		{"from another party", set(3, func(d *policy.DataSet) { d.From = "Other Bureau" }), "data-from", neutral, true, true, ""},
		{"of another category", set(0, func(d *policy.DataSet) { d.Category = "contact" }), "data-category", neutral, true, true, ""},
		{"a new title", set(0, func(d *policy.DataSet) { d.Title = "You" }), "data-title", neutral, false, false, ""},
		{"a field more", set(0, func(d *policy.DataSet) {
			d.Fields = append(d.Fields, policy.Field{ID: "religion", Type: policy.Text})
		}), "field-new", widens, true, true, "Field person.religion is collected now."},
		{"an observed field more", set(2, func(d *policy.DataSet) {
			d.Fields = append(d.Fields, policy.Field{ID: "at", Type: policy.Date})
		}), "field-new", widens, true, false, ""},
		{"a field required", field(1, 1, func(f *policy.Field) { f.Optional = false }), "field-optional", widens, true, false, "is required, it was optional"},
		{"a field that finds people", field(0, 0, func(f *policy.Field) { f.Find = true }), "field-find", widens, true, false, ""},
		{"a field of another type", field(0, 0, func(f *policy.Field) { f.Type = policy.Blob }), "field-type", neutral, true, true, "holds blob, it held text"},
		{"a longer field", field(0, 0, func(f *policy.Field) { f.Max = 2 << 10 }), "field-room", widens, false, false, "at most 2KiB, it held 100B"},
		{"a value more", field(1, 2, func(f *policy.Field) { f.Values = append(f.Values, "lost") }), "field-values-more", widens, false, false, "can also be lost"},
		{"unique", field(0, 0, func(f *policy.Field) { f.Unique = true }), "field-unique", neutral, false, false, ""},
		{"people more", func(p *policy.Policy) { p.Subjects = append(p.Subjects, policy.Subject{ID: "kids", Title: "Children"}) }, "subject-new", widens, true, false, `"Children" are among those`},
	}
}

func purposeRows() []row {
	purpose := func(i int, edit func(*policy.Purpose)) func(*policy.Policy) {
		return func(p *policy.Policy) { edit(&p.Purposes[i]) }
	}
	return []row{
		{"a purpose more", func(p *policy.Policy) {
			p.Purposes = append(p.Purposes, policy.Purpose{ID: "ads", Title: "Advertising", Basis: policy.LegitimateInterests, May: []policy.Action{policy.Read}, Sees: []policy.Sight{{DataSet: "orders", Fields: []string{"total"}}}})
		}, "purpose-new", widens, true, false, `Purpose ads ("Advertising") is new: on the basis of legitimate-interests, it may read orders.`},
		{"another purpose under the id", purpose(0, func(u *policy.Purpose) { u.Title = "Selling what you ordered" }), "purpose-title", neutral, true, true, ""},
		{"a comma", purpose(0, func(u *policy.Purpose) { u.Title = "Delivering, what you ordered" }), "purpose-title", neutral, false, false, ""},
		{"consent no longer asked", purpose(1, func(u *policy.Purpose) { u.Basis = policy.LegitimateInterests }), "purpose-basis", widens, true, true, "rests on legitimate-interests, it rested on consent"},
		{"no objection any more", purpose(2, func(u *policy.Purpose) { u.Basis = policy.Contract }), "purpose-basis", widens, true, true, ""},
		{"one duty for another", purpose(0, func(u *policy.Purpose) { u.Basis = policy.LegalObligation }), "purpose-basis", neutral, true, true, ""},
		{"may more", purpose(3, func(u *policy.Purpose) { u.May = append(u.May, policy.Aggregate) }), "purpose-may-more", widens, true, false, "may also aggregate"},
		{"sees more", purpose(1, func(u *policy.Purpose) { u.Sees[0].Fields = []string{"name", "email"} }), "purpose-sees-more", widens, true, false, "also sees person.email"},
		{"discloses more", purpose(0, func(u *policy.Purpose) { u.Recipients = append(u.Recipients, "cloud") }), "purpose-recipients-more", widens, true, false, "also discloses to cloud"},
		{"goes on", purpose(1, func(u *policy.Purpose) { u.UnderRestriction = true }), "purpose-under-restriction", widens, true, false, ""},
		{"a condition less", purpose(2, func(u *policy.Purpose) { u.When = "" }), "purpose-condition", widens, true, false, "only where nothing, it was only where hour >= 4"},
		{"another condition", purpose(2, func(u *policy.Purpose) { u.When = "hour >= 2" }), "purpose-condition", neutral, true, true, ""},
		{"another interest", purpose(2, func(u *policy.Purpose) { u.Interest = "Profit." }), "purpose-interest", neutral, true, true, "is Profit, it was Keeping fraud out."},
		{"an interest hidden", purpose(2, func(u *policy.Purpose) { u.Interest = "" }), "purpose-interest", widens, true, false, ""},
		{"machines decide", purpose(0, func(u *policy.Purpose) { u.Automated = "A score." }), "purpose-automated", widens, true, false, "A score, which was not said before."},
		{"machines decide otherwise", purpose(1, func(u *policy.Purpose) { u.Automated = "Dice." }), "purpose-automated", neutral, true, true, ""},
	}
}

func partyRows() []row {
	recipient := func(edit func(*policy.Recipient)) func(*policy.Policy) {
		return func(p *policy.Policy) { edit(&p.Recipients[1]) }
	}
	model := func(edit func(*policy.Model)) func(*policy.Policy) {
		return func(p *policy.Policy) { edit(&p.Models[0]) }
	}
	cookie := func(i int, edit func(*policy.Cookie)) func(*policy.Policy) {
		return func(p *policy.Policy) { edit(&p.Cookies[i]) }
	}
	return []row{
		{"a recipient more", func(p *policy.Policy) {
			p.Recipients = append(p.Recipients, policy.Recipient{ID: "ads", Name: "Ads Inc", Role: "controller", Region: "dublin"})
		}, "recipient-new", widens, true, false, `Recipient ads ("Ads Inc") can receive data now, in dublin (IE).`},
		{"another company", recipient(func(c *policy.Recipient) { c.Name = "Fog Inc" }), "recipient-name", neutral, true, true, ""},
		{"on its own account", recipient(func(c *policy.Recipient) { c.Role = "controller" }), "recipient-role", widens, true, false, "acts as controller"},
		{"moved home", recipient(func(c *policy.Recipient) { c.Region = "leeds" }), "recipient-region", narrows, false, true, "in leeds (GB), it kept it in dublin (IE)"},
		{"no safeguard", recipient(func(c *policy.Recipient) { c.Safeguard = "" }), "recipient-safeguard", widens, true, false, ""},
		{"another safeguard", recipient(func(c *policy.Recipient) { c.Safeguard = "binding rules" }), "recipient-safeguard", neutral, true, true, ""},
		{"does something else", recipient(func(c *policy.Recipient) { c.Does = "mails" }), "recipient-does", neutral, true, true, ""},
		{"moved in the country", func(p *policy.Policy) { p.Recipients[0].Region = "leeds" }, "recipient-region", neutral, false, false, ""},
		{"a model more", func(p *policy.Policy) {
			p.Models = append(p.Models, policy.Model{ID: "new", Name: "New 5", Recipient: "cloud"})
		}, "model-new", widens, true, false, "by cloud"},
		{"a model given away", func(p *policy.Policy) { p.Models[1].Recipient = "cloud" }, "model-host", widens, true, false, "cloud, it was by the organisation itself"},
		{"a model abroad", func(p *policy.Policy) { p.Models[1].Regions = append(p.Models[1].Regions, "dublin") }, "model-regions-more", widens, true, false, "dublin (IE)"},
		{"a model does not train", model(func(m *policy.Model) { m.Trains = false }), "model-trains", narrows, false, true, ""},
		{"a model's host keeps", model(func(m *policy.Model) { m.Retention = "30 days." }), "model-retention", neutral, true, true, ""},
		{"a cookie more", func(p *policy.Policy) {
			p.Cookies = append(p.Cookies, policy.Cookie{ID: "ad", Kind: policy.Advertising, Title: "Ads"})
		}, "cookie-new", widens, true, false, "advertising, until the browser closes"},
		{"a necessary cookie more", func(p *policy.Policy) {
			p.Cookies = append(p.Cookies, policy.Cookie{ID: "basket", Kind: policy.Necessary, Title: "Basket"})
		}, "cookie-new", widens, false, false, ""},
		{"a cookie for more", cookie(1, func(c *policy.Cookie) { c.Kind = policy.Advertising }), "cookie-kind", widens, true, false, "for advertising use"},
		{"a cookie stays", cookie(0, func(c *policy.Cookie) { c.Lifetime = 48 * time.Hour }), "cookie-lifetime", widens, true, false, "stays 2 days, it stayed until the browser closes"},
		{"a cookie of others", cookie(0, func(c *policy.Cookie) { c.Party = "third" }), "cookie-party", widens, true, false, ""},
		{"a cookie scripts can read", cookie(0, func(c *policy.Cookie) { c.HTTPOnly = false }), "cookie-http-only", widens, true, false, ""},
	}
}

func clauseRows() []row {
	clause := func(i int, edit func(*policy.Clause)) func(*policy.Policy) {
		return func(p *policy.Policy) { edit(&p.Clauses[i]) }
	}
	return []row{
		{"a clause less", func(p *policy.Policy) { p.Clauses = slices.Delete(p.Clauses, 2, 3) }, "clause-gone", widens, true, false, "Clause acme-erasure is gone, and with it erasure (within 30 days)."},
		{"a promise without a control less", func(p *policy.Policy) { p.Clauses = slices.Delete(p.Clauses, 11, 12) }, "clause-gone", widens, true, false, ""},
		{"a statement less", func(p *policy.Policy) { p.Clauses = p.Clauses[:12] }, "clause-gone", neutral, false, false, "promises nothing"},
		{"a control less", clause(0, func(c *policy.Clause) { c.Keep = c.Keep[:1] }), "control-gone", widens, true, false, "no longer kept by encryption-at-rest (algorithm aes-256-gcm), which promises less"},
		{"a control that lets more be kept less", clause(10, func(c *policy.Clause) { c.Keep = nil }), "control-gone", narrows, false, true, ""},
		{"a promise taken back", clause(11, func(c *policy.Clause) { c.Statement = true }), "clause-statement", widens, true, false, "a statement that promises nothing, it was a promise"},
		{"words", clause(2, func(c *policy.Clause) { c.Text = "Gone in 30 days." }), "clause-text", neutral, false, false, ""},
		{"words with no control", clause(11, func(c *policy.Clause) { c.Text = "We try." }), "clause-promise", neutral, true, true, ""},
		{"a comma with no control", clause(11, func(c *policy.Clause) { c.Text = "We are careful, people." }), "clause-promise", neutral, false, false, ""},
		{"another section", clause(2, func(c *policy.Clause) { c.Section = "Elsewhere" }), "clause-section", neutral, false, false, ""},
		{"another order", func(p *policy.Policy) { slices.Reverse(p.Clauses) }, "clause-order", neutral, false, false, ""},
		{"another summary", clause(0, func(c *policy.Clause) { c.Plain = "Safe." }), "clause-plain", neutral, false, false, ""},
		{"a control in another clause", func(p *policy.Policy) {
			p.Clauses[11].Keep, p.Clauses[2].Keep = p.Clauses[2].Keep, nil
		}, "control-moved", neutral, false, false, "Control erasure (within 30 days) moved from clause acme-erasure to clause acme-care."},
		{"a control that another clause has too", func(p *policy.Policy) {
			p.Clauses[11].Keep = p.Clauses[2].Keep
		}, "control-new", neutral, false, false, ""},
		{"erased later", set(2, 0, "within", 60*24*time.Hour), "parameter", widens, true, false, "Clause acme-erasure: erasure (within) is 60 days, it was 30 days, which promises less."},
		{"older TLS", set(0, 0, "minimum", "1.3"), "parameter", narrows, false, true, ""},
		{"another region", set(1, 0, "regions", []string{"london", "leeds", "dublin"}), "parameter-more", widens, true, false, "residency (regions) also names dublin, which promises less"},
		{"statistics of fewer", set(8, 0, "people", int64(5)), "parameter", widens, true, false, ""},
		{"for the young", set(9, 0, "age", int64(13)), "parameter", widens, true, true, ""},
		{"a right less", set(4, 0, "rights", []string{"access"}), "parameter-less", widens, true, false, "no longer names erasure"},
		{"rights cost", set(4, 0, "free", false), "parameter", widens, true, false, ""},
		{"rights by the law's time", set(4, 0, "within", nil), "parameter", neutral, true, true, ""},
		{"no longer time", set(4, 0, "extend", nil), "parameter", narrows, false, true, ""},
		{"30 days for a month", set(4, 0, "within", policy.Term{Form: policy.Within, Count: 30, Unit: policy.Day}), "parameter", neutral, true, true, "is 30 days, it was 1 month."},
		{"28 days for a month", set(4, 0, "within", policy.Term{Form: policy.Within, Count: 28, Unit: policy.Day}), "parameter", narrows, false, true, ""},
		{"hours for days", set(5, 0, "within", policy.Term{Form: policy.Within, Count: 720, Unit: policy.Hour}), "parameter-form", neutral, false, false, "as long"},
		{"no figure", set(5, 0, "within", policy.Term{Form: policy.Prompt}), "parameter", neutral, true, true, "without undue delay"},
		{"another duty", set(5, 1, "duty", "letters"), "parameter", neutral, true, true, ""},
		{"shorter notice", set(6, 0, "ahead", policy.Term{Form: policy.Within, Count: 7, Unit: policy.Day}), "parameter", widens, true, false, "is 7 days, it was 30 days"},
		{"a channel less", set(6, 0, "channels", []string{"email"}), "parameter-less", widens, true, false, ""},
		{"no way out", set(7, 0, "opt-out", false), "parameter", widens, true, false, ""},
		{"more kept after erasure", set(10, 0, "fields", []string{"person.name", "person.email"}), "parameter-more", widens, true, false, ""},
	}
}

// set gives a parameter of a clause's control another value; nil leaves it out.
func set(clause, keep int, name string, value any) func(*policy.Policy) {
	return func(p *policy.Policy) {
		params := p.Clauses[clause].Keep[keep].Params
		if params[name] = value; value == nil {
			delete(params, name)
		}
	}
}

// Each row is told as it should be, and mirrored on the way back.
func TestChanges(t *testing.T) {
	p := base(t)
	mirror := map[diff.Effect]diff.Effect{widens: narrows, narrows: widens, neutral: neutral}
	seen := map[diff.Kind]bool{}
	for _, r := range rows() {
		t.Run(r.name, func(t *testing.T) {
			changed := copied(p)
			r.edit(changed)
			c := find(t, compare(p, changed), r.kind)
			if c.Effect != r.effect || c.Material != r.material || !strings.Contains(c.Says, r.says) {
				t.Errorf("there: %s, material %v (%s): %s", c.Effect, c.Material, c.Why, c.Says)
			}
			b := find(t, compare(changed, p), diff.Kind(opposite(string(r.kind))))
			if b.Effect != mirror[r.effect] || b.Material != r.back {
				t.Errorf("back: %s, material %v (%s): %s", b.Effect, b.Material, b.Why, b.Says)
			}
		})
		seen[r.kind] = true
	}
	if len(seen) < 70 {
		t.Errorf("the rows show %d kinds only", len(seen))
	}
}

func find(t *testing.T, r diff.Report, kind diff.Kind) diff.Change {
	t.Helper()
	for _, c := range r.Changes {
		if c.Kind == kind {
			return c
		}
	}
	t.Fatalf("no change is of kind %s: %q", kind, told(r, false))
	return diff.Change{}
}

// For whom: those the data is about; a processor's customers; who gets the data.
func TestForWhom(t *testing.T) {
	for _, row := range []struct {
		edit func(*policy.Policy)
		kind diff.Kind
		want string
	}{
		{func(p *policy.Policy) { p.Data[2].Storage = policy.Stored }, "data-storage", "[Visitors]"},
		{func(p *policy.Policy) { p.Purposes[2].May = append(p.Purposes[2].May, policy.Delete) }, "purpose-may-more", "[Visitors Customers]"},
		{func(p *policy.Policy) { p.Recipients[0].Role = "processor" }, "recipient-role", "[Customers Courier Ltd]"},
		{func(p *policy.Policy) { p.Security.Team = false }, "security-team", "[researchers]"},
		{func(p *policy.Policy) { p.Backups.Epoch *= 2 }, "backups", "[Customers Visitors]"},
		{func(p *policy.Policy) { p.Organisation.Role, p.Subjects = "processor", nil }, "organisation-role", "[customers the people concerned]"},
		{func(p *policy.Policy) {
			p.Clauses[11].Keep = []policy.Keep{{Control: "customer-grant", Params: policy.Params{"longest": policy.Term{Form: policy.Within, Count: 1, Unit: policy.Day}}}}
		}, "control-new", "[Customers Visitors staff]"},
	} {
		changed := base(t)
		row.edit(changed)
		if c := find(t, compare(base(t), changed), row.kind); fmt.Sprint(c.For) != row.want {
			t.Errorf("%s is for %v, want %s", row.kind, c.For, row.want)
		}
	}
}

// A processor's customers can object to whom it hands data on to.
func TestASubProcessor(t *testing.T) {
	old, new := base(t), base(t)
	old.Organisation.Role, new.Organisation.Role = "processor", "processor"
	new.Recipients = append(new.Recipients, policy.Recipient{ID: "bank", Name: "Bank", Role: "processor", Region: "london"})
	c := find(t, compare(old, new), "recipient-new")
	if !strings.Contains(c.Why, "art. 28(2)") || c.For[0] != "customers" {
		t.Errorf("for %v: %s", c.For, c.Why)
	}
}

// The clauses concerned are those that name the thing, and those that keep promises of its sort.
func TestClausesConcerned(t *testing.T) {
	changed := base(t)
	changed.Recipients[0].Role = "processor"
	c := find(t, compare(base(t), changed), "recipient-role")
	if !slices.Equal(c.Clauses, []string{"acme-recipients"}) {
		t.Errorf("clauses %q", c.Clauses)
	}
	changed = base(t)
	changed.Regions[1].Country = "FR"
	if c := find(t, compare(base(t), changed), "region-country"); !slices.Equal(c.Clauses, []string{"acme-where"}) {
		t.Errorf("clauses %q", c.Clauses)
	}
}
