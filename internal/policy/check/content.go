package check

import (
	"fmt"
	"slices"
	"strings"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/law"
)

// need is a thing that laws ask a policy to tell. Which laws, of whom and in which article stands in
// the files of package law.
type need struct {
	thing, title, explanation, remedy string

	// A policy tells of it by one of these, what is declared before words:
	controls []string // a clause that one of them keeps
	right    string   // a clause of data-subject-rights that lists it
	subjects []string // words that stand for one of these subjects

	// lacking finds what is missing instead, if the thing is not told once but of each part.
	lacking func(v *view, l *law.Law, w *spoken, found func(hit))
}

// contentRules are one rule for each thing that laws ask for.
func contentRules() []Rule {
	var rules []Rule
	words := &spoken{}
	for _, n := range slices.Concat(needsOfControllers(), needsOfRights(), needsOfProcessors()) {
		rules = append(rules, Rule{
			Code: "law-asks-for-" + n.thing, Severity: Warning,
			Title: n.title, Explanation: n.explanation, RestsOn: n.restsOn(), Remedy: n.remedy,
			find: func(v *view, found func(hit)) { n.find(v, words.of(v), found) },
		})
	}
	return rules
}

// restsOn are the articles of all laws that ask for the thing.
func (n need) restsOn() string {
	var all []string
	for _, l := range law.All() {
		for _, role := range []string{"controller", "processor"} {
			if c, ok := l.Content(n.thing, role); ok {
				all = append(all, l.Cite(c.Article))
			}
		}
	}
	return strings.Join(all, "; ")
}

// asked is a law that asks for something.
type asked struct {
	named *policy.Law
	law   *law.Law
	by    *law.Content
}

// askedBy returns the laws of the policy that ask it to tell of the thing. What is marked as not
// confirmed in their files is not asked for.
func (n need) askedBy(v *view) (all []asked) {
	for i := range v.Laws {
		l, ok := lawOf(&v.Laws[i])
		if !ok {
			continue
		}
		for _, l := range law.Under(l) {
			if c, ok := l.Content(n.thing, v.Organisation.Role); ok && c.Confirmed && v.restsOn(c.Bases) {
				all = append(all, asked{&v.Laws[i], l, c})
			}
		}
	}
	return all
}

// restsOn reports whether a purpose rests on one of the bases; no bases stand for any.
func (v *view) restsOn(bases []string) bool {
	return len(bases) == 0 || slices.ContainsFunc(v.Purposes, func(u policy.Purpose) bool { return slices.Contains(bases, string(u.Basis)) })
}

func (n need) find(v *view, w *spoken, found func(hit)) {
	asking := n.askedBy(v)
	if len(asking) == 0 {
		return
	}
	if n.lacking == nil {
		if !n.told(v, w) {
			a := asking[0]
			found(rests(hit{
				pos: a.named.Pos, width: len(a.named.ID), about: []string{a.named.ID},
				msg: fmt.Sprintf("the policy does not tell %s", a.by.Asks),
			}, asking))
		}
		return
	}
	// The same part can lack the same thing under several laws: it is told once.
	var hits []hit
	by := map[policy.Pos][]asked{}
	for _, a := range asking {
		n.lacking(v, a.law, w, func(h hit) {
			if by[h.pos] == nil {
				hits = append(hits, h)
			}
			by[h.pos] = append(by[h.pos], a)
		})
	}
	for _, h := range hits {
		found(rests(h, by[h.pos]))
	}
}

// rests adds the articles that a finding rests on.
func rests(h hit, asking []asked) hit {
	var articles []string
	for _, a := range asking {
		article := a.law.Cite(a.by.Article)
		if a.by.When != "" {
			article += ", " + a.by.When
		}
		articles = append(articles, fmt.Sprintf("%s (%s)", article, a.by.Asks))
	}
	h.restsOn = strings.Join(articles, "; ")
	return h
}

// told reports whether the policy tells of the thing.
func (n need) told(v *view, w *spoken) bool {
	for _, control := range n.controls {
		if len(v.keeps[control]) > 0 {
			return true
		}
	}
	if n.right != "" && slices.ContainsFunc(v.keeps["data-subject-rights"], func(b bound) bool { return slices.Contains(b.names("rights"), n.right) }) {
		return true
	}
	return slices.ContainsFunc(n.subjects, func(s string) bool { return w.first(s) != nil })
}

// spoken knows which subjects the texts of a policy name. It reads them when first asked.
type spoken struct {
	policy *policy.Policy
	named  map[string]*policy.Clause // the first clause that names a subject
	tokens []law.Token               // of the clause last read: room for the next
}

func (w *spoken) of(v *view) *spoken {
	if w.policy != v.Policy {
		*w = spoken{policy: v.Policy}
	}
	return w
}

// first returns the first clause whose text names a subject, nil if none does.
func (w *spoken) first(subject string) *policy.Clause {
	if w.named == nil {
		w.named = map[string]*policy.Clause{}
		for i := range w.policy.Clauses {
			w.read(&w.policy.Clauses[i])
		}
	}
	return w.named[subject]
}

func (w *spoken) read(c *policy.Clause) {
	w.tokens = law.AppendTokens(w.tokens[:0], c.Text)
	mentions := law.Mentions(w.tokens)
	people := slices.ContainsFunc(mentions, func(m law.Mention) bool { return !m.Sure && m.Subject.Right }) && law.OfPeople(w.tokens)
	for _, m := range mentions {
		if w.named[m.Subject.Key] == nil && (m.Sure || people && m.Subject.Right) {
			w.named[m.Subject.Key] = c
		}
	}
}
