package draft

import (
	"fmt"
	"strings"
	"sync"
)

// A rule says what a sentence is in which certain phrases stand. Rules are written in data/*.rules:
//
//	rule tls.transit promise tls
//	  any encrypt* .. transit | tls     one of these stands in it; several lines: one of any of them
//	  all @data                         and one of these, for each such line
//	  in  security | encryption         and one of these in the heading over it
//	  not without encrypt*              and none of these
//
// A phrase is words one after another. word* is any word that begins so; a/b is either; @name is a
// set of words; ".." lets up to five words stand between, "..." up to twelve; ^ is the beginning of the
// sentence, $ its end; # is a number.
type rule struct {
	id       string
	class    Class
	strength strength
	controls []string
	any, in  []int // phrases
	not      []int
	all      [][]int
}

// strength is the order in which rules speak.
type strength uint8

const (
	strong strength = iota // before what any control says
	placed                 // controls
	weak                   // where no control speaks
)

// ruleSet is all rules, with their phrases made ready to be found in one go over a sentence.
type ruleSet struct {
	rules    []rule
	phrases  []phrase
	byText   map[string]int
	elements int
	exact    map[string][]int // word → elements that it is one of
	prefix   map[string][]int // beginning of a word → elements
	byElem   map[string]int
	first    map[int][]int // element → phrases that begin with it
	sets     map[string]string
}

// phrase is elements one after another; gaps[i] words may stand before element i.
type phrase struct {
	elems      []int
	gaps       []int
	start, end bool
}

const numberElement = "#"

var rules = sync.OnceValue(func() *ruleSet {
	s := &ruleSet{byText: map[string]int{}, exact: map[string][]int{}, prefix: map[string][]int{}, byElem: map[string]int{}, first: map[int][]int{}, sets: map[string]string{}}
	s.sets["@place"] = strings.Join(placeWords(), "/")
	for _, name := range []string{"sets.rules", "strong.rules", "people.rules", "data.rules", "security.rules", "weak.rules"} {
		s.load(name)
	}
	return s
})

// load reads a file of rules. What is wrong in it is a fault of ours, and a test finds it.
func (s *ruleSet) load(name string) {
	for _, cells := range table(name) {
		words := strings.Fields(cells[0])
		rest := func() []string {
			return append([]string{strings.TrimSpace(strings.TrimPrefix(cells[0], words[0]))}, cells[1:]...)
		}
		switch words[0] {
		case "set":
			s.sets["@"+words[1]] = strings.Join(words[2:], "/")
		case "rule":
			s.rules = append(s.rules, newRule(words[1:]))
		case "any", "in", "not", "all":
			s.rules[len(s.rules)-1].add(words[0], s.numbers(rest()))
		default:
			panic(fmt.Sprintf("%s: %q", name, cells))
		}
	}
}

func newRule(words []string) rule {
	class, is := strings.CutSuffix(words[1], "!")
	r := rule{id: words[0], class: Class(class), strength: weak, controls: words[2:]}
	switch {
	case is:
		r.strength = strong
	case len(r.controls) > 0:
		r.strength = placed
	}
	return r
}

func (r *rule) add(kind string, phrases []int) {
	switch kind {
	case "any":
		r.any = append(r.any, phrases...)
	case "in":
		r.in = append(r.in, phrases...)
	case "not":
		r.not = append(r.not, phrases...)
	case "all":
		r.all = append(r.all, phrases)
	}
}

func (s *ruleSet) numbers(texts []string) []int {
	var all []int
	for _, t := range texts {
		if t == "" {
			continue
		}
		n, ok := s.byText[t]
		if !ok {
			n = len(s.phrases)
			s.byText[t] = n
			s.phrases = append(s.phrases, s.phrase(t))
			s.first[s.phrases[n].elems[0]] = append(s.first[s.phrases[n].elems[0]], n)
		}
		all = append(all, n)
	}
	return all
}

func (s *ruleSet) phrase(text string) phrase {
	var p phrase
	gap := 0
	for _, w := range strings.Fields(text) {
		switch w {
		case "..":
			gap = 5
		case "...":
			gap = 12
		case "^":
			p.start = true
		case "$":
			p.end = true
		default:
			p.elems, p.gaps = append(p.elems, s.element(w)), append(p.gaps, gap)
			gap = 0
		}
	}
	return p
}

// element numbers a set of words that stand for one another.
func (s *ruleSet) element(text string) int {
	if n, ok := s.byElem[text]; ok {
		return n
	}
	n := s.elements
	s.elements++
	s.byElem[text] = n
	for _, w := range s.expand(text) {
		if stem, ok := strings.CutSuffix(w, "*"); ok {
			s.prefix[stem] = append(s.prefix[stem], n)
		} else {
			s.exact[w] = append(s.exact[w], n)
		}
	}
	return n
}

// expand puts sets for their names.
func (s *ruleSet) expand(text string) []string {
	var all []string
	for w := range strings.SplitSeq(text, "/") {
		if !strings.HasPrefix(w, "@") {
			all = append(all, w)
			continue
		}
		set, ok := s.sets[w]
		if !ok {
			panic("no set " + w)
		}
		all = append(all, s.expand(set)...)
	}
	return all
}

// reading finds the phrases of rules in sentences, and remembers the words it has seen.
type reading struct {
	rules *ruleSet
	words map[string][]uint64 // word → the elements that it is one of
}

func (r *reading) elements(t token) []uint64 {
	if bits, ok := r.words[t.text]; ok {
		return bits
	}
	bits := make([]uint64, (r.rules.elements+63)/64)
	add := func(elems []int) {
		for _, n := range elems {
			bits[n/64] |= 1 << (n % 64)
		}
	}
	add(r.rules.exact[t.text])
	for i := range t.text {
		add(r.rules.prefix[t.text[:i]])
	}
	add(r.rules.prefix[t.text])
	if _, ok := value(t.text); ok || t.text[0] >= '0' && t.text[0] <= '9' {
		add(r.rules.exact[numberElement])
	}
	if len(r.words) < 100_000 { // a text of nothing but new words does not fill the memory
		r.words[t.text] = bits
	}
	return bits
}

// found is the set of phrases that stand in a sentence.
type found []uint64

func (f found) has(n int) bool { return f[n/64]&(1<<(n%64)) != 0 }

func (f found) one(of []int) bool {
	for _, n := range of {
		if f.has(n) {
			return true
		}
	}
	return false
}

// find finds the phrases in a sentence.
func (r *reading) find(all []token) found {
	f := make(found, (len(r.rules.phrases)+63)/64)
	bits := make([][]uint64, len(all))
	for i, t := range all {
		bits[i] = r.elements(t)
	}
	for i := range all {
		for w, word := range bits[i] {
			for b := 0; word != 0; b++ {
				if word&1 != 0 {
					for _, n := range r.rules.first[w*64+b] {
						if !f.has(n) && r.rules.phrases[n].at(bits, i) {
							f[n/64] |= 1 << (n % 64)
						}
					}
				}
				word >>= 1
			}
		}
	}
	return f
}

// at reports whether the phrase stands at token i. Each step goes on with the places that the step
// before could end at, so its time is that of its gaps, however they could combine.
func (p *phrase) at(bits [][]uint64, i int) bool {
	if p.start && i > 0 {
		return false
	}
	lo, hi := i, i // where the element before may stand
	reached := uint64(1)
	for k := 1; k < len(p.elems); k++ {
		var next uint64
		elem, from := p.elems[k], lo+1
		for j := from; j <= hi+1+p.gaps[k] && j < len(bits) && j-from < 64; j++ {
			if bits[j][elem/64]&(1<<(elem%64)) == 0 {
				continue
			}
			for q := lo; q < j && q <= hi; q++ {
				if reached&(1<<(q-lo)) != 0 && j-q-1 <= p.gaps[k] {
					next |= 1 << (j - from)
				}
			}
		}
		if next == 0 {
			return false
		}
		hi, lo, reached = min(hi+1+p.gaps[k], from+63), from, next
	}
	if !p.end {
		return true
	}
	last := len(bits) - 1
	return last >= lo && last-lo < 64 && reached&(1<<(last-lo)) != 0
}

// holds reports whether the rule's phrases stand in a sentence under a heading.
func (r *rule) holds(sentence, section found) bool {
	if len(r.any) > 0 && !sentence.one(r.any) || sentence.one(r.not) {
		return false
	}
	for _, one := range r.all {
		if !sentence.one(one) {
			return false
		}
	}
	return len(r.in) == 0 || section.one(r.in)
}
