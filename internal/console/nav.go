package console

import (
	"cmp"
	"slices"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/vault"
)

// desk is one place that the navigation leads to: a page of that name, whose words are nav.<Name>.
type desk struct {
	Name    string
	Of      bool     // of a tenant: at/<tenant>/<Name>
	Alone   bool     // of the organisation alone: at/_org/<Name>, or <Name> if it is of no tenant
	Scopes  []string // any of which is needed to be led there; none: everybody is
	Central []string // of the organisation's own, where others are needed than a tenant's
	Theirs  bool     // of customers alone: the organisation's own has none
}

// desks are those places, in their order.
var desks = []desk{
	{Name: "clauses", Alone: true},
	{Name: "owed", Alone: true},
	{Name: "configuration", Alone: true, Scopes: []string{vault.ScopeAdmin, vault.ScopeAudit}},
	{Name: "review", Alone: true},
	{Name: "customers", Alone: true, Scopes: []string{vault.ScopeAdmin}},
	{Name: "clocks", Of: true, Scopes: []string{vault.ScopeDuties}},
	{Name: "alerts", Of: true, Scopes: []string{vault.ScopeDuties}, Central: []string{vault.ScopeAdmin}},
	{Name: "requests", Of: true, Theirs: true, Scopes: []string{vault.ScopeRights}},
	{Name: "incidents", Of: true, Theirs: true, Scopes: []string{vault.ScopeDuties}},
	{Name: "demands", Of: true, Theirs: true, Scopes: []string{vault.ScopeDuties}},
	{Name: "holds", Of: true, Theirs: true, Scopes: []string{vault.ScopeSubjects, vault.ScopeAudit}},
	{Name: "grants", Of: true, Theirs: true},
	{Name: "tests", Of: true, Alone: true, Scopes: []string{vault.ScopeDuties}},
	{Name: "findings", Of: true, Alone: true, Scopes: []string{vault.ScopeDuties}},
	{Name: "exercises", Of: true, Alone: true, Scopes: []string{vault.ScopeDuties}},
	{Name: "ledger", Of: true, Scopes: []string{vault.ScopeAudit}, Central: []string{vault.ScopeAudit, vault.ScopeAdmin}},
	{Name: "leaving", Of: true, Theirs: true, Scopes: []string{vault.ScopeAdmin}},
}

// link is one of the navigation, as a page shows it.
type link struct {
	Name, At string
	Here     bool
}

// Nav is where somebody is led: what is of no tenant.
func (p *page) Nav() (all []link) {
	for _, d := range desks {
		if !d.Of && p.may(d.Scopes, "") {
			all = append(all, link{d.Name, p.Here(d.Name), p.here(d.Name, "")})
		}
	}
	return all
}

// TenantNav is where somebody is led of the tenant that the address names.
func (p *page) TenantNav() (all []link) {
	if p.tenant == "" {
		return nil
	}
	return p.DesksOf(p.tenant)
}

// DesksOf are the desks of a tenant that somebody is led to.
func (p *page) DesksOf(tenant string) (all []link) {
	for _, d := range desks {
		scopes := d.Scopes
		if tenant == db.Organisation && d.Central != nil {
			scopes = d.Central
		}
		if d.Of && !(d.Alone && tenant != db.Organisation) && !(d.Theirs && tenant == db.Organisation) && p.may(scopes, tenant) {
			all = append(all, link{d.Name, p.Of(tenant, d.Name), p.here(d.Name, tenant)})
		}
	}
	return all
}

// here reports whether a page is of a place of the navigation.
func (p *page) here(name, tenant string) bool {
	return cmp.Or(p.place, p.Name) == name && p.tenant == tenant
}

// may reports whether the roles of who is signed in have one of the scopes in a tenant. It decides what is shown;
// what is done the domain decides.
func (v *visit) may(scopes []string, tenant string) bool {
	if len(scopes) == 0 {
		return v.In()
	}
	has := v.door.Roles.scopes(v.who.Roles, tenant)
	return slices.ContainsFunc(scopes, func(s string) bool { return slices.Contains(has, s) })
}

// tenants are those that somebody's roles reach, the organisation's own first.
func (v *visit) tenants(all []string) (out []string) {
	for _, t := range all {
		if v.door.Roles.reaches(v.who.Roles, t) {
			out = append(out, t)
		}
	}
	return out
}
