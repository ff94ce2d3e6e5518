package diff

import (
	"cmp"
	"slices"

	"clause.dev/clause/internal/policy"
)

var recipients = noun[policy.Recipient]{
	sort: policy.ParamRecipients,
	id:   func(t *policy.Recipient) *string { return &t.ID },
	like: func(t *policy.Recipient) string { return t.Name },
	item: func(d *differ, t *policy.Recipient) item {
		return item{name: thing("recipient", t.ID, t.Name), ids: []string{t.ID}, whom: append(d.peopleGivenTo(t.ID), t.Name)}
	},
	both: compareRecipients,
	came: "recipient-new", went: "recipient-gone",
	says:   func(d *differ, t *policy.Recipient) string { return d.where(t.Region) },
	effect: widens[policy.Recipient],
	judge: func(d *differ, c *Change, t *policy.Recipient) {
		if c.Material && d.new.Organisation.Role == "processor" && t.Role == "processor" {
			c.Why = "a processor tells its customers of every new one under it, and they can object: GDPR art. 28(2)"
		}
	},
}

func compareRecipients(d *differ, it item, o, n *policy.Recipient) {
	d.words(it, "recipient-name", o.Name, n.Name)
	d.change(it, "recipient-role", o.Role, n.Role, step(rank(o.Role == "controller"), rank(n.Role == "controller"), Widens))
	c := d.change(it, "recipient-region", d.where(o.Region), d.where(n.Region), step(rank(d.promised(o.Region)), rank(d.promised(n.Region)), Narrows))
	if c != nil && c.Effect == Neutral && d.country(o.Region) == d.country(n.Region) {
		c.Material, c.Why = false, "it stays in the country"
	}
	d.told(it, "recipient-does", o.Does, n.Does)
	d.told(it, "recipient-safeguard", o.Safeguard, n.Safeguard)
	d.titles(it, o.Titles, n.Titles)
}

// peopleGivenTo are those whose data a recipient can be given.
func (d *differ) peopleGivenTo(recipient string) []string {
	var give []*policy.Purpose
	for _, p := range []*policy.Policy{d.new, d.old} {
		for i := range p.Purposes {
			if slices.Contains(p.Purposes[i].Recipients, recipient) {
				give = append(give, &p.Purposes[i])
			}
		}
	}
	if len(give) == 0 {
		return d.everybody()
	}
	return d.peopleOf(give...)
}

// region finds a region in either policy.
func (d *differ) region(id string) *policy.Region {
	for _, p := range []*policy.Policy{d.new, d.old} {
		if r, ok := p.Region(id); ok {
			return r
		}
	}
	return &policy.Region{ID: id}
}

func (d *differ) country(region string) string { return d.region(region).Country }

// where names a region with its country.
func (d *differ) where(region string) string {
	if c := d.country(region); c != "" {
		return region + " (" + c + ")"
	}
	return region
}

// promised reports whether both policies promise that data stays in a set of regions that holds it.
func (d *differ) promised(region string) bool {
	return slices.Contains(residency(d.old), region) && slices.Contains(residency(d.new), region)
}

func residency(p *policy.Policy) (regions []string) {
	for _, c := range p.Clauses {
		for _, k := range c.Keep {
			if k.Control == "residency" {
				names, _ := k.Params["regions"].([]string)
				regions = append(regions, names...)
			}
		}
	}
	return regions
}

var models = noun[policy.Model]{
	sort: policy.ParamModels,
	id:   func(t *policy.Model) *string { return &t.ID },
	like: func(t *policy.Model) string { return t.Name },
	item: func(d *differ, t *policy.Model) item {
		return item{name: thing("model", t.ID, t.Name), ids: []string{t.ID}, whom: d.peopleGivenTo(t.Recipient)}
	},
	both: func(d *differ, it item, o, n *policy.Model) {
		d.words(it, "model-name", o.Name, n.Name)
		d.change(it, "model-host", host(o), host(n), gained(o.Recipient, n.Recipient, Widens))
		d.lists(it, "model-regions-more", "model-regions-less", d.wheres(o.Regions), d.wheres(n.Regions), Widens)
		d.told(it, "model-retention", o.Retention, n.Retention)
		d.told(it, "model-tenancy", o.Tenancy, n.Tenancy)
		d.flag(it, "model-trains", o.Trains, n.Trains, Widens)
	},
	came: "model-new", went: "model-gone",
	says:   func(_ *differ, t *policy.Model) string { return host(t) },
	effect: widens[policy.Model],
}

func host(m *policy.Model) string { return cmp.Or(m.Recipient, "the organisation itself") }

func (d *differ) wheres(regions []string) []string {
	out := make([]string, len(regions))
	for i, id := range regions {
		out[i] = d.where(id)
	}
	return out
}

var cookies = noun[policy.Cookie]{
	sort: policy.ParamCookies,
	id:   func(t *policy.Cookie) *string { return &t.ID },
	like: func(t *policy.Cookie) string { return t.Title },
	item: func(_ *differ, t *policy.Cookie) item {
		return item{name: thing("cookie", t.ID, t.Title), ids: []string{t.ID}}
	},
	both: compareCookies,
	came: "cookie-new", went: "cookie-gone",
	says:   func(_ *differ, t *policy.Cookie) string { return string(t.Kind) + ", " + stays(t) },
	effect: widens[policy.Cookie],
	judge: func(d *differ, c *Change, t *policy.Cookie) {
		onlyOnes := len(d.old.Cookies) > 0 && len(d.clausesOf[ofControl("session-cookie")]) > 0
		if t.Kind == policy.Necessary && c.Effect == Widens && !onlyOnes {
			c.Material, c.Why = false, "it is strictly necessary, and no clause named all there are: Directive 2002/58/EC art. 5(3)"
		}
	},
}

func compareCookies(d *differ, it item, o, n *policy.Cookie) {
	d.change(it, "cookie-name", o.Name, n.Name, Neutral)
	d.words(it, "cookie-title", o.Title, n.Title)
	intrusion := []policy.CookieKind{policy.Necessary, policy.Preference, policy.Analytics, policy.Advertising}
	d.change(it, "cookie-kind", string(o.Kind), string(n.Kind), step(order(o.Kind, intrusion...), order(n.Kind, intrusion...), Widens))
	d.change(it, "cookie-party", o.Party, n.Party, step(rank(o.Party == "third"), rank(n.Party == "third"), Widens))
	d.change(it, "cookie-lifetime", stays(o), stays(n), step(o.Lifetime, n.Lifetime, Widens))
	d.flag(it, "cookie-signed", o.Signed, n.Signed, Narrows)
	d.flag(it, "cookie-http-only", o.HTTPOnly, n.HTTPOnly, Narrows)
	d.flag(it, "cookie-secure", o.Secure, n.Secure, Narrows)
	d.titles(it, o.Titles, n.Titles)
}

func stays(c *policy.Cookie) string {
	if c.Lifetime == 0 {
		return "until the browser closes"
	}
	return policy.Lasting(c.Lifetime)
}
