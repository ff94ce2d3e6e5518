package check

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"clause.dev/clause/internal/policy"
)

// source is a policy file in which places are looked for.
type source struct {
	text  []byte
	lines []int // where each begins
}

func sourceOf(text []byte) *source {
	s := &source{text: text, lines: []int{0}}
	for i, c := range text {
		if c == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

// place finds in the file what stands at bytes at to end of a text that was read from it at or
// after from: the file may break the text's lines anywhere between words. Where the text cannot be
// found, because it stands in quotes with escapes, the first place with the same words counts.
func (s *source) place(from policy.Pos, text string, at, end int) (policy.Pos, int) {
	start := s.lines[min(max(from.Line, 1), len(s.lines))-1]
	if found, ok := findText(s.text, start, text, at); ok {
		return s.position(found, end-at)
	}
	if found, ok := findText(s.text, start, text[at:end], 0); ok {
		return s.position(found, end-at)
	}
	return from, 1
}

// findText finds text in src at or after from, words apart by any white space, and returns where the
// byte at of the text stands.
func findText(src []byte, from int, text string, at int) (int, bool) {
	words := strings.Fields(text)
	for from < len(src) {
		next := bytes.Index(src[from:], []byte(words[0]))
		if next < 0 {
			return 0, false
		}
		from += next
		if found, ok := sameText(src, from, text, at); ok {
			return found, true
		}
		from += len(words[0])
	}
	return 0, false
}

// sameText compares text and src from one place on.
func sameText(src []byte, i int, text string, at int) (found int, ok bool) {
	for t := 0; t < len(text); {
		if isSpace(text[t]) {
			for t < len(text) && isSpace(text[t]) {
				t++
			}
			before := i
			for i < len(src) && isSpace(src[i]) {
				i++
			}
			if i == before {
				return 0, false
			}
			continue
		}
		if t == at {
			found = i
		}
		if i == len(src) || src[i] != text[t] {
			return 0, false
		}
		i, t = i+1, t+1
	}
	return found, true
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// position is the place of a byte, and how many of width bytes from it stand on its line, in characters.
func (s *source) position(at, width int) (policy.Pos, int) {
	n, exact := slices.BinarySearch(s.lines, at)
	if !exact {
		n--
	}
	line, end := s.lines[n], min(at+width, len(s.text))
	if cut := bytes.IndexByte(s.text[at:end], '\n'); cut >= 0 {
		end = at + cut
	}
	return policy.Pos{Line: n + 1, Column: utf8.RuneCount(s.text[line:at]) + 1}, max(1, utf8.RuneCount(s.text[at:end]))
}
