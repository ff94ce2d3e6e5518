package notify

import (
	_ "embed"
	"html/template"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
)

//go:embed mail.html
var mailHTML string

//go:embed letter.html
var letterHTML string

var pages = struct{ mail, letter *template.Template }{
	template.Must(template.New("mail").Parse(mailHTML)),
	template.Must(template.New("letter").Parse(letterHTML)),
}

// page is what a page is made of. It loads nothing and holds no script: nobody learns who reads it.
type page struct {
	Words
	Direction  string
	Paragraphs [][]string // lines of each
	From, At   string     // who writes, and their postal address
	To         []string   // lines of the address, of a letter
	Day        string
}

func (w *Words) page() page {
	p := page{Words: *w, Direction: "ltr"}
	if w.Language == "ar" {
		p.Direction = "rtl"
	}
	for _, text := range strings.Split(strings.TrimSpace(w.Text), "\n\n") {
		p.Paragraphs = append(p.Paragraphs, strings.Split(text, "\n"))
	}
	return p
}

// HTML is the mail as a page, saying the same as its text.
func (w *Words) HTML() (string, error) {
	p := w.page()
	var b strings.Builder
	err := pages.mail.Execute(&b, p)
	return b.String(), fault.As("notify.HTML", fault.Other, err)
}

// commas part the lines of an address that is written on one.
var commas = strings.NewReplacer(", ", "\n", "، ", "\n")

// Letter is a message as a page to print on A4, for an envelope with a window.
func (l *Library) Letter(w Words, to Address, on time.Time) (string, error) {
	p := w.page()
	terms, err := readTerms(w.Language)
	if err != nil {
		return "", err
	}
	p.From, p.At, p.Day = l.facts["organisation"], l.facts["organisation_address"], day(terms, on.Format(time.DateOnly))
	for _, s := range strings.Split(to.Name+"\n"+commas.Replace(to.Postal), "\n") {
		if s = line(s); s != "" {
			p.To = append(p.To, s)
		}
	}
	var b strings.Builder
	err = pages.letter.Execute(&b, p)
	return b.String(), fault.As("notify.Letter", fault.Other, err)
}
