// Package law holds what data protection laws say, as data: their articles and what each is about,
// the times they set, and what a policy under them must tell. Every file names its source.
//
// Laws change, so no figure of a law stands in Go: it stands in a file beside this one. What could
// not be confirmed is marked, and nobody is accused on the strength of it.
package law

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"clause.dev/clause/internal/policy"
)

// Law is one law. What this package hands out is shared and must not be changed.
type Law struct {
	ID            string // gdpr, uae-pdpl, …
	Title, Short  string // its name, and what prose calls it: GDPR
	Citation      string // the official one
	Under         string // the id of the law it details, and holds wherever that one does; "" if none
	Division      string // what its parts are called: article, section or rule
	Names         []string
	Abbreviations []string // stand for it only where a policy names it: others are called so too
	Others        []string // laws whose names hold one of its own: UK GDPR
	InForce       string   // the day, as 2018-05-25
	Source        Source
	Territory     []string // countries inside which data is not transferred, ISO 3166-1
	Adequate      Adequate
	Chapters      []Chapter
	Articles      []Article
	Deadlines     []Deadline
	Contents      []Content

	numbers  map[string]int // index of Articles
	subjects map[string][]*Article
}

// Source says where a file's facts were taken from.
type Source struct {
	URL    string   // the official text
	TextOf string   // the day of the text
	Note   string   // what changed since, what was not confirmed
	Read   []string // where the facts were looked up
}

// Adequate are the countries to which data may go without a safeguard.
type Adequate struct {
	Countries []string
	Confirmed bool
	Note      string
}

// Chapter is a run of articles.
type Chapter struct {
	Number, Title string
	From, To      int
}

// Article is one article, section or rule.
type Article struct {
	Number, Title string
	Subjects      []string            // what it is about, keys of [Subjects]
	Touches       []string            // what it also treats of, so that citing it for them is not wrong
	Paragraphs    map[string][]string // what single paragraphs are about: "3", "1(c)"
	General       bool                // treats of every subject: definitions, principles, information
	Confirmed     bool                // its number and title were found in the law's text, or a copy of it
}

// About reports whether the article, or the paragraph of it if one is given, is about a subject.
func (a *Article) About(subject, paragraph string) bool {
	if a.General || slices.Contains(a.Subjects, subject) || slices.Contains(a.Touches, subject) {
		return true
	}
	for p, subjects := range a.Paragraphs {
		// Withdrawal is article 7(3), and who writes article 7 means it too. But objection is only a
		// reason for erasure in 17(1)(c): that does not make article 17 the right to object.
		near := paragraph == "" && !strings.Contains(p, "(") || paragraph != "" && (strings.HasPrefix(paragraph, p) || strings.HasPrefix(p, paragraph))
		if near && slices.Contains(subjects, subject) {
			return true
		}
	}
	return false
}

// Deadline is a time that the law sets.
type Deadline struct {
	Subject   string      // a key of [Subjects]
	Article   string      // such as 12(3)
	Within    policy.Term // zero where the law gives no figure
	Extend    policy.Term // how much longer it may take for a reason
	Says      string      // what the law says, in our words
	Confirmed bool
}

// Content is something a policy under the law must tell.
type Content struct {
	Thing     string // what rules know it by
	Article   string
	Asks      string   // what must be told, in our words: that there is a right of access
	Role      string   // who must: controller or processor
	When      string   // "on request" where it need not be told before somebody asks
	Bases     []string // only where a purpose rests on one of these; empty for always
	Confirmed bool
}

// Article returns the article with a number such as 17.
func (l *Law) Article(number string) (*Article, bool) {
	i, ok := l.numbers[number]
	if !ok {
		return nil, false
	}
	return &l.Articles[i], true
}

// Chapter returns the chapter with a number such as V or 5.
func (l *Law) Chapter(number string) (*Chapter, bool) {
	for i := range l.Chapters {
		if c := &l.Chapters[i]; strings.EqualFold(c.Number, number) || number == strconv.Itoa(i+1) {
			return c, true
		}
	}
	return nil, false
}

// Subject returns the articles that are about a subject, those about it alone first.
func (l *Law) Subject(key string) []*Article { return l.subjects[key] }

// index fills what is looked up.
func (l *Law) index() {
	l.numbers, l.subjects = make(map[string]int, len(l.Articles)), map[string][]*Article{}
	for i := range l.Articles {
		a := &l.Articles[i]
		l.numbers[a.Number] = i
		all := slices.Clone(a.Subjects)
		for p, subjects := range a.Paragraphs {
			if !strings.Contains(p, "(") {
				all = append(all, subjects...)
			}
		}
		slices.Sort(all)
		for _, s := range slices.Compact(all) {
			l.subjects[s] = append(l.subjects[s], a)
		}
	}
	for _, articles := range l.subjects {
		slices.SortStableFunc(articles, func(a, b *Article) int { return cmp.Compare(len(a.Subjects), len(b.Subjects)) })
	}
}

// Deadline returns the time that the law sets for a subject.
func (l *Law) Deadline(subject string) (*Deadline, bool) {
	i := slices.IndexFunc(l.Deadlines, func(d Deadline) bool { return d.Subject == subject })
	if i < 0 {
		return nil, false
	}
	return &l.Deadlines[i], true
}

// Content returns what the law asks whoever has the role to tell of a thing.
func (l *Law) Content(thing, role string) (*Content, bool) {
	i := slices.IndexFunc(l.Contents, func(c Content) bool { return c.Thing == thing && c.Role == role })
	if i < 0 {
		return nil, false
	}
	return &l.Contents[i], true
}

// Abroad reports whether data that goes to a country needs a safeguard under the law.
func (l *Law) Abroad(country string) bool {
	return !slices.Contains(l.Territory, country) && !slices.Contains(l.Adequate.Countries, country)
}

// Cite says how an article of the law is cited: GDPR art. 17.
func (l *Law) Cite(article string) string {
	return l.Short + " " + map[string]string{"article": "art.", "section": "s.", "rule": "rule"}[l.Division] + " " + article
}
