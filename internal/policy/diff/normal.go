package diff

import (
	"cmp"
	"maps"
	"slices"

	"clause.dev/clause/internal/policy"
)

// normal returns a copy of a policy in which what is left out stands as what it means, and of which
// every list that holds ids can be rewritten.
func normal(p *policy.Policy) *policy.Policy {
	n := *p
	n.Regions = slices.Clone(p.Regions)
	n.Laws = slices.Clone(p.Laws)
	n.Products = slices.Clone(p.Products)
	n.Subjects = slices.Clone(p.Subjects)
	n.Language = cmp.Or(p.Language, "en")
	n.Cookies = slices.Clone(p.Cookies)
	for i := range n.Cookies {
		n.Cookies[i].Party = cmp.Or(n.Cookies[i].Party, "first")
	}
	n.Attestations = slices.Clone(p.Attestations)
	n.Documents = slices.Clone(p.Documents)
	n.Recipients = slices.Clone(p.Recipients)
	n.Data = slices.Clone(p.Data)
	for i := range n.Data {
		set := &n.Data[i]
		set.Fields = slices.Clone(set.Fields)
		set.Storage, set.Source = cmp.Or(set.Storage, policy.Stored), cmp.Or(set.Source, policy.FromPerson)
	}
	n.Models = slices.Clone(p.Models)
	for i := range n.Models {
		n.Models[i].Regions = slices.Clone(n.Models[i].Regions)
	}
	n.Purposes = slices.Clone(p.Purposes)
	for i := range n.Purposes {
		u := &n.Purposes[i]
		u.Recipients, u.Sees = slices.Clone(u.Recipients), slices.Clone(u.Sees)
		for j := range u.Sees {
			u.Sees[j].Fields = slices.Clone(u.Sees[j].Fields)
		}
	}
	n.Clauses = slices.Clone(p.Clauses)
	for i := range n.Clauses {
		n.Clauses[i].Keep = keepsOf(n.Clauses[i].Keep)
	}
	n.Known = slices.Clone(p.Known)
	for i := range n.Known {
		n.Known[i].About = slices.Clone(n.Known[i].About)
	}
	return &n
}

// keepsOf copies keeps, without parameters that say no more than if they were left out.
func keepsOf(all []policy.Keep) []policy.Keep {
	keeps := slices.Clone(all)
	for i := range keeps {
		params := maps.Clone(keeps[i].Params)
		for name, v := range params {
			switch v := v.(type) {
			case bool:
				if !v {
					delete(params, name)
				}
			case []string:
				params[name] = slices.Clone(v)
			case policy.Term:
				if v == (policy.Term{}) {
					delete(params, name)
				}
			}
		}
		keeps[i].Params = params
	}
	return keeps
}
