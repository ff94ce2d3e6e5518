package diff

import (
	"math"
	"slices"
	"time"

	"clause.dev/clause/internal/policy"
)

var subjects = noun[policy.Subject]{
	sort: "subjects",
	id:   func(t *policy.Subject) *string { return &t.ID },
	like: func(t *policy.Subject) string { return t.Title },
	item: func(d *differ, t *policy.Subject) item {
		return item{name: quoted(t.Title), ids: []string{t.ID}, whom: d.people([]string{t.Title})}
	},
	both: func(d *differ, it item, o, n *policy.Subject) {
		d.words(it, "subject-title", o.Title, n.Title)
		d.titles(it, o.Titles, n.Titles)
	},
	came: "subject-new", went: "subject-gone",
	effect: func(_ *differ, _ *policy.Subject, without *policy.Policy) Effect {
		if len(without.Subjects) == 0 {
			return Neutral // it told nothing of whose data there is
		}
		return Widens
	},
}

var dataSets = noun[policy.DataSet]{
	sort: policy.ParamDataSets,
	id:   func(t *policy.DataSet) *string { return &t.ID },
	like: func(t *policy.DataSet) string { return t.Title },
	item: func(d *differ, t *policy.DataSet) item {
		return item{name: thing("data set", t.ID, t.Title), ids: []string{t.ID}, whom: d.peopleIn(t.ID)}
	},
	both: compareData,
	came: "data-new", went: "data-gone",
	says: func(_ *differ, t *policy.DataSet) string {
		var names []string
		for i := range t.Fields {
			names = append(names, t.Fields[i].ID)
		}
		return list(names)
	},
	effect: widens[policy.DataSet],
	judge:  func(_ *differ, c *Change, t *policy.DataSet) { c.loses(t) },
}

func compareData(d *differ, it item, o, n *policy.DataSet) {
	d.words(it, "data-title", o.Title, n.Title)
	d.change(it, "data-category", o.Category, n.Category, Neutral)
	d.flag(it, "data-sensitive", o.Sensitive, n.Sensitive, Widens)
	d.change(it, "data-storage", string(o.Storage), string(n.Storage), step(order(o.Storage, policy.Memory, policy.Stored), order(n.Storage, policy.Memory, policy.Stored), Widens)).loses(o)
	d.change(it, "data-records", records(o), records(n), step(rank(o.Many), rank(n.Many), Widens))
	d.change(it, "data-keep", kept(o), kept(n), step(longest(o), longest(n), Widens)).loses(o)
	if o.Subject != "" && n.Subject != "" { // a policy that names none told nothing
		about := it
		about.whom = d.people(append(d.subjectTitle(o), d.subjectTitle(n)...))
		d.change(about, "data-subject", o.Subject, n.Subject, Neutral)
	}
	third := policy.FromThirdParty
	d.change(it, "data-source", source(o), source(n), step(rank(o.Source == third), rank(n.Source == third), Widens))
	d.change(it, "data-from", o.From, n.From, Neutral)
	d.titles(it, o.Titles, n.Titles)
	fieldsOf(n).compare(d, o.Fields, n.Fields)
}

// loses makes a change material that takes away what people gave themselves. What was observed or
// worked out they cannot miss.
func (c *Change) loses(set *policy.DataSet) {
	if c != nil && c.Effect == Narrows && set.Source == policy.FromPerson {
		c.Material, c.Why = true, whyLoss
	}
}

func source(d *policy.DataSet) string {
	return map[policy.Source]string{
		policy.FromPerson: "the person", policy.FromDevice: "the device, while the service is used",
		policy.FromDerivation: "other data", policy.FromThirdParty: "a third party",
	}[d.Source]
}

func records(d *policy.DataSet) string {
	if d.Many {
		return "many records"
	}
	return "one record"
}

func kept(d *policy.DataSet) string {
	if d.Keep == 0 {
		return "while the account is active"
	}
	return policy.Lasting(d.Keep)
}

// longest is how long a data set's records can be there: an account can be active without end.
func longest(d *policy.DataSet) time.Duration {
	if d.Keep == 0 {
		return math.MaxInt64
	}
	return d.Keep
}

// fieldsOf are the fields of a data set.
func fieldsOf(set *policy.DataSet) noun[policy.Field] {
	return noun[policy.Field]{
		sort: policy.ParamFields, prefix: set.ID + ".",
		id:   func(t *policy.Field) *string { return &t.ID },
		like: func(t *policy.Field) string { return t.Title },
		item: func(d *differ, t *policy.Field) item {
			return item{name: thing("field", set.ID+"."+t.ID, t.Title), ids: []string{set.ID + "." + t.ID, set.ID}, whom: d.peopleIn(set.ID)}
		},
		both: compareFields,
		came: "field-new", went: "field-gone", effect: widens[policy.Field],
		judge: func(_ *differ, c *Change, _ *policy.Field) { c.loses(set) },
	}
}

func compareFields(d *differ, it item, o, n *policy.Field) {
	d.words(it, "field-title", o.Title, n.Title)
	d.change(it, "field-type", string(o.Type), string(n.Type), Neutral)
	d.change(it, "field-optional", optional(o), optional(n), step(rank(!o.Optional), rank(!n.Optional), Widens))
	d.flag(it, "field-find", o.Find, n.Find, Widens)
	d.flag(it, "field-unique", o.Unique, n.Unique, Neutral)
	d.change(it, "field-room", room(o.Max), room(n.Max), roomEffect(o.Max, n.Max))
	d.lists(it, "field-values-more", "field-values-less", o.Values, n.Values, Widens)
	d.titles(it, o.Titles, n.Titles)
}

func optional(f *policy.Field) string {
	if f.Optional {
		return "optional"
	}
	return "required"
}

// roomEffect compares the longest values. What a type holds without a figure is the store's to say.
func roomEffect(old, new int) Effect {
	if old == 0 || new == 0 {
		return Neutral
	}
	return step(old, new, Widens)
}

// peopleIn are those whom data sets are about.
func (d *differ) peopleIn(ids ...string) []string {
	var titles []string
	for _, id := range ids {
		for _, p := range []*policy.Policy{d.new, d.old} {
			if set, ok := p.DataSet(id); ok {
				titles = append(titles, d.subjectTitle(set)...)
				break
			}
		}
	}
	return d.people(titles)
}

func (d *differ) subjectTitle(set *policy.DataSet) []string {
	for _, s := range slices.Concat(d.new.Subjects, d.old.Subjects) {
		if s.ID == set.Subject {
			return []string{s.Title}
		}
	}
	return nil
}
