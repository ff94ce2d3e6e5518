package publish

import (
	"strings"
	"unicode/utf8"
)

// textWidth is how many characters a line of plain text holds, as mail has it.
const textWidth = 78

// plainText writes a paper as plain text.
func plainText(p *paper) ([]byte, error) {
	s := &sheet{}
	s.heading(p.Of.String()+": "+p.Title.String(), "=")
	s.para("", p.Lead.String())
	s.facts(p.Facts)
	for _, part := range p.Parts {
		s.raw("\n")
		s.heading(part.Title.String(), "-")
		for _, b := range part.Blocks {
			s.block(b)
		}
	}
	return []byte(strings.TrimSpace(s.String()) + "\n"), nil
}

type sheet struct{ strings.Builder }

func (s *sheet) raw(text string) { s.WriteString(text) }

func (s *sheet) heading(title, under string) {
	s.raw(title + "\n" + strings.Repeat(under, min(utf8.RuneCountInString(title), textWidth)) + "\n\n")
}

func (s *sheet) block(b block) {
	switch {
	case b.Text != nil:
		s.para("", flat(b.Text))
	case b.Note != nil:
		s.para("! ", flat(b.Note))
	case b.List != nil:
		s.list(b.List)
	case b.Facts != nil:
		s.facts(b.Facts)
	case b.Cards != nil:
		for _, c := range b.Cards {
			s.heading(c.Title.String(), ".")
			s.para("", flat(c.Answer))
			s.list(c.More)
		}
	case b.Table != nil:
		s.table(b.Table)
	case b.Clause != nil:
		s.clause(b.Clause)
	}
}

// flat is the words with the addresses that links lead to, where the words are not the address.
func flat(w words) string {
	var b strings.Builder
	for _, r := range w {
		b.WriteString(r.Text)
		if r.Link != "" && !strings.HasPrefix(r.Link, "#") && strings.TrimPrefix(strings.TrimPrefix(r.Link, "mailto:"), "tel:") != r.Text {
			b.WriteString(" <" + r.Link + ">")
		}
	}
	return b.String()
}

func (s *sheet) list(items []words) {
	for _, item := range items {
		s.wrap("- ", flat(item))
	}
	if len(items) > 0 {
		s.raw("\n")
	}
}

func (s *sheet) facts(all []fact) {
	for _, f := range all {
		var means []string
		for _, m := range f.Means {
			means = append(means, flat(m))
		}
		s.wrap("", f.Term.String()+": "+strings.Join(means, "; "))
	}
	if len(all) > 0 {
		s.raw("\n")
	}
}

func (s *sheet) clause(c *entry) {
	for _, para := range c.Paras {
		s.para("", flat(para))
	}
	said := []string{c.ID}
	for _, more := range append([]words{c.Note}, c.Marks...) {
		if len(more) > 0 {
			said = append(said, more.String())
		}
	}
	s.para("", "["+strings.Join(said, "; ")+"]")
}

// table writes each row's cells under one another: a page of text is too narrow for columns.
func (s *sheet) table(t *table) {
	s.para("", t.Caption.String())
	for _, g := range t.Groups {
		s.cells("* ", t.Head[:len(g.Shared)], g.Shared)
		for _, own := range g.Own {
			s.cells("  - ", t.Head[len(g.Shared):], own)
		}
		s.raw("\n")
	}
}

func (s *sheet) cells(mark string, head []words, cells []cell) {
	for i, c := range cells {
		var all []string
		for _, line := range c {
			all = append(all, flat(line))
		}
		s.wrap(mark, head[i].String()+": "+strings.Join(all, "; "))
		mark = strings.Repeat(" ", len(mark))
	}
}

// para writes a paragraph.
func (s *sheet) para(mark, text string) {
	if text != "" {
		s.wrap(mark, text)
		s.raw("\n")
	}
}

// wrap breaks a text into lines, each after the first as far in as the mark is wide.
func (s *sheet) wrap(mark, text string) {
	line, width := mark, utf8.RuneCountInString(mark)
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		if i > 0 && width+1+n > textWidth {
			s.raw(line + "\n")
			line, width = strings.Repeat(" ", len(mark)), len(mark)
		} else if i > 0 {
			line, width = line+" ", width+1
		}
		line, width = line+word, width+n
	}
	s.raw(line + "\n")
}
