package policy

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
)

// object is a JSON object of a JSON Schema.
type object = map[string]any

// value is one kind of thing that a key can hold: how it is read, and what an editor is told of
// it. Both come from the same description, so that they cannot part.
type value interface {
	read(r *reader, key, n *node)
	schema(v Vocabulary) object
}

// key is one key of a form.
type key struct {
	name     string
	value    value
	required bool
	doc      string
}

// form is a group of named keys.
type form struct {
	what  string // `data set "identity"`, for messages
	part  string // what a key of it is called, "" for "key"
	keys  []key
	after func(r *reader, at func(key string) *node) // checks of several keys together, may be nil
}

func (f form) read(r *reader, at, n *node) {
	if r.wrongType(at, n, mapKind) {
		return
	}
	seen := map[string]*node{}
	for _, p := range n.pairs {
		if r.repeated(seen, p.key, "the key") {
			continue
		}
		i := slices.IndexFunc(f.keys, func(k key) bool { return k.name == p.key.value })
		if i < 0 {
			r.fail(p.key, UnknownKey, r.advise(p.key.value, f.names()), "%s has no %s %q", f.what, f.partName(), short(p.key.value))
			continue
		}
		f.keys[i].value.read(r, p.key, p.value)
	}
	for _, k := range f.keys {
		if k.required && seen[k.name] == nil {
			r.fail(at, MissingKey, "add it: "+k.doc, "%s lacks %s", f.what, k.name)
		}
	}
	if f.after != nil {
		f.after(r, func(name string) *node {
			if k := seen[name]; k != nil {
				return k
			}
			return at
		})
	}
}

// repeated records a name given twice. It reports whether that was so.
func (r *reader) repeated(seen map[string]*node, n *node, what string) bool {
	if first := seen[n.value]; first != nil {
		r.fail(n, DuplicateKey, fmt.Sprintf("the first is at line %d; remove one", first.pos.Line), "%s %q is there twice", what, short(n.value))
		return true
	}
	seen[n.value] = n
	return false
}

func (f form) partName() string { return cmp.Or(f.part, "key") }

func (f form) names() []string { return each(f.keys, func(k key) string { return k.name }) }

func (f form) schema(v Vocabulary) object {
	properties, required := object{}, []string{}
	for _, k := range f.keys {
		s := k.value.schema(v)
		if k.doc != "" {
			s["description"] = k.doc
		}
		properties[k.name] = s
		if k.required {
			required = append(required, k.name)
		}
	}
	s := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// idForm is the form of every id: it can stand in URLs, file names and SQL without quoting.
var idForm = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)

const idHint = "an id begins with a small letter, then come at most 63 small letters, digits, - or _"

// group is a mapping of ids to bodies, read into a list in the order of the file.
type group[T any] struct {
	into *[]T
	noun string
	most int
	body func(item *T, id string, pos Pos) value
	none bool           // may be empty
	id   *regexp.Regexp // the form of its ids, nil for idForm
}

func (g group[T]) form() *regexp.Regexp {
	if g.id != nil {
		return g.id
	}
	return idForm
}

func (g group[T]) read(r *reader, at, n *node) {
	if g.none && n.kind == nullKind || r.wrongType(at, n, mapKind) {
		return
	}
	if len(n.pairs) == 0 && !g.none {
		r.fail(at, MissingKey, "add at least one", "%s is empty", at.value)
	}
	if len(n.pairs) > g.most {
		r.fail(n.pairs[g.most].key, OverBound, "merge some of them", "%s holds %d, at most %d are possible", at.value, len(n.pairs), g.most)
		return
	}
	seen := map[string]*node{}
	*g.into = make([]T, 0, len(n.pairs)) // never grows: checks that come later point into it
	for _, p := range n.pairs {
		if r.repeated(seen, p.key, "the "+g.noun) {
			continue
		}
		if p.key.kind != textKind || !g.form().MatchString(p.key.value) {
			r.fail(p.key, BadValue, g.hint(), "%q cannot be the id of a %s", short(p.key.value), g.noun)
		}
		*g.into = append(*g.into, *new(T))
		g.body(&(*g.into)[len(*g.into)-1], p.key.value, p.key.pos).read(r, p.key, p.value)
	}
}

func (r *reader) id(n *node, noun string) {
	if n.kind != textKind || !idForm.MatchString(n.value) {
		r.fail(n, BadValue, idHint, "%q cannot be the id of a %s", short(n.value), noun)
	}
}

func (g group[T]) hint() string {
	if g.id == languageForm {
		return languageHint
	}
	return idHint
}

func (g group[T]) schema(v Vocabulary) object {
	s := object{
		"type":                 "object",
		"propertyNames":        object{"pattern": g.form().String()},
		"additionalProperties": g.body(new(T), "", Pos{}).schema(v),
		"maxProperties":        g.most,
	}
	if g.none {
		s["type"] = []string{"object", "null"}
	} else {
		s["minProperties"] = 1
	}
	return s
}

// series is a list of bodies.
type series[T any] struct {
	into *[]T
	most int
	body func(item *T, pos Pos) value
	none bool // may be empty
}

func (s series[T]) read(r *reader, at, n *node) {
	if s.none && n.kind == nullKind || r.wrongType(at, n, listKind) {
		return
	}
	if len(n.items) == 0 && !s.none {
		r.fail(at, MissingKey, "add at least one", "%s is empty", at.value)
	}
	if len(n.items) > s.most {
		r.fail(n.items[s.most], OverBound, "merge some of them", "%s holds %d, at most %d are possible", at.value, len(n.items), s.most)
		return
	}
	*s.into = make([]T, len(n.items))
	for i, item := range n.items {
		s.body(&(*s.into)[i], item.pos).read(r, &node{value: at.value, pos: item.pos, width: item.width}, item)
	}
}

func (s series[T]) schema(v Vocabulary) object {
	o := object{"type": "array", "items": s.body(new(T), Pos{}).schema(v), "maxItems": s.most}
	if s.none {
		o["type"] = []string{"array", "null"}
	} else {
		o["minItems"] = 1
	}
	return o
}
