package check

import (
	_ "embed"
	"strings"
)

// The data files: rows of cells parted by "|", the phrases of a cell by commas, comments after "#".
var (
	//go:embed words/claims.txt
	claimsFile string
	//go:embed words/nouns.txt
	nounsFile string
	//go:embed words/uses.txt
	usesFile string
	//go:embed words/vague.txt
	vagueFile string
)

// table splits a data file into rows of cells.
func table(file string) (rows [][]string) {
	for line := range strings.Lines(file) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		row := strings.Split(line, "|")
		for i := range row {
			row[i] = strings.TrimSpace(row[i])
		}
		rows = append(rows, row)
	}
	return rows
}

// lexicon finds phrases in sentences: those of many rows cost little more than those of one.
type lexicon map[string][]phrase // by their first word, the longest first

type phrase struct {
	words []string
	row   []string // of the data file
}

// match is a phrase in a sentence.
type match struct {
	phrase
	at int // which word of the sentence it begins with
}

// phrases is the lexicon of a column of a table.
func phrases(rows [][]string, column int) lexicon {
	all := lexicon{}
	for _, row := range rows {
		for p := range strings.SplitSeq(row[column], ",") {
			if w := words(p); len(w) > 0 {
				all.add(phrase{w, row})
			}
		}
	}
	return all
}

func (l lexicon) add(p phrase) {
	same := l[p.words[0]]
	at := 0
	for at < len(same) && len(same[at].words) >= len(p.words) {
		at++
	}
	l[p.words[0]] = append(same[:at:at], append([]phrase{p}, same[at:]...)...)
}

// in returns the phrases of a sentence: the longest at a word, then on behind it.
func (l lexicon) in(s sentence) (found []match) {
	for i := 0; i < len(s); i++ {
		for _, p := range l[s[i].text] {
			if s.startsWith(i, p.words) {
				found = append(found, match{p, i})
				i += len(p.words) - 1
				break
			}
		}
	}
	return found
}

// claims are the ways of saying something of the kind.
func claims(kind string) lexicon {
	var rows [][]string
	for _, row := range table(claimsFile) {
		if row[0] == kind {
			rows = append(rows, row)
		}
	}
	return phrases(rows, 1)
}
