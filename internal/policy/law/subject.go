package law

import (
	"slices"
	"strings"
	"sync"
	"unicode"
)

// Subject is something that laws treat of: erasure, transfers, …
type Subject struct {
	Key, Title string
	Right      bool     // a right of people
	Names      []string // what stands for it wherever it is found: right to be forgotten
	Words      []string // what stands for it where the rights of people are spoken of: delete
}

type subjectsFile struct {
	About     string
	Divisions map[string][]string
	People    []string
	Duties    map[string][]string
	Subjects  []Subject
}

var subjects = sync.OnceValue(func() subjectsFile {
	return mustRead("subjects.json", func(source []byte) (f subjectsFile, err error) { return f, strict(source, &f) })
})

// Subjects returns all subjects.
func Subjects() []Subject { return subjects().Subjects }

// SubjectTitle returns what people call a subject.
func SubjectTitle(key string) string {
	i := slices.IndexFunc(Subjects(), func(s Subject) bool { return s.Key == key })
	if i < 0 {
		return key
	}
	return Subjects()[i].Title
}

// Mention is a place in a text that stands for a subject.
type Mention struct {
	Subject *Subject // nil: the text speaks of people and their rights
	Sure    bool     // by one of its names
	From    int      // index of its first token
	To      int      // index after its last
}

var spoken = sync.OnceValue(func() phrases[Mention] {
	p := phrases[Mention]{}
	for i := range Subjects() {
		s := &Subjects()[i]
		for _, n := range s.Names {
			p.add(n, Mention{Subject: s, Sure: true})
		}
		for _, w := range s.Words {
			p.add(w, Mention{Subject: s})
		}
	}
	return p
})

var people = sync.OnceValue(func() phrases[bool] {
	p := phrases[bool]{}
	for _, w := range subjects().People {
		p.add(w, true)
	}
	return p
})

// Mentions returns the subjects that a text names, in its order. One name can stand for several.
func Mentions(tokens []Token) []Mention {
	var all []Mention
	index := spoken()
	for i := 0; i < len(tokens); i++ {
		_, next := index.at(tokens, i, func(m Mention) { all = append(all, m) })
		for k := len(all) - 1; k >= 0 && all[k].To == 0; k-- {
			all[k].From, all[k].To = i, next
		}
		if next > i {
			i = next - 1
		}
	}
	return all
}

// OfPeople reports whether a text speaks of people and what they can ask for.
func OfPeople(tokens []Token) bool {
	index := people()
	for i := range tokens {
		if _, next := index.at(tokens, i, nil); next > i {
			return true
		}
	}
	return false
}

var duties = sync.OnceValue(func() phrases[string] {
	p := phrases[string]{}
	for subject, all := range subjects().Duties {
		for _, duty := range all {
			p.add(duty, subject)
		}
	}
	return p
})

// OfDuty returns the subject of a duty as a policy puts it, such as "privacy mail", "" for none.
func OfDuty(duty string) string {
	tokens := Tokens(duty)
	for i := range tokens {
		if subject, next := duties().at(tokens, i, nil); next > i {
			return subject
		}
	}
	return ""
}

var divisions = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for division, words := range subjects().Divisions {
		for _, w := range words {
			all[fold(w)] = division
		}
	}
	return all
})

// Cites reports whether a text cites anything by number, without reading it all: few do. It can be
// true of one that does not.
func Cites(text string) bool {
	for i := range len(text) {
		c := text[i]
		switch {
		case c == 0xd9 && i+1 < len(text) && '\xa0' <= text[i+1] && text[i+1] <= '\xa9': // ٠ to ٩
			return true
		case c < '0' || c > '9' || i > 0 && '0' <= text[i-1] && text[i-1] <= '9':
			continue
		}
		before := strings.TrimRightFunc(text[:i], func(c rune) bool { return c != '§' && !unicode.IsLetter(c) })
		word := strings.LastIndexFunc(before, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsMark(c) })
		if Division(fold(before[word+1:])) != "" || strings.HasSuffix(before, "§") {
			return true
		}
	}
	return strings.Contains(text, "hapter")
}

// Division returns what a word such as "art" calls a part of a law: article, section, rule or
// chapter; "" for none.
func Division(word string) string { return divisions()[word] }
