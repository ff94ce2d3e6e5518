package account

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/web"
)

// page is what the templates see.
type page struct {
	*visit
	Name  string
	Error *complaint // what was wrong with the form that was sent
	Data  any
}

// complaint says what was wrong, where, and what to do.
type complaint struct{ Msg, Hint, Field string }

// Lang, Dir, Other and There are the language, the direction it is written in, the other language, and the
// same page in it.
func (p *page) Lang() string { return p.lang }

// Dir is the direction of writing.
func (p *page) Dir() string { return web.Dir(p.lang) }

// Other is the other language.
func (p *page) Other() string { return web.Other(p.lang, languages) }

// There is this page in the other language.
func (p *page) There() string { return Prefix + p.Other() + "/" + p.at() }

// at is the page's own address below the language: a form that was sent is shown by its page.
func (p *page) at() string {
	switch p.Name {
	case "said", "home":
		return ""
	case "join":
		return "sign-in"
	case "correct":
		_, rest, _ := strings.Cut(strings.TrimPrefix(p.r.URL.Path, Prefix), "/")
		return rest
	case "factor", "recovery", "passkey":
		return "security"
	}
	return p.Name
}

// Here is the address of a page in this language.
func (p *page) Here(name string) string { return Prefix + p.lang + "/" + name }

// Say returns a phrase, with pairs of names and values filled in.
func (p *page) Say(key string, fill ...string) string { return p.visit.phrase(key, fill...) }

func (v *visit) phrase(key string, fill ...string) string {
	return v.door.words[v.lang].Say(key, fill...)
}

// Organisation is whose account it is.
func (p *page) Organisation() string { return p.door.Policy.Organisation.Name }

// Statement is where the published policy is read.
func (p *page) Statement() string { return p.door.Config.Statement }

// Contact is where to write to.
func (p *page) Contact() string { return p.door.Policy.Organisation.Contact }

// To is where somebody wanted to go before they signed in.
func (p *page) To() string {
	to := p.r.URL.Query().Get("to")
	if p.r.Method == http.MethodPost {
		to = p.field("to")
	}
	if !web.Local(to) {
		return ""
	}
	return to
}

// WithTo carries that on to another page.
func (p *page) WithTo(name string) string {
	at := p.Here(name)
	if to := p.To(); to != "" {
		at += "?" + url.Values{"to": {to}}.Encode()
	}
	return at
}

// When writes a moment.
func (p *page) When(t time.Time) string { return p.door.words[p.lang].When(t) }

func (p *page) date(t time.Time) string { return p.door.words[p.lang].Day(t) }

// Wrong reports whether a field is the one at fault. The vault names fields without their data set.
func (p *page) Wrong(field string) bool {
	_, short, _ := strings.Cut(field, ".")
	return p.Error != nil && (p.Error.Field == field || p.Error.Field == "fields."+short)
}

// show writes a page.
func (v *visit) show(status int, name string, data any, wrong *complaint) error {
	return v.door.views.Show(v.w, status, name, &page{visit: v, Name: name, Error: wrong, Data: data})
}

// said is a page that says something.
type said struct{ Title, Text, Link, Label string }

// say writes a page with the words of a key.
func (v *visit) say(status int, key string, fill ...string) error {
	return v.show(status, "said", said{
		Title: v.phrase(key+".title", fill...), Text: v.phrase(key+".text", fill...),
		Link: Prefix + v.lang + "/" + v.door.words[v.lang][key+".link"], Label: v.phrase(key + ".label"),
	}, nil)
}

// fail says that something went wrong, and no more than the fault's own words.
func (v *visit) fail(err error) {
	status := web.StatusOf(err)
	if status >= http.StatusInternalServerError {
		v.door.Log(err)
	}
	if e := v.say(status, "failed-"+strconv.Itoa(status)); e != nil {
		http.Error(v.w, "internal failure", http.StatusInternalServerError)
	}
}

// complain shows a form again with what was wrong. Failures that are not the form's are for fail.
func (v *visit) complain(err error, name string, data any) error {
	status := web.StatusOf(err)
	if status >= http.StatusInternalServerError || status == http.StatusGone {
		return err
	}
	wrong := v.complaintOf(err)
	return v.show(status, name, data, &wrong)
}

// complaintOf puts a fault into the reader's language, where there are words for it.
func (v *visit) complaintOf(err error) complaint {
	c := complaint{Msg: fault.Public(err), Field: fault.FieldOf(err)}
	if said, ok := v.door.words[v.lang]["fault."+c.Msg]; ok {
		c.Msg = said
	} else if at := v.phrase("fault-" + strconv.Itoa(web.StatusOf(err))); v.lang != languages[0] {
		c.Msg = at
	}
	if hint := fault.HintOf(err); hint != "" {
		if said, ok := v.door.words[v.lang]["hint."+hint]; ok {
			c.Hint = said
		} else if v.lang == languages[0] {
			c.Hint = hint
		}
	}
	return c
}
