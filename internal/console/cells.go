package console

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/incident"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/rights"
)

// What the desks show, as cells: ids, words of fixed lists, counts and moments.

func id(s string) cell { return cell{Text: cmp.Or(s, "–"), ID: s != ""} }

func (v *visit) state(s string) cell { return cell{Text: v.word(s), Tone: toneOf(s)} }

// grade is how bad a weakness is: a high one is not the high risk of an incident.
func (v *visit) grade(s string) cell { return cell{Text: v.Word("grade", s), Tone: toneOf(s)} }

func (v *visit) words(all ...string) cell {
	said := make([]string, 0, len(all))
	for _, s := range all {
		if s != "" {
			said = append(said, v.word(s))
		}
	}
	return cell{Text: cmp.Or(v.list(said), "–")}
}

func (v *visit) list(items []string) string { return v.door.words[v.lang].List(items...) }

func number[N int | int64](n N) cell { return cell{Text: strconv.FormatInt(int64(n), 10)} }

func when(t time.Time) cell { return cell{Time: api.Moment(t)} }

func maybe(t *time.Time) cell { return cell{Time: t} }

func ids(all []string) []cell {
	out := make([]cell, 0, len(all))
	for _, s := range all {
		out = append(out, id(s))
	}
	return out
}

// facts leaves out those that say nothing.
func facts(all ...fact) (out []fact) {
	for _, f := range all {
		f.Cells = slices.DeleteFunc(f.Cells, func(c cell) bool { return c.Time == nil && (c.Text == "" || c.Text == "–") })
		if len(f.Cells) > 0 {
			out = append(out, f)
		}
	}
	return out
}

func of(label string, cells ...cell) fact { return fact{label, cells} }

// toneOf is how a state is coloured: what needs somebody, what is under way, what is done.
func toneOf(state string) string {
	switch state {
	case "refused", "lapsed", "revoked", "high", "critical":
		return "broken"
	case "received", "requested", "suspected", "aware", "open", "identity-check", "risk", "medium", "on-hold":
		return "at-risk"
	case "answered", "closed", "released", "live", "active", "issued", "reported", "done":
		return "kept"
	}
	return "stated"
}

// word is a word of a fixed list in the reader's language: the console's own, or that of the desk for incidents.
func (v *visit) word(s string) string {
	if said, ok := v.door.words[v.lang]["is."+s]; ok {
		return said
	}
	return incident.Phrase(v.lang, s)
}

// Choice is what a form calls one choice of a field.
func (v *visit) Choice(of, field, choice string) string {
	switch field {
	case "purposes", "purpose", "exposure.purpose":
		if found, ok := v.door.Policy.Purpose(choice); ok {
			return titled(v.lang, found.Title, found.Titles)
		}
	case "exposure.data_set":
		if found, ok := v.door.Policy.DataSet(choice); ok {
			return titled(v.lang, found.Title, found.Titles)
		}
	case "ground":
		for _, g := range rights.Grounds() {
			if of == "requests" && g.ID == choice {
				return titled(v.lang, g.Title, g.Titles)
			}
		}
	case "language":
		return v.Say("language." + choice)
	case "right":
		return v.Word("right", choice)
	case "severity":
		return v.Word("grade", choice)
	}
	return v.word(choice)
}

// Label is what a form calls a field: at one desk, or at all.
func (v *visit) Label(of, field string) string {
	if own := "field." + of + "." + field; v.Known(own) {
		return v.Say(own)
	}
	return v.Say("field." + field)
}

// About is what is said beside a field; "" for nothing.
func (v *visit) About(of, field string) string {
	for _, key := range []string{"about." + of + "." + field, "about." + field} {
		if v.Known(key) {
			return v.Say(key)
		}
	}
	return ""
}

func titled(lang, own string, others policy.Titles) string { return cmp.Or(others[lang], own) }

// purposes are the ids of those that the policy declares.
func (v *visit) purposes() (all []string) {
	for i := range v.door.Policy.Purposes {
		all = append(all, v.door.Policy.Purposes[i].ID)
	}
	return all
}

// nearest is the clock that runs out first of those that run.
func nearest(clocks []api.Clock) *time.Time {
	var first *time.Time
	for i := range clocks {
		if c := &clocks[i]; c.State == "running" && c.Due != nil && (first == nil || c.Due.Before(*first)) {
			first = c.Due
		}
	}
	return first
}

// Began is when a clock's time began: one of hours may count from before it was opened.
func (t thingPage) Began(c api.Clock) time.Time {
	if term, ok := policy.ParseTerm(c.Limit); ok && c.Due != nil && term.Form == policy.Within && term.Unit == policy.Hour {
		if at := c.Due.Add(-time.Duration(term.Count) * time.Hour); at.Before(c.Opened) {
			return at
		}
	}
	return c.Opened
}

// Run is how much of a clock's time is over, in thousandths, for its bar.
func (t thingPage) Run(c api.Clock) int {
	from := t.Began(c)
	if c.Due == nil || !c.Due.After(from) {
		return 0
	}
	at := t.Now
	if c.Ended != nil {
		at = *c.Ended
	}
	return int(1000 * min(1, max(0, at.Sub(from).Hours()/c.Due.Sub(from).Hours())))
}

// Standing is where a clock stands.
func (t thingPage) Standing(c api.Clock) string { return stands(&c) }

// Left is how long a clock has still to run, or how late it is, in the largest units that matter.
func (v *visit) Left(c api.Clock, now time.Time) string {
	if c.Due == nil || c.State != "running" {
		return ""
	}
	left, key := c.Due.Sub(now), "left"
	if left < 0 {
		left, key = -left, "over"
	}
	hours := int(left / time.Hour)
	switch {
	case hours >= 96:
		return v.Say(key+".days", "n", strconv.Itoa(hours/24))
	case hours >= 1:
		return v.Say(key+".hours", "n", strconv.Itoa(hours))
	}
	return v.Say(key+".minutes", "n", strconv.Itoa(int(left/time.Minute)))
}
