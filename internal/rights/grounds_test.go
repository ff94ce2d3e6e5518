package rights_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"clause.dev/clause/internal/policy/law"
	"clause.dev/clause/internal/rights"
)

// TestGrounds: each ground fits a right, is told in both languages, and stands in an article there is.
func TestGrounds(t *testing.T) {
	form := regexp.MustCompile(`^[a-z][a-z-]{2,63}$`)
	seen := map[string]bool{}
	fits := map[rights.Right]int{}
	for _, g := range rights.Grounds() {
		if !form.MatchString(g.ID) || seen[g.ID] || len(g.Rights) == 0 || g.Title == "" || g.Titles["ar"] == "" || len(g.Articles) == 0 {
			t.Errorf("the ground %+v", g)
		}
		seen[g.ID] = true
		for _, r := range g.Rights {
			if fits[r]++; !slices.Contains(rights.All(), r) {
				t.Errorf("%s is about %q", g.ID, r)
			}
		}
		i := slices.IndexFunc(law.All(), func(l *law.Law) bool { return l.ID == g.Law })
		if i < 0 {
			t.Errorf("%s rests on the law %q, of which there is no file", g.ID, g.Law)
			continue
		}
		for _, a := range g.Articles {
			number, _, _ := strings.Cut(a, "(")
			if _, ok := law.All()[i].Article(number); !ok {
				t.Errorf("%s rests on article %s of %s", g.ID, a, g.Law)
			}
		}
	}
	if fits[rights.Withdrawal] != 1 {
		t.Errorf("a withdrawal of consent can be refused on %d grounds: the law gives none but that it is not the person who asks", fits[rights.Withdrawal])
	}
	for _, e := range rights.Extensions() {
		if !form.MatchString(e.ID) || e.Title == "" || e.Titles["ar"] == "" || e.Article != "12(3)" {
			t.Errorf("the reason %+v", e)
		}
	}
}
