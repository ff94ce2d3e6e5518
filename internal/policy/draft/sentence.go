package draft

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"clause.dev/clause/internal/fault"
)

// Bounds of what is drafted.
const (
	maxSentences = 20_000
	maxSentence  = 2000 // bytes; what is longer is cut at a space
	maxLead      = 300
	maxSection   = 150
)

// lead is what introduces items that follow it.
type lead struct {
	text   string
	marker string
	level  int
	item   bool
}

// sentences splits the blocks into sentences, each with its section and what introduces it.
func sentences(in *input, doc *document) (all []Sentence, sections int, err error) {
	section, head := "", ""
	var leads []lead
	for i := range doc.blocks {
		b := &doc.blocks[i]
		text := b.String()
		switch b.kind {
		case heading:
			section, head, leads = clip(text, maxSection), "", nil
			if denies(section) { // "Things we never do", and a list of them
				leads = append(leads, lead{text: section + ":"})
			}
			sections++
			continue
		case header:
			head = clip(strings.ReplaceAll(text, "; ", " | "), maxLead)
			continue
		case paragraph:
			leads = nil
		}
		if b.kind != row {
			head = ""
		}
		leads = under(leads, b)
		before := head
		if n := len(leads); n > 0 && b.kind != row {
			before = leads[n-1].text
		}
		for _, part := range parts(b, text) {
			offset := b.offset(part.from)
			all = append(all, Sentence{Line: in.line(offset), Offset: offset, Section: section, Lead: before, Text: text[part.from:part.to]})
		}
		if len(all) > maxSentences {
			return nil, 0, fault.New(op, fault.TooLarge, "the text has more than %d sentences", maxSentences).
				WithHint("a long policy has a thousand: give the text of the policy alone")
		}
		if n := len(all); strings.HasSuffix(text, ":") && n > 0 {
			leads = append(leads, lead{clip(strings.TrimSpace(before+" "+all[n-1].Text), maxLead), b.marker, b.level, b.kind == item})
		}
	}
	return all, sections, nil
}

// denies reports a heading that says what is not done.
func denies(section string) bool {
	for _, t := range tokens(section) {
		switch t.text {
		case "never", "won't", "don't":
			return !strings.HasSuffix(section, "?")
		}
	}
	return false
}

// under returns the leads that still hold at a block: those of items end with the next item of
// their sort and depth.
func under(leads []lead, b *block) []lead {
	for n := len(leads); n > 0; n-- {
		last := leads[n-1]
		if !last.item || b.kind == item && (b.level > last.level || b.level == last.level && b.marker != last.marker) {
			return leads[:n]
		}
	}
	return nil
}

// span is a part of a text.
type span struct{ from, to int }

// parts are the sentences of a block. A row of a table is one.
func parts(b *block, text string) []span {
	if b.kind == row {
		return cut(nil, text, 0, len(text))
	}
	var all []span
	from := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		i += size
		if !ends(r) {
			continue
		}
		for i < len(text) { // what closes with the sentence: a bracket, a quote, more dots
			r, size := utf8.DecodeRuneInString(text[i:])
			if !ends(r) && !strings.ContainsRune(")]»”’\"'", r) {
				break
			}
			i += size
		}
		if boundary(text, from, i) {
			all = cut(all, text, from, i)
			from = i
		}
	}
	return cut(all, text, from, len(text))
}

func ends(r rune) bool { return strings.ContainsRune(".!?؟。！？۔", r) }

// boundary reports whether a sentence is over at i, after its stop.
func boundary(text string, from, i int) bool {
	rest := text[i:]
	if rest == "" {
		return true
	}
	if r, _ := utf8.DecodeLastRuneInString(text[:i]); strings.ContainsRune("。！？", r) {
		return true
	}
	if rest[0] != ' ' {
		return false
	}
	next, _ := utf8.DecodeRuneInString(strings.TrimLeft(rest, " (“\"‘'«["))
	if unicode.IsLower(next) {
		// An address begins small; of names that do, such as iPhone, there are too few to look for.
		first, _, _ := strings.Cut(rest[1:], " ")
		return strings.Contains(first, "@") || strings.HasSuffix(text[:i], "?") || strings.HasSuffix(text[:i], "!")
	}
	if text[i-1] != '.' {
		return true
	}
	return !abbreviated(text[from:i-1], strings.TrimLeft(rest, " "))
}

// abbreviated reports whether the dot after before shortens its last word, and ends no sentence.
func abbreviated(before, next string) bool {
	word := before[strings.LastIndexAny(before, " (\"/")+1:]
	small := strings.ToLower(word)
	first, _, _ := strings.Cut(next, " ")
	starts := starters()[strings.ToLower(strings.Trim(first, ",.:;"))]
	switch kind := abbreviations()[small]; {
	case kind == "name": // Mr. Smith: never the end
		return true
	case kind == "number": // Art. 17, No. 5
		return next != "" && strings.ContainsRune("0123456789IVXivx(§", rune(next[0]))
	case kind == "end": // Inc., etc., U.K.: the end if a sentence seems to begin
		return !starts
	case len(word) == 1 && word >= "A" && word <= "Z":
		return word != "I" && !starts // an initial
	case strings.Contains(word, ".") && len(word) <= 6 && !strings.ContainsAny(word, "0123456789"):
		return !starts // U.S.C.
	}
	return strings.Trim(before, "0123456789.()") == "" // "1." and "(2)." before the sentence itself
}

// cut adds text[from:to], and in pieces where it is too long.
func cut(all []span, text string, from, to int) []span {
	for from < to && text[from] == ' ' {
		from++
	}
	for to > from && text[to-1] == ' ' {
		to--
	}
	for to-from > maxSentence {
		at := strings.LastIndexByte(text[from:from+maxSentence], ' ')
		if at <= 0 {
			at = maxSentence
			for !utf8.RuneStart(text[from+at]) {
				at--
			}
		}
		all = append(all, span{from, from + at})
		from += at
		for from < to && text[from] == ' ' {
			from++
		}
	}
	if !strings.ContainsFunc(text[from:to], func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return all
	}
	return append(all, span{from, to})
}

// clip shortens a text to a number of bytes.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for !utf8.RuneStart(s[most]) {
		most--
	}
	return strings.TrimSpace(s[:most]) + "…"
}
