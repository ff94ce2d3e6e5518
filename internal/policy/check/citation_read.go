package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"clause.dev/clause/internal/policy/law"
)

// prose is a text whose citations are read.
type prose struct {
	text      string
	tokens    []law.Token
	hand      hand
	sentence  []int // of each token
	names     []lawName
	citations []citation
	mentions  []law.Mention // read when first needed
	people    map[int]bool  // which sentences speak of people and what they can ask for, as far as asked
}

// lawName is a law named in the text.
type lawName struct {
	law      *law.Law // nil: one there is no file of
	from, to int      // tokens
}

// citation is a place that cites parts of a law, such as "articles 15 to 22 of the GDPR".
type citation struct {
	law      *law.Law // nil: it cannot be told which
	division string
	parts    []part
	from, to int  // tokens
	foreign  bool // cites something else: "article 5 of these terms"
	brackets bool // stands in brackets behind what it is cited for
}

// part is an article, or a run of them.
type part struct {
	first, last string // last is "" for a single one
	paragraph   string // such as 1(f)
	from, to    int    // tokens
}

func (c *citation) at(p *prose) int  { return p.tokens[c.from].At }
func (c *citation) end(p *prose) int { return p.tokens[c.to-1].End }
func (x part) end(p *prose) int      { return p.tokens[x.to-1].End }

// start is where a part is shown to begin: with the word "article", if it is the first.
func (c *citation) start(p *prose, x part) int {
	if x.from == c.parts[0].from {
		return c.at(p)
	}
	return p.tokens[x.from].At
}

func (x part) name(c *citation) string {
	if x.last != "" {
		return fmt.Sprintf("%ss %s to %s", c.division, x.first, x.last)
	}
	return c.division + " " + x.first
}

func (p *prose) readCitations() {
	p.sentence = make([]int, len(p.tokens))
	n := 0
	for i := 0; i < len(p.tokens); i++ {
		if i > 0 && p.endsSentence(i-1) {
			n++
		}
		p.sentence[i] = n
		if l, next := law.NameAt(p.tokens, i, p.hand.laws); next > i && !(p.hand.strange && p.tokens[i].Word == "the") {
			p.names = append(p.names, lawName{l, i, next})
			for k := i; k < next; k++ {
				p.sentence[k] = n
			}
			i = next - 1
			continue
		}
		if c, ok := p.citation(i); ok {
			p.citations = append(p.citations, c)
			if c.law != nil || c.foreign {
				p.names = append(p.names, lawName{c.law, i, c.to})
			}
			for k := i; k < c.to; k++ {
				p.sentence[k] = n
			}
			i = c.to - 1
		}
	}
	for i := range p.citations {
		p.settle(&p.citations[i])
	}
}

// endsSentence reports whether a sentence ends with the i-th token. An abbreviation's point does not.
func (p *prose) endsSentence(i int) bool {
	t, next := p.tokens[i], p.tokens[i+1]
	between := p.text[t.End:next.At]
	switch {
	case strings.Count(between, "\n") > 1:
		return true
	case t.Sign == ';' || t.Sign == '؛' || t.Sign == '!' || t.Sign == '?' || t.Sign == '؟':
		return true
	case t.Sign != '.' || between == "":
		return false
	}
	first := []rune(p.text[next.At:next.End])[0]
	if unicode.IsLower(first) || i == 0 {
		return false
	}
	before := p.tokens[i-1].Word
	return law.Division(before) == "" && !slices.Contains([]string{"no", "nr", "para", "paras", "lit", "eg", "ie", "cf"}, before)
}

// citation reads a citation that begins with the i-th token.
func (p *prose) citation(i int) (citation, bool) {
	c := citation{division: law.Division(p.word(i)), from: i}
	if c.division == "" {
		return c, false
	}
	at := i + 1
	if p.sign(at) == '.' {
		at++
	}
	for {
		x, next, ok := p.part(at, c.division)
		if !ok {
			break
		}
		c.parts, c.to = append(c.parts, x), next
		if at = p.separator(next); at == next {
			break
		}
	}
	if len(c.parts) == 0 {
		return c, false
	}
	p.lawAfter(&c)
	open := i - 1
	for open >= 0 && slices.Contains([]string{"see", "under", "cf", "gdpr", "pdpl", "of", "the"}, p.word(open)) {
		open--
	}
	c.brackets = p.sign(open) == '('
	return c, true
}

// separator returns the index after what stands between two parts of a list.
func (p *prose) separator(i int) int {
	at := i
	if p.sign(at) == ',' || p.sign(at) == '،' || p.sign(at) == '&' {
		at++
	}
	if w := p.word(at); w == "and" || w == "or" || w == "و" {
		at++
	}
	if p.digits(at) && !unit(p.word(at+1)) {
		return at
	}
	return i
}

func (p *prose) digits(i int) bool { w := p.word(i); return w != "" && w[0] >= '0' && w[0] <= '9' }

// unit keeps "under article 12, 30 days" from citing article 30.
func unit(word string) bool {
	return slices.Contains([]string{"day", "days", "hour", "hours", "month", "months", "business", "working", "calendar", "year", "years", "week", "weeks", "people", "percent"}, word)
}

// part reads an article's number with its paragraphs, or a run of articles.
func (p *prose) part(i int, division string) (part, int, bool) {
	w := p.word(i)
	if !number(w, division) {
		return part{}, i, false
	}
	x := part{first: strings.ToUpper(w), from: i}
	at := i + 1
	x.paragraph, at = p.paragraph(at)
	if to := p.word(at); (to == "to" || to == "through" || to == "until" || to == "إلى" || p.sign(at) == '-' || p.sign(at) == '–') && number(p.word(at+1), division) {
		x.last = strings.ToUpper(p.word(at + 1))
		_, at = p.paragraph(at + 2)
	}
	x.to = at
	return x, at, true
}

func number(w, division string) bool {
	if w == "" || len(w) > 5 {
		return false
	}
	if division == "chapter" && strings.Trim(w, "ivx") == "" {
		return true
	}
	n, err := strconv.Atoi(w)
	return err == nil && n > 0
}

// paragraph reads what follows a number: (3), (1)(f), para. 1 lit. f.
func (p *prose) paragraph(i int) (string, int) {
	s := ""
	for {
		if p.sign(i) == '(' && len(p.word(i+1)) > 0 && len(p.word(i+1)) <= 4 && p.sign(i+2) == ')' {
			if law.Division(p.word(i+1)) != "" || s == "" && !number(p.word(i+1), "") {
				return s, i
			}
			s, i = join2(s, p.word(i+1)), i+3
			continue
		}
		at := i
		if p.sign(at) == ',' {
			at++
		}
		if !slices.Contains([]string{"para", "paragraph", "abs", "lit", "point", "subsection"}, p.word(at)) {
			return s, i
		}
		at++
		for p.sign(at) == '.' || p.sign(at) == '(' {
			at++
		}
		if len(p.word(at)) == 0 || len(p.word(at)) > 3 {
			return s, i
		}
		s, at = join2(s, p.word(at)), at+1
		if p.sign(at) == ')' {
			at++
		}
		i = at
	}
}

func join2(s, more string) string {
	if s == "" {
		return more
	}
	return s + "(" + more + ")"
}

// lawAfter reads the law behind the numbers: "of the GDPR", "GDPR", "of these terms".
func (p *prose) lawAfter(c *citation) {
	at, of := c.to, false
	if p.sign(at) == ',' || p.sign(at) == '(' {
		at++
	}
	if w := p.word(at); w == "of" || w == "من" {
		at, of = at+1, true
	} else if w == "in" || w == "under" {
		at++
	}
	for skipped := 0; skipped < 5 && at < len(p.tokens); skipped++ {
		l, next := law.NameAt(p.tokens, at, p.hand.laws)
		if next > at && !(p.hand.strange && p.word(at) == "the") {
			c.law, c.to, c.foreign = l, next, l == nil
			return
		}
		if w := p.word(at); !slices.Contains([]string{"the", "eu", "uae", "india", "indian", "european", "s", "union"}, w) && !strings.ContainsRune("'’", p.sign(at)) {
			break
		}
		at++
	}
	c.foreign = of
}

// settle finds the law of a citation that does not say it.
func (p *prose) settle(c *citation) {
	if c.law == nil && !c.foreign {
		c.law = p.lawAround(c)
		if c.law != nil && c.division != "chapter" && c.division != c.law.Division {
			c.law = nil // "section 5" may well be one of the text's own
		}
	}
	if c.law == nil || c.division == "chapter" || c.division == c.law.Division {
		return
	}
	for _, l := range law.Under(c.law) { // rule 7 of the Act is one of its rules
		if l.Division == c.division {
			c.law = l
			return
		}
	}
	c.division = c.law.Division
}

// lawAround is the law named last before a citation in its sentence, or else first after it, or else
// the only one of the text, or of the policy.
func (p *prose) lawAround(c *citation) *law.Law {
	i, _ := slices.BinarySearchFunc(p.names, c.from, func(n lawName, from int) int { return n.from - from })
	if i > 0 && p.sentence[p.names[i-1].from] == p.sentence[c.from] {
		return p.names[i-1].law
	}
	if i < len(p.names) && p.sentence[p.names[i].from] == p.sentence[c.from] {
		return p.names[i].law
	}
	if len(p.names) == 0 {
		return p.hand.only
	}
	first := p.names[0].law
	if slices.ContainsFunc(p.names, func(n lawName) bool { return n.law != first }) {
		return nil
	}
	return first
}

func (p *prose) word(i int) string {
	if i < 0 || i >= len(p.tokens) {
		return ""
	}
	return p.tokens[i].Word
}

func (p *prose) sign(i int) rune {
	if i < 0 || i >= len(p.tokens) {
		return 0
	}
	return p.tokens[i].Sign
}
