package console

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
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

// complaint says what was wrong, where, what to do, and which clause refused.
type complaint struct{ Msg, Hint, Field, Clause string }

// Lang is the language.
func (p *page) Lang() string { return p.lang }

// Dir is the direction of writing.
func (p *page) Dir() string { return web.Dir(p.lang) }

// Other is the other language.
func (p *page) Other() string { return web.Other(p.lang, languages) }

// There is this page in the other language. Where a form was sent to is no page: that is the board then.
func (p *page) There() string {
	rest, ok := strings.CutPrefix(p.r.URL.EscapedPath(), Prefix+p.lang+"/")
	if !ok || p.r.Method != http.MethodGet {
		return Prefix + p.Other() + "/"
	}
	if p.r.URL.RawQuery != "" {
		rest += "?" + p.r.URL.Query().Encode()
	}
	return Prefix + p.Other() + "/" + rest
}

// Here is the address of a page in this language.
func (v *visit) Here(name string) string { return Prefix + v.lang + "/" + name }

// At is the address of a page of the tenant that this page is of.
func (v *visit) At(parts ...string) string { return v.Of(v.tenant, parts...) }

// Of is the address of a page of a tenant.
func (v *visit) Of(tenant string, parts ...string) string {
	at := v.Here("at/" + url.PathEscape(tenant))
	for _, part := range parts {
		at += "/" + url.PathEscape(part)
	}
	return at
}

// With is this page with something else asked of it: pairs of names and values, "" takes away.
func (p *page) With(pairs ...string) string {
	q := p.r.URL.Query()
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		} else {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return p.r.URL.EscapedPath()
	}
	return p.r.URL.EscapedPath() + "?" + q.Encode()
}

// Tenant is the tenant that the page is of; "" for none.
func (p *page) Tenant() string { return p.tenant }

// Central reports whether the page is of the organisation itself.
func (p *page) Central() bool { return p.tenant == db.Organisation }

// Member is who is signed in.
func (p *page) Member() string { return p.who.Caller.Credential.ID }

// Say returns a phrase, with pairs of names and values filled in.
func (v *visit) Say(key string, fill ...string) string { return v.phrase(key, fill...) }

// Known reports whether there is a phrase of the key.
func (v *visit) Known(key string) bool { return v.door.words[v.lang][key] != "" }

// Word is the phrase for one of a family of fixed words, the word itself where there is none.
func (v *visit) Word(family, word string) string {
	if text, ok := v.door.words[v.lang][family+"."+word]; ok {
		return text
	}
	return word
}

// Count writes a phrase with a number.
func (p *page) Count(key string, n int) string { return p.phrase(key, "n", strconv.Itoa(n)) }

func (v *visit) phrase(key string, fill ...string) string {
	return v.door.words[v.lang].Say(key, fill...)
}

// Organisation is whose console it is.
func (p *page) Organisation() string { return p.door.Policy.Organisation.Name }

// When writes a moment, "–" for none.
func (v *visit) When(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return v.door.words[v.lang].When(t)
}

// Maybe is When of a moment that may be missing.
func (v *visit) Maybe(t *time.Time) string {
	if t == nil {
		return "–"
	}
	return v.When(*t)
}

// Day writes a day.
func (v *visit) Day(t time.Time) string { return v.door.words[v.lang].Day(t) }

// Machine writes a moment for programs.
func (v *visit) Machine(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// show writes a page.
func (v *visit) show(status int, name string, data any, wrong *complaint) error {
	return v.door.views.Show(v.w, status, name, &page{visit: v, Name: name, Error: wrong, Data: data})
}

// said is a page that says something.
type said struct{ Title, Text string }

// say writes a page with the words of a key.
func (v *visit) say(status int, key string, fill ...string) error {
	return v.show(status, "said", said{Title: v.phrase(key+".title", fill...), Text: v.phrase(key+".text", fill...)}, nil)
}

// fail says that something went wrong: for staff in the fault's own words, with the clause that refused, and never
// more than those.
func (v *visit) fail(err error) {
	status := web.StatusOf(err)
	key := "failed-" + strconv.Itoa(status)
	var wrong *complaint
	if status >= http.StatusInternalServerError {
		v.door.Log(err)
	} else {
		c := v.complaintOf(err)
		wrong = &c
	}
	if e := v.show(status, "said", said{v.phrase(key + ".title"), v.phrase(key + ".text")}, wrong); e != nil {
		http.Error(v.w, "internal failure", http.StatusInternalServerError)
	}
}

// complain shows a form again with what was wrong. Failures that are not the form's are for fail.
func (v *visit) complain(err error, name string, data any) error {
	status := web.StatusOf(err)
	if status >= http.StatusInternalServerError {
		return err
	}
	wrong := v.complaintOf(err)
	return v.show(status, name, data, &wrong)
}

// complaintOf puts a fault into the reader's language, where there are words for it. Others are shown as the domain
// says them: they name what is wrong.
func (v *visit) complaintOf(err error) complaint {
	c := complaint{Msg: fault.Public(err), Field: fault.FieldOf(err), Clause: fault.ClauseOf(err), Hint: fault.HintOf(err)}
	known := v.door.words[v.lang]
	if said, ok := known["fault."+c.Msg]; ok {
		c.Msg = said
	}
	if said, ok := known["hint."+c.Hint]; ok {
		c.Hint = said
	}
	return c
}
