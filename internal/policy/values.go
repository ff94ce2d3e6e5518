package policy

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Lengths of texts in bytes.
const (
	titleLength = 200
	textLength  = 8 << 10
)

// text is words of people.
type text struct {
	into *string
	most int
	form *regexp.Regexp // nil for any
	hint string         // what the form wants
}

func title(into *string) text { return text{into: into, most: titleLength} }

func (t text) read(r *reader, key, n *node) {
	if r.wrongType(key, n, textKind) {
		return
	}
	*t.into = strings.TrimSpace(n.value)
	switch {
	case *t.into == "":
		r.fail(key, MissingKey, "give a value, or remove the key", "%s is empty", key.value)
	case t.form != nil && !t.form.MatchString(n.value): // blanks around it included: a schema does not trim
		r.fail(n, BadValue, t.hint, "%s cannot be %q", key.value, short(n.value))
	case len(n.value) > t.most:
		r.fail(n, OverBound, "shorten it", "%s is longer than %d bytes", key.value, t.most)
	}
}

func (t text) schema(Vocabulary) object {
	s := object{"type": "string", "minLength": 1, "maxLength": t.most}
	if t.form != nil {
		s["pattern"] = t.form.String()
	}
	return s
}

// short keeps messages short.
func short(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// choice is one word of several.
type choice[T ~string] struct {
	into *T
	of   []T
}

func (c choice[T]) read(r *reader, key, n *node) {
	if r.wrongType(key, n, textKind) {
		return
	}
	*c.into = T(n.value)
	if !slices.Contains(c.of, T(n.value)) {
		r.fail(n, BadValue, r.advise(n.value, words(c.of)), "%s cannot be %q", key.value, short(n.value))
	}
}

func (c choice[T]) schema(Vocabulary) object { return object{"enum": words(c.of)} }

func words[T ~string](all []T) []string { return each(all, func(w T) string { return string(w) }) }

// list is a list of words, each once.
type list[T ~string] struct {
	into *[]T
	of   []T       // the words allowed, nil for any
	to   reference // the words are ids of this sort, "" if not
	ids  bool      // the words are ids declared here
	none bool      // may be empty
	most int       // zero: 1000
}

func (l list[T]) read(r *reader, key, n *node) {
	if r.wrongType(key, n, listKind) {
		return
	}
	if len(n.items) == 0 && !l.none {
		r.fail(key, MissingKey, "name at least one", "%s is empty", key.value)
	}
	if len(n.items) > l.bound() {
		r.fail(n.items[l.bound()], OverBound, "shorten it", "%s holds %d, at most %d are possible", key.value, len(n.items), l.bound())
		return
	}
	seen := map[string]*node{}
	*l.into = make([]T, 0, len(n.items))
	for _, item := range n.items {
		if r.wrongType(&node{value: "an item of " + key.value, pos: item.pos, width: item.width}, item, textKind) {
			continue
		}
		if r.repeated(seen, item, "in "+key.value+",") {
			continue
		}
		*l.into = append(*l.into, T(item.value))
		switch {
		case l.to != "":
			r.refer(item, l.to)
		case l.ids:
			r.id(item, "member of "+key.value)
		case l.of != nil && !slices.Contains(l.of, T(item.value)):
			r.fail(item, BadValue, r.advise(item.value, words(l.of)), "%s cannot hold %q", key.value, short(item.value))
		case strings.TrimSpace(item.value) == "" || len(item.value) > textLength:
			r.fail(item, BadValue, "give between 1 and 8192 bytes", "an item of %s is empty or too long", key.value)
		}
	}
}

func (l list[T]) bound() int {
	if l.most > 0 {
		return l.most
	}
	return 1000
}

func (l list[T]) schema(Vocabulary) object {
	item := object{"type": "string", "minLength": 1, "maxLength": textLength}
	switch {
	case l.of != nil:
		item = object{"enum": words(l.of)}
	case l.ids || l.to != "" && l.to != toCategory && l.to != toField:
		item = object{"type": "string", "pattern": idForm.String()}
	}
	s := object{"type": "array", "items": item, "uniqueItems": true, "maxItems": l.bound()}
	if !l.none {
		s["minItems"] = 1
	}
	return s
}

// formed is a list of words of one form.
type formed struct {
	list list[string]
	noun string // what each is
	form *regexp.Regexp
	hint string
}

func (f formed) read(r *reader, key, n *node) {
	f.list.read(r, key, n)
	for _, item := range n.items {
		if item.kind == textKind && !f.form.MatchString(item.value) {
			r.fail(item, BadValue, f.hint, "%q is no %s", short(item.value), f.noun)
		}
	}
}

func (f formed) schema(v Vocabulary) object {
	s := f.list.schema(v)
	s["items"] = object{"type": "string", "pattern": f.form.String()}
	return s
}

// name is the id of something declared elsewhere, or, with to empty, a word in the form of an id.
type name struct {
	into *string
	to   reference
}

func (i name) read(r *reader, key, n *node) {
	if r.wrongType(key, n, textKind) {
		return
	}
	*i.into = n.value
	if i.to != "" {
		r.refer(n, i.to)
		return
	}
	r.id(n, key.value)
}

func (i name) schema(Vocabulary) object {
	return object{"type": "string", "pattern": idForm.String()}
}

// flag is true or false.
type flag struct{ into *bool }

func (f flag) read(r *reader, key, n *node) {
	if n.kind != boolKind {
		if n.kind == nullKind {
			r.wrongType(key, n, boolKind)
			return
		}
		r.fail(n, BadType, "write true or false, without quotes", "%s must be true or false, not %s", key.value, n.kind)
		return
	}
	*f.into = n.value == "true"
}

func (f flag) schema(Vocabulary) object { return object{"type": "boolean"} }

// number is a whole number. What reads it narrows it.
type number struct{ into *int64 }

// numberForm leaves out 012, 0x0c and 1_2, which readers of YAML do not agree on.
var numberForm = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)

func (v number) read(r *reader, key, n *node) {
	if r.wrongType(key, n, numberKind) {
		return
	}
	got, err := strconv.ParseInt(n.value, 10, 64)
	if err != nil || !numberForm.MatchString(n.value) {
		r.fail(n, BadValue, "a whole number in decimal digits", "%s cannot be %s", key.value, short(n.value))
		return
	}
	*v.into = got
}

func (v number) schema(Vocabulary) object { return object{"type": "integer"} }

// span is a fixed length of time.
type span struct{ into *time.Duration }

var spanForm = regexp.MustCompile(`^([0-9]{1,9})(s|m|h|d|w)$`)

const (
	spanHint = "a number and its unit: 30d, 72h, 2w, 15m or 10s"
	longest  = 100 * 365 * 24 * time.Hour
)

func (s span) read(r *reader, key, n *node) {
	if n.kind == numberKind {
		r.fail(n, BadType, spanHint, "%s needs a unit", key.value)
		return
	}
	if r.wrongType(key, n, textKind) {
		return
	}
	d, ok := parseSpan(n.value)
	if !ok {
		r.fail(n, BadValue, spanHint+"; months and years differ in length, so use days", "%s cannot be %q", key.value, short(n.value))
		return
	}
	*s.into = d
}

// parseSpan reads a span of at least a second and at most a hundred years.
func parseSpan(s string) (time.Duration, bool) {
	m := spanForm.FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	unit := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}[m[2]]
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil || n < 1 || n > int64(longest/unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// Lasting is a span of time in words: in its largest whole unit.
func Lasting(d time.Duration) string {
	n, of := int64(d/time.Second), "second"
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if d >= unit.of && d%unit.of == 0 {
			n, of = int64(d/unit.of), unit.name
			break
		}
	}
	if n != 1 {
		of += "s"
	}
	return strconv.FormatInt(n, 10) + " " + of
}

func (s span) schema(Vocabulary) object {
	return object{"type": "string", "pattern": spanForm.String(), "examples": []string{"30d", "72h"}}
}

// size is a number of bytes.
type size struct{ into *int }

var sizeForm = regexp.MustCompile(`^([1-9][0-9]{0,9})(B|KiB|MiB|GiB)$`)

func (s size) read(r *reader, key, n *node) {
	const hint = "a number and its unit: 200B, 64KiB, 10MiB or 1GiB"
	if n.kind == numberKind {
		r.fail(n, BadType, hint, "%s needs a unit", key.value)
		return
	}
	if r.wrongType(key, n, textKind) {
		return
	}
	m := sizeForm.FindStringSubmatch(n.value)
	if m == nil {
		r.fail(n, BadValue, hint, "%s cannot be %q", key.value, short(n.value))
		return
	}
	unit := map[string]int{"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}[m[2]]
	count, err := strconv.Atoi(m[1])
	if err != nil || count > maxBlob/unit {
		r.fail(n, BadValue, "at most 1024GiB", "%s is too large", key.value)
		return
	}
	*s.into = count * unit
}

func (s size) schema(Vocabulary) object {
	return object{"type": "string", "pattern": sizeForm.String(), "examples": []string{"200B", "10MiB"}}
}
