package publish

import (
	"strings"
	"unicode"
)

// markdown writes a paper as Markdown, CommonMark with the tables of GitHub. What the policy says
// stays text: it cannot become a link, markup or HTML.
func markdown(p *paper) ([]byte, error) {
	m := &marks{}
	m.line("# " + m.words(p.Of) + ": " + m.words(p.Title))
	if len(p.Lead) > 0 {
		m.line(m.words(p.Lead))
	}
	m.facts(p.Facts)
	if len(p.Parts) > 3 {
		m.line("## " + m.words(p.Labels.Contents))
		for _, part := range p.Parts {
			m.raw("- [" + m.words(part.Title) + "](#" + part.ID + ")\n")
		}
		m.raw("\n")
	}
	for _, part := range p.Parts {
		m.line(anchor(part.ID) + "\n\n## " + m.words(part.Title))
		for _, b := range part.Blocks {
			m.block(b)
		}
	}
	return []byte(strings.TrimRight(m.String(), "\n") + "\n"), nil
}

// anchor is where a link to the id leads. Ids are of letters, digits, dots and dashes.
func anchor(id string) string { return `<a id="` + id + `"></a>` }

type marks struct{ strings.Builder }

func (m *marks) raw(s string)  { m.WriteString(s) }
func (m *marks) line(s string) { m.WriteString(s + "\n\n") }

func (m *marks) block(b block) {
	switch {
	case b.Text != nil:
		m.line(m.words(b.Text))
	case b.Note != nil:
		m.line("> " + m.words(b.Note))
	case b.List != nil:
		m.list(b.List)
	case b.Facts != nil:
		m.facts(b.Facts)
	case b.Cards != nil:
		for _, c := range b.Cards {
			m.line(anchor(c.ID) + "\n\n### " + m.words(c.Title))
			m.line(m.words(c.Answer))
			m.list(c.More)
		}
	case b.Table != nil:
		m.table(b.Table)
	case b.Clause != nil:
		m.clause(b.Clause)
	}
}

func (m *marks) list(items []words) {
	for _, item := range items {
		m.raw("- " + m.words(item) + "\n")
	}
	if len(items) > 0 {
		m.raw("\n")
	}
}

func (m *marks) facts(all []fact) {
	for _, f := range all {
		m.raw("- **" + m.words(f.Term) + ":** ")
		for i, means := range f.Means {
			if i > 0 {
				m.raw("; ")
			}
			m.raw(m.words(means))
		}
		m.raw("\n")
	}
	if len(all) > 0 {
		m.raw("\n")
	}
}

func (m *marks) clause(c *entry) {
	m.raw(anchor(c.ID) + "\n\n")
	for _, para := range c.Paras {
		m.line(m.words(para))
	}
	m.raw("`" + c.ID + "`")
	if len(c.Note) > 0 {
		m.raw(" · " + m.words(c.Note))
	}
	for _, mark := range c.Marks {
		m.raw(" · " + m.words(mark))
	}
	m.raw("\n\n")
}

// table writes every row whole, so that each says all it is about.
func (m *marks) table(t *table) {
	m.line("**" + m.words(t.Caption) + "**")
	m.raw("|")
	for _, h := range t.Head {
		m.raw(" " + m.words(h) + " |")
	}
	m.raw("\n|" + strings.Repeat(" --- |", len(t.Head)) + "\n")
	for _, g := range t.Groups {
		for i := range g.Height() {
			m.raw("|")
			for _, c := range g.whole(i) {
				m.raw(" " + m.cell(c) + " |")
			}
			m.raw("\n")
		}
	}
	m.raw("\n")
}

// whole is the i-th row with the cells that it shares.
func (r rows) whole(i int) []cell {
	all := append([]cell{}, r.Shared...)
	if i < len(r.Own) {
		all = append(all, r.Own[i]...)
	}
	return all
}

func (m *marks) cell(c cell) string {
	var all []string
	for _, line := range c {
		all = append(all, m.words(line))
	}
	return strings.Join(all, "<br>")
}

// words writes text on one line. Runs that join are escaped as one: "1" and ". " apart are no markup.
func (m *marks) words(w words) string {
	var b strings.Builder
	for i := 0; i < len(w); {
		link, joined := w[i].Link, ""
		for ; i < len(w) && w[i].Link == link; i++ {
			joined += w[i].Text
		}
		escaped := escape(blanks.Replace(joined))
		if link == "" {
			b.WriteString(escaped)
			continue
		}
		b.WriteString("[" + escaped + "](<" + linked.Replace(link) + ">)")
	}
	return strings.Trim(b.String(), " ")
}

// What ends a line of Markdown, and what ends a link's address.
var (
	blanks = strings.NewReplacer("\n", " ", "\r", " ", "\t", " ")
	linked = strings.NewReplacer("<", "%3C", ">", "%3E", `\`, "%5C", "|", "%7C", "`", "%60", " ", "%20", "\n", "", "\r", "")
)

// escape makes text that a Markdown reader shows as it is: wherever it stands, no character of it is
// markup. The colon of ://, the dot of www. and the @ would make a link of it.
func escape(s string) string {
	var b strings.Builder
	for i, r := range s {
		if markup(s, i, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func markup(s string, i int, r rune) bool {
	before, after := strings.TrimSpace(s[:i]), s[i+len(string(r)):]
	switch r {
	case '\\', '`', '*', '_', '[', ']', '<', '>', '&', '|', '~', '@', '$':
		return true
	case '+', '-', '=': // a list, a line under a heading
		return before == ""
	case '#': // a heading begins with it, and may end with it
		return before == "" || strings.Trim(after, "# ") == ""
	case '.':
		return digits(before) || strings.HasSuffix(strings.ToLower(before), "www")
	case ')':
		return digits(before)
	case ':':
		return strings.HasPrefix(after, "/") || before == "" || strings.HasPrefix(strings.ToLower(lastWord(before)), "mailto") || strings.HasPrefix(strings.ToLower(lastWord(before)), "xmpp")
	}
	return false
}

func lastWord(s string) string {
	if i := strings.LastIndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }); i >= 0 {
		return s[i+1:]
	}
	return s
}

// digits reports whether s is digits alone: what a numbered list begins with.
func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
