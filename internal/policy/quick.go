package policy

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// quick reads the YAML that policies are in practice written in: keys and lists, nested by
// indentation or in brackets, texts plain, in quotes or after > and |, comments. It makes the tree
// that the library makes of it, in a tenth of the time. Of anything else, sound or not, it says that
// it is lost, and the library reads the file from its beginning: quick never says what is wrong.
type quick struct {
	src    string // trimmed
	at     int    // the byte that comes next
	line   int
	mark   int // a byte of the line, and its column, from which that of at is counted
	column int
	indent int  // of the line, -1 at the end of the file
	signs  int  // words and signs so far, as the library counts them
	lost   bool // there is something that the library must read
}

func newQuick(src string) *quick { return &quick{src: src, line: 1, column: 1} }

// document returns the tree of the whole text, or nil if quick is lost in it.
func (q *quick) document() *node {
	if strings.Contains(q.src, "\t") {
		return nil
	}
	if strings.HasPrefix(q.src, "---\n") {
		q.at, q.signs = len("---"), 1
		q.newline()
	}
	q.next()
	root := q.block(0)
	if q.lost || q.indent >= 0 || q.signs > maxTokens {
		return nil
	}
	return root
}

func (q *quick) lose() *node {
	q.lost, q.indent = true, -1
	return nil
}

// node makes a node at a byte of the line that is not before the last one asked for.
func (q *quick) node(k kind, at, width int, value string) *node {
	q.column += utf8.RuneCountInString(q.src[q.mark:at])
	q.mark = at
	return &node{kind: k, pos: Pos{Line: q.line, Column: q.column}, width: width, value: value}
}

// peek returns the byte that comes next; the end of the file is like the end of a line.
func (q *quick) peek() byte { return q.byteAt(q.at) }

func (q *quick) byteAt(i int) byte {
	if i < len(q.src) {
		return q.src[i]
	}
	return '\n'
}

func (q *quick) spaces() {
	for q.peek() == ' ' {
		q.at++
	}
}

// newline goes to the beginning of the next line.
func (q *quick) newline() {
	q.at++
	q.line++
	q.mark, q.column = q.at, 1
}

// next goes from the beginning of a line to the first line that says something.
func (q *quick) next() {
	for q.at < len(q.src) {
		from := q.at
		q.spaces()
		switch q.peek() {
		case '#':
			q.comment()
			q.newline()
		case '\n':
			q.newline()
		default:
			q.indent = q.at - from
			return
		}
	}
	q.indent = -1
}

func (q *quick) comment() {
	q.signs++
	if length := strings.IndexByte(q.src[q.at:], '\n'); length >= 0 {
		q.at += length
	} else {
		q.at = len(q.src)
	}
}

// end leaves a line on which nothing more is said.
func (q *quick) end() {
	from := q.at
	q.spaces()
	if q.peek() == '#' && q.at > from {
		q.comment()
	}
	if q.lost || q.peek() != '\n' {
		q.lose()
		return
	}
	q.newline()
	q.next()
}

// block reads the lines from here on that have the indentation of this one, and what is below them.
func (q *quick) block(depth int) *node {
	if q.dash() {
		return q.list(depth)
	}
	return q.mapping(q.key(), q.indent, depth)
}

func (q *quick) dash() bool {
	next := q.byteAt(q.at + 1)
	return q.peek() == '-' && (next == ' ' || next == '\n')
}

// list reads items, each after a dash.
func (q *quick) list(depth int) *node {
	n, indent := q.node(listKind, q.at, 1, ""), q.indent
	for q.indent == indent && q.dash() {
		q.at++
		q.signs++
		n.items = append(n.items, q.item(indent, depth+1))
	}
	return n
}

// item reads what follows a dash: keys, the first of them on the same line, or a value.
func (q *quick) item(indent, depth int) *node {
	from := q.at
	q.spaces()
	inner := indent + 1 + q.at - from
	if key := q.key(); key != nil {
		return q.mapping(key, inner, depth)
	}
	q.at = from
	return q.value(indent, depth, false)
}

// mapping reads keys of one indentation with their values. The first key has been read.
func (q *quick) mapping(key *node, indent, depth int) *node {
	n := &node{kind: mapKind}
	for ; ; key = q.key() {
		if key == nil {
			return q.lose()
		}
		n.pairs = append(n.pairs, pair{key, q.value(indent, depth+1, true)})
		if q.indent != indent {
			break
		}
	}
	n.pos, n.width = n.pairs[0].key.pos, n.pairs[0].key.width
	return n
}

// key reads a key with its colon: a word of letters, digits, - and _. It returns nil if there is none.
func (q *quick) key() *node {
	end := q.at
	for isLetter(q.byteAt(end)) || end > q.at && strings.IndexByte("-_0123456789", q.byteAt(end)) >= 0 {
		end++
	}
	if next := q.byteAt(end + 1); end == q.at || q.byteAt(end) != ':' || next != ' ' && next != '\n' {
		return nil
	}
	word := q.src[q.at:end]
	if slices.Contains(reserved, word) {
		return nil
	}
	n := q.node(textKind, q.at, len(word), word)
	q.at, q.signs = end+1, q.signs+2
	return n
}

// value reads what follows a key or a dash, to the end of its last line.
func (q *quick) value(indent, depth int, ofKey bool) *node {
	if depth > maxDepth {
		return q.lose()
	}
	from := q.at
	q.spaces()
	var n *node
	switch q.peek() {
	case '\n', '#':
		q.at = from
		return q.below(indent, depth, ofKey)
	case '>', '|':
		n = q.lines(indent)
	default:
		bare := strings.IndexByte("[{\"'", q.peek()) < 0
		n = q.inline(depth, 0, "")
		bare = bare && q.peek() == '\n'
		q.end()
		if bare && q.indent > indent {
			n = q.goesOn(n, indent)
		}
	}
	if q.indent > indent {
		return q.lose()
	}
	return n
}

// below reads the value of a key or a dash from the lines below it.
func (q *quick) below(indent, depth int, ofKey bool) *node {
	null := q.node(nullKind, q.at, len("null"), "")
	q.end()
	switch {
	case q.indent > indent, ofKey && q.indent == indent && q.dash():
		return q.block(depth)
	case !ofKey && q.indent == indent && !q.dash(): // the library takes the keys below the list for an item of it
		return q.lose()
	case q.indent < 0:
		null.pos.Column++ // so does the library at the end of the file
	}
	return null
}

// lines reads a text after > or |: lines of one indentation, with empty ones between them.
func (q *quick) lines(indent int) *node {
	n, folds := q.node(textKind, q.at, 1, ""), q.peek() == '>'
	q.at, q.signs = q.at+1, q.signs+2
	strips := q.peek() == '-'
	if strips {
		q.at++
	}
	q.spaces()
	if q.peek() != '\n' {
		return q.lose()
	}
	q.newline()
	var text strings.Builder
	inner, empty := 0, 0
	for ; q.at < len(q.src); q.newline() {
		from := q.at
		q.spaces()
		deep := q.at - from
		if q.peek() == '\n' {
			empty++
			continue
		}
		if inner > 0 && deep <= indent {
			q.at = from
			break
		}
		if inner == 0 && empty == 0 {
			inner = deep
		}
		if inner <= indent || deep < inner || deep > inner && folds {
			return q.lose()
		}
		if text.Len() > 0 {
			text.WriteString(joint(folds, empty))
		}
		q.at, empty = from+inner+strings.IndexByte(q.src[from+inner:], '\n'), 0
		text.WriteString(q.src[from+inner : q.at])
	}
	if inner == 0 {
		return q.lose()
	}
	text.WriteByte('\n')
	if n.value = text.String(); strips {
		n.value = strings.TrimRight(n.value, " \n")
	}
	q.next()
	return n
}

// joint is what stands between two lines that have so many empty ones between them.
func joint(folds bool, empty int) string {
	switch {
	case !folds:
		return strings.Repeat("\n", empty+1)
	case empty > 0:
		return strings.Repeat("\n", empty)
	}
	return " "
}
