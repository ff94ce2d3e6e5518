package draft

import (
	"sort"
	"unicode"
	"unicode/utf8"
)

// document is a text taken apart.
type document struct {
	title  string // of a page, "" if it has none
	blocks []block
	links  []link
}

// link is a link of the text to another page.
type link struct{ text, url string }

// block is a piece of the text that stands by itself.
type block struct {
	kind   blockKind
	level  int    // how deep an item is nested
	marker string // the sort of an item's sign: "-", "1", "(a)"
	prose
}

type blockKind uint8

const (
	paragraph blockKind = iota
	heading
	item
	header // the first row of a table
	row
)

// prose is text with white space made single, which knows where it came from.
type prose struct {
	text  []byte
	marks []mark
}

// mark says that from at on, until the next mark, bytes came from offset on.
type mark struct{ at, offset int }

// add appends text that stands at an offset of the input.
func (p *prose) add(text string, offset int) {
	moved := true
	for i, r := range text {
		if unicode.IsSpace(r) {
			if n := len(p.text); n > 0 && p.text[n-1] != ' ' {
				p.text = append(p.text, ' ')
			}
			moved = true
			continue
		}
		if moved {
			p.marks = append(p.marks, mark{len(p.text), offset + i})
			moved = false
		}
		p.text = utf8.AppendRune(p.text, r)
	}
}

// String returns the text.
func (p *prose) String() string {
	n := len(p.text)
	if n > 0 && p.text[n-1] == ' ' {
		n--
	}
	return string(p.text[:n])
}

// offset returns where the byte at a place came from.
func (p *prose) offset(at int) int {
	i := sort.Search(len(p.marks), func(i int) bool { return p.marks[i].at > at }) - 1
	if i < 0 {
		return 0
	}
	return p.marks[i].offset + at - p.marks[i].at
}

// blocks takes the text apart by its format.
func (in *input) blocks() *document {
	if in.format == HTML {
		return readHTML(in.text)
	}
	return readLines(in.text, in.format == Markdown)
}
