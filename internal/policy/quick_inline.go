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
		q.spaces()
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

// gap passes blanks, line ends and comments, and returns what comes then.
func (q *quick) gap() byte {
	for q.at < len(q.src) {
		switch c := q.peek(); {
		case c == ' ':
			q.at++
		case c == '\n':
			q.newline()
		case c == '#' && (q.at == q.mark || q.src[q.at-1] == ' '):
			q.comment()
		default:
			return c
		}
	}
	q.lose()
	return 0
}

// quoted reads a text in quotes.
func (q *quick) quoted() *node {
	quote := q.peek()
	for end := q.at + 1; end < len(q.src); end++ {
		switch c := q.src[end]; {
		case c == '\\' && quote == '"', c == quote && quote == '\'' && q.byteAt(end+1) == quote:
			end++ // an escape
		case c == quote:
			return q.inQuotes(quote, end)
		}
	}
	return q.lose()
}

// inQuotes reads the text up to the closing quote.
func (q *quick) inQuotes(quote byte, end int) *node {
	raw := q.src[q.at+1 : end]
	text, certain := unescaped(quote, raw)
	lines := strings.Split(raw, "\n")
	if len(lines) > 1 {
		certain = certain && text == raw
		for i, line := range lines[1:] {
			lines[i+1] = strings.TrimLeft(line, " ")
		}
		text = strings.Join(lines, " ")
	}
	if !certain || slices.ContainsFunc(lines, separates) && len(lines) > 1 {
		return q.lose()
	}
	n := q.node(textKind, q.at, utf8.RuneCountInString(lines[0])+1, text)
	if len(lines) == 1 {
		n.width++
	} else {
		q.line, q.mark, q.column = q.line+len(lines)-1, q.at+2+strings.LastIndexByte(raw, '\n'), 1
	}
	q.at, q.signs = end+1, q.signs+1
	return n
}

// separates reports a line in quotes that is more than words: an empty one, or the end of a document.
func separates(line string) bool { return line == "" || line[0] == '-' || line[0] == '.' }

// unescaped is what is in quotes without its escapes, and whether only those that quick knows were there.
func unescaped(quote byte, raw string) (text string, certain bool) {
	if quote == '\'' {
		return strings.ReplaceAll(raw, "''", "'"), true
	}
	if strings.IndexByte(raw, '\\') < 0 {
		return raw, true
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(raw), !strings.Contains(strings.NewReplacer(`\\`, "", `\"`, "").Replace(raw), `\`)
}

// plain reads a text without quotes, to the end of its line or to one of the signs.
func (q *quick) plain(signs string) *node {
	from := q.at
	text := q.words(signs)
	k, certain := kindOf(text)
	if !certain {
		return q.lose()
	}
	n := q.node(k, from, max(1, utf8.RuneCountInString(strings.TrimSpace(text))), text)
	q.signs++
	return n
}

// goesOn adds to a plain text the lines below it that are indented more than what it belongs to.
func (q *quick) goesOn(n *node, indent int) *node {
	lines, ends := []string{n.value}, false
	for q.indent > indent && q.line == n.pos.Line+len(lines) && !ends {
		line := q.words("")
		if _, certain := kindOf(line); !certain {
			return q.lose()
		}
		lines = append(lines, line)
		ends = q.peek() != '\n'
		q.end()
	}
	n.value = strings.Join(lines, " ")
	n.kind, _ = kindOf(n.value)
	return n
}

// words reads what is up to the end of the line, a comment or one of the signs.
func (q *quick) words(signs string) string {
	from := q.at
	for {
		c, next := q.peek(), q.byteAt(q.at+1)
		if c == '\n' || c == '#' && q.src[q.at-1] == ' ' || strings.IndexByte(signs, c) >= 0 && !(c == ':' && next == '/') {
			break
		}
		if c == ':' && (next == ' ' || next == '\n') || c == '<' && next == '<' {
			return ""
		}
		q.at++
	}
	text := strings.TrimRight(q.src[from:q.at], " ")
	q.at = from + len(text)
	return text
}

// reserved are the words that are no texts.
var reserved = []string{"true", "false", "null", "Null", "NULL", "True", "TRUE", "False", "FALSE"}

// kindOf says what a text without quotes is, if that is certain.
func kindOf(text string) (k kind, certain bool) {
	if text == "" {
		return textKind, false
	}
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
