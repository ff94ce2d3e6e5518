package check

import (
	"fmt"
	"slices"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/law"
)

// The codes of the rules about citations.
const (
	wrongCitation   = "wrong-citation"
	unknownCitation = "unknown-citation"
	missingCitation = "missing-citation"
	undeclaredLaw   = "undeclared-law"
)

// citationRules read the texts once for all of them.
func citationRules() []Rule {
	r := &readings{}
	rules := []Rule{{
		Code: wrongCitation, Severity: Error,
		Title: "a text cites an article that is about something else",
		Explanation: "Whoever looks the article up finds another right than the one promised, and cannot tell which of the two is meant. " +
			"The articles of the laws and what they are about stand in internal/policy/law, with their sources.",
		Remedy: "cite the article that is about what the text speaks of",
	}, {
		Code: unknownCitation, Severity: Error,
		Title:       "a text cites an article that the law does not have",
		Explanation: "A citation that leads nowhere makes people doubt the text, and often stands where another law was copied from.",
		Remedy:      "look the number up in the law",
	}, {
		Code: missingCitation, Severity: Note,
		Title:       "one right of a list is cited by no article, though the others are",
		Explanation: "In a list of rights with their articles, the one without looks as if the law did not know it.",
		Remedy:      "cite its article too, or none",
	}, {
		Code: undeclaredLaw, Severity: Warning,
		Title:       "a text cites a law that the policy does not list",
		Explanation: "What a law asks for is checked only of the laws that the policy lists under laws; who cites one holds to it.",
		RestsOn:     "the policy's own list of laws",
		Remedy:      "list it under laws, with its title and citation",
	}}
	for i := range rules {
		code := rules[i].Code
		rules[i].find = func(v *view, report func(hit)) {
			for _, h := range r.of(v)[code] {
				report(h)
			}
		}
	}
	return rules
}

// readings keeps what was read of one policy, so that each rule need not read it again.
type readings struct {
	policy *policy.Policy
	hits   map[string][]hit
}

func (r *readings) of(v *view) map[string][]hit {
	if r.policy == v.Policy {
		return r.hits
	}
	r.policy, r.hits = v.Policy, map[string][]hit{}
	hand, source := inHand(v.Policy), sourceOf(v.Source)
	for i := range v.Clauses {
		c := &v.Clauses[i]
		judge := &judge{source: source, clause: c, laws: hand, hits: r.hits, said: map[string]bool{}}
		judge.read(c.Text, c.Pos)
		judge.read(c.Plain, c.Pos)
		for _, t := range c.Translations {
			judge.read(t.Text, t.Pos)
			judge.read(t.Plain, t.Pos)
		}
	}
	return r.hits
}

// hand are the laws that a policy names, with those that detail them.
type hand struct {
	laws    []*law.Law
	only    *law.Law // the only law it names; nil if it names none, several, or one there is no file of
	strange bool     // it names a law that there is no file of
}

func inHand(p *policy.Policy) hand {
	var h hand
	for i := range p.Laws {
		l, ok := lawOf(&p.Laws[i])
		if !ok {
			h.strange = true
			continue
		}
		if len(p.Laws) == 1 {
			h.only = l
		}
		h.laws = append(h.laws, law.Under(l)...)
	}
	return h
}

func lawOf(named *policy.Law) (*law.Law, bool) {
	if l, ok := law.Of(named.Citation); ok {
		return l, true
	}
	return law.Of(named.Title)
}

// judge looks at the citations of one clause.
type judge struct {
	source *source
	clause *policy.Clause
	laws   hand
	hits   map[string][]hit
	said   map[string]bool // what was found already: a translation repeats it
}

func (j *judge) read(text string, from policy.Pos) {
	if !law.Cites(text) {
		return
	}
	p := &prose{text: text, tokens: law.Tokens(text), hand: j.laws}
	p.readCitations()
	for i := range p.citations {
		if c := &p.citations[i]; c.law == nil {
			continue
		} else if !slices.Contains(j.laws.laws, c.law) {
			j.undeclared(p, c, from)
		} else if !j.unknown(p, c, from) {
			j.wrong(p, c, from)
		}
	}
	j.missing(p, from)
}

// mostSaid is how many findings about citations one clause can have.
const mostSaid = 50

// found records a finding once for each clause.
func (j *judge) found(code, key string, p *prose, from policy.Pos, at, end int, h hit) {
	if j.said[code+key] || len(j.said) == mostSaid {
		return
	}
	j.said[code+key] = true
	h.pos, h.width = j.source.place(from, p.text, at, end)
	h.clauses = []string{j.clause.ID}
	j.hits[code] = append(j.hits[code], h)
}

func (j *judge) undeclared(p *prose, c *citation, from policy.Pos) {
	j.found(undeclaredLaw, c.law.ID, p, from, c.at(p), c.end(p), hit{
		msg: fmt.Sprintf("the text cites the %s, which the policy does not list", c.law.Short),
	})
}

// unknown finds parts that the law does not have, and reports whether there was one.
func (j *judge) unknown(p *prose, c *citation, from policy.Pos) bool {
	bad := false
	for _, part := range c.parts {
		for _, n := range []string{part.first, part.last} {
			if n == "" || c.has(n) {
				continue
			}
			bad = true
			j.found(unknownCitation, c.law.ID+n, p, from, c.start(p, part), part.end(p), hit{
				msg:     fmt.Sprintf("the %s has no %s %s: %s", c.law.Short, c.division, n, c.extent()),
				restsOn: c.law.Citation,
			})
		}
	}
	return bad
}

func (j *judge) wrong(p *prose, c *citation, from policy.Pos) {
	part, subject := p.misfit(c)
	if subject == nil {
		return
	}
	right := c.law.Subject(subject.Key)[0]
	j.found(wrongCitation, c.law.ID+part.first+subject.Key, p, from, c.start(p, part), part.end(p), hit{
		msg: fmt.Sprintf("%s is cited as %s of the %s, which is about %s: it is %s %s",
			subject.Title, part.name(c), c.law.Short, c.title(part), c.law.Division, right.Number),
		restsOn: fmt.Sprintf("%s (%s)", c.law.Cite(right.Number), right.Title),
		remedy:  fmt.Sprintf("cite %s %s of the %s", c.law.Division, right.Number, c.law.Short),
	})
}

func (j *judge) missing(p *prose, from policy.Pos) {
	for _, m := range p.uncited() {
		article := m.law.Subject(m.Subject.Key)[0]
		j.found(missingCitation, m.law.ID+m.Subject.Key, p, from, p.tokens[m.From].At, p.tokens[m.To-1].End, hit{
			msg: fmt.Sprintf("%s stands without its article in a list that gives the others theirs: it is %s %s of the %s",
				m.Subject.Title, m.law.Division, article.Number, m.law.Short),
			restsOn: fmt.Sprintf("%s (%s)", m.law.Cite(article.Number), article.Title),
		})
	}
}
