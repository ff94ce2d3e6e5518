package policy

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Advise says which of the known names was probably meant by one that is not known, or lists them.
func Advise(name string, known []string) string { return advise(name, known) }

// advise says which of the known names was probably meant, or else lists them.
func advise(name string, known []string) string {
	if near := nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(known) == 0 {
		return "none is known here"
	}
	const shown = 12
	sorted := slices.Sorted(slices.Values(known))
	if len(sorted) > shown {
		return fmt.Sprintf("one of %s and %d more", strings.Join(sorted[:shown], ", "), len(sorted)-shown)
	}
	return "one of " + strings.Join(sorted, ", ")
}

// nearest returns the known name that differs least from name, "" if none is near.
func nearest(name string, known []string) string {
	const longest = 64                                      // no id is longer, and the distance costs the product of both lengths
	if name == "" || len(name) > longest || name[0] < 'A' { // a figure is not a misspelt other figure
		return ""
	}
	best, limit, plain := "", max(1, min(3, len(name)/3)), plainName(name)
	for _, k := range known {
		if d := distance(plain, plainName(k), limit); d <= limit && (best == "" || d < limit) {
			best, limit = k, d
		}
	}
	return best
}

// plainName lets a name match one that differs in case or in the dash it uses.
func plainName(s string) string {
	return strings.Map(func(c rune) rune {
		if c == '_' || c == ' ' {
			return '-'
		}
		return unicode.ToLower(c)
	}, s)
}

// distance is the number of insertions, deletions, replacements and swaps of neighbours that
// make one name of the other (optimal string alignment), or limit+1 if it is more than the limit.
// Only the cells of the table that are within the limit of its diagonal can matter.
func distance(a, b string, limit int) int {
	far := limit + 1
	if max(len(a), len(b))-min(len(a), len(b)) > limit {
		return far
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = min(j, far)
	}
	for i := 1; i <= len(a); i++ {
		from, to := max(1, i-limit), min(len(b), i+limit)
		row[from-1] = far
		if from == 1 {
			row[0] = min(i, far)
		}
		for j := from; j <= to; j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change, far)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		if to < len(b) {
			row[to+1] = far
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], far)
}
