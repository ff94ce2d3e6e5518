package web

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/examples/clesaro/app/finance"
)

var (
	said  = regexp.MustCompile(`\.Say "([^"]+)"`)
	fills = regexp.MustCompile(`\{[a-z0-9]+\}`)
)

// TestEveryPhraseHasWords finds a phrase that only one language has, one that fills in other things than its
// translation, and one that a page says and nobody wrote.
func TestEveryPhraseHasWords(t *testing.T) {
	words, err := readWords(files)
	if err != nil {
		t.Fatal(err)
	}
	en, ar := words["en"], words["ar"]
	filled := func(text string) []string {
		all := fills.FindAllString(text, -1)
		slices.Sort(all)
		return slices.Compact(all)
	}
	for key, text := range en {
		if other, ok := ar[key]; !ok || (text == "") != (other == "") || !slices.Equal(filled(text), filled(other)) {
			t.Errorf("%s: %q is %q in Arabic", key, text, other)
		}
	}
	if len(ar) != len(en) {
		t.Errorf("%d phrases, %d in Arabic", len(en), len(ar))
	}
	has := func(key string) {
		if en[key] == "" {
			t.Errorf("there are no words for %s", key)
		}
	}
	pages, err := fs.Glob(files, "pages/*.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range pages {
		source, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range said.FindAllStringSubmatch(string(source), -1) {
			has(m[1])
		}
	}
	for _, c := range finance.Categories() {
		has("category." + c)
	}
	for _, k := range finance.Kinds() {
		has("kind." + k)
	}
	for prefix, names := range map[string][]string{
		"part.": {"spend", "reserve", "burden", "owed", "plan"}, "band.": {"vulnerable", "coping", "healthy"}, "confidence.": {"low", "medium", "high"}, "confidence.short.": {"low", "medium", "high"},
		"state.":   {finance.Under, finance.Near, finance.Over, finance.Unknown},
		"insight.": {finance.InsightOverspent, finance.InsightBurden, finance.InsightCards, finance.InsightReserve, finance.InsightGoalLate, finance.InsightCategoryUp, finance.InsightSaving, finance.InsightIncome, finance.InsightMonths},
		"notice.":  {finance.NoticeReached, finance.NoticeShare, finance.NoticeSoon, finance.NoticePast, finance.NoticeRisen, finance.NoticeFallen},
		"csv.":     {"date", "amount", "direction", "category", "merchant", "description", "text", "rows", "size", "empty", "csv", "header"},
		"problem.": {"401", "403", "404", "409", "410", "412", "413", "422", "429", "500", "503"},
		"wrong.":   {"empty", "long", "amount", "negative", "day", "past", "choice", "form", "changed", "refused"},
		"done.":    {"saved", "removed", "seen", "imported"},
	} {
		for _, name := range names {
			has(prefix + name)
			if strings.HasPrefix(prefix, "insight") {
				has(prefix + name + ".do")
			}
			if strings.HasPrefix(prefix, "problem") {
				has(prefix + name + ".title")
			}
		}
	}
}
