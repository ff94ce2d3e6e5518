package draft

import (
	"slices"
	"strconv"
	"strings"

	"clause.dev/clause/internal/policy"
)

// timed is a term that a sentence states.
type timed struct {
	policy.Term
	target   policy.Term // the nearer end of "2 to 4 hours"; zero if there is none
	from, to int         // its tokens
}

// figures are what a sentence states in numbers and names.
type figures struct {
	text   string
	tokens []token
	terms  []timed
}

func figuresOf(s *Sentence, own []token) *figures {
	f := &figures{text: s.Text, tokens: own}
	f.findTerms()
	return f
}

// numbers are numbers in words.
var numbers = map[string]int{
	"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
	"thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "eighteen": 18, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "ninety": 90,
}

// unitNames are units of time, as texts name them.
var unitNames = map[string]policy.Unit{
	"minute": policy.Minute, "minutes": policy.Minute, "min": policy.Minute, "mins": policy.Minute,
	"hour": policy.Hour, "hours": policy.Hour, "hr": policy.Hour, "hrs": policy.Hour, "h": policy.Hour,
	"day": policy.Day, "days": policy.Day, "d": policy.Day, "week": policy.Week, "weeks": policy.Week,
	"month": policy.Month, "months": policy.Month, "quarter": policy.Quarter, "quarters": policy.Quarter, "year": policy.Year, "years": policy.Year,
}

// rhythms are words that say how often.
var rhythms = map[string]policy.Term{
	"hourly": {Form: policy.Every, Count: 1, Unit: policy.Hour}, "daily": {Form: policy.Every, Count: 1, Unit: policy.Day},
	"weekly": {Form: policy.Every, Count: 1, Unit: policy.Week}, "fortnightly": {Form: policy.Every, Count: 2, Unit: policy.Week},
	"monthly": {Form: policy.Every, Count: 1, Unit: policy.Month}, "quarterly": {Form: policy.Every, Count: 1, Unit: policy.Quarter},
	"annually": {Form: policy.Every, Count: 1, Unit: policy.Year}, "annual": {Form: policy.Every, Count: 1, Unit: policy.Year},
	"yearly": {Form: policy.Every, Count: 1, Unit: policy.Year}, "biannually": {Form: policy.Every, Count: 6, Unit: policy.Month},
	"instantly": {Form: policy.Instant}, "immediately": {Form: policy.Instant},
	"promptly": {Form: policy.Prompt},
}

// word returns the word at a place, "" outside.
func (f *figures) word(i int) string {
	if i < 0 || i >= len(f.tokens) {
		return ""
	}
	return f.tokens[i].text
}

// number reads a number at a place: digits, a word, or both as in "thirty (30)".
func (f *figures) number(i int) (n, next int, ok bool) {
	n, ok = value(f.word(i))
	if !ok {
		return 0, i, false
	}
	next = i + 1
	if f.word(next) == "five" && n >= 20 && n%10 == 0 || n >= 20 && n%10 == 0 && numbers[f.word(next)] > 0 && numbers[f.word(next)] < 10 { // twenty-eight
		n += numbers[f.word(next)]
		next++
	}
	if m, both := value(f.word(next)); both && m == n {
		next++
	}
	return n, next, true
}

func value(w string) (int, bool) {
	if n, ok := numbers[w]; ok {
		return n, true
	}
	n, err := strconv.Atoi(w)
	return n, err == nil && n > 0 && n < 10_000
}

// unit reads a unit at a place, with what may stand before it: "5 business days", "two further months".
func (f *figures) unit(i int) (u policy.Unit, next int, ok bool) {
	business := false
	for ; slices.Contains([]string{"business", "working", "calendar", "consecutive", "full", "further", "more", "additional"}, f.word(i)); i++ {
		business = business || f.word(i) == "business" || f.word(i) == "working"
	}
	if f.word(i) == "fortnight" {
		return policy.Week, i + 1, true
	}
	u, ok = unitNames[f.word(i)]
	if business && u == policy.Day {
		u = policy.BusinessDay
	}
	return u, i + 1, ok
}

// findTerms finds every term of the sentence, from left to right.
func (f *figures) findTerms() {
	for i := 0; i < len(f.tokens); {
		t, next, ok := f.term(i)
		if !ok {
			i++
			continue
		}
		t.from, t.to = i, next
		f.terms = append(f.terms, t)
		i = next
	}
}

func (f *figures) term(i int) (timed, int, bool) {
	w := f.word(i)
	for _, read := range []func(int, string) (policy.Term, int, bool){f.rhythm, f.times, f.every, f.loose} {
		if t, next, ok := read(i, w); ok {
			return timed{Term: t}, next, true
		}
	}
	return f.amount(i, w)
}

// rhythm reads "quarterly", "half-yearly".
func (f *figures) rhythm(i int, w string) (policy.Term, int, bool) {
	if w == "half" && f.word(i+1) == "yearly" || w == "semi" && f.word(i+1) == "annually" {
		return policy.Term{Form: policy.Every, Count: 6, Unit: policy.Month}, i + 2, true
	}
	t, ok := rhythms[w]
	return t, i + 1, ok
}

// times reads "twice a year", "once in a quarter", "three times per calendar year".
func (f *figures) times(i int, w string) (policy.Term, int, bool) {
	n, at := map[string]int{"once": 1, "twice": 2}[w], i+1
	if n == 0 {
		var ok bool
		if n, at, ok = f.number(i); !ok || f.word(at) != "times" {
			return policy.Term{}, 0, false
		}
		at++
	}
	for slices.Contains([]string{"in", "a", "an", "per", "each", "every", "the"}, f.word(at)) {
		at++
	}
	if n == 1 {
		if m, next, ok := f.number(at); ok { // once every two months
			if u, end, ok := f.unit(next); ok {
				return policy.Term{Form: policy.Every, Count: m, Unit: u}, end, true
			}
		}
	}
	u, next, ok := f.unit(at)
	if !ok || at == i+1 {
		return policy.Term{}, 0, false
	}
	if n == 1 {
		return policy.Term{Form: policy.Every, Count: 1, Unit: u}, next, true
	}
	return policy.Term{Form: policy.PerUnit, Count: n, Unit: u}, next, true
}

// every reads "every six months", "each quarter", "every day".
func (f *figures) every(i int, w string) (policy.Term, int, bool) {
	if w != "every" && w != "each" && w != "per" {
		return policy.Term{}, 0, false
	}
	n, at, ok := f.number(i + 1)
	if !ok {
		n, at = 1, i+1
	}
	u, next, ok := f.unit(at)
	if !ok && w != "per" && slices.Contains([]string{"spring", "summer", "autumn", "fall", "winter"}, f.word(at)) {
		u, next, ok = policy.Year, at+1, true
	}
	return policy.Term{Form: policy.Every, Count: n, Unit: u}, next, ok
}

// loose reads terms without a figure: "without undue delay", "at once", "before the next audit".
func (f *figures) loose(i int, w string) (policy.Term, int, bool) {
	at := func(words ...string) bool {
		for k, x := range words {
			if f.word(i+k) != x {
				return false
			}
		}
		return true
	}
	switch {
	case at("without", "undue", "delay"), at("without", "unreasonable", "delay"):
		return policy.Term{Form: policy.Prompt}, i + 3, true
	case at("without", "delay"):
		return policy.Term{Form: policy.Prompt}, i + 2, true
	case at("as", "soon", "as"):
		return policy.Term{Form: policy.Prompt}, i + 3, true
	case at("at", "once"):
		return policy.Term{Form: policy.Instant}, i + 2, true
	case at("the", "same", "day"):
		return policy.Term{Form: policy.Within, Count: 1, Unit: policy.Day}, i + 3, true
	case at("the", "same", "week"):
		return policy.Term{Form: policy.Within, Count: 1, Unit: policy.Week}, i + 3, true
	case at("before", "the", "next"):
		end := i + 3
		for end < len(f.tokens) && end < i+6 && !f.tokens[end].fresh && strings.Trim(f.word(end), "abcdefghijklmnopqrstuvwxyz") == "" && !common()[f.word(end)] {
			end++
		}
		t, ok := policy.ParseTerm("before the next " + strings.Join(texts(f.tokens[i+3:end]), " "))
		return t, end, ok
	}
	return policy.Term{}, 0, false
}

// amount reads "30 days", "2 to 4 hours", "a month".
func (f *figures) amount(i int, w string) (timed, int, bool) {
	n, at, ok := f.number(i)
	if !ok {
		if w != "a" && w != "an" && w != "the" && w != "calendar" {
			return timed{}, 0, false
		}
		if w == "the" && f.word(i-1) != "in" && f.word(i-1) != "within" {
			return timed{}, 0, false
		}
		n, at = 1, i+1
	}
	first := 0
	if f.word(at) == "to" || f.word(at) == "and" || f.word(at) == "or" {
		if m, next, more := f.number(at + 1); more {
			first, n, at = n, m, next
		}
	} else if m, next, more := f.number(at); more && f.tokens[at].from-f.tokens[at-1].to <= len("–") {
		first, n, at = n, m, next
	}
	double := f.word(at) == "fortnight"
	u, next, ok := f.unit(at)
	if !ok || n > 9999 {
		return timed{}, 0, false
	}
	if double {
		n *= 2
	}
	t := timed{Term: policy.Term{Form: policy.Within, Count: n, Unit: u}}
	if first > 0 && first < n {
		t.target = policy.Term{Form: policy.Within, Count: first, Unit: u}
	}
	return t, next, true
}

// span says a term as a length of time that a policy can hold. Months and years differ in length,
// and business days hold holidays: the shortest they can be keeps the promise whatever the day.
func spanOf(t policy.Term) (s string, exact, ok bool) {
	switch {
	case t.Form == policy.Instant || t.Form == policy.Prompt:
		return "1d", false, true
	case t.Form != policy.Within:
		return "", false, false
	}
	n := strconv.Itoa
	switch t.Unit {
	case policy.Minute:
		return n(t.Count) + "m", true, true
	case policy.Hour:
		return n(t.Count) + "h", true, true
	case policy.Day:
		return n(t.Count) + "d", true, true
	case policy.BusinessDay:
		return n(t.Count) + "d", false, true
	case policy.Week:
		return n(t.Count) + "w", true, true
	case policy.Month:
		return n(min(36_000, t.Count*365/12)) + "d", false, true
	case policy.Quarter:
		return n(min(36_000, t.Count*90)) + "d", false, true
	}
	return n(min(36_000, t.Count*365)) + "d", false, true
}

// any reports whether one of the words stands in the sentence; "delet*" is a beginning, and words
// apart by a space stand one after another.
func (f *figures) any(words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return f.index(w) >= 0 })
}

// index returns where a word, or words one after another, begin; -1 if they do not stand there.
func (f *figures) index(words string) int {
	want := strings.Fields(words)
	for i := 0; i+len(want) <= len(f.tokens); i++ {
		ok := true
		for k, w := range want {
			if stem, open := strings.CutSuffix(w, "*"); open {
				ok = ok && strings.HasPrefix(f.word(i+k), stem)
			} else {
				ok = ok && f.word(i+k) == w
			}
		}
		if ok {
			return i
		}
	}
	return -1
}
