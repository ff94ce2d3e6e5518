package diff

import (
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

// head compares what names the two versions.
func (d *differ) head() {
	o, n := d.old, d.new
	d.change(item{}, "version", o.Version, n.Version, Neutral)
	d.change(item{}, "effective", Day{o.Effective}.String(), Day{n.Effective}.String(), Neutral)
	d.change(item{}, "language", o.Language, n.Language, Neutral)
}

func (d *differ) organisation() {
	o, n := d.old.Organisation, d.new.Organisation
	it := item{name: "the organisation"}
	d.change(it, "organisation-name", o.Name, n.Name, Neutral)
	d.change(it, "organisation-role", o.Role, n.Role, Neutral)
	d.change(it, "organisation-address", o.Address, n.Address, Neutral)
	d.change(it, "organisation-contact", o.Contact, n.Contact, Neutral)
	d.change(it, "organisation-website", o.Website, n.Website, Neutral)
	d.change(it, "organisation-terms", o.Terms, n.Terms, Neutral)
	d.change(it, "organisation-guide", o.Guide, n.Guide, Neutral)
	d.told(it, "officer", pair(o.Officer.Name, o.Officer.Contact), pair(n.Officer.Name, n.Officer.Contact))
	d.told(it, "agent", pair(o.Agent.Name, o.Agent.Contact), pair(n.Agent.Name, n.Agent.Contact))
	d.told(it, "authority", pair(o.Authority.Name, o.Authority.URL), pair(n.Authority.Name, n.Authority.URL))
}

// pair writes who somebody is and where they are.
func pair(name, at string) string { return strings.Trim(name+", "+at, ", ") }

var products = noun[policy.Product]{
	sort: policy.ParamProducts,
	id:   func(t *policy.Product) *string { return &t.ID },
	like: func(t *policy.Product) string { return t.Title },
	item: func(_ *differ, t *policy.Product) item {
		return item{name: thing("product", t.ID, t.Title), ids: []string{t.ID}}
	},
	both: func(d *differ, it item, o, n *policy.Product) {
		d.words(it, "product-title", o.Title, n.Title)
		d.change(it, "product-address", o.URL, n.URL, Neutral)
	},
	came: "product-new", went: "product-gone", effect: narrows[policy.Product],
}

var laws = noun[policy.Law]{
	sort: "laws",
	id:   func(t *policy.Law) *string { return &t.ID },
	like: func(t *policy.Law) string { return t.Title },
	item: func(_ *differ, t *policy.Law) item {
		return item{name: thing("law", t.ID, t.Title), ids: []string{t.ID}}
	},
	both: func(d *differ, it item, o, n *policy.Law) {
		d.words(it, "law-title", o.Title, n.Title)
		d.words(it, "law-citation", o.Citation, n.Citation)
		d.titles(it, o.Titles, n.Titles)
	},
	came: "law-new", went: "law-gone", effect: narrows[policy.Law],
}

var regions = noun[policy.Region]{
	sort: policy.ParamRegions,
	id:   func(t *policy.Region) *string { return &t.ID },
	like: func(t *policy.Region) string { return t.Provider + " " + t.Place },
	item: func(_ *differ, t *policy.Region) item {
		return item{name: thing("region", t.ID, t.Place+", "+t.Country), ids: []string{t.ID}}
	},
	both: func(d *differ, it item, o, n *policy.Region) {
		d.change(it, "region-country", o.Country, n.Country, Neutral)
		d.change(it, "region-provider", o.Provider, n.Provider, Neutral)
		d.change(it, "region-place", o.Place, n.Place, Neutral)
		d.titles(it, o.Titles, n.Titles)
	},
	came: "region-new", went: "region-gone",
	effect: func(_ *differ, t *policy.Region, without *policy.Policy) Effect {
		for _, r := range without.Regions {
			if r.Country == t.Country {
				return Neutral
			}
		}
		return Widens
	},
}

func (d *differ) environments() {
	for _, id := range without(d.new.Environments, d.old.Environments) {
		d.add(item{name: "environment " + id, ids: []string{id}}, "environment-new", "", "", Neutral)
	}
	for _, id := range without(d.old.Environments, d.new.Environments) {
		d.add(item{name: "environment " + id, ids: []string{id}}, "environment-gone", "", "", Neutral)
	}
}

// backups compares how long the erased can outlive their erasure.
func (d *differ) backups() {
	o, n := d.old.Backups, d.new.Backups
	before, after := o.Epoch+o.Horizon, n.Epoch+n.Horizon
	switch {
	case before != after:
		d.add(item{}, "backups", policy.Lasting(before), policy.Lasting(after), step(before, after, Widens))
	case o != n:
		d.add(item{}, "backups-parts", schedule(o), schedule(n), Neutral)
	}
}

func schedule(b policy.Backups) string {
	return policy.Lasting(b.Epoch) + " are the epoch and " + policy.Lasting(b.Horizon) + " the horizon"
}

var attestations = noun[policy.Attestation]{
	sort: policy.ParamAttestations,
	id:   func(t *policy.Attestation) *string { return &t.ID },
	like: func(t *policy.Attestation) string { return t.Title },
	item: func(_ *differ, t *policy.Attestation) item {
		return item{name: thing("attestation", t.ID, t.Title), ids: []string{t.ID}}
	},
	both: func(d *differ, it item, o, n *policy.Attestation) {
		d.words(it, "attestation-title", o.Title, n.Title)
		d.change(it, "attestation-kind", string(o.Kind), string(n.Kind), Neutral)
		d.told(it, "attestation-standard", o.Standard, n.Standard)
		d.change(it, "attestation-issuer", o.Issuer, n.Issuer, Neutral)
		d.change(it, "attestation-period", period(o.Issued, o.Expires), period(n.Issued, n.Expires), Neutral)
		d.change(it, "attestation-document", pair(o.Document, o.SHA256), pair(n.Document, n.SHA256), Neutral)
	},
	came: "attestation-new", went: "attestation-gone", effect: narrows[policy.Attestation],
}

func period(from, to time.Time) string {
	if to.IsZero() {
		return "from " + Day{from}.String()
	}
	return "from " + Day{from}.String() + " to " + Day{to}.String()
}

var documents = noun[policy.Document]{
	sort: policy.ParamDocuments,
	id:   func(t *policy.Document) *string { return &t.ID },
	like: func(t *policy.Document) string { return t.Title },
	item: func(_ *differ, t *policy.Document) item {
		return item{name: thing("document", t.ID, t.Title), ids: []string{t.ID}}
	},
	both: func(d *differ, it item, o, n *policy.Document) {
		d.words(it, "document-title", o.Title, n.Title)
		d.change(it, "document-address", o.URL, n.URL, Neutral)
		d.change(it, "document-content", o.SHA256, n.SHA256, Neutral)
	},
	came: "document-new", went: "document-gone", effect: neutral[policy.Document],
}

// contacts compares how people are reached.
func (d *differ) contacts() {
	o, n := d.old.Contacts, d.new.Contacts
	it := func(name string) item { return item{name: name} }
	d.change(it(""), "contacts-purpose", o.Purpose, n.Purpose, Neutral)
	d.change(it("the name of whom is reached"), "contacts-field", o.Name, n.Name, Neutral)
	d.change(it("the email address people are reached at"), "contacts-field", o.Email, n.Email, Neutral)
	d.change(it("the telephone number people are reached at"), "contacts-field", o.Phone, n.Phone, Neutral)
	d.change(it("the postal address people are reached at"), "contacts-field", o.Address, n.Address, Neutral)
}

// security compares what researchers are told, RFC 9116.
func (d *differ) security() {
	o, n := d.old.Security, d.new.Security
	it := func(name string) item { return item{name: name, whom: []string{"researchers"}} }
	d.change(it(""), "security-contacts", strings.Join(o.Contacts, ", "), strings.Join(n.Contacts, ", "), Neutral)
	d.change(it(""), "security-expires", Day{o.Expires}.String(), Day{n.Expires}.String(), Neutral)
	d.change(it("the key for reports of weaknesses"), "security-page", o.Encryption, n.Encryption, Neutral)
	d.change(it("the page that thanks researchers"), "security-page", o.Acknowledgments, n.Acknowledgments, Neutral)
	d.change(it("the policy for reports of weaknesses"), "security-page", o.Policy, n.Policy, Neutral)
	d.change(it("the page of open positions"), "security-page", o.Hiring, n.Hiring, Neutral)
	if len(without(o.Languages, n.Languages))+len(without(n.Languages, o.Languages)) > 0 {
		d.change(it(""), "security-languages", list(o.Languages), list(n.Languages), Neutral)
	}
	d.flag(it(""), "security-rewards", o.Rewards, n.Rewards, Narrows)
	d.flag(it(""), "security-team", o.Team, n.Team, Narrows)
}

// known compares the findings that stand: what they are about tells them apart.
func (d *differ) known() {
	old, new := map[string]string{}, map[string]string{}
	for _, k := range d.old.Known {
		old[knownName(k)] = k.Reason
	}
	for _, k := range d.new.Known {
		name := knownName(k)
		new[name] = k.Reason
		it := item{name: name, ids: append([]string{}, k.About...)}
		if reason, ok := old[name]; ok {
			d.change(it, "known-reason", reason, k.Reason, Neutral)
		} else {
			d.add(it, "known-new", "", "", Neutral)
		}
	}
	for _, k := range d.old.Known {
		if _, ok := new[knownName(k)]; !ok {
			d.add(item{name: knownName(k), ids: append([]string{}, k.About...)}, "known-gone", "", "", Neutral)
		}
	}
}

func knownName(k policy.Known) string {
	if len(k.About) == 0 {
		return "finding " + k.Finding
	}
	return "finding " + k.Finding + " about " + list(sorted(k.About))
}
