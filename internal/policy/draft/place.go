package draft

import (
	"slices"
	"strings"
	"sync"
)

// place is where data can be.
type place struct{ id, provider, name, country string }

// places finds places by the words that texts call them by.
type places struct {
	all    []place
	byWord map[string][]placeName // by the first word
}

type placeName struct {
	words []string
	place int
}

var gazetteer = sync.OnceValue(func() *places {
	g := &places{byWord: map[string][]placeName{}}
	for i, r := range table("places.txt") {
		g.all = append(g.all, place{r[0], r[1], r[2], r[3]})
		for name := range strings.SplitSeq(r[4], ",") {
			words := texts(tokens(strings.TrimSpace(name)))
			g.byWord[words[0]] = append(g.byWord[words[0]], placeName{words, i})
		}
	}
	for _, names := range g.byWord { // the longest first: "united states" before "united"
		slices.SortStableFunc(names, func(a, b placeName) int { return len(b.words) - len(a.words) })
	}
	return g
})

// placeWords are the words that names of places begin with, for the rules.
func placeWords() []string {
	var all []string
	for w := range gazetteer().byWord {
		if w != "us" { // we, in another case
			all = append(all, w)
		}
	}
	slices.Sort(all)
	return all
}

func texts(all []token) []string {
	out := make([]string, len(all))
	for i, t := range all {
		out[i] = t.text
	}
	return out
}

// in returns the places that a text names. A cloud region stands for the city and the country
// that explain it: "eu-central-1 (Frankfurt), Germany" is one place.
func (g *places) in(text string, all []token) []place {
	var found []place
	for i := 0; i < len(all); {
		n, p := g.at(text, all[i:])
		if n == 0 {
			i++
			continue
		}
		i += n
		found = append(found, p)
	}
	return distinct(found)
}

func (g *places) at(text string, all []token) (int, place) {
	for _, n := range g.byWord[all[0].text] {
		if len(n.words) > len(all) || !slices.Equal(n.words, texts(all[:len(n.words)])) {
			continue
		}
		if n.words[0] == "us" && len(n.words) == 1 && text[all[0].from:all[0].to] != "US" {
			continue
		}
		if !all[0].capital && g.all[n.place].provider == "any" {
			continue
		}
		return len(n.words), g.all[n.place]
	}
	return 0, place{}
}

// distinct keeps the most exact place of each country, and every cloud region.
func distinct(found []place) []place {
	exact := map[string]bool{}
	for _, p := range found {
		if p.provider != "any" {
			exact[p.country] = true
		}
	}
	var out []place
	for _, p := range found {
		if p.provider == "any" && exact[p.country] || slices.Contains(out, p) {
			continue
		}
		out = append(out, p)
	}
	return out
}
