package policy

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Term is a time by which, or a rhythm in which, something is owed, as promises put it.
// The zero Term is none.
type Term struct {
	Form  TermForm
	Count int    // of units, or of times a unit for [PerUnit]
	Unit  Unit   // of Within, Every and PerUnit
	Event string // of Before: "the next penetration test"
}

// TermForm is how a term is put.
type TermForm string

// The forms.
const (
	Within  TermForm = "within"  // 30 days; 5 business days; 1 month
	Every   TermForm = "every"   // every quarter; every 2 months
	PerUnit TermForm = "per"     // 2 per calendar year
	Before  TermForm = "before"  // before the next penetration test
	Prompt  TermForm = "prompt"  // without undue delay: no figure
	Instant TermForm = "instant" // at once
)

// Unit is a unit of a term. Business days, months, quarters and years differ in length: only a
// calendar says when such a term ends.
type Unit string

// The units.
const (
	Minute      Unit = "minute"
	Hour        Unit = "hour"
	Day         Unit = "day"
	BusinessDay Unit = "business day"
	Week        Unit = "week"
	Month       Unit = "month"
	Quarter     Unit = "quarter"
	Year        Unit = "year"
)

// longestUnit is how long a unit can last. Ten business days can hold two week-ends and the days
// of a feast, so a business day counts double.
var longestUnit = map[Unit]time.Duration{
	Minute: time.Minute, Hour: time.Hour, Day: 24 * time.Hour, BusinessDay: 48 * time.Hour, Week: 7 * 24 * time.Hour,
	Month: 31 * 24 * time.Hour, Quarter: 92 * 24 * time.Hour, Year: 366 * 24 * time.Hour,
}

// termHint says how a term is put.
const termHint = "write 30 days, 5 business days, 1 month, every quarter, 2 per calendar year, before the next test, without undue delay or at once"

const units = `(minute|hour|day|business day|week|month|quarter|year)`

var (
	withinForm = regexp.MustCompile(`^([1-9][0-9]{0,3}) (?:calendar )?` + units + `s?$`)
	everyForm  = regexp.MustCompile(`^every (?:([1-9][0-9]{0,3}) )?(?:calendar )?` + units + `s?$`)
	perForm    = regexp.MustCompile(`^([1-9][0-9]{0,3}) (?:times )?(?:per|a) (?:calendar )?` + units + `$`)
	beforeForm = regexp.MustCompile(`^before (the next [a-z][a-z -]{0,60})$`)
	termForm   = regexp.MustCompile(strings.Join([]string{withinForm.String(), everyForm.String(), perForm.String(), beforeForm.String(), "^without undue delay$", "^at once$"}, "|"))
)

// ParseTerm reads a term as a policy puts it, such as "5 business days". It reports whether s is one.
func ParseTerm(s string) (Term, bool) {
	switch s {
	case "without undue delay":
		return Term{Form: Prompt}, true
	case "at once":
		return Term{Form: Instant}, true
	}
	if m := beforeForm.FindStringSubmatch(s); m != nil {
		return Term{Form: Before, Event: m[1]}, true
	}
	if m := withinForm.FindStringSubmatch(s); m != nil {
		return counted(Within, m[1], m[2])
	}
	if m := everyForm.FindStringSubmatch(s); m != nil {
		return counted(Every, cmp.Or(m[1], "1"), m[2])
	}
	if m := perForm.FindStringSubmatch(s); m != nil {
		return counted(PerUnit, m[1], m[2])
	}
	return Term{}, false
}

// longestTerm is a hundred years, as of spans.
const longestTerm = 100 * 366 * 24 * time.Hour

// counted is a term of so many units.
func counted(form TermForm, digits, unit string) (Term, bool) {
	n, err := strconv.Atoi(digits)
	t := Term{Form: form, Count: n, Unit: Unit(unit)}
	if err != nil || form != PerUnit && n > int(longestTerm/longestUnit[t.Unit]) {
		return Term{}, false
	}
	return t, true
}

// String returns the term as a policy puts it: ParseTerm reads it back.
func (t Term) String() string {
	switch t.Form {
	case Within:
		return t.units()
	case Every:
		if t.Count == 1 {
			return "every " + string(t.Unit)
		}
		return "every " + t.units()
	case PerUnit:
		return fmt.Sprintf("%d per %s%s", t.Count, calendar(t.Unit), t.Unit)
	case Before:
		return "before " + t.Event
	case Prompt:
		return "without undue delay"
	case Instant:
		return "at once"
	}
	return ""
}

// calendar says of units that have a beginning of their own that it is meant.
func calendar(u Unit) string {
	if slices.Contains([]Unit{Week, Month, Quarter, Year}, u) {
		return "calendar "
	}
	return ""
}

func (t Term) units() string { return count(t.Count, string(t.Unit)) }

// Longest returns the most time that can pass under the term, and false where the term alone does
// not say: before an event, without undue delay. Of a year's tests each is taken to have an even
// share of it: two are six months apart.
func (t Term) Longest() (time.Duration, bool) {
	switch t.Form {
	case Within, Every:
		return time.Duration(t.Count) * longestUnit[t.Unit], true
	case PerUnit:
		return longestUnit[t.Unit] / time.Duration(t.Count), true
	case Instant:
		return 0, true
	}
	return 0, false
}

// term reads a Term.
type term struct{ into *Term }

func (t term) read(r *reader, key, n *node) {
	if n.kind == numberKind {
		r.fail(n, BadType, termHint, "%s needs a unit", key.value)
		return
	}
	if r.wrongType(key, n, textKind) {
		return
	}
	got, ok := ParseTerm(n.value)
	if !ok {
		r.fail(n, BadValue, termHint, "%s cannot be %q", key.value, short(n.value))
		return
	}
	*t.into = got
}

func (t term) schema(Vocabulary) object {
	return object{"type": "string", "pattern": termForm.String(), "examples": []string{"30 days", "5 business days", "2 per calendar year"}}
}

// earliest is the first year that a policy can name: 0001-01-01 would be read as no date.
const earliest = 1900

// day reads a date: midnight UTC of the day.
type day struct{ into *time.Time }

func (d day) read(r *reader, key, n *node) {
	if r.wrongType(key, n, textKind) {
		return
	}
	got, err := time.Parse(time.DateOnly, n.value)
	if err != nil || got.Year() < earliest {
		r.fail(n, BadValue, "a date such as 2026-02-01", "%s cannot be %q", key.value, short(n.value))
		return
	}
	*d.into = got
}

func (d day) schema(Vocabulary) object {
	return object{"type": "string", "pattern": `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, "examples": []string{"2026-02-01"}}
}
