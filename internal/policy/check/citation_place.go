package check

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"clause.dev/clause/internal/policy"
)

// place finds in the file what stands at bytes at to end of a text that was read from it at or
// after from: the file may break the text's lines anywhere between words. Where the text cannot be
// found, because it stands in quotes with escapes, the first place with the same words counts.
func place(src []byte, from policy.Pos, text string, at, end int) (policy.Pos, int) {
	start := offsetOf(src, from)
	if found, ok := findText(src, start, text, at); ok {
		return position(src, found, end-at)
	}
	if found, ok := findText(src, start, text[at:end], 0); ok {
		return position(src, found, end-at)
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

func offsetOf(src []byte, pos policy.Pos) int {
	at := 0
	for line := 1; line < pos.Line; line++ {
		next := bytes.IndexByte(src[at:], '\n')
		if next < 0 {
			return len(src)
		}
		at += next + 1
	}
	return at
}

// position is the place of a byte, and how many of width bytes from it stand on its line, in characters.
func position(src []byte, at, width int) (policy.Pos, int) {
	line := bytes.LastIndexByte(src[:at], '\n') + 1
	end := min(at+width, len(src))
	if cut := bytes.IndexByte(src[at:end], '\n'); cut >= 0 {
		end = at + cut
	}
	return policy.Pos{Line: bytes.Count(src[:line], []byte("\n")) + 1, Column: utf8.RuneCount(src[line:at]) + 1}, max(1, utf8.RuneCount(src[at:end]))
}
