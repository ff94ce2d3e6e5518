package diff

import (
	"slices"
	"strings"
	"unicode"
)

// mostCells bounds the work of comparing two texts: past it, what lies between their common ends
// counts as rewritten.
const mostCells = 100_000

// wordDiff shows which words of a text went and which came, in the order of reading.
func wordDiff(old, new string) []Word {
	a, b := strings.Fields(old), strings.Fields(new)
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var w wording
	w.add(Kept, a[:head]...)
	w.middle(a[head:len(a)-tail], b[head:len(b)-tail])
	w.add(Kept, a[len(a)-tail:]...)
	return w
}

// wording gathers words into runs.
type wording []Word

func (w *wording) add(is WordIs, words ...string) {
	if len(words) == 0 {
		return
	}
	text := strings.Join(words, " ")
	if n := len(*w); n > 0 && (*w)[n-1].Is == is {
		(*w)[n-1].Text += " " + text
		return
	}
	*w = append(*w, Word{is, text})
}

// middle adds the words between the common ends: the longest common subsequence is kept.
func (w *wording) middle(a, b []string) {
	if len(a)*len(b) > mostCells {
		w.add(Gone, a...)
		w.add(Added, b...)
		return
	}
	longest := commonLengths(a, b)
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		from, to := i, j
		for i < len(a) && j < len(b) && a[i] != b[j] {
			if longest[i+1][j] >= longest[i][j+1] {
				i++
			} else {
				j++
			}
		}
		w.add(Gone, a[from:i]...)
		w.add(Added, b[to:j]...)
		if i < len(a) && j < len(b) {
			w.add(Kept, a[i])
			i, j = i+1, j+1
		}
	}
	w.add(Gone, a[i:]...)
	w.add(Added, b[j:]...)
}

// commonLengths returns, for each pair of ends of a and b, the length of their longest common subsequence.
func commonLengths(a, b []string) [][]int32 {
	rows := make([][]int32, len(a)+1)
	cells := make([]int32, (len(a)+1)*(len(b)+1))
	for i := range rows {
		rows[i], cells = cells[:len(b)+1], cells[len(b)+1:]
	}
	for i, word := range slices.Backward(a) {
		for j := len(b) - 1; j >= 0; j-- {
			if word == b[j] {
				rows[i][j] = rows[i+1][j+1] + 1
			} else {
				rows[i][j] = max(rows[i+1][j], rows[i][j+1])
			}
		}
	}
	return rows
}

// sameWords reports whether two texts differ in nothing but case, space and punctuation.
func sameWords(a, b string) bool {
	words := func(s string) string {
		return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
		}), " ")
	}
	return words(a) == words(b)
}
