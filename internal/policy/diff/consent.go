package diff

import (
	"fmt"
	"slices"

	"clause.dev/clause/internal/policy"
)

// consents lists what people must be asked again. Consent is specific and informed: it covers the
// controller, purpose, data, decisions by machines and transfers that people were told of, and no
// more (EDPB guidelines 05/2020, para. 64).
func (d *differ) consents(asked []string) (all []Consent) {
	for i := range d.new.Purposes {
		if u := &d.new.Purposes[i]; u.Basis == policy.Consent {
			if c := d.consentTo(u); len(c.Reasons) > 0 {
				all = append(all, c)
			}
		}
	}
	for i := range d.new.Cookies {
		if t := &d.new.Cookies[i]; t.Kind != policy.Necessary {
			if c := d.cookieConsent(t); len(c.Reasons) > 0 {
				all = append(all, c)
			}
		}
	}
	for i := range all {
		all[i].Asked = slices.Contains(asked, all[i].ID)
	}
	return all
}

// mostReasons is how many reasons are told: one is enough to ask again.
const mostReasons = 10

func (d *differ) consentTo(u *policy.Purpose) Consent {
	c := Consent{Sort: "purpose", ID: u.ID, Title: u.Title}
	old, was := d.old.Purpose(u.ID)
	switch {
	case !was:
		c.Reasons = []string{"The purpose is new: nobody has consented to it."}
		return c
	case old.Basis != policy.Consent:
		c.Reasons = []string{fmt.Sprintf("It rested on %s: nobody has consented to it.", old.Basis)}
		return c
	case slices.Contains(d.renamed, u.ID):
		c.Reasons = []string{"Consents are kept under the purpose's old id, and do not count for the new one."}
		return c
	}
	for i := range d.changes {
		if ch := &d.changes[i]; d.outgrows(ch, u) && len(c.Reasons) < mostReasons {
			c.Reasons = append(c.Reasons, ch.Says)
		}
	}
	c.Lacking = len(c.Reasons) > 0
	return c
}

// outgrows reports whether a change goes past the consents that were given to a purpose.
func (d *differ) outgrows(c *Change, u *policy.Purpose) bool {
	about := func(ids ...string) bool { return len(c.About) > 0 && slices.Contains(ids, c.About[0]) }
	switch c.Kind {
	case "organisation-name":
		return true
	case "purpose-sees-more", "purpose-may-more", "purpose-recipients-more", "purpose-under-restriction":
		return about(u.ID)
	case "purpose-condition", "purpose-automated":
		return about(u.ID) && c.Effect != Narrows
	case "recipient-name":
		return about(u.Recipients...)
	case "recipient-region", "recipient-role", "recipient-safeguard":
		return about(u.Recipients...) && c.Effect == Widens
	case "region-country":
		return slices.ContainsFunc(u.Recipients, func(id string) bool { return about(d.regionOf(id)) })
	case "data-sensitive":
		return about(sights(u.Sees)...) && c.Effect == Widens
	case "model-new", "model-regions-more", "model-trains":
		return c.Effect == Widens && about(d.modelsOf(u.Recipients)...)
	case "parameter-more", "parameter":
		return c.Effect == Widens && d.ofResidency(c)
	}
	return false
}

func (d *differ) regionOf(recipient string) string {
	if r, ok := d.new.Recipient(recipient); ok {
		return r.Region
	}
	return ""
}

func (d *differ) modelsOf(recipients []string) (ids []string) {
	for _, m := range d.new.Models {
		if slices.Contains(recipients, m.Recipient) {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// ofResidency reports whether a change lets data be kept in another country.
func (d *differ) ofResidency(c *Change) bool {
	if c.control != "residency" {
		return false
	}
	countries := map[string]bool{}
	for _, id := range residency(d.old) {
		countries[d.country(id)] = true
	}
	return slices.ContainsFunc(residency(d.new), func(id string) bool { return !countries[d.country(id)] })
}

// cookieConsent says why people must be asked about a cookie that is not necessary, Directive
// 2002/58/EC art. 5(3).
func (d *differ) cookieConsent(t *policy.Cookie) Consent {
	c := Consent{Sort: "cookie", ID: t.ID, Title: t.Title}
	i := slices.IndexFunc(d.old.Cookies, func(o policy.Cookie) bool { return o.ID == t.ID })
	switch {
	case i < 0:
		c.Reasons = []string{"The cookie is new, and not necessary."}
		return c
	case d.old.Cookies[i].Kind == policy.Necessary:
		c.Reasons = []string{"The cookie was necessary, and needed no consent."}
		return c
	}
	for _, ch := range d.changes {
		if slices.Contains([]Kind{"cookie-kind", "cookie-party", "cookie-lifetime"}, ch.Kind) && ch.About[0] == t.ID && ch.Effect == Widens {
			c.Reasons = append(c.Reasons, ch.Says)
		}
	}
	c.Lacking = len(c.Reasons) > 0
	return c
}
