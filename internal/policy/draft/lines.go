package draft

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lines reads plain text and Markdown, which differ little: headings, lists and tables stand on
// lines of their own, and an empty line ends a paragraph.
type lines struct {
	doc      document
	markdown bool
	now      block
	count    int  // lines of the block
	blank    bool // the line before was empty
	fence    bool
}

// line is a line of the text.
type line struct {
	text   string // without white space around it
	offset int
	indent int
	next   string // the line after it
}

func readLines(text string, markdown bool) *document {
	l := &lines{markdown: markdown, blank: true}
	rest, offset := text, 0
	if markdown {
		offset = frontMatter(text)
		rest = text[offset:]
	}
	for rest != "" {
		raw, after, _ := strings.Cut(rest, "\n")
		next, _, _ := strings.Cut(after[:min(len(after), 400)], "\n")
		trimmed := strings.TrimSpace(raw)
		indent := strings.Index(raw, trimmed)
		l.line(line{trimmed, offset + indent, indent, strings.TrimSpace(next)})
		offset += len(raw) + 1
		rest = after
	}
	l.flush()
	return &l.doc
}

// frontMatter returns where the text begins after the settings that some tools put before it.
func frontMatter(text string) int {
	if !strings.HasPrefix(text, "---\n") {
		return 0
	}
	end := strings.Index(text[:min(len(text), 8192)], "\n---\n")
	if end < 0 {
		return 0
	}
	return end + len("\n---\n")
}

func (l *lines) line(n line) {
	defer func() { l.blank = n.text == "" }()
	switch {
	case n.text == "":
		l.flush()
		return
	case l.markdown && (strings.HasPrefix(n.text, "```") || strings.HasPrefix(n.text, "~~~")):
		l.flush()
		l.fence = !l.fence
		return
	case l.fence:
	case ruler(n.text):
		l.rule(n)
		return
	case l.hashes(n), l.cells(n), l.question(n), l.item(n), l.shout(n):
		return
	}
	if l.now.kind == item && l.blank && n.indent == 0 {
		l.flush()
	}
	l.continued(n.text, n.offset)
}

// continued adds a line to the block.
func (l *lines) continued(text string, offset int) {
	if l.count > 0 {
		l.now.text = space(l.now.text)
	}
	l.count++
	if l.markdown {
		text, offset = strings.TrimLeft(text, "> "), offset+len(text)-len(strings.TrimLeft(text, "> "))
		l.inline(text, offset)
		return
	}
	l.now.add(text, offset)
}

// flush ends the block. A line by itself that looks like a heading is one.
func (l *lines) flush() {
	b, n := l.now, l.count
	l.now, l.count = block{}, 0
	text := b.String()
	if text == "" {
		return
	}
	if b.kind == paragraph && n == 1 && titled(text) {
		b.kind = heading
	}
	l.doc.blocks = append(l.doc.blocks, b)
}

func (l *lines) single(kind blockKind, text string, offset int) {
	l.flush()
	l.continued(text, offset)
	l.now.kind = kind
	l.flush()
}

// ruler reports a line of signs alone, such as =====.
func ruler(s string) bool {
	return len(s) >= 3 && strings.Trim(s, s[:1]) == "" && strings.Contains("=-_*~#", s[:1])
}

// rule ends a block; one line under which it stands is a heading.
func (l *lines) rule(n line) {
	if l.count == 1 && l.now.kind == paragraph && !l.blank && (n.text[0] == '=' || n.text[0] == '-' || n.text[0] == '~') && len(l.now.text) < 200 {
		l.now.kind = heading
	}
	l.flush()
}

// hashes reads "## heading".
func (l *lines) hashes(n line) bool {
	rest := strings.TrimLeft(n.text, "#")
	level := len(n.text) - len(rest)
	if level == 0 || level > 6 || !strings.HasPrefix(rest, " ") {
		return false
	}
	text := strings.TrimSpace(strings.TrimRight(strings.TrimSpace(rest), "#"))
	if text != "" {
		l.single(heading, text, n.offset+level+1)
	}
	return true
}

// cells reads a row of a table: "| a | b |", or cells apart by tabs.
func (l *lines) cells(n line) bool {
	sep := "|"
	if !strings.HasPrefix(n.text, "|") {
		if l.markdown && (separator(n.next) || separator(n.text)) && strings.Contains(n.text, "|") {
			sep = "|"
		} else if strings.Contains(n.text, "\t") && len(strings.FieldsFunc(n.text, isTab)) > 1 {
			sep = "\t"
		} else {
			return false
		}
	}
	if separator(n.text) {
		if k := len(l.doc.blocks); k > 0 && l.doc.blocks[k-1].kind == row {
			l.doc.blocks[k-1].kind = header
		}
		return true
	}
	l.flush()
	at := 0
	for cell := range strings.SplitSeq(n.text, sep) {
		if text := strings.TrimSpace(cell); text != "" {
			if len(l.now.text) > 0 {
				l.now.text = append(l.now.text, "; "...)
			}
			l.count = 0
			l.continued(text, n.offset+at+strings.Index(cell, text))
		}
		at += len(cell) + len(sep)
	}
	l.now.kind = row
	l.flush()
	return true
}

func isTab(r rune) bool { return r == '\t' }

// separator reports the line under a table's head: |---|:--:|
func separator(s string) bool {
	return strings.Contains(s, "|") && strings.Contains(s, "--") && strings.Trim(s, "|-: ") == ""
}

// question reads "Q: …" as a heading and takes "A:" from an answer.
func (l *lines) question(n line) bool {
	if len(n.text) < 3 || n.text[1] != ':' && n.text[1] != '.' || n.text[2] != ' ' {
		return false
	}
	rest := strings.TrimLeft(n.text[2:], " ")
	switch at := n.offset + len(n.text) - len(rest); {
	case n.text[0] == 'Q' && n.text[1] == ':', n.text[0] == 'Q' && strings.HasSuffix(rest, "?"):
		l.single(heading, rest, at)
	case n.text[0] == 'A' && n.text[1] == ':':
		l.flush()
		l.continued(rest, at)
	default:
		return false
	}
	return true
}

// item reads an item of a list, a numbered paragraph or a numbered heading.
func (l *lines) item(n line) bool {
	marker, width := sign(n.text)
	if marker == "" {
		return false
	}
	rest := strings.TrimLeft(n.text[width:], " \t")
	at := n.offset + len(n.text) - len(rest)
	number := marker[0] == '1'
	if number && l.count > 0 && l.now.kind == paragraph && !strings.HasSuffix(l.now.String(), ":") && !strings.ContainsAny(n.text[:width], ".)") {
		return false // a figure that happens to begin a line
	}
	_, nested := sign(n.next)
	alone := n.next == "" || nested == 0 && (l.blank || l.count == 0)
	if number && l.now.kind != item && alone && titled(rest) {
		l.single(heading, rest, at)
		return true
	}
	l.flush()
	l.continued(rest, at)
	l.now.kind, l.now.marker, l.now.level = item, marker, n.indent
	return true
}

// shout reads a line in capitals as a heading.
func (l *lines) shout(n line) bool {
	if l.count > 0 || !shouted(n.text) {
		return false
	}
	l.single(heading, n.text, n.offset)
	return true
}

// sign returns the sort of sign that a list's item begins with, and its width; "" for none.
func sign(s string) (marker string, width int) {
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case strings.ContainsRune("-*+•·–—▪◦‣●○", r) && len(s) > size && (s[size] == ' ' || s[size] == '\t'):
		return string(r), size
	case r == '(':
		if end := strings.IndexByte(s[:min(len(s), 7)], ')'); end > 1 && plainWord(s[1:end]) && len(s) > end+1 && s[end+1] == ' ' {
			return "(a)", end + 1
		}
	case r >= '0' && r <= '9':
		n := len(s) - len(strings.TrimLeft(s, "0123456789."))
		dots := strings.Count(s[:n], ".")
		if n < len(s) && s[n] == ')' {
			n++
		}
		if n <= 8 && n < len(s) && s[n] == ' ' && (dots > 0 || s[n-1] == ')') {
			return "1" + strings.Repeat(".", dots-strings.Count(s[n-1:n], ".")), n
		}
	case len(s) > 3 && unicode.IsLetter(r) && size == 1 && s[1] == ')' && s[2] == ' ':
		return "a)", 2
	}
	return "", 0
}

func plainWord(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// titled reports what looks like a heading: short, and without an end.
func titled(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	last, _ := utf8.DecodeLastRuneInString(s)
	if len(s) > 100 || len(strings.Fields(s)) > 12 || strings.ContainsRune(".;,:!؟。", last) && !shouted(s) {
		return false
	}
	return (unicode.IsUpper(first) || unicode.IsDigit(first) || !unicode.IsLower(first) && unicode.IsLetter(first)) && !strings.ContainsAny(s, "@")
}

// shouted reports a short line in capitals.
func shouted(s string) bool {
	letters := 0
	for _, r := range s {
		if unicode.IsLower(r) {
			return false
		}
		if unicode.IsUpper(r) {
			letters++
		}
	}
	return letters >= 4 && len(strings.Fields(s)) <= 10
}
