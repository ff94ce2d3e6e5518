package notify

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"
	"time"
	"unicode"
	"unicode/utf8"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/policy"
)

// words holds a file for each sort of message in each language, and beside them what all begin and end
// with, and what ids are called. A file begins with the line of the subject, the details it needs and those it may have; then come its
// paragraphs. Whatever is empty after a {{with}} leaves no paragraph behind.
//
//go:embed words
var words embed.FS

// Languages are those that messages are written in; the first is for whoever speaks none of them.
var languages = []string{"en", "ar"}

// Words are a message as a person reads it.
type Words struct {
	Language string
	Subject  string // one line, without control characters
	Text     string // paragraphs, with an empty line between
}

// text is one file of words.
type text struct {
	subject, body *template.Template
	needs, may    []string
}

// Library renders messages in the name of a policy's organisation.
type Library struct {
	texts map[string]text // by language/template
	facts map[string]string
}

// NewLibrary returns the words, in the name of the organisation that publishes the policy.
func NewLibrary(p *policy.Policy) (*Library, error) {
	o := p.Organisation
	l := &Library{texts: map[string]text{}, facts: map[string]string{
		"organisation": o.Name, "contact": strings.TrimPrefix(o.Contact, "mailto:"), "website": o.Website, "organisation_address": o.Address,
		"officer": o.Officer.Name, "officer_contact": strings.TrimPrefix(o.Officer.Contact, "mailto:"),
		"authority": o.Authority.Name, "authority_url": o.Authority.URL,
	}}
	for _, language := range languages {
		for _, name := range Templates() {
			t, err := parseText(language, name)
			if err != nil {
				return nil, err
			}
			l.texts[language+"/"+name] = t
		}
	}
	return l, nil
}

// Templates returns the names of all sorts of messages.
func Templates() (names []string) {
	files, _ := fs.Glob(words, "words/en/*.txt")
	for _, f := range files {
		if name := strings.TrimSuffix(path.Base(f), ".txt"); name != "terms" {
			names = append(names, name)
		}
	}
	return names
}

// needs returns the details that a template's words need and that are not there.
func needs(template string, details map[string]string) (lacks []string, ok bool) {
	if !slices.Contains(Templates(), template) {
		return nil, false
	}
	head, _, err := readText("en", template)
	if err != nil {
		return nil, false
	}
	for _, key := range strings.Fields(head["Needs"]) {
		if strings.TrimSpace(details[key]) == "" {
			lacks = append(lacks, key)
		}
	}
	return lacks, true
}

// readText reads a file's head and body.
func readText(language, name string) (head map[string]string, body string, err error) {
	src, err := words.ReadFile("words/" + language + "/" + name + ".txt")
	if err != nil {
		return nil, "", fault.As("notify.readText", fault.Other, err)
	}
	top, body, _ := strings.Cut(string(src), "\n\n")
	head = map[string]string{}
	for line := range strings.Lines(top) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		head[strings.TrimSuffix(key, ":")] = value
	}
	return head, body, nil
}

func parseText(language, name string) (t text, err error) {
	const op = "notify.parseText"
	head, body, err := readText(language, name)
	if err != nil {
		return t, err
	}
	terms, err := readTerms(language)
	if err != nil {
		return t, err
	}
	functions := template.FuncMap{
		"day":  func(s string) string { return day(terms, s) },
		"term": func(s string) string { return called(terms, s) },
	}
	t.needs, t.may = strings.Fields(head["Needs"]), strings.Fields(head["May"])
	parse := func(src string) (*template.Template, error) {
		t, err := template.New("common").Option("missingkey=zero").Funcs(functions).ParseFS(words, "words/"+language+"/common.tmpl")
		if err != nil {
			return nil, err
		}
		return t.New(language + "/" + name).Parse(src)
	}
	if t.subject, err = parse(head["Subject"]); err != nil {
		return t, fault.As(op, fault.Other, err)
	}
	t.body, err = parse(body)
	return t, fault.As(op, fault.Other, err)
}

// readTerms reads what ids are called in a language.
func readTerms(language string) (map[string]string, error) {
	src, err := words.ReadFile("words/" + language + "/terms.txt")
	if err != nil {
		return nil, fault.As("notify.readTerms", fault.Other, err)
	}
	terms := map[string]string{}
	for line := range strings.Lines(string(src)) {
		if id, name, ok := strings.Cut(strings.TrimSpace(line), " = "); ok {
			terms[id] = name
		}
	}
	return terms, nil
}

// called is what an id is called; an id of no name is its own.
func called(terms map[string]string, id string) string {
	if name, ok := terms[id]; ok {
		return name
	}
	return id
}

// day writes a day or a moment as people do; what is neither is left as it is.
func day(terms map[string]string, s string) string {
	write := func(t time.Time) string {
		return fmt.Sprintf("%d %s %d", t.Day(), called(terms, fmt.Sprintf("month-%d", int(t.Month()))), t.Year())
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return write(t)
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return write(t) + ", " + t.Format("15:04 ") + zoneOf(t)
	}
	return s
}

func zoneOf(t time.Time) string {
	if _, offset := t.Zone(); offset == 0 {
		return "UTC"
	}
	return t.Format("UTC-07:00")
}

// Render writes a message. name is what the person is called, "" if it is not known or it is for staff.
func (l *Library) Render(m *Message, name string) (Words, error) {
	const op = "notify.Render"
	language := spoken(m.Language)
	t, ok := l.texts[language+"/"+m.Template]
	if !ok {
		return Words{}, fault.New(op, fault.Invalid, "there are no words for %q", m.Template)
	}
	facts := map[string]string{}
	for key, value := range m.Details {
		facts[key] = tame(value)
	}
	for key, value := range l.facts { // no detail takes the place of who it is from
		facts[key] = value
	}
	facts["name"] = greetable(name)
	subject, err := fill(t.subject, facts)
	if err != nil {
		return Words{}, fault.As(op, fault.Other, err)
	}
	body, err := fill(t.body, facts)
	if err != nil {
		return Words{}, fault.As(op, fault.Other, err)
	}
	return Words{Language: language, Subject: cut(line(subject), maxSubject), Text: paragraphs(body)}, nil
}

// maxSubject bounds a subject line, in characters.
const maxSubject = 150

func fill(t *template.Template, facts map[string]string) (string, error) {
	var b bytes.Buffer
	err := t.Execute(&b, facts)
	return b.String(), err
}

// spoken is the language of ours that is nearest to one of BCP 47.
func spoken(tag string) string {
	base, _, _ := strings.Cut(strings.ToLower(tag), "-")
	if slices.Contains(languages, base) {
		return base
	}
	return languages[0]
}

// tame takes out of a text what shows as something else than it is: control characters but line ends,
// and marks that turn the direction of what follows.
func tame(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\r\n", "\n"), "\r", "\n")
	return strings.Map(func(r rune) rune {
		turns := r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029
		if r != '\n' && (unicode.IsControl(r) || turns) {
			return -1
		}
		return r
	}, s)
}

// line makes one line of a text.
func line(s string) string { return strings.Join(strings.Fields(tame(s)), " ") }

// cut bounds a text, in characters.
func cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// greetable is a name that a message can begin with. What a person wrote into that field could be an
// advertisement that they have us send to somebody else's mailbox: no address of any sort passes.
func greetable(name string) string {
	name = line(name)
	lower := strings.ToLower(name)
	if utf8.RuneCountInString(name) > 60 || strings.ContainsAny(name, "@:/<>\\") || strings.Contains(lower, "www.") {
		return ""
	}
	return name
}

// paragraphs puts exactly one empty line between paragraphs, and takes out those that came out empty.
func paragraphs(s string) string {
	var all []string
	for _, p := range strings.Split(tame(s), "\n\n") {
		var lines []string
		for l := range strings.Lines(p) {
			if l = strings.TrimSpace(l); l != "" {
				lines = append(lines, l)
			}
		}
		if len(lines) > 0 {
			all = append(all, strings.Join(lines, "\n"))
		}
	}
	return strings.Join(all, "\n\n") + "\n"
}
