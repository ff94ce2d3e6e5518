package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"clause.dev/clause/internal/policy/law"
)

// has reports whether the law has the part with the number. Of what is not known, nothing is said.
func (c *citation) has(number string) bool {
	if c.division == "chapter" {
		_, ok := c.law.Chapter(number)
		return ok || len(c.law.Chapters) == 0
	}
	_, ok := c.law.Article(number)
	return ok
}

// extent says how many parts the law has.
func (c *citation) extent() string {
	if c.division == "chapter" {
		return fmt.Sprintf("its chapters are I to %s", c.law.Chapters[len(c.law.Chapters)-1].Number)
	}
	return fmt.Sprintf("its %ss are 1 to %s", c.law.Division, c.law.Articles[len(c.law.Articles)-1].Number)
}

func (c *citation) title(x part) string {
	if ch, ok := c.law.Chapter(x.first); ok && c.division == "chapter" {
		return ch.Title
	}
	if a, ok := c.law.Article(x.first); ok && x.last == "" {
		return a.Title
	}
	return "other things"
}

// articles are those that a part spans.
func (c *citation) articles(x part) []*law.Article {
	from, _ := strconv.Atoi(x.first)
	to, _ := strconv.Atoi(x.last)
	if c.division == "chapter" {
		first, ok := c.law.Chapter(x.first)
		if !ok {
			return nil
		}
		from, to = first.From, first.To
		if last, ok := c.law.Chapter(x.last); ok && x.last != "" {
			to = last.To
		}
	}
	var all []*law.Article
	for n := from; n <= max(from, to) && n-from < len(c.law.Articles); n++ {
		if a, ok := c.law.Article(strconv.Itoa(n)); ok {
			all = append(all, a)
		}
	}
	return all
}

// about reports whether one of the parts is about the subject, or cannot be said not to be.
func (c *citation) about(subject string, parts []part) bool {
	return slices.ContainsFunc(parts, func(x part) bool {
		all := c.articles(x)
		return len(all) == 0 || slices.ContainsFunc(all, func(a *law.Article) bool { return !a.Confirmed || a.About(subject, x.paragraph) })
	})
}

// accuses reports whether a mention can show that a citation is wrong: what else a text speaks of in
// passing, such as contracts and security, only ever shows that it is right.
func (p *prose) accuses(m law.Mention, c *citation) bool {
	s := m.Subject
	telling := s.Right || slices.Contains([]string{"breach-authority", "breach-people", "transfers", "officer", "representative", "special-categories"}, s.Key)
	if !telling || s.Key == "information" || len(c.law.Subject(s.Key)) == 0 {
		return false
	}
	return m.Sure || s.Right && p.ofPeople(c)
}

// ofPeople reports whether the sentence of a citation speaks of people and what they can ask for.
func (p *prose) ofPeople(c *citation) bool {
	n := p.sentence[c.from]
	if of, ok := p.people[n]; ok {
		return of
	}
	from, _ := slices.BinarySearch(p.sentence, n)
	to, _ := slices.BinarySearch(p.sentence, n+1)
	if p.people == nil {
		p.people = map[int]bool{}
	}
	p.people[n] = law.OfPeople(p.tokens[from:to])
	return p.people[n]
}

// mostParts is the longest list of articles that is compared with a list of rights: a text that only
// means to keep the reader busy gets nothing for it.
const mostParts = 40

// misfit returns the part of a citation that is about something else than what it is cited for, and
// that subject, which is nil if all is well.
//
// A citation in brackets belongs to what stands before it, back to the citation before; any other
// may also belong to what follows. Of several phrases between commas the nearest counts.
func (p *prose) misfit(c *citation) (part, *law.Subject) {
	before, after := p.between(c)
	if len(c.parts) > mostParts {
		return part{}, nil
	}
	if len(c.parts) > 1 {
		return p.misfitOfList(c, before, after)
	}
	x := c.parts[0]
	for i := len(before) - 1; i >= 0; i-- {
		if verdict, s := p.phrase(c, x, before[i]); verdict {
			if s != nil && !c.brackets && len(after) > 0 && p.fits(c, after[0]) {
				return x, nil
			}
			return x, s
		}
	}
	if c.brackets && len(before) > 0 {
		return x, nil
	}
	for _, mentions := range after {
		if verdict, s := p.phrase(c, x, mentions); verdict {
			if next := p.next(c); next != nil && s != nil && next.about(s.Key, next.parts) {
				return x, nil // it belongs to the next citation
			}
			return x, s
		}
	}
	return x, nil
}

func (p *prose) fits(c *citation, mentions []law.Mention) bool {
	return slices.ContainsFunc(mentions, func(m law.Mention) bool { return c.about(m.Subject.Key, c.parts) })
}

// phrase judges a citation by one phrase: no verdict if the phrase does not tell.
func (p *prose) phrase(c *citation, x part, mentions []law.Mention) (verdict bool, wrong *law.Subject) {
	if p.fits(c, mentions) {
		return true, nil
	}
	if p.subordinate(mentions[0].From) {
		return false, nil
	}
	for i := len(mentions) - 1; i >= 0; i-- {
		if p.accuses(mentions[i], c) {
			return true, mentions[i].Subject
		}
	}
	return false, nil
}

// subordinate reports whether the phrase around a token only says when or why: "if you object".
func (p *prose) subordinate(i int) bool {
	for ; i >= 0 && !separates(p.tokens[i].Sign); i-- {
		switch p.tokens[i].Word {
		case "when", "where", "if", "once", "after", "because", "unless", "until", "whose", "which", "example", "such", "before", "as", "without", "except":
			return true
		}
	}
	return false
}

// misfitOfList finds in "objection and restriction (articles 17 and 18)" the article that none of
// the subjects explains, and a subject that none of the articles does.
func (p *prose) misfitOfList(c *citation, before, after [][]law.Mention) (part, *law.Subject) {
	all := slices.Concat(before...)
	if len(all) == 0 || !c.brackets {
		all = append(all, slices.Concat(after...)...)
	}
	for _, x := range c.parts {
		if slices.ContainsFunc(all, func(m law.Mention) bool { return c.about(m.Subject.Key, []part{x}) }) {
			continue
		}
		for _, m := range slices.Backward(all) {
			if p.accuses(m, c) && !c.about(m.Subject.Key, c.parts) && !p.subordinate(m.From) {
				return x, m.Subject
			}
		}
	}
	return part{}, nil
}

// between returns the phrases with subjects between a citation and its neighbours of the sentence.
func (p *prose) between(c *citation) (before, after [][]law.Mention) {
	from, to := 0, len(p.tokens)
	i := p.index(c)
	if i > 0 {
		from = p.citations[i-1].to
	}
	if i+1 < len(p.citations) {
		to = p.citations[i+1].from
	}
	return p.phrases(from, c.from, p.sentence[c.from]), p.phrases(c.to, to, p.sentence[c.from])
}

func (p *prose) index(c *citation) int {
	i, _ := slices.BinarySearchFunc(p.citations, c.from, func(o citation, from int) int { return o.from - from })
	return i
}

// next is the citation after c, if it is of the same sentence.
func (p *prose) next(c *citation) *citation {
	i := p.index(c) + 1
	if i < len(p.citations) && p.sentence[p.citations[i].from] == p.sentence[c.from] && p.citations[i].law != nil {
		return &p.citations[i]
	}
	return nil
}

// phrases are the subjects named between two tokens within a sentence, those of each phrase together.
func (p *prose) phrases(from, to, sentence int) [][]law.Mention {
	if p.mentions == nil {
		p.mentions = append([]law.Mention{}, law.Mentions(p.tokens)...) // not nil, though there be none
	}
	var all [][]law.Mention
	last := -1
	i, _ := slices.BinarySearchFunc(p.mentions, from, func(m law.Mention, from int) int { return m.From - from })
	for ; i < len(p.mentions) && p.mentions[i].To <= to; i++ {
		m := p.mentions[i]
		if p.sentence[m.From] != sentence || p.named(m) {
			continue
		}
		if last < 0 || slices.ContainsFunc(p.tokens[last:m.From], func(t law.Token) bool { return separates(t.Sign) }) {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], m)
		last = m.From
	}
	return all
}

func separates(sign rune) bool { return sign != 0 && strings.ContainsRune(",،:;؛—()", sign) }

// named reports whether a mention is part of a law's name.
func (p *prose) named(m law.Mention) bool {
	i, exact := slices.BinarySearchFunc(p.names, m.From, func(n lawName, from int) int { return n.from - from })
	return exact || i > 0 && m.From < p.names[i-1].to
}

// leftOut is a right without its citation.
type leftOut struct {
	law.Mention
	law *law.Law
}

// uncited finds rights without an article in a list that gives at least three others theirs. A right
// whose article is cited anywhere in the text is none.
func (p *prose) uncited() []leftOut {
	type list struct {
		law      *law.Law
		sentence int
	}
	listed := map[list]int{}
	before := make([][][]law.Mention, len(p.citations))
	for i := range p.citations {
		c := &p.citations[i]
		if c.law == nil || !c.brackets {
			continue
		}
		before[i], _ = p.between(c)
		if n := len(before[i]); n > 0 && slices.ContainsFunc(before[i][n-1], func(m law.Mention) bool { return m.Subject.Right }) {
			listed[list{c.law, p.sentence[c.from]}]++
		}
	}
	var all []leftOut
	for i := range p.citations {
		c := &p.citations[i]
		if len(before[i]) < 2 || listed[list{c.law, p.sentence[c.from]}] < 3 {
			continue
		}
		for _, phrase := range before[i][:len(before[i])-1] {
			m := phrase[0]
			if len(phrase) == 1 && m.Sure && m.Subject.Right && p.accuses(m, c) && !p.subordinate(m.From) && !p.cites(c.law, m.Subject.Key) {
				all = append(all, leftOut{m, c.law})
			}
		}
	}
	return all
}

func (p *prose) cites(l *law.Law, subject string) bool {
	return slices.ContainsFunc(p.citations, func(c citation) bool {
		if c.law != l {
			return false
		}
		return slices.ContainsFunc(c.parts, func(x part) bool {
			return slices.ContainsFunc(c.articles(x), func(a *law.Article) bool { return slices.Contains(l.Subject(subject), a) })
		})
	})
}
