package policy

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/token"
)

// inline reads what can stand on one line, within so many braces. A text without quotes ends at any of the signs.
func (q *quick) inline(depth, braces int, signs string) *node {
	switch {
	case depth > maxDepth:
		return q.lose()
	case q.peek() == '[':
		return q.brackets(depth, braces)
	case q.peek() == '{':
		return q.braces(depth, braces+1)
	case q.peek() == '"' || q.peek() == '\'':
		return q.quoted()
	}
	return q.plain(signs)
}

// inBrackets are the signs that end a text without quotes in brackets or braces.
const inBrackets = ",[]{}"

// brackets reads a list, on one line or several.
func (q *quick) brackets(depth, braces int) *node {
	signs := inBrackets
	if braces > 0 {
		signs += ":" // within braces, the library takes the word before it for a key
	}
	n := q.node(listKind, q.at, 1, "")
	for q.at++; q.more(']'); q.comma(']') {
		n.items = append(n.items, q.inline(depth+1, braces, signs))
	}
	return n
}

// braces reads keys and their values, on one line or several.
func (q *quick) braces(depth, braces int) *node {
	n := q.node(mapKind, q.at, 1, "")
	for q.at++; q.more('}'); q.comma('}') {
		key := q.key()
		if key == nil {
			return q.lose()
		}
		q.gap()
		n.pairs = append(n.pairs, pair{key, q.inline(depth+1, braces, inBrackets)})
	}
	if len(n.pairs) > 0 {
		n.pos, n.width = n.pairs[0].key.pos, n.pairs[0].key.width
	}
	return n
}

// more reports whether another value comes. If not, it passes the end.
func (q *quick) more(end byte) bool {
	if q.lost || q.gap() != end {
		return !q.lost
	}
	q.at, q.signs = q.at+1, q.signs+2 // with the bracket it began with
	return false
}

// comma passes what must follow a value unless it is the last.
func (q *quick) comma(end byte) {
	switch q.gap() {
	case ',':
		q.at, q.signs = q.at+1, q.signs+1
	case end:
	default:
		q.lose()
	}
}

// gap passes blanks and line ends, and returns what comes then.
func (q *quick) gap() byte {
	for q.at < len(q.src) {
		switch c := q.peek(); c {
		case ' ':
			q.at++
		case '\n':
			q.newline()
		default:
			return c
		}
	}
	q.lose()
	return 0
}

// quoted reads a text in quotes that ends on its line and has no escapes.
func (q *quick) quoted() *node {
	quote := q.peek()
	text, rest, closed := strings.Cut(q.src[q.at+1:], string(quote))
	if !closed || strings.ContainsAny(text, "\\\n") || quote == '\'' && strings.HasPrefix(rest, "'") {
		return q.lose()
	}
	n := q.node(textKind, q.at, utf8.RuneCountInString(text)+2, text)
	q.at, q.signs = q.at+len(text)+2, q.signs+1
	return n
}

// plain reads a text without quotes, to the end of its line or to one of the signs.
func (q *quick) plain(signs string) *node {
	from := q.at
	for {
		c, next := q.peek(), q.byteAt(q.at+1)
		if c == '\n' || c == '#' && q.src[q.at-1] == ' ' || strings.IndexByte(signs, c) >= 0 && !(c == ':' && next == '/') {
			break
		}
		if c == ':' && (next == ' ' || next == '\n') || c == '<' && next == '<' {
			return q.lose()
		}
		q.at++
	}
	text := strings.TrimRight(q.src[from:q.at], " ")
	if text == "" || q.peek() == '\n' && from+len(text) < q.at { // the library misplaces a text with blanks after it
		return q.lose()
	}
	k, certain := kindOf(text)
	if !certain {
		return q.lose()
	}
	n := q.node(k, from, max(1, utf8.RuneCountInString(strings.TrimSpace(text))), text)
	q.at, q.signs = from+len(text), q.signs+1
	return n
}

// reserved are the words that are no texts.
var reserved = []string{"true", "false", "null", "Null", "NULL", "True", "TRUE", "False", "FALSE"}

// kindOf says what a text without quotes is, if that is certain.
func kindOf(text string) (k kind, certain bool) {
	switch c := text[0]; {
	case text == "true" || text == "false":
		return boolKind, true
	case isLetter(c):
		return textKind, !slices.Contains(reserved, text)
	case c >= '0' && c <= '9':
		if token.ToNumber(text) != nil {
			return numberKind, true
		}
		return textKind, true
	}
	return textKind, text[0] >= utf8.RuneSelf || strings.IndexByte("(/$_", text[0]) >= 0
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
