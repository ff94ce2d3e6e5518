package draft

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// page reads HTML by its tags as they come, not as a tree: a page that nests without end, or never
// closes a tag, costs no more than another.
type page struct {
	doc    document
	now    block
	kind   blockKind
	lists  []string // the lists that are open, by their sign
	hidden int      // elements open that hide what they hold
	nav    int      // elements open that only lead elsewhere
	aside  int      // how many blocks there were before nav
	table  bool
	inHead bool // the row is of th alone
	cells  int
	title  bool
	href   string
	anchor strings.Builder
}

// hiding are elements whose text nobody reads.
var hiding = []atom.Atom{atom.Script, atom.Style, atom.Noscript, atom.Template, atom.Svg, atom.Select, atom.Button, atom.Iframe, atom.Textarea, atom.Object}

// breaking are elements that begin and end a piece of text.
var breaking = []atom.Atom{atom.P, atom.Div, atom.Section, atom.Article, atom.Main, atom.Header, atom.Footer, atom.Aside, atom.Blockquote, atom.Pre,
	atom.Dl, atom.Dd, atom.Hr, atom.Body, atom.Html, atom.Form, atom.Fieldset, atom.Figure, atom.Figcaption, atom.Details, atom.Address, atom.Center}

var headings = []atom.Atom{atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Dt, atom.Summary, atom.Caption, atom.Legend}

func readHTML(text string) *document {
	p := &page{}
	z := html.NewTokenizer(strings.NewReader(text))
	for at := 0; ; {
		kind := z.Next()
		raw := len(z.Raw())
		switch kind {
		case html.ErrorToken:
			p.flush(paragraph)
			return &p.doc
		case html.TextToken:
			p.words(string(z.Raw()), at)
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			tag := atom.Lookup(name)
			if kind == html.SelfClosingTagToken && (slices.Contains(hiding, tag) || tag == atom.Nav) {
				break
			}
			p.start(tag)
			for more && tag == atom.A {
				var key, value []byte
				key, value, more = z.TagAttr()
				if string(key) == "href" {
					p.href = string(value)
					p.anchor.Reset()
				}
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			p.end(atom.Lookup(name))
		}
		at += raw
	}
}

// words adds text. What stands for a character (&amp;) is longer than it, so each begins anew.
func (p *page) words(raw string, at int) {
	if p.hidden > 0 {
		return
	}
	if p.title {
		p.doc.title += html.UnescapeString(raw)
		return
	}
	for len(raw) > 0 {
		n := strings.IndexByte(raw[1:], '&') + 1
		if n == 0 {
			n = len(raw)
		}
		if end := strings.IndexByte(raw[:min(n, 12)], ';') + 1; raw[0] == '&' && end > 0 {
			n = end
		}
		text := visible(html.UnescapeString(raw[:n]))
		p.now.add(text, at)
		if p.href != "" {
			p.anchor.WriteString(text)
		}
		raw, at = raw[n:], at+n
	}
}

// visible takes out what an entity may have brought in that no policy may hold.
func visible(s string) string {
	in := input{text: s}
	in.clean()
	return in.text
}

func (p *page) start(tag atom.Atom) {
	switch {
	case slices.Contains(hiding, tag):
		p.hidden++
	case p.hidden > 0:
	case tag == atom.Title:
		p.title = p.doc.title == ""
	case tag == atom.Nav:
		p.flush(p.kind)
		if p.nav == 0 {
			p.aside = len(p.doc.blocks)
		}
		p.nav++
	case slices.Contains(headings, tag):
		p.flush(p.kind)
		p.table, p.kind = false, heading
	case tag == atom.Ul || tag == atom.Ol || tag == atom.Menu:
		p.flush(p.kind)
		p.table, p.kind = false, paragraph
		p.lists = append(p.lists, tag.String())
	case tag == atom.Li:
		p.flush(p.kind)
		p.kind = item
	case tag == atom.Tr:
		p.flush(p.kind)
		p.table, p.inHead, p.cells, p.kind = true, true, 0, row
	case tag == atom.Td || tag == atom.Th:
		if p.table && p.cells > 0 && len(p.now.text) > 0 {
			p.separate()
		}
		p.cells++
		p.inHead = p.inHead && tag == atom.Th
	case tag == atom.Br:
		p.now.text = space(p.now.text)
	case slices.Contains(breaking, tag):
		p.breakUp()
	}
}

func (p *page) end(tag atom.Atom) {
	switch {
	case slices.Contains(hiding, tag):
		p.hidden = max(0, p.hidden-1)
	case p.hidden > 0:
	case tag == atom.Title:
		p.title = false
	case tag == atom.A:
		if p.href != "" && len(p.doc.links) < 1000 {
			p.doc.links = append(p.doc.links, link{strings.Join(strings.Fields(p.anchor.String()), " "), p.href})
		}
		p.href = ""
	case tag == atom.Nav && p.nav > 0:
		p.flush(p.kind)
		if p.nav--; p.nav == 0 { // closed as it should be: what it held leads elsewhere
			p.doc.blocks = p.doc.blocks[:p.aside]
		}
	case slices.Contains(headings, tag), tag == atom.Li:
		p.flush(p.kind)
		p.kind = paragraph
	case tag == atom.Ul || tag == atom.Ol || tag == atom.Menu:
		p.flush(p.kind)
		p.kind = paragraph
		if n := len(p.lists); n > 0 {
			p.lists = p.lists[:n-1]
		}
	case tag == atom.Tr, tag == atom.Table:
		p.flush(p.kind)
		p.table, p.kind = false, paragraph
	case slices.Contains(breaking, tag):
		p.breakUp()
	}
}

// breakUp ends a piece of text, but not the row that it is a part of, nor the item.
func (p *page) breakUp() {
	if p.table {
		p.now.text = space(p.now.text)
		return
	}
	if p.kind == item && len(p.now.text) == 0 {
		return
	}
	p.flush(p.kind)
	if p.kind == heading {
		p.kind = paragraph
	}
}

func (p *page) separate() {
	for n := len(p.now.text); n > 0 && p.now.text[n-1] == ' '; n-- {
		p.now.text = p.now.text[:n-1]
	}
	p.now.text = append(p.now.text, "; "...)
}

func space(text []byte) []byte {
	if n := len(text); n > 0 && text[n-1] != ' ' {
		return append(text, ' ')
	}
	return text
}

// flush ends the block.
func (p *page) flush(kind blockKind) {
	b := p.now
	p.now = block{}
	if b.String() == "" {
		return
	}
	b.kind, b.level = kind, len(p.lists)
	if kind == item && len(p.lists) > 0 {
		b.marker = p.lists[len(p.lists)-1]
	}
	if kind == row && p.inHead && p.cells > 1 {
		b.kind = header
	}
	p.doc.blocks = append(p.doc.blocks, b)
}
