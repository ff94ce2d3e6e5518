package publish

import (
	"embed"
	"slices"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

// tables hold how other vocabularies say what a policy says: data, each with its source.
//
//go:embed tables/*.json
var tables embed.FS

// wordTerm is the term for purposes whose id holds a word.
type wordTerm struct{ Word, Term string }

// byWord returns the term of the first word of the table that the id holds, "" for none.
func byWord(table []wordTerm, id string) string {
	words := strings.FieldsFunc(id, func(r rune) bool { return r == '-' || r == '_' })
	for _, t := range table {
		if slices.Contains(words, t.Word) {
			return t.Term
		}
	}
	return ""
}

// dataTerms are the terms for kinds of data: by the type of a field, by its id, by the category of its
// data set.
type dataTerms struct {
	Categories map[string]string
	Types      map[policy.Type]string
	Fields     map[string]string
}

// field returns the term of a field, "" where only its data set has one.
func (t dataTerms) field(f policy.Field) string {
	if term, ok := t.Types[f.Type]; ok {
		return term
	}
	return t.Fields[f.ID]
}

// isoDuration writes a span as ISO 8601 does: P30D, PT12H.
func isoDuration(d time.Duration) string {
	days, rest := d/(24*time.Hour), d%(24*time.Hour)
	var b strings.Builder
	b.WriteString("P")
	if days > 0 || rest == 0 {
		b.WriteString(figure64(int64(days)).String() + "D")
	}
	if rest == 0 {
		return b.String()
	}
	b.WriteString("T")
	for _, unit := range []struct {
		span time.Duration
		sign string
	}{{time.Hour, "H"}, {time.Minute, "M"}, {time.Second, "S"}} {
		if n := rest / unit.span; n > 0 {
			b.WriteString(figure64(int64(n)).String() + unit.sign)
			rest -= n * unit.span
		}
	}
	return b.String()
}
