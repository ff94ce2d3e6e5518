package policy

import (
	"fmt"
	"slices"
)

// The longest values a field can be given room for, in bytes.
const (
	maxText = 64 << 10
	maxBlob = 1 << 40
)

func dataSetForm(d *DataSet, id string, pos Pos) value {
	d.ID, d.Pos, d.Storage, d.Source = id, pos, Stored, FromPerson
	many := ""
	return form{what: fmt.Sprintf("data set %q", id), keys: []key{
		{"title", title(&d.Title), true, "what people call it"},
		{"category", name{into: &d.Category}, true, "identity, financial, derived, technical, usage, …"},
		{"sensitive", flag{&d.Sensitive}, false, "true for special categories, GDPR art. 9"},
		{"storage", choice[Storage]{&d.Storage, []Storage{Stored, Memory}}, false, "stored (the default), or memory-only: on no disk and in no backup"},
		{"records", choice[string]{&many, []string{"one", "many"}}, false, "how many records a person can have: one (the default) or many"},
		{"keep", retention{d}, false, "while-active (the default), or a span such as 90d after which a record goes"},
		{"subject", name{&d.Subject, toSubject}, false, "whom it is about; left out: the first of subjects"},
		{"source", choice[Source]{&d.Source, []Source{FromPerson, FromDevice, FromDerivation, FromThirdParty}}, false, "person (the default), device, derived or third-party"},
		{"from", title(&d.From), false, "the third party it comes from, GDPR art. 14(2)(f)"},
		{"titles", titles{&d.Titles}, false, "the title in other languages"},
		{"fields", group[Field]{into: &d.Fields, noun: "field", most: MaxFields, body: fieldForm}, true, "the fields of a record"},
	}, after: func(r *reader, at func(string) *node) {
		d.Many = many == "many"
		if d.Storage == Memory {
			d.checkMemory(r)
		}
		if d.From != "" && d.Source != FromThirdParty {
			r.fail(at("from"), Contradiction, "add source: third-party, or remove from", "data set %q names a third party, but its source is %s", id, d.Source)
		}
	}}
}

// checkMemory refuses what would put a part of a memory-only data set on a disk.
func (d *DataSet) checkMemory(r *reader) {
	for _, f := range d.Fields {
		n := &node{pos: f.Pos, width: len(f.ID)}
		if f.Find || f.Unique {
			r.fail(n, Contradiction, "remove find and unique, or store the data set",
				"field %q cannot be looked up: its data set %q is memory-only, and an index would be on a disk", f.ID, d.ID)
		}
		if f.Type == Blob {
			r.fail(n, Contradiction, "remove the field, or store the data set",
				"field %q cannot be a blob: its data set %q is memory-only, and blobs are kept on a disk", f.ID, d.ID)
		}
	}
}

// retention is how long a data set's records are kept.
type retention struct{ set *DataSet }

const whileActive = "while-active"

func (t retention) read(r *reader, key, n *node) {
	if n.kind == textKind && n.value == whileActive {
		t.set.Keep = 0
		return
	}
	span{&t.set.Keep}.read(r, key, n)
}

func (t retention) schema(v Vocabulary) object {
	return object{"anyOf": []object{{"const": whileActive}, span{}.schema(v)}}
}

// fieldValue is a field: its whole form, or its type alone.
type fieldValue struct {
	into *Field
	form form
}

func fieldForm(f *Field, id string, pos Pos) value {
	f.ID, f.Pos = id, pos
	return fieldValue{f, form{what: fmt.Sprintf("field %q", id), keys: []key{
		{"title", title(&f.Title), false, "what people call it"},
		{"type", typeOf(f), true, "text, date, integer, money, bool, email, phone, enum or blob"},
		{"optional", flag{&f.Optional}, false, "true if a record is complete without it"},
		{"find", flag{&f.Find}, false, "true if records can be looked up by its exact value"},
		{"unique", flag{&f.Unique}, false, "true if no two records of a tenant may hold the same value"},
		{"max", size{&f.Max}, false, "the longest text or largest blob: 200B, 64KiB, 10MiB"},
		{"values", list[string]{into: &f.Values, most: 256}, false, "the values of an enum"},
		{"titles", titles{&f.Titles}, false, "the title in other languages"},
	}, after: f.check}}
}

func typeOf(f *Field) choice[Type] {
	return choice[Type]{&f.Type, []Type{Text, Date, Integer, Money, Bool, Email, Phone, Enum, Blob}}
}

func (v fieldValue) read(r *reader, at, n *node) {
	if n.kind != textKind {
		v.form.read(r, at, n)
		return
	}
	typeOf(v.into).read(r, &node{value: "the type of " + at.value, pos: at.pos, width: at.width}, n)
	v.into.check(r, func(string) *node { return n })
}

func (v fieldValue) schema(vocabulary Vocabulary) object {
	long := v.form.schema(vocabulary)
	short := typeOf(v.into)
	short.of = slices.DeleteFunc(short.of, func(t Type) bool { return t == Enum })
	return object{"anyOf": []object{short.schema(vocabulary), long}}
}

// check finds keys of a field that its type cannot have.
func (f *Field) check(r *reader, at func(string) *node) {
	r.translates(at("titles"), f.Titles, "title", f.Title)
	if (f.Find || f.Unique) && !slices.Contains([]Type{Text, Date, Integer, Email, Phone}, f.Type) && f.Type != "" {
		name := "find"
		if f.Unique {
			name = "unique"
		}
		r.fail(at(name), Contradiction, "text, date, integer, email and phone can be; a bool or an enum has so few values that its index would give them away",
			"field %q cannot be looked up: it is of type %s", f.ID, f.Type)
	}
	f.Find = f.Find || f.Unique
	switch {
	case f.Type == Enum && len(f.Values) == 0:
		r.fail(at("type"), MissingKey, "add values: [one, other]", "field %q is an enum without values", f.ID)
	case f.Type != Enum && len(f.Values) > 0:
		r.fail(at("values"), Contradiction, "make the type enum, or remove the values", "field %q has values but is of type %s", f.ID, f.Type)
	}
	switch {
	case f.Max > 0 && f.Type != Text && f.Type != Blob:
		r.fail(at("max"), Contradiction, "remove it: only text and blob have one", "field %q has a max but is of type %s", f.ID, f.Type)
	case f.Max > maxText && f.Type == Text:
		r.fail(at("max"), OverBound, "at most 64KiB; longer texts are blobs", "field %q has too large a max", f.ID)
	}
}
