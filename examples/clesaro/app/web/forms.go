package web

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"clause.dev/clause/client"
	"clause.dev/clause/examples/clesaro/app/finance"
)

// form reads the fields of a form; the first that is wrong is kept.
type form struct {
	*visit
	name  string
	wrong *wrong
}

func (v *visit) form(name string) *form { return &form{visit: v, name: name} }

func (f *form) get(field string) string { return strings.TrimSpace(f.r.PostFormValue(field)) }

func (f *form) is(bad bool, field, key string) {
	if !bad || f.wrong != nil {
		return
	}
	entered := map[string]string{}
	for name := range f.r.PostForm {
		entered[name] = f.r.PostForm.Get(name)
	}
	f.wrong = &wrong{Text: f.Say("wrong." + key), Form: f.name, Field: field, Entered: entered}
}

// text is one line.
func (f *form) text(field string, most int, needed bool) string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, f.get(field))
	f.is(needed && text == "", field, "empty")
	f.is(len(text) > most || !utf8.ValidString(text), field, "long")
	return text
}

// sum is an amount that is not negative; ok if one was entered.
func (f *form) sum(field string, needed bool) (m finance.Money, ok bool) {
	text := f.get(field)
	if text == "" {
		f.is(needed, field, "empty")
		return m, false
	}
	m, err := finance.ParseMoney(text)
	f.is(err != nil, field, "amount")
	f.is(m.Sign() < 0, field, "negative")
	return m, err == nil
}

func (f *form) day(field string, needed bool) time.Time {
	text := f.get(field)
	if text == "" {
		f.is(needed, field, "empty")
		return time.Time{}
	}
	day, err := time.Parse(time.DateOnly, text)
	f.is(err != nil || day.Year() < 1900 || day.Year() > 2199, field, "day")
	return day
}

func (f *form) choice(field string, of []string) string {
	text := f.get(field)
	f.is(!slices.Contains(of, text), field, "choice")
	return text
}

var oncePattern = regexp.MustCompile(`^[0-9a-f]{32}$`)

// once is the name of the form that was sent.
func (f *form) once() string {
	text := f.get("once")
	f.is(!oncePattern.MatchString(text), "once", "form")
	return text
}

// record is the record that a form changes; ids that are none of the store's are not asked for.
func (f *form) record() (id string, same client.Option) {
	id = f.get("record")
	version, err := strconv.ParseInt(f.get("version"), 10, 64)
	f.is(err != nil || version < 1 || id == "" || len(id) > 64, "record", "form")
	return id, client.IfVersion(version)
}

// saved tells what a form has done, or shows the page again with what the server says is wrong.
func (f *form) saved(err error, name, done string) error {
	status := client.Status(err)
	if status == http.StatusConflict || status == http.StatusPreconditionFailed || status == http.StatusNotFound {
		f.is(true, "", "changed")
	}
	if status == http.StatusUnprocessableEntity {
		var p *client.Problem
		errors.As(err, &p)
		f.is(true, strings.TrimPrefix(p.Field, "fields."), "refused")
	}
	if err != nil && f.wrong == nil {
		return err
	}
	if err != nil {
		return f.again(name)
	}
	return f.back(name, done)
}

// again shows the page of a form that was wrong.
func (f *form) again(name string) error {
	if name == "plan" {
		return f.showPlan(http.StatusUnprocessableEntity, f.wrong)
	}
	return f.showTransactions(http.StatusUnprocessableEntity, f.wrong)
}
