package draft

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"clause.dev/clause/internal/policy"
)

type attestation struct {
	id, title, kind, issuer string
	issued, expires         string // days
	guessed                 bool   // the day it was issued is not stated
	kindGuessed             bool   // no end is stated, so it is declared rather than certified
}

// dated is a day that a sentence states, and whether something ends then.
type dated struct {
	day time.Time
	end bool
}

var months = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}

func month(w string) time.Month {
	for i, m := range months {
		if w == m || len(w) >= 3 && len(w) <= 4 && strings.HasPrefix(m, w) {
			return time.Month(i + 1)
		}
	}
	return 0
}

// days finds the days of a sentence: 14 March 2027, March 14, 2027, 31.10.2025, 2026-04-30, May 2026.
func (f *figures) days() []dated {
	var all []dated
	for i := 0; i < len(f.tokens); {
		d, next, ok := f.day(i)
		if !ok {
			i++
			continue
		}
		end := false
		for k := max(0, i-4); k < i; k++ {
			end = end || slices.Contains([]string{"until", "till", "expires", "expire", "expired", "expiring", "expiry", "to", "through"}, f.word(k))
		}
		if d.IsZero() {
			i = next
			continue
		}
		all = append(all, dated{d, end})
		i = next
	}
	return all
}

func (f *figures) day(i int) (time.Time, int, bool) {
	on := func(y, m, d int, next int) (time.Time, int, bool) {
		t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
		if y < 1990 || y > 2100 || t.Day() != d || int(t.Month()) != m {
			return time.Time{}, next, true
		}
		return t, next, true
	}
	w := f.word(i)
	if p := strings.Split(w, "."); len(p) == 3 { // 31.10.2025
		d, _ := number2(p[0])
		m, _ := number2(p[1])
		y, _ := number2(p[2])
		return on(y, m, d, i+1)
	}
	if n, ok := number2(w); ok {
		if n > 1900 && i+2 < len(f.tokens) && f.tokens[i+2].to-f.tokens[i].from == len("2026-04-30") { // 2026-04-30
			m, ok1 := number2(f.word(i + 1))
			d, ok2 := number2(f.word(i + 2))
			if ok1 && ok2 {
				return on(n, m, d, i+3)
			}
		}
		at := i + 1
		if slices.Contains([]string{"st", "nd", "rd", "th"}, f.word(at)) {
			at++
		}
		if f.word(at) == "of" {
			at++
		}
		if m := month(f.word(at)); m > 0 { // 14 March 2027
			if y, ok := number2(f.word(at + 1)); ok && y > 1900 {
				return on(y, int(m), n, at+2)
			}
		}
		return time.Time{}, i, false
	}
	if m := month(w); m > 0 {
		n, ok := number2(f.word(i + 1))
		at := i + 2
		if slices.Contains([]string{"st", "nd", "rd", "th"}, f.word(at)) {
			at++
		}
		if y, year := number2(f.word(at)); ok && year && n <= 31 && y > 1900 { // March 14, 2027
			return on(y, int(m), n, at+1)
		}
		if ok && n > 1900 { // May 2026
			return on(n, int(m), 1, i+2)
		}
	}
	return time.Time{}, i, false
}

func number2(w string) (int, bool) {
	n := 0
	for _, r := range w {
		if r < '0' || r > '9' || n > 9999 {
			return 0, false
		}
		n = n*10 + int(r-'0')
	}
	return n, w != ""
}

// attest declares what a sentence says is attested, and returns the ids.
func (f *facts) attest(v *view, on time.Time) []string {
	var ids []string
	for _, r := range standardWords().in(v.figures.tokens) {
		ids = append(ids, r[0])
		f.attestation(r[0], r[1]+v.edition(r), r[2], v, on)
	}
	if len(ids) == 0 && len(f.attestations) == most {
		return []string{f.attestations[0].id}
	}
	if len(ids) == 0 {
		id := "attestation-" + strconv.Itoa(len(f.attestations)+1)
		f.attestation(id, clip(strings.TrimRight(v.Text, "."), 150), "declaration", v, on)
		ids = []string{id}
	}
	return ids
}

// edition is the year of a standard, or the type of a report: "ISO 27001:2013", "SOC 2 Type II".
func (v *view) edition(r []string) string {
	for i, t := range v.figures.tokens {
		if n, ok := number2(t.text); ok && r[2] == "certificate" && n > 1990 && n < 2100 && i > 0 && v.Text[t.from-1] == ':' {
			return ":" + t.text
		}
		if t.text == "type" && r[2] == "report" {
			switch v.figures.word(i + 1) {
			case "2", "ii":
				return " Type 2"
			case "1", "i":
				return " Type 1"
			}
		}
	}
	return ""
}

func (f *facts) attestation(id, title, kind string, v *view, on time.Time) {
	if slices.ContainsFunc(f.attestations, func(a attestation) bool { return a.id == id }) {
		return
	}
	a := attestation{id: id, title: title, kind: kind, issuer: issuer(v)}
	var issued, expires time.Time
	for _, d := range v.figures.days() {
		if d.end {
			expires = d.day
		} else if issued.IsZero() {
			issued = d.day
		}
	}
	if t := v.figures.limit(); !issued.IsZero() && expires.IsZero() && t.Unit == policy.Year && v.figures.any("valid") {
		expires = issued.AddDate(t.Count, 0, 0)
	}
	switch {
	case !issued.IsZero() && (expires.IsZero() || !expires.Before(issued)):
	case !expires.IsZero():
		issued, a.guessed = expires.AddDate(-3, 0, 0), true
	default:
		issued, a.guessed = on, true
	}
	if expires.IsZero() && (kind == "certificate" || kind == "licence") {
		a.kind, a.kindGuessed = "declaration", true
	}
	a.issued = issued.Format(time.DateOnly)
	if !expires.IsZero() {
		a.expires = expires.Format(time.DateOnly)
	}
	f.attestations = append(f.attestations, a)
}

// issuer is who a sentence says has signed: "issued … by TÜV Nord and …".
func issuer(v *view) string {
	all := v.figures.tokens
	for i, t := range all {
		if t.text != "by" || i+1 >= len(all) || !all[i+1].capital {
			continue
		}
		end := i + 1
		for end < len(all) && all[end].capital && !all[end].fresh {
			end++
		}
		return v.Text[all[i+1].from:all[end-1].to]
	}
	return ""
}
