package drp

import (
	"context"
	"slices"
	"strings"

	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/vault"
)

// findable are the contact fields of the policy that people can be found by, as data-set.field, by the claim.
func findable(p *policy.Policy) map[string]string {
	all := map[string]string{}
	for claim, name := range map[string]string{claimEmail: p.Contacts.Email, claimPhone: p.Contacts.Phone} {
		set, field, _ := strings.Cut(name, ".")
		if d, ok := p.DataSet(set); ok {
			if f, ok := d.Field(field); ok && (f.Find || f.Unique) && d.Storage != policy.Memory {
				all[claim] = name
			}
		}
	}
	return all
}

// match finds the one person whom all claims that can be looked up are of; "" for nobody, or several. proven
// says that the agent has verified one of these claims, and is trusted to. The claims are kept nowhere.
func (d *Desk) match(ctx context.Context, a *Agent, m *message) (subject string, proven bool, err error) {
	v := d.Rights.Vault
	fields := findable(v.Policy)
	var people []string
	looked := false
	for _, claim := range []string{claimEmail, claimPhone} {
		name, value := fields[claim], m.text(claim)
		if name == "" || value == "" {
			continue
		}
		set, field, _ := strings.Cut(name, ".")
		finder := a.caller(v.Environment, vault.ScopeData)
		finder.Credential.Purposes = decision.Set{}.With(v.Rules.Purpose(v.Policy.Contacts.Purpose))
		found, err := v.Find(ctx, finder, vault.Target{Tenant: a.Tenant, DataSet: set, Purpose: v.Policy.Contacts.Purpose, Fields: []string{field}}, field, value)
		if err != nil {
			return "", false, err
		}
		var these []string
		for _, r := range found {
			if !slices.Contains(these, r.Subject) && (!looked || slices.Contains(people, r.Subject)) {
				these = append(these, r.Subject)
			}
		}
		people, looked = these, true
		proven = proven || m.flag(claim+"_verified") && slices.Contains(a.Trusts, claim)
	}
	if len(people) != 1 {
		return "", false, nil
	}
	return people[0], proven, nil
}

// caller is the agent as the vault sees it.
func (a *Agent) caller(environment string, scopes ...string) vault.Caller {
	return vault.Caller{Credential: decision.Credential{ID: a.actor(), Tenants: []string{a.Tenant}, Environment: environment}, Scopes: scopes}
}

// The rights that agents exercise (section 3.01). sale:opt-in is none: who wants to be shared again says so
// to the company, whose consent it is that counts.
const (
	access     = "access"
	categories = "access:categories"
	specific   = "access:specific"
	deletion   = "deletion"
	optOut     = "sale:opt-out"
)

// asks are the requests that an exercise takes; none where the policy does nothing that it could end.
func (d *Desk) asks(exercise string) []rights.Ask {
	switch exercise {
	case access, categories, specific:
		return []rights.Ask{{Right: rights.Access}}
	case deletion:
		return []rights.Ask{{Right: rights.Erasure}}
	}
	var all []rights.Ask
	shares := sharing(d.Rights.Policy)
	for _, right := range []rights.Right{rights.Objection, rights.Withdrawal} {
		var purposes []string
		for _, id := range right.Purposes(d.Rights.Policy) {
			if slices.Contains(shares, id) {
				purposes = append(purposes, id)
			}
		}
		if len(purposes) > 0 {
			all = append(all, rights.Ask{Right: right, Purposes: purposes})
		}
	}
	return all
}

// sharing are the purposes that disclose data to somebody who uses it for purposes of their own: what a
// processor is given, and an authority demands, is neither sold nor shared.
func sharing(p *policy.Policy) (ids []string) {
	for i := range p.Purposes {
		own := func(id string) bool {
			r, ok := p.Recipient(id)
			return ok && r.Role == "controller"
		}
		if slices.ContainsFunc(p.Purposes[i].Recipients, own) {
			ids = append(ids, p.Purposes[i].ID)
		}
	}
	return ids
}
