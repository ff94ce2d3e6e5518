package diff

import (
	"slices"
	"strings"

	"clause.dev/clause/internal/policy"
)

// wholeClauses are clauses with the controls that keep them, as they are compared to find renamed ones.
var wholeClauses = noun[policy.Clause]{
	sort: policy.ParamClauses,
	id:   func(t *policy.Clause) *string { return &t.ID },
	like: func(t *policy.Clause) string { return t.Text },
	item: func(_ *differ, t *policy.Clause) item { return clauseItem(t.ID) },
	both: func(d *differ, it item, o, n *policy.Clause) {
		d.clause(it, o, n)
		if !slices.Equal(keysOf(o), keysOf(n)) {
			d.add(it, "control-moved", "", "", Neutral)
		}
	},
}

func clauseItem(id string) item { return item{name: "clause " + id, ids: []string{id}} }

func keysOf(c *policy.Clause) []string {
	var keys []string
	for _, k := range c.Keep {
		keys = append(keys, keyOf(k))
	}
	return sorted(keys)
}

// clauses compares the promises: first what each says, then the controls, wherever they stand.
func (d *differ) clauses() {
	old, new := wholeClauses.byID(d.old.Clauses), wholeClauses.byID(d.new.Clauses)
	for i := range d.new.Clauses {
		if n := &d.new.Clauses[i]; old[n.ID] != nil {
			d.clause(clauseItem(n.ID), old[n.ID], n)
		}
	}
	d.keeps(old, new)
	d.clauseOrder()
}

// clause compares all of a clause but its controls.
func (d *differ) clause(it item, o, n *policy.Clause) {
	d.change(it, "clause-statement", promiseOr(o), promiseOr(n), step(rank(o.Statement), rank(n.Statement), Widens))
	text := Kind("clause-text")
	if len(o.Keep)+len(n.Keep) == 0 && !o.Statement && !n.Statement {
		text = "clause-promise"
	}
	d.words(it, text, o.Text, n.Text)
	d.words(it, "clause-plain", o.Plain, n.Plain)
	d.change(it, "clause-section", o.Section, n.Section, Neutral)
	d.translations(it, o.Translations, n.Translations)
}

func promiseOr(c *policy.Clause) string {
	if c.Statement {
		return "a statement that promises nothing"
	}
	return "a promise"
}

// translations compares a clause's texts in other languages.
func (d *differ) translations(it item, old, new []policy.Translation) {
	before, after := map[string]policy.Translation{}, map[string]policy.Translation{}
	for _, t := range old {
		before[t.Language] = t
	}
	for _, t := range new {
		after[t.Language] = t
		b, was := before[t.Language]
		switch {
		case !was:
			d.add(it, "translation", "", t.Language, Neutral)
		case b.Section != t.Section || b.Text != t.Text || b.Plain != t.Plain:
			c := d.add(it, "translation", "another text in "+t.Language, t.Language, Neutral)
			c.Words = wordDiff(prose(b), prose(t))
		}
	}
	for _, t := range old {
		if _, is := after[t.Language]; !is {
			d.add(it, "translation", t.Language, "", Neutral)
		}
	}
}

func prose(t policy.Translation) string {
	return strings.TrimSpace(t.Section + " " + t.Text + " " + t.Plain)
}

// clauseOrder compares the order of the clauses that both policies hold.
func (d *differ) clauseOrder() {
	old, new := idsOf(d.old.Clauses), idsOf(d.new.Clauses)
	stay := func(all, others []string) []string { return without(all, without(all, others)) }
	if !slices.Equal(stay(old, new), stay(new, old)) {
		d.add(item{}, "clause-order", "", "", Neutral)
	}
}

func idsOf(clauses []policy.Clause) (ids []string) {
	for _, c := range clauses {
		ids = append(ids, c.ID)
	}
	return ids
}
