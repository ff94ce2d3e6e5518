package check

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"clause.dev/clause/internal/policy"
)

// word is a word of a text in small letters, and where it stands in it.
type word struct {
	text string
	from int // byte offset
	to   int
}

// sentence is the words of a sentence.
type sentence []word

// sentences splits a text. A hyphen parts words, so that "memory-only" reads as "memory only".
func sentences(text string) (all []sentence) {
	all = make([]sentence, 0, 4)
	s := make(sentence, 0, len(text)/5) // sentences share it, one behind the other
	from := -1
	end := func(to int) {
		if from >= 0 {
			w := strings.ReplaceAll(strings.ToLower(text[from:to]), "’", "'")
			s, from = append(s, word{w, from, to}), -1
		}
	}
	for i, c := range text {
		switch {
		case unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.IsMark(c):
			if from < 0 {
				from = i
			}
		case (c == '\'' || c == '’' || c == '.') && from >= 0 && letterAt(text, i+utf8.RuneLen(c)): // isn't, 1.2
		default:
			if end(i); (c == '.' || c == ';' || c == '!' || c == '?') && len(s) > 0 {
				all, s = append(all, s[:len(s):len(s)]), s[len(s):]
			}
		}
	}
	if end(len(text)); len(s) > 0 {
		all = append(all, s)
	}
	return all
}

func letterAt(text string, i int) bool {
	c, _ := utf8.DecodeRuneInString(text[i:])
	return unicode.IsLetter(c) || unicode.IsDigit(c)
}

// words are those of a text, whatever its sentences.
func words(text string) (all []string) {
	for _, s := range sentences(text) {
		all = append(all, s.texts()...)
	}
	return all
}

func (s sentence) texts() []string {
	all := make([]string, len(s))
	for i, w := range s {
		all[i] = w.text
	}
	return all
}

// holds reports whether one of the words is in the sentence.
func (s sentence) holds(any ...string) bool {
	return slices.ContainsFunc(s, func(w word) bool { return slices.Contains(any, w.text) })
}

// startsWith reports whether the words stand at i.
func (s sentence) startsWith(i int, words []string) bool {
	if len(s)-i < len(words) {
		return false
	}
	for j, w := range words {
		if s[i+j].text != w {
			return false
		}
	}
	return true
}

// scope is how many words a negation reaches: "we do not sell, rent or trade your data".
const scope = 16

// negated reports whether what stands at i is denied: a negation comes before it, and nothing between
// takes it back or begins anew: "we do not charge you, and we use it for marketing".
func (s sentence) negated(i int) bool {
	for j := i - 1; j >= max(0, i-scope); j-- {
		switch w := s[j].text; w {
		case "but", "however", "although", "we":
			return false
		case "no", "not", "never", "none", "nothing", "nobody", "neither", "nor", "without", "cannot":
			return true
		default:
			if strings.HasSuffix(w, "n't") {
				return true
			}
		}
	}
	return false
}

// excepted reports whether the sentence makes an exception, which no rule here can weigh.
func (s sentence) excepted() bool {
	return s.holds("except", "unless", "save", "but", "other", "without", "beyond", "apart", "otherwise", "until", "where", "when", "if")
}

// figure reports whether the sentence has a number in it. One is none: "no one".
func (s sentence) figure() bool {
	return slices.ContainsFunc(s, func(w word) bool { return strings.ContainsFunc(w.text, unicode.IsDigit) }) ||
		s.holds("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "fourteen", "thirty", "sixty", "ninety")
}

// linesOf splits a file, each line with its end.
func linesOf(src []byte) []string { return strings.SplitAfter(string(src), "\n") }

// find is a hit in the text of a clause: at the words of phrase, as the file has them, or else at the
// clause.
func (v *view) find(clause int, phrase []string, msg string) hit {
	return v.finder(clause)(phrase, msg)
}

// finder is find for several hits in one clause, whose lines are looked at once.
func (v *view) finder(clause int) func(phrase []string, msg string) hit {
	c := &v.Clauses[clause]
	var all sentence
	seen := 0
	return func(phrase []string, msg string) hit {
		if all == nil {
			all, seen = v.linesOfClause(clause)
		}
		h := hit{pos: c.Pos, width: len("id"), msg: msg, clauses: []string{c.ID}}
		for i := range all {
			if all.startsWith(i, phrase) {
				h.pos, h.width = v.place(c.Pos.Line, seen+all[i].from, seen+all[i+len(phrase)-1].to)
				break
			}
		}
		return h
	}
}

// linesOfClause are the words of the clause's lines from its text on, and how many bytes come before.
func (v *view) linesOfClause(clause int) (all sentence, before int) {
	first, last := v.Clauses[clause].Pos.Line, len(v.lines)
	if clause+1 < len(v.Clauses) {
		last = min(last, max(v.Clauses[clause+1].Pos.Line-1, first))
	}
	body := strings.Join(v.lines[min(first-1, last):last], "")
	if at := strings.Index(body, "text:"); at >= 0 {
		before = at + len("text:")
	}
	return slices.Concat(sentences(body[before:])...), before
}

// place is where the bytes from and to, counted from the beginning of a line, stand in the file.
func (v *view) place(line, from, to int) (policy.Pos, int) {
	for from >= len(v.lines[line-1]) {
		n := len(v.lines[line-1])
		from, to, line = from-n, to-n, line+1
	}
	text := v.lines[line-1]
	to = min(to, len(strings.TrimRight(text, "\r\n")))
	return policy.Pos{Line: line, Column: utf8.RuneCountInString(text[:from]) + 1}, utf8.RuneCountInString(text[from:to])
}
