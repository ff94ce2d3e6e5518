package publish

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"clause.dev/clause/internal/policy"
)

// run is a stretch of text in one language.
type run struct {
	Text  string
	Lang  string // BCP 47; "" for the document's own
	Apart bool   // a name or a figure, whose direction of writing is its own
	Link  string // an address or #id; "" for none
}

// Dir is the direction in which a run of another language is written.
func (r run) Dir() string { return direction(r.Lang) }

// words are text as a document shows it.
type words []run

// text is words in the document's language.
func text(s string) words { return words{{Text: s}} }

// name is a name: of a party, a cookie, an algorithm. It is the same in all languages.
func name(s string) words { return words{{Text: s, Apart: true}} }

// figure64 is a number, in the digits that both languages' readers use in print.
func figure64(n int64) words { return text(strconv.FormatInt(n, 10)) }

// with appends text.
func (w words) with(s string) words {
	if s == "" {
		return w
	}
	return append(w, run{Text: s})
}

// to makes all of the words a link.
func (w words) to(link string) words {
	out := make(words, len(w))
	for i, r := range w {
		r.Link = link
		out[i] = r
	}
	return out
}

// sentence begins with a capital, in languages that have them.
func (w words) sentence() words {
	if len(w) == 0 || w[0].Apart {
		return w
	}
	out := slices.Clone(w)
	first, size := utf8.DecodeRuneInString(out[0].Text)
	out[0].Text = string(unicode.ToUpper(first)) + out[0].Text[size:]
	return out
}

// String is the text alone.
func (w words) String() string {
	var b strings.Builder
	for _, r := range w {
		b.WriteString(r.Text)
	}
	return b.String()
}

// address is where somebody can be written to, as a link.
func address(contact string) words {
	shown := strings.TrimPrefix(strings.TrimPrefix(contact, "mailto:"), "tel:")
	return name(shown).to(linkOf(contact))
}

// linkOf makes an address a link. Others than those of the web, mail and telephone are none: javascript:
// in a policy must not run on the page.
func linkOf(contact string) string {
	for _, scheme := range []string{"https://", "http://", "mailto:", "tel:+"} {
		if strings.HasPrefix(contact, scheme) {
			return contact
		}
	}
	if strings.Contains(contact, "@") && !strings.Contains(contact, ":") {
		return "mailto:" + contact
	}
	return ""
}

// writer writes documents about one policy in one language.
type writer struct {
	*tongue
	policy  *policy.Policy
	options Options
}

// own is a text of the policy, which is in the policy's language.
func (w *writer) own(s string) words {
	if s == "" || sameLanguage(w.policy.Language, w.lang) {
		return text(s).nonEmpty()
	}
	return words{{Text: s, Lang: w.policy.Language}}
}

func (w words) nonEmpty() words {
	if w.String() == "" {
		return nil
	}
	return w
}

// comma stands between the parts of a list.
func (w *writer) comma() string { return w.say("list.comma").String() }

// title is a title of the policy in the document's language, or where that is not given, in its own.
func (w *writer) title(own string, titles policy.Titles) words {
	if sameLanguage(w.policy.Language, w.lang) {
		return text(own)
	}
	if translated, ok := translation(titles, w.lang); ok {
		return text(translated)
	}
	return w.own(own)
}

// translation picks a title's translation: of the very language, or of a variety of it.
func translation(titles policy.Titles, lang string) (string, bool) {
	if t, ok := titles[lang]; ok {
		return t, true
	}
	found := ""
	for tag := range titles {
		if sameLanguage(tag, lang) && (found == "" || tag < found) {
			found = tag
		}
	}
	return titles[found], found != ""
}
