package publish

import (
	"cmp"
	"strings"

	"clause.dev/clause/internal/policy"
)

// consentParties are those that a consent record names: the organisation, its client where it is a
// processor, who gets data for the purpose, and the authority.
func (g *graph) consentParties(u *policy.Purpose) []consentParty {
	o := g.Organisation
	org := consentParty{
		ID: "organisation", Address: cmp.Or(o.Address, notStated), Name: o.Name, Contact: o.Contact,
		Type: g.iri("dpv:DataController"), Role: o.Role, URL: o.Website,
	}
	if o.Role == "processor" {
		org.Type = g.iri("dpv:DataProcessor")
	}
	if strings.Contains(o.Contact, "@") {
		org.Email = strings.TrimPrefix(o.Contact, "mailto:")
	}
	all := []consentParty{org}
	if o.Role == "processor" {
		all = append(all, consentParty{ID: fillController, Address: fillAddress, Name: fillName, Contact: fillReach, Type: g.iri("dpv:DataController"), Role: "controller"})
	}
	for _, id := range u.Recipients {
		c, _ := g.Recipient(id)
		types := g.terms.Recipients[c.Role]
		all = append(all, consentParty{
			ID: c.ID, Address: notStated, Name: c.Name, Contact: notStated, Type: g.iri(types[len(types)-1]), Role: c.Role,
		})
	}
	if o.Authority.Name != "" {
		all = append(all, consentParty{
			ID: "authority", Address: notStated, Name: o.Authority.Name, Contact: o.Authority.URL,
			Type: g.iri("dpv:DataProtectionAuthority"), Role: "authority", URL: o.Authority.URL,
		})
	}
	return all
}
