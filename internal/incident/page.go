package incident

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"strings"
	"sync"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

//go:embed phrases.json
var phrasesFile []byte

//go:embed page.html
var pageFile string

// phrases are the desk's words, in the languages of its forms.
var phrases = sync.OnceValue(func() (all map[string]map[string]string) {
	if err := json.Unmarshal(phrasesFile, &all); err != nil {
		panic(err) // it is part of the program, and a test reads it
	}
	return all
})

// spoken reports whether the forms are written in a language.
func spoken(language string) bool { return language == "en" || language == "ar" }

// speech puts ids into the words of a language.
type speech struct {
	language string
	policy   *policy.Policy
	zone     *time.Location
}

// Say is a word of the desk.
func (s speech) Say(word string) string {
	if said := phrases()[word][s.language]; said != "" {
		return said
	}
	return word
}

// Set, Field, Law and People are what the policy calls them.
func (s speech) Set(id string) string {
	set, ok := s.policy.DataSet(id)
	if !ok {
		return id
	}
	return s.title(set.Title, set.Titles)
}

// Field is what the policy calls a field.
func (s speech) Field(set, id string) string {
	if d, ok := s.policy.DataSet(set); ok {
		if f, ok := d.Field(id); ok {
			return s.title(f.Title, f.Titles)
		}
	}
	return id
}

// Law is a law's title and citation.
func (s speech) Law(id string) string {
	for _, law := range s.policy.Laws {
		if law.ID == id {
			return s.title(law.Title, law.Titles) + ", " + law.Citation
		}
	}
	return id
}

// People is a category of people.
func (s speech) People(id string) string {
	for _, of := range s.policy.Subjects {
		if of.ID == id {
			return s.title(of.Title, of.Titles)
		}
	}
	return id
}

// At is a moment in the time zone of the policy's calendar.
func (s speech) At(t time.Time) string { return t.In(s.zone).Format("2006-01-02 15:04 MST") }

// RTL reports whether the language is written from the right.
func (s speech) RTL() bool { return s.language == "ar" }

// Language is the page's.
func (s speech) Language() string { return s.language }

// speech is in the language of the policy, where the desk speaks it.
func (d *Desk) speech() speech {
	language := d.language()
	if !spoken(language) {
		language = "en"
	}
	return speech{language, d.Policy, d.Engine.Zone}
}

func (s speech) all(words []string) string {
	said := make([]string, len(words))
	for i, w := range words {
		said[i] = s.Say(w)
	}
	return s.join(said)
}

func (s speech) join(texts []string) string { return strings.Join(texts, s.Say("form-comma")+" ") }

func (s speech) title(title string, titles policy.Titles) string {
	if other := titles[s.language]; other != "" {
		return other
	}
	return title
}

// print makes the page: one file, without script, to be printed, signed and filed.
func (d *Desk) print(form *api.BreachNotification, language string) ([]byte, error) {
	const op = "incident.print"
	page, err := template.New("form").Parse(pageFile)
	if err != nil {
		return nil, fault.As(op, fault.Other, err)
	}
	var out bytes.Buffer
	err = page.Execute(&out, struct {
		speech
		Form *api.BreachNotification
	}{speech{language, d.Policy, d.Engine.Zone}, form})
	return out.Bytes(), fault.As(op, fault.Other, err)
}

// Phrase is a word of the desk's fixed lists in a language, the word itself where there is none.
func Phrase(language, word string) string { return speech{language: language}.Say(word) }
