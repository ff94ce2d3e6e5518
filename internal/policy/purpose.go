package policy

import (
	"fmt"
	"slices"
	"strings"

	"clause.dev/clause/internal/fault"
)

func purposeForm(u *Purpose, id string, pos Pos) value {
	u.ID, u.Pos = id, pos
	return form{what: fmt.Sprintf("purpose %q", id), keys: []key{
		{"title", title(&u.Title), true, "what people call it"},
		{"basis", choice[Basis]{&u.Basis, []Basis{Contract, Consent, LegitimateInterests, LegalObligation, VitalInterests, PublicTask}}, true, "its legal basis, GDPR art. 6(1)"},
		{"may", list[Action]{into: &u.May, of: []Action{Read, Write, Delete, Aggregate, Disclose}}, true, "what it may do: read, write, delete, aggregate, disclose"},
		{"sees", sights{&u.Sees}, true, "the data it may see: data set → all, or a list of fields"},
		{"recipients", list[string]{into: &u.Recipients, to: toRecipient}, false, "who it may disclose to"},
		{"under-restriction", flag{&u.UnderRestriction}, false, "true if it goes on while processing is restricted, GDPR art. 18(2)"},
		{"when", condition{&u.When}, false, "a condition of the site, in CEL"},
		{"interest", text{into: &u.Interest, most: textLength}, false, "the legitimate interest pursued, GDPR art. 13(1)(d)"},
		{"duty", text{into: &u.Duty, most: textLength}, false, "the law that obliges, for a legal obligation"},
		{"without", text{into: &u.Without, most: textLength}, false, "what happens where the data is not given, GDPR art. 13(2)(e)"},
		{"automated", text{into: &u.Automated, most: textLength}, false, "the logic and consequences of decisions made by machines alone, GDPR art. 22; left out where there are none"},
		{"titles", titles{&u.Titles}, false, "the title in other languages"},
	}, after: func(r *reader, at func(string) *node) {
		discloses := slices.Contains(u.May, Disclose)
		switch {
		case discloses && len(u.Recipients) == 0:
			r.fail(at("may"), Contradiction, "name its recipients, or remove disclose", "purpose %q may disclose, but to nobody", id)
		case !discloses && len(u.Recipients) > 0:
			r.fail(at("recipients"), Contradiction, "add disclose to may, or remove the recipients", "purpose %q names recipients but may not disclose", id)
		}
	}}
}

// sights is what a purpose sees: data sets, and of each all fields or some.
type sights struct{ into *[]Sight }

const allFields = "all"

func (s sights) read(r *reader, at, n *node) {
	if r.wrongType(at, n, mapKind) {
		return
	}
	if len(n.pairs) == 0 {
		r.fail(at, MissingKey, "name at least one data set, or remove the purpose", "a purpose that sees nothing is of no use")
	}
	seen := map[string]*node{}
	*s.into = make([]Sight, 0, len(n.pairs))
	for _, p := range n.pairs {
		if r.repeated(seen, p.key, "the data set") {
			continue
		}
		*s.into = append(*s.into, Sight{DataSet: p.key.value, Pos: p.key.pos})
		sight := &(*s.into)[len(*s.into)-1]
		if p.value.kind == textKind && p.value.value == allFields {
			r.later = append(r.later, func() { r.expand(sight, p.key, nil) })
			continue
		}
		if p.value.kind != listKind {
			r.fail(p.value, BadType, "write all, or a list of fields: [email, first_name]", "what is seen of %q must be all or a list of fields", p.key.value)
			r.refer(p.key, toDataSet)
			continue
		}
		list[string]{into: &sight.Fields}.read(r, p.key, p.value)
		r.later = append(r.later, func() { r.expand(sight, p.key, p.value.items) })
	}
}

// expand resolves a sight's data set and fields; without items it is all fields.
func (r *reader) expand(s *Sight, dataSet *node, items []*node) {
	if !r.resolve(dataSet, toDataSet) {
		return
	}
	set, _ := r.policy.DataSet(s.DataSet)
	fields := each(set.Fields, func(f Field) string { return f.ID })
	if items == nil {
		s.Fields = fields
		return
	}
	for _, item := range items {
		if item.kind == textKind && !slices.Contains(fields, item.value) {
			r.fail(item, Dangling, r.advise(item.value, fields), "data set %q has no field %q", s.DataSet, item.value)
		}
	}
}

func (s sights) schema(Vocabulary) object {
	return object{
		"type":          "object",
		"minProperties": 1,
		"propertyNames": object{"pattern": idForm.String()},
		"additionalProperties": object{"anyOf": []object{
			{"const": allFields},
			{"type": "array", "items": object{"type": "string", "pattern": idForm.String()}, "minItems": 1, "uniqueItems": true},
		}},
	}
}

// condition is a condition of the site. Its language belongs to the decisions, above this
// package: a vocabulary that knows it implements Conditions.
type condition struct{ into *string }

// Conditions is a vocabulary that can also check a purpose's condition.
type Conditions interface {
	Condition(text string) error
}

func (c condition) words() text { return text{into: c.into, most: textLength} }

func (c condition) read(r *reader, key, n *node) {
	c.words().read(r, key, n)
	language, ok := r.vocabulary.(Conditions)
	if !ok || *c.into == "" {
		return
	}
	if err := language.Condition(*c.into); err != nil {
		first, _, _ := strings.Cut(fault.Public(err), "\n")
		r.fail(n, BadValue, "see docs/policy.md for what a condition can ask", "%s", first)
	}
}

func (c condition) schema(v Vocabulary) object { return c.words().schema(v) }
