package draft

import (
	"errors"
	"slices"
	"strings"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// write makes the policy. What a control refuses is taken back and told, so that it parses.
func (d *Draft) write(title string) error {
	f, views := d.gather(title)
	f.settle(d, views)
	f.number(d)
	for _, v := range views {
		for i := range v.Proposals {
			f.refer(d, v, &v.Proposals[i])
		}
	}
	secured := f.secured()
	for _, v := range views {
		if v.proposed("derived") {
			f.derive(v.Sentence, secured)
		}
	}
	f.guard()
	f.agree(d)
	for range 10 {
		d.yaml = f.render(d)
		_, err := policy.Parse("draft", []byte(d.yaml), d.controls)
		if err == nil {
			return nil
		}
		var problems policy.Problems
		if !errors.As(err, &problems) {
			return fault.Wrap(op, err)
		}
		if !d.mend(f, problems) {
			return fault.New(op, fault.Other, "the draft of %s does not parse: %s", d.Name, problems[0].Msg).
				WithHint("this is a fault of Clause: report it with the text")
		}
	}
	return fault.New(op, fault.TooLarge, "%s makes a policy larger than a policy can be", d.Name).
		WithHint("a policy holds some thousand clauses: draft the text in parts")
}

// mend takes out what the parser refuses. It reports whether there was anything.
func (d *Draft) mend(f *facts, problems policy.Problems) bool {
	done := false
	for _, p := range problems {
		switch p.Code {
		case policy.BadFile, policy.BadSyntax, policy.OverBound: // too large: statements are the part that nothing needs
			before := len(f.clauses)
			f.clauses = slices.DeleteFunc(f.clauses, func(c clause) bool { return c.statement })
			if len(f.clauses) < before {
				d.note("The text is long: its %s are not in the policy, only in the account.", count(before-len(f.clauses), "description"))
				return true
			}
			if strings.Contains(p.Msg, "more than") || p.Code != policy.BadSyntax && len(f.clauses) > 1 {
				f.clauses = f.clauses[:len(f.clauses)/2]
				d.note("The text is too long for one policy: only the first %s stand in it. Draft it in parts.", count(len(f.clauses), "clause"))
				return len(f.clauses) > 0
			}
			return false
		case policy.ControlRefuses:
			control, why, _ := strings.Cut(p.Msg, ": ")
			if strings.HasPrefix(why, "business days are counted on a calendar") && f.calendar == "" {
				f.calendar = f.days()
				return true // all that was refused for want of one is looked at again
			}
			for i := range d.Sentences {
				if s := &d.Sentences[i]; slices.ContainsFunc(s.Proposals, func(p Proposal) bool { return p.Control == control }) {
					d.conflict(s, control, control+" cannot keep it here: "+why)
					done = true
				}
			}
		}
	}
	return done
}

// days is the calendar of the country whose law the text names first, and Britain's if it names none.
func (f *facts) days() string {
	for _, l := range f.laws {
		if at := map[string]string{"pdpl": "AE", "gdpr": "EU", "dpdp": "IN"}[l[0]]; at != "" {
			return at
		}
	}
	return "GB"
}

// number gives the clauses their ids: who publishes them, the section, and what they are about, so
// that a sentence added elsewhere changes none of them.
func (f *facts) number(d *Draft) {
	seen := map[string]int{}
	who := slug(firstWord(f.organisation.name), 16)
	if who == "" || !f.organisation.named {
		who = "draft"
	}
	for i := range d.Sentences {
		s := &d.Sentences[i]
		if s.Class == Boilerplate {
			continue
		}
		if n := len(f.clauses); s.continues && n > 0 {
			s.Clause, f.clauses[n-1].also = f.clauses[n-1].id, s.Text
			continue
		}
		subject := ""
		switch {
		case s.Placed():
			subject = s.Proposals[0].Control
		default:
			subject = keywords(s.Text)
		}
		id := strings.Trim(strings.Join([]string{who, slug(keywords(s.Section), 20), subject}, "-"), "-")
		id = strings.ReplaceAll(id, "--", "-")
		id = strings.TrimRight(id[:min(len(id), 56)], "-")
		if seen[id]++; seen[id] > 1 {
			next := id + "-" + itoa(seen[id])
			for seen[next] > 0 {
				seen[id]++
				next = id + "-" + itoa(seen[id])
			}
			id = next
			seen[id]++
		}
		s.Clause = id
		f.clauses = append(f.clauses, clause{id: id, sentence: s, statement: s.Class == Description})
	}
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(s, " ")
	if len(w) <= 3 {
		return s
	}
	return w
}

// keywords are the first words of a text that say what it is about.
func keywords(text string) string {
	var words []string
	for _, t := range tokens(text) {
		if s := slug(t.text, 14); s != "" && !common()[t.text] && !starters()[t.text] && len(words) < 3 {
			words = append(words, s)
		}
	}
	return strings.Join(words, "-")
}

// guard records a safeguard for recipients outside the regions of the clauses, which the control of
// residency asks for: stated, or marked.
func (f *facts) guard() {
	var allowed []string
	for _, c := range f.clauses {
		for _, p := range c.sentence.Proposals {
			for _, q := range p.Params {
				if all, ok := q.Value.([]string); ok && p.Control == "residency" {
					allowed = all
				}
			}
		}
	}
	for i := range f.recipients {
		if r := &f.recipients[i]; allowed != nil && !slices.Contains(allowed, r.region) && r.safeguard == "" {
			r.safeguard = notStated
		}
	}
}

// agree has clauses about findings share the limit that one of them states.
func (f *facts) agree(d *Draft) {
	var limit any
	each := func(do func(*Param)) {
		for i := range d.Sentences {
			for k := range d.Sentences[i].Proposals {
				if p := &d.Sentences[i].Proposals[k]; p.Control == "finding-deadlines" {
					for j := range p.Params {
						if p.Params[j].Name == "within" {
							do(&p.Params[j])
						}
					}
				}
			}
		}
	}
	each(func(q *Param) {
		if q.Stated && limit == nil {
			limit = q.Value
		}
	})
	each(func(q *Param) {
		if !q.Stated && limit != nil {
			q.Value = limit
		}
	})
}
