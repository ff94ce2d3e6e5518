package web

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/examples/clesaro/app/finance"
)

// readWords reads the phrases of each language by their keys. {name} stands for what is filled in.
func readWords(tree fs.FS) (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	for _, lang := range []string{"en", "ar"} {
		source, err := fs.ReadFile(tree, "words/"+lang+".json")
		if err != nil {
			return nil, err
		}
		words := map[string]string{}
		if err := json.Unmarshal(source, &words); err != nil {
			return nil, err
		}
		all[lang] = words
	}
	return all, nil
}

// page is what the templates see.
type page struct {
	*visit
	Name  string
	Wrong *wrong
	Done  string // what a form has done
	Data  any
}

// wrong says what was wrong with a form, which field it was, and what had been entered.
type wrong struct {
	Text, Form, Field string
	Entered           map[string]string
}

// show writes a page.
func (v *visit) show(status int, name string, data any, w *wrong) error {
	var body bytes.Buffer
	p := &page{visit: v, Name: name, Data: data, Wrong: w, Done: v.done()}
	if err := v.views[name].ExecuteTemplate(&body, "frame.html", p); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = v.w.Write(body.Bytes()) // who went away needs no page
	return nil
}

// problem says that something went wrong.
func (v *visit) problem(status int) {
	if err := v.show(status, "problem", "problem."+strconv.Itoa(status), nil); err != nil {
		v.Log(err)
		http.Error(v.w, "internal failure", http.StatusInternalServerError)
	}
}

// back leads to the page that shows what a form has done. The address holds a word of ours, and numbers.
func (v *visit) back(name, done string, counts ...int) error {
	at := "/" + v.lang + "/" + name + "?done=" + done
	for i, n := range counts {
		at += "&n" + strconv.Itoa(i) + "=" + strconv.Itoa(n)
	}
	http.Redirect(v.w, v.r, at, http.StatusSeeOther)
	return nil
}

// done are the words for what a form has done; none for words that somebody put into an address.
func (v *visit) done() string {
	q := v.r.URL.Query()
	text, ok := v.words[v.lang]["done."+q.Get("done")]
	if !ok {
		return ""
	}
	for _, name := range []string{"n0", "n1"} {
		n, _ := strconv.Atoi(q.Get(name))
		text = strings.ReplaceAll(text, "{"+name+"}", strconv.Itoa(n))
	}
	return text
}

// Lang is the language of the page.
func (p *page) Lang() string { return p.lang }

// Dir is the direction of writing.
func (p *page) Dir() string {
	if p.lang == "ar" {
		return "rtl"
	}
	return "ltr"
}

// Other is the other language.
func (p *page) Other() string {
	if p.lang == "ar" {
		return "en"
	}
	return "ar"
}

// There is this page in the other language.
func (p *page) There() string { return "/" + p.Other() + "/" + p.at() }

func (p *page) at() string {
	if p.Name == "home" || p.Name == "problem" {
		return ""
	}
	return p.Name
}

// Here is the address of a page in this language.
func (v *visit) Here(name string) string { return "/" + v.lang + "/" + name }

// Say is a phrase, with pairs of names and values filled in.
func (v *visit) Say(key string, fill ...string) string {
	text, ok := v.words[v.lang][key]
	if !ok {
		return key
	}
	for i := 0; i+1 < len(fill); i += 2 {
		text = strings.ReplaceAll(text, "{"+fill[i]+"}", fill[i+1])
	}
	return text
}

// The marks that keep what is within in its own direction of writing.
const (
	leftToRight = "\u2066"
	anyWay      = "\u2068"
	endOf       = "\u2069"
)

// Sum is an amount to be read.
func (v *visit) Sum(m finance.Money) string {
	if v.lang == "ar" {
		return leftToRight + m.String() + endOf + " " + v.Say("currency")
	}
	return v.Say("currency") + "\u00a0" + m.String()
}

// Apart keeps what a person wrote from changing the direction of what is around it.
func (v *visit) Apart(text string) string { return anyWay + text + endOf }

// Day is a day to be read.
func (v *visit) Day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return strconv.Itoa(t.Day()) + " " + v.Say("month."+strconv.Itoa(int(t.Month()))) + " " + strconv.Itoa(t.Year())
}

// MonthName is a month to be read.
func (v *visit) MonthName(m finance.Month) string {
	year, month := m.Parts()
	return v.Say("month."+strconv.Itoa(int(month))) + " " + strconv.Itoa(year)
}

// Consents reports whether the person consents to a purpose, by what the gate says.
func (v *visit) Consents(purpose string) bool { return v.consent[purpose] }

// Today is the day, as forms have it.
func (v *visit) Today() string { return v.today.Format(time.DateOnly) }

// Once names one form on one page: sent twice, it has one effect.
func (v *visit) Once() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Is reports whether a field of a form is the one at fault.
func (p *page) Is(form, field string) bool {
	return p.Wrong != nil && p.Wrong.Form == form && p.Wrong.Field == field
}

// Was is what had been entered in a form that is shown again, or else the value given.
func (p *page) Was(form, field, otherwise string) string {
	if p.Wrong == nil || p.Wrong.Form != form {
		return otherwise
	}
	return p.Wrong.Entered[field]
}

// Categories are those of transactions.
func (p *page) Categories() []string { return finance.Categories() }

// Kinds are those of debts.
func (p *page) Kinds() []string { return finance.Kinds() }

// meter is a bar of so many percent.
type meter struct {
	Class       string
	Share, Rest int
	Right       bool // it grows from the right
}

// Meter is a bar of so many percent.
func (v *visit) Meter(share int, class string) meter {
	return meter{class, share, 100 - share, v.lang == "ar"}
}
