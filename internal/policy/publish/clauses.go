package publish

import (
	"slices"
	"strconv"
	"strings"

	"clause.dev/clause/internal/policy"
)

// clauseWords are a clause's words in a language.
type clauseWords struct {
	lang                 string
	section, text, plain string
}

// words returns a clause's words in the document's language, or in the policy's own.
func (w *writer) words(c *policy.Clause) clauseWords {
	own := clauseWords{w.policy.Language, c.Section, c.Text, c.Plain}
	if sameLanguage(own.lang, w.lang) {
		return own
	}
	found := own
	for _, t := range c.Translations {
		if t.Language == w.lang || sameLanguage(t.Language, w.lang) && found.lang == own.lang {
			found = clauseWords{t.Language, t.Section, t.Text, t.Plain}
		}
	}
	return found
}

// in marks a text of a language that is not the document's.
func (w *writer) in(lang, s string) words {
	if s == "" || sameLanguage(lang, w.lang) {
		return text(s).nonEmpty()
	}
	return words{{Text: s, Lang: lang}}
}

// plain is a clause in one sentence, if it has one, as a link to the clause.
func (w *writer) plain(c *policy.Clause) words {
	said := w.words(c)
	if said.plain == "" && c.Plain != "" {
		said.lang, said.plain = w.policy.Language, c.Plain
	}
	return w.in(said.lang, said.plain).to("#" + c.ID)
}

// sections adds every clause, under its section, in the order in which sections first come.
func (w *writer) sections(p *paper) {
	var order []string
	blocks, titles := map[string][]block{}, map[string]words{}
	for i := range w.policy.Clauses {
		c := &w.policy.Clauses[i]
		if _, seen := blocks[c.Section]; !seen {
			order = append(order, c.Section)
		}
		blocks[c.Section] = append(blocks[c.Section], block{Clause: w.entry(c)})
		// One translated clause gives its section's title to those that are not.
		if said := w.words(c); titles[c.Section] == nil || titles[c.Section].lang() != "" {
			titles[c.Section] = w.in(said.lang, said.section)
		}
	}
	for i, section := range order {
		p.add("section."+strconv.Itoa(i+1), titles[section], blocks[section]...)
	}
}

// entry is a clause as it is published. It says what a clause promises, never that it is kept: that
// is for the trust page to show, from evidence.
func (w *writer) entry(c *policy.Clause) *entry {
	said := w.words(c)
	e := &entry{ID: c.ID}
	if !sameLanguage(said.lang, w.lang) {
		e.Lang = said.lang
		e.Note = w.say("only-in", slots{"language": w.language(said.lang)})
	}
	for para := range strings.SplitSeq(said.text, "\n") {
		if para = strings.TrimSpace(para); para != "" {
			e.Paras = append(e.Paras, text(para))
		}
	}
	if !c.Statement && !w.measured(c) {
		e.Marks = append(e.Marks, w.say("mark.unmeasured").to("#About"))
	}
	if slices.ContainsFunc(w.policy.Known, func(k policy.Known) bool { return slices.Contains(k.About, c.ID) }) {
		e.Marks = append(e.Marks, w.say("mark.open").to("#Open"))
	}
	return e
}

// measured reports whether every control that keeps a clause runs, so that there can be evidence.
func (w *writer) measured(c *policy.Clause) bool {
	if len(c.Keep) == 0 || w.options.Controls == nil {
		return false
	}
	for _, k := range c.Keep {
		if spec, ok := w.options.Controls.Control(k.Control); !ok || !spec.Runs {
			return false
		}
	}
	return true
}

// open lists what the policy's owners know to be wrong with it, and of which of these clauses. A point
// about no clause at all stands in the list of all.
func (w *writer) open(clauses []policy.Clause) []words {
	var all []words
	for _, k := range w.policy.Known {
		point := w.own(k.Reason)
		var about []words
		for _, c := range clauses {
			if slices.Contains(k.About, c.ID) {
				about = append(about, name(c.ID).to("#"+c.ID))
			}
		}
		if about == nil && len(clauses) < len(w.policy.Clauses) {
			continue
		}
		if len(about) > 0 {
			point = append(point, w.say("bracket", slots{"text": w.and(about)})...)
		}
		all = append(all, point)
	}
	return all
}
