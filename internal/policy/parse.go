package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
)

// Bounds of a policy. Decisions keep purposes and fields in sets of fixed size, of 256 and 64
// members; a purpose's number 0 stands for none.
const (
	MaxPurposes = 255
	MaxFields   = 64 // of a data set
	maxDataSets = 1000
	maxClauses  = 10_000
)

// Parse reads a policy file. The name is for messages only. The error is Problems and holds
// everything wrong with the file; the policy is nil then.
func Parse(file string, src []byte, v Vocabulary) (*Policy, error) {
	p, problems := Inspect(file, src, v)
	if len(problems) > 0 {
		return nil, problems
	}
	return p, nil
}

// Inspect is Parse for who wants to look further at a policy that its own controls refuse: such a
// policy comes back beside the problems. It is nil where anything else is wrong with the file.
func Inspect(file string, src []byte, v Vocabulary) (p *Policy, problems Problems) {
	r := &reader{file: file, src: src, vocabulary: v, specs: map[string]ControlSpec{}, policy: &Policy{File: file, Source: src}}
	defer func() {
		if failure := recover(); failure != nil {
			r.problem(Pos{}, 0, BadFile, "the policy cannot be read", "this is a fault of Clause: report it with the file")
			p, problems = nil, r.result()
		}
	}()
	if root := r.load(src); root != nil {
		policyForm(r.policy).read(r, &node{value: "the policy", pos: Pos{Line: 1, Column: 1}, width: 1}, root)
		r.finish()
	}
	problems = r.result()
	if slices.ContainsFunc(problems, func(p Problem) bool { return p.Control == "" }) {
		return nil, problems
	}
	r.policy.Digest = Digest(r.policy)
	return r.policy, problems
}

// Digest names the version of a policy in force: the SHA-256 of the published file's bytes, in
// hexadecimal. Anyone who has the file can compute it.
func Digest(p *Policy) string {
	sum := sha256.Sum256(p.Source)
	return hex.EncodeToString(sum[:])
}

var (
	countryForm = regexp.MustCompile(`^[A-Z]{2}$`)
	urlForm     = regexp.MustCompile(`^https?://[^\s/?#@]+([/?#]\S*)?$`)
	contactForm = regexp.MustCompile(`^(mailto:)?[^\s@]+@[^\s@]+\.[^\s@]+$|^https?://[^\s/?#@]+([/?#]\S*)?$`)
)

func country(into *string) text {
	return text{into, 2, countryForm, "two capital letters of ISO 3166-1, such as AE"}
}

func link(into *string) text {
	return text{into, 2000, urlForm, "an address that begins with https://"}
}

func policyForm(p *Policy) form {
	return form{what: "the policy", keys: []key{
		{"version", title(&p.Version), true, `the version as published, e.g. "2026-02-01"`},
		{"effective", day{&p.Effective}, false, "the day it takes effect"},
		{"language", language(&p.Language), false, "the language of its texts: en (the default), ar, …"},
		{"organisation", organisationForm(&p.Organisation), true, "who publishes the policy"},
		{"products", group[Product]{into: &p.Products, noun: "product", most: 1000, body: productForm, none: true}, false, "the products that the policy covers"},
		{"laws", group[Law]{into: &p.Laws, noun: "law", most: 100, body: lawForm, none: true}, false, "the laws the policy names: id, title, citation"},
		{"calendar", country(&p.Calendar), false, "the country whose business days deadlines count, ISO 3166-1"},
		{"regions", group[Region]{into: &p.Regions, noun: "region", most: 256, body: regionForm}, true, "the places where data is kept or goes"},
		{"environments", list[string]{into: &p.Environments, ids: true, most: 16}, true, "production, test, …: kept apart from one another"},
		{"backups", backupsForm(&p.Backups), true, "the schedule on which erasure rests"},
		{"data", group[DataSet]{into: &p.Data, noun: "data set", most: maxDataSets, body: dataSetForm}, true, "the data sets: every kind of record about a person"},
		{"subjects", group[Subject]{into: &p.Subjects, noun: "subject", most: 100, body: subjectForm, none: true}, false, "the categories of people the data is about"},
		{"purposes", group[Purpose]{into: &p.Purposes, noun: "purpose", most: MaxPurposes, body: purposeForm}, true, "why data is processed, and which of it"},
		{"contacts", contactsForm(&p.Contacts), false, "how people are reached, when the server has something to tell them"},
		{"recipients", group[Recipient]{into: &p.Recipients, noun: "recipient", most: 1000, body: recipientForm, none: true}, false, "who data may be disclosed to; empty for nobody"},
		{"models", group[Model]{into: &p.Models, noun: "model", most: 100, body: modelForm, none: true}, false, "the language models that see personal data"},
		{"cookies", group[Cookie]{into: &p.Cookies, noun: "cookie", most: 200, body: cookieForm, none: true}, false, "the cookies that the service sets"},
		{"attestations", group[Attestation]{into: &p.Attestations, noun: "attestation", most: 200, body: attestationForm, none: true}, false, "what was signed by somebody who looked: certificates, reports, licences, declarations"},
		{"documents", group[Document]{into: &p.Documents, noun: "document", most: 200, body: documentForm, none: true}, false, "further documents that the policy names"},
		{"security", securityForm(&p.Security), false, "what security.txt says, RFC 9116"},
		{"clauses", clauses{&p.Clauses}, true, "the promises, in the order they are published"},
		{"known", knowns{&p.Known}, false, "findings of clause check that are known and stand, each with its reason"},
	}}
}

func organisationForm(o *Organisation) form {
	return form{what: "organisation", keys: []key{
		{"name", title(&o.Name), true, "the organisation's name"},
		{"role", choice[string]{&o.Role, []string{"controller", "processor"}}, true, "controller or processor of the data, GDPR art. 4"},
		{"address", text{into: &o.Address, most: 1000}, false, "its postal address"},
		{"contact", text{&o.Contact, 2000, contactForm, "an email address, or an address that begins with https://"}, true, "where privacy requests go: an email address or a page"},
		{"website", link(&o.Website), false, "its website"},
		{"terms", link(&o.Terms), false, "its terms of service"},
		{"guide", link(&o.Guide), false, "its guidelines for sub-processors"},
		{"officer", partyForm("officer", &o.Officer), false, "the data protection officer, GDPR art. 37"},
		{"agent", partyForm("agent", &o.Agent), false, "the representative in the European Union, GDPR art. 27"},
		{"authority", form{what: "authority", keys: []key{
			{"name", title(&o.Authority.Name), true, "the authority's name"},
			{"url", link(&o.Authority.URL), true, "where a complaint is made"},
		}}, false, "the supervisory authority where people can complain"},
	}}
}

func partyForm(what string, p *Party) form {
	return form{what: what, keys: []key{
		{"name", title(&p.Name), true, "the name"},
		{"contact", text{&p.Contact, 2000, contactForm, "an email address, or an address that begins with https://"}, true, "an email address or a page"},
	}}
}

func lawForm(l *Law, id string, pos Pos) value {
	l.ID, l.Pos = id, pos
	return form{what: fmt.Sprintf("law %q", id), keys: []key{
		{"title", title(&l.Title), true, "the law's name"},
		{"citation", title(&l.Citation), true, "how it is cited"},
		{"titles", titles{&l.Titles}, false, "the title in other languages"},
	}}
}

func regionForm(g *Region, id string, pos Pos) value {
	g.ID, g.Pos = id, pos
	return form{what: fmt.Sprintf("region %q", id), keys: []key{
		{"provider", title(&g.Provider), true, "who runs the place, e.g. Azure"},
		{"place", title(&g.Place), true, "the provider's name of the place, e.g. UAE North (Dubai)"},
		{"country", country(&g.Country), true, "its country, ISO 3166-1"},
		{"titles", titles{&g.Titles}, false, "the place in other languages"},
	}}
}

func backupsForm(b *Backups) form {
	return form{what: "backups", keys: []key{
		{"epoch", span{&b.Epoch}, true, "how long an epoch key is the newest: 7d"},
		{"horizon", span{&b.Horizon}, true, "how long after its epoch a backup can still be restored: 21d"},
	}}
}

func recipientForm(c *Recipient, id string, pos Pos) value {
	c.ID, c.Pos = id, pos
	return form{what: fmt.Sprintf("recipient %q", id), keys: []key{
		{"name", title(&c.Name), true, "the recipient's name"},
		{"role", choice[string]{&c.Role, []string{"processor", "controller", "authority"}}, true, "processor, controller or authority"},
		{"region", name{&c.Region, toRegion}, true, "the region it keeps the data in"},
		{"does", title(&c.Does), false, "what it does: hosting, payment, …"},
		{"titles", titles{&c.Titles}, false, "what it does, in other languages"},
		{"safeguard", text{into: &c.Safeguard, most: textLength}, false, "the recorded safeguard of a transfer outside: GDPR chapter V, PDPL art. 22"},
	}, after: func(r *reader, at func(string) *node) {
		r.translates(at("titles"), c.Titles, "does", c.Does)
	}}
}

// clauses are the promises.
type clauses struct{ into *[]Clause }

func (c clauses) series() series[Clause] {
	return series[Clause]{into: c.into, most: maxClauses, body: clauseForm}
}

func (c clauses) read(r *reader, at, n *node) {
	c.series().read(r, at, n)
	seen := map[string]*node{}
	for _, item := range n.items {
		for _, p := range item.pairs {
			if p.key.value == "id" && p.value.kind == textKind {
				r.repeated(seen, p.value, "the clause")
			}
		}
	}
}

func (c clauses) schema(v Vocabulary) object { return c.series().schema(v) }
