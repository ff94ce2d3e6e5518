package draft

import "slices"

// The rights of people are often named in one sentence, and by when they are answered in the next.

const rightsOf = "data-subject-rights"

// answers gives sentences that say by when, or at what price, rights are answered, the rights named
// before them. Where that is one sentence, just before, both are one promise.
func (d *Draft) answers() {
	done := map[int]bool{}
	for i := range d.Sentences {
		s := &d.Sentences[i]
		p := s.rights()
		if p == nil || p.names() != nil || len(p.Params) < 2 {
			continue
		}
		named, from := d.named(i, done)
		if len(named) == 0 {
			continue
		}
		done[i] = true
		p.Params[0] = Param{"rights", named, true}
		if len(from) > 1 || from[0] != i-1 {
			continue
		}
		before := &d.Sentences[i-1]
		if len(before.Proposals) == 1 && len(before.rights().Params) == 1 && len(s.Proposals) == 1 && before.Lead == s.Lead {
			s.continues = true
			before.rights().Params = slices.Clone(p.Params)
		}
	}
}

// named are the rights that the sentences before one name, up to a promise of something else or the
// beginning of the section or to those that have their answer, and the sentences that name them.
func (d *Draft) named(i int, done map[int]bool) (rights []string, from []int) {
	for k := i - 1; k >= 0 && d.Sentences[k].Section == d.Sentences[i].Section; k-- {
		s := &d.Sentences[k]
		p := s.rights()
		if p == nil {
			if s.Class == Promise {
				break
			}
			continue
		}
		if p.names() == nil || done[k] || p.limited() {
			break
		}
		from = append(from, k)
		for _, r := range p.names() {
			if !slices.Contains(rights, r) {
				rights = append(rights, r)
			}
		}
	}
	return rights, from
}

// rights is the proposal of rights of a sentence, nil if there is none.
func (s *Sentence) rights() *Proposal {
	i := slices.IndexFunc(s.Proposals, func(p Proposal) bool { return p.Control == rightsOf })
	if i < 0 {
		return nil
	}
	return &s.Proposals[i]
}

// names are the rights that the sentence itself names.
func (p *Proposal) names() []string {
	if all, ok := p.Params[0].Value.([]string); ok && p.Params[0].Stated {
		return all
	}
	return nil
}

// limited reports rights that have their limit by themselves.
func (p *Proposal) limited() bool {
	return slices.ContainsFunc(p.Params, func(q Param) bool { return q.Name == "within" })
}
