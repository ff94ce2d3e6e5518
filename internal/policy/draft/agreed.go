package draft

import "slices"

// consenting are words by which a sentence makes a purpose a matter of consent.
var consenting = []string{"with your consent", "with your permission", "with your agreement", "only if you agree", "only if you consent", "if you agree", "if you consent",
	"if you have agreed", "if you have consented", "if you opt in", "where you consent", "where you agree", "where you have consented", "subject to your consent"}

// agreed are the purposes on the side of such words that they speak of: "to provide the service and,
// with your consent, to send you news" makes the news a matter of consent, and the service not. It is
// nil where they speak of all.
func agreed(all []token) []string {
	f := &figures{tokens: all}
	for _, words := range consenting {
		at := f.index(words)
		if at < 0 {
			continue
		}
		end := at + len(tokens(words))
		before, after := purposeWords().in(all[:at]), purposeWords().in(all[end:])
		if at == 0 || slices.Contains([]string{"and", "or", "but", "also"}, f.word(at-1)) || f.word(end) == "to" {
			before, after = after, before // it speaks of what follows
		}
		if len(before) == 0 || len(after) == 0 {
			return nil
		}
		return ids(before, func(r []string) (string, bool) { return r[0], true })
	}
	return nil
}
