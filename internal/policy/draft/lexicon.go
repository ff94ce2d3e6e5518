package draft

import (
	"slices"
	"strings"
	"sync"
)

// lexicon finds things by the words that texts call them.
type lexicon struct {
	rows    [][]string
	byFirst map[string][]entry // by the first word, the longest name first
}

type entry struct {
	words []string
	row   int
}

// newLexicon reads a data file whose last cell holds the names, after commas.
func newLexicon(file string) *lexicon {
	l := &lexicon{rows: table(file), byFirst: map[string][]entry{}}
	for i, r := range l.rows {
		for name := range strings.SplitSeq(r[len(r)-1], ",") {
			if words := texts(tokens(strings.TrimSpace(name))); len(words) > 0 {
				l.byFirst[words[0]] = append(l.byFirst[words[0]], entry{words, i})
			}
		}
	}
	for _, all := range l.byFirst {
		slices.SortStableFunc(all, func(a, b entry) int { return len(b.words) - len(a.words) })
	}
	return l
}

// in returns the rows that the tokens name, each once, in their order.
func (l *lexicon) in(all []token) [][]string {
	var found [][]string
	var rows []int
	for i := 0; i < len(all); {
		n := 1
		for _, e := range l.byFirst[all[i].text] {
			if len(e.words) <= len(all)-i && slices.Equal(e.words, texts(all[i:i+len(e.words)])) {
				n = len(e.words)
				if !slices.Contains(rows, e.row) {
					rows = append(rows, e.row)
					found = append(found, l.rows[e.row])
				}
				break
			}
		}
		i += n
	}
	return found
}

var (
	fieldWords    = sync.OnceValue(func() *lexicon { return newLexicon("fields.txt") })
	purposeWords  = sync.OnceValue(func() *lexicon { return newLexicon("purposes.txt") })
	vendorWords   = sync.OnceValue(func() *lexicon { return newLexicon("vendors.txt") })
	lawWords      = sync.OnceValue(func() *lexicon { return newLexicon("laws.txt") })
	standardWords = sync.OnceValue(func() *lexicon { return newLexicon("standards.txt") })
)
