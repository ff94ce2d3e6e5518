package law

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"clause.dev/clause/internal/policy"
)

//go:embed *.json
var files embed.FS

// laws are the files of laws, in the order All returns them.
var laws = sync.OnceValue(func() []Law {
	var all []Law
	for _, name := range []string{"gdpr", "uae-pdpl", "dpdp-india", "dpdp-rules-india"} {
		all = append(all, mustRead(name+".json", readLaw))
	}
	for i := range all {
		all[i].index()
	}
	return all
})

// All returns every law there is a file of.
func All() []*Law {
	var all []*Law
	for i := range laws() {
		all = append(all, &laws()[i])
	}
	return all
}

// Under returns the law and those that detail it.
func Under(l *Law) []*Law {
	return slices.DeleteFunc(All(), func(other *Law) bool { return other != l && other.Under != l.ID })
}

// mustRead reads an embedded file. One that is broken is a fault of this package, which its tests find.
func mustRead[T any](name string, read func([]byte) (T, error)) T {
	source, err := files.ReadFile(name)
	if err == nil {
		var got T
		if got, err = read(source); err == nil {
			return got
		}
	}
	panic(fmt.Sprintf("law: %s: %v", name, err))
}

func strict(source []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(source))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// lawFile is a law as its file puts it.
type lawFile struct {
	ID, Title, Short, Citation, Under, Division string
	Names, Abbreviations, Others                []string
	InForce                                     string `json:"in_force"`
	Source                                      struct {
		URL    string
		TextOf string `json:"text_of"`
		Note   string
		Read   []string
	}
	Territory []string
	Adequate  Adequate
	Chapters  []Chapter
	Articles  []struct {
		Number, Title     string
		Subjects, Touches []string
		Paragraphs        map[string][]string
		General           bool
		Confirmed         *bool // true if not said
	}
	Deadlines []struct {
		Subject, Article, Within, Extend, Says string
		Confirmed                              bool
	}
	Contents []struct {
		Thing, Article, Asks, Role, When string
		Bases                            []string
		Confirmed                        *bool // true if not said
	}
}

func readLaw(source []byte) (Law, error) {
	var f lawFile
	if err := strict(source, &f); err != nil {
		return Law{}, err
	}
	l := Law{ID: f.ID, Title: f.Title, Short: f.Short, Citation: f.Citation, Under: f.Under, Division: f.Division,
		Names: f.Names, Abbreviations: f.Abbreviations, Others: f.Others, InForce: f.InForce, Source: Source(f.Source),
		Territory: f.Territory, Adequate: f.Adequate, Chapters: f.Chapters}
	for _, a := range f.Articles {
		l.Articles = append(l.Articles, Article{a.Number, a.Title, a.Subjects, a.Touches, a.Paragraphs, a.General, said(a.Confirmed)})
	}
	for _, d := range f.Deadlines {
		within, err := term(d.Within)
		if err != nil {
			return Law{}, err
		}
		extend, err := term(d.Extend)
		if err != nil {
			return Law{}, err
		}
		l.Deadlines = append(l.Deadlines, Deadline{d.Subject, d.Article, within, extend, d.Says, d.Confirmed})
	}
	for _, c := range f.Contents {
		l.Contents = append(l.Contents, Content{c.Thing, c.Article, c.Asks, c.Role, c.When, c.Bases, said(c.Confirmed)})
	}
	return l, nil
}

func said(confirmed *bool) bool { return confirmed == nil || *confirmed }

func term(s string) (policy.Term, error) {
	t, ok := policy.ParseTerm(s)
	if !ok && s != "" {
		return t, fmt.Errorf("%q is no term", s)
	}
	return t, nil
}
