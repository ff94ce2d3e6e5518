package draft

import (
	"slices"
	"strings"
)

// refer fills the parameters that name other parts of the policy, once these are known.
func (f *facts) refer(d *Draft, v *view, p *Proposal) {
	switch p.Control {
	case "memory-only", "minimisation":
		name := map[string]string{"memory-only": "data", "minimisation": "optional"}[p.Control]
		p.set(name, v.sets(), len(v.fields) > 0)
	case "retention":
		if sets := f.lasting(v.sets()); len(sets) > 0 {
			p.set("data", sets, true)
		} else {
			p.set("data", f.lasting(nil), false)
		}
	case "encrypted-backups":
		if sets := v.sets(); len(sets) > 0 {
			p.set("data", sets, true)
		} else {
			p.set("data", ids(f.data, func(s dataSet) (string, bool) { return s.id, !s.memory }), false)
		}
	case "declared-data-only":
		p.set("categories", f.categories(nil), false)
	case "purpose-limitation":
		f.limit(v, p)
	case "consent", "contract-basis", "legitimate-interests":
		f.grounds(v, p)
	case "residency":
		p.set("regions", f.allowed(v, p), len(v.places) > 0)
	case "no-disclosure":
		p.set("recipients", ids(f.recipients, func(r recipient) (string, bool) { return r.id, true }), len(f.recipients) == 0)
	case "sub-processors":
		f.processors(v, p)
	case "model-provider":
		p.set("recipients", ids(f.models, func(m model) (string, bool) { return m.recipient, true }), len(f.models) > 0)
	case "model-residency":
		f.modelPlaces(v, p)
	case "environment-access":
		p.set("restricted", []string{"production"}, v.figures.any("production"))
	case "retained-copies":
		f.copies(v, p)
	case "product-scope":
		p.set("products", []string{"product"}, false)
	case "session-cookie":
		p.set("cookies", ids(f.cookies, func(c cookie) (string, bool) { return c.id, c.kind == "necessary" }), false)
	}
}

func ids[T any](all []T, id func(T) (string, bool)) []string {
	out := []string{}
	for _, x := range all {
		if s, ok := id(x); ok && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// lasting are the data sets that are kept while the account is active: of those given, or of all.
func (f *facts) lasting(of []string) []string {
	return ids(f.data, func(s dataSet) (string, bool) {
		return s.id, s.keep == "" && !s.memory && (of == nil || slices.Contains(of, s.id))
	})
}

func (f *facts) categories(of []string) []string {
	return ids(f.data, func(s dataSet) (string, bool) { return s.category, of == nil || slices.Contains(of, s.id) })
}

// limit lists the purposes that may see the data of the sentence, or all data.
func (f *facts) limit(v *view, p *Proposal) {
	sets := v.sets()
	var categories []string
	if len(sets) > 0 && len(sets) < len(f.data) {
		categories = f.categories(sets)
	}
	reach := func(u purpose) bool {
		return slices.ContainsFunc(u.sees, func(id string) bool {
			return categories == nil || slices.ContainsFunc(f.data, func(s dataSet) bool { return s.id == id && slices.Contains(categories, s.category) })
		})
	}
	p.set("purposes", ids(f.purposes, func(u purpose) (string, bool) { return u.id, reach(u) }), false)
	if categories != nil {
		p.set("categories", categories, true)
	}
}

// grounds lists the purposes that rest on the control's basis: of the sentence, or all.
func (f *facts) grounds(v *view, p *Proposal) {
	resting := func(named bool) []string {
		return ids(f.purposes, func(u purpose) (string, bool) {
			return u.id, u.basis == basisOf[p.Control] && (!named || slices.ContainsFunc(v.purposes, func(r []string) bool { return r[0] == u.id }))
		})
	}
	if named := resting(true); len(named) > 0 {
		p.set("purposes", named, true)
		return
	}
	p.set("purposes", resting(false), false)
}

// allowed are the regions of all clauses about residency together: those that contradict each other
// would leave no region, and a policy that leaves none cannot run.
func (f *facts) allowed(v *view, p *Proposal) []string {
	all := f.promised
	if len(all) == 0 {
		all = []string{f.home}
	}
	if len(v.places) > 0 && len(all) > len(v.places) {
		p.note("other sentences name other regions: all stand here, since every clause about them must leave one")
	}
	return all
}

// guarded reports a sentence about transfers under a safeguard, which allows no region by itself.
func guarded(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "contractual clauses") || strings.Contains(text, "transfer agreement") || strings.Contains(text, "adequacy")
}

// processors lists the sub-processors that the sentence means: none where it says that there are none.
func (f *facts) processors(v *view, p *Proposal) {
	none := strings.HasPrefix(strings.ToLower(strings.TrimSpace(v.Text)), "no") && len(v.figures.tokens) <= 2 ||
		v.figures.any("none", "no subprocessor", "no subprocessors", "not use", "not engage", "without subprocessors", "no third parties", "not use any")
	if none && !v.figures.any("no other") {
		p.set("recipients", []string{}, true)
		return
	}
	all := ids(f.recipients, func(r recipient) (string, bool) { return r.id, true })
	p.set("recipients", all, len(all) > 0)
}

// modelPlaces says where models keep what they are given.
func (f *facts) modelPlaces(v *view, p *Proposal) {
	var regions []string
	for _, at := range v.places {
		regions = append(regions, f.region(at))
	}
	if len(regions) > 0 {
		for i := range f.models {
			f.models[i].regions = regions
		}
	}
	p.set("models", ids(f.models, func(m model) (string, bool) { return m.id, true }), len(f.models) > 0)
	if len(regions) > 0 {
		p.set("single-region", regions, true)
	}
}

// copies are the fields that the sentence says are kept after all else is gone.
func (f *facts) copies(v *view, p *Proposal) {
	var all []string
	for _, r := range v.fields {
		i := slices.IndexFunc(f.data, func(s dataSet) bool {
			return s.id == r[0] && slices.ContainsFunc(s.fields, func(x field) bool { return x.id == r[3] })
		})
		if i >= 0 && !slices.Contains(all, r[0]+"."+r[3]) {
			all = append(all, r[0]+"."+r[3])
		}
	}
	if all == nil {
		all = []string{}
	}
	p.set("fields", all, len(all) > 0)
}

// securing are the controls that a promise of fitting measures rests on.
var securing = []string{"tls", "encryption-at-rest", "encrypted-backups", "tenant-isolation", "access-approval", "access-review", "password-hash", "penetration-test",
	"security-updates", "monitoring", "database-firewall", "environment-access", "memory-only", "interaction-log"}

// secured are the clauses about security.
func (f *facts) secured() []string {
	var all []string
	for _, c := range f.clauses {
		if len(all) < most && slices.ContainsFunc(c.sentence.Proposals, func(p Proposal) bool { return slices.Contains(securing, p.Control) }) {
			all = append(all, c.id)
		}
	}
	return all
}

// derive has a promise of fitting measures rest on the clauses that say which; without any it has no
// control, since nothing measures it.
func (f *facts) derive(s *Sentence, all []string) {
	all = slices.DeleteFunc(slices.Clone(all), func(id string) bool { return id == s.Clause })
	for i := range s.Proposals {
		if p := &s.Proposals[i]; p.Control == "derived" && len(all) > 0 {
			p.set("clauses", all, false)
			p.note("the clauses about security that the text has")
			return
		}
	}
	s.Proposals = slices.DeleteFunc(s.Proposals, func(p Proposal) bool { return p.Control == "derived" })
}
