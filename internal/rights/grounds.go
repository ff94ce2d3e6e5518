package rights

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/policy/law"
)

//go:embed grounds.json
var groundsFile []byte

// Ground is a legal ground on which a right may be refused.
type Ground struct {
	ID       string        `json:"id"`
	Rights   []Right       `json:"rights"`
	Law      string        `json:"law"` // an id of package law
	Articles []string      `json:"articles"`
	Title    string        `json:"title"` // as it is told to the person
	Titles   policy.Titles `json:"titles"`
}

// Extension is a reason for which an answer may take longer.
type Extension struct {
	ID      string        `json:"id"`
	Article string        `json:"article"`
	Title   string        `json:"title"`
	Titles  policy.Titles `json:"titles"`
}

// grounds are what the law says; no figure and no article of it stands in Go.
var grounds = sync.OnceValue(func() (file struct {
	About      string           `json:"about"`
	Articles   map[Right]string `json:"articles"`
	Extensions []Extension      `json:"extensions"`
	Grounds    []Ground         `json:"grounds"`
}) {
	d := json.NewDecoder(bytes.NewReader(groundsFile))
	d.DisallowUnknownFields()
	if err := d.Decode(&file); err != nil {
		panic(fmt.Sprintf("rights: grounds.json: %v", err)) // a fault of this package, which its tests find
	}
	return file
})

// Grounds returns the legal grounds on which a right may be refused.
func Grounds() []Ground { return grounds().Grounds }

// Extensions returns the reasons for which an answer may take longer, GDPR art. 12(3).
func Extensions() []Extension { return grounds().Extensions }

func groundOf(id string) (*Ground, bool) {
	all := Grounds()
	i := slices.IndexFunc(all, func(g Ground) bool { return g.ID == id })
	if i < 0 {
		return nil, false
	}
	return &all[i], true
}

func extensionOf(id string) (*Extension, bool) {
	all := Extensions()
	i := slices.IndexFunc(all, func(e Extension) bool { return e.ID == id })
	if i < 0 {
		return nil, false
	}
	return &all[i], true
}

// groundsFor are the grounds that fit a right, for a hint.
func groundsFor(right Right) string {
	var ids []string
	for _, g := range Grounds() {
		if slices.Contains(g.Rights, right) {
			ids = append(ids, g.ID)
		}
	}
	return strings.Join(ids, ", ")
}

// cited are the articles of a ground, as they are told to a person: GDPR art. 12(2), GDPR art. 12(6).
func (g *Ground) cited() string {
	var all []string
	for _, l := range law.All() {
		for _, a := range g.Articles {
			if l.ID == g.Law {
				all = append(all, l.Cite(a))
			}
		}
	}
	return strings.Join(all, ", ")
}
