package connect

import (
	"cmp"
	"slices"

	"clause.dev/clause/internal/policy"
)

func (r *parser) database(f *connectorForm, at policy.Pos) *database {
	d := &database{engine: r.need(f.Engine, "engine", at, nil), dsn: r.secret(f.DSN, "dsn", at), schema: f.Schema.value}
	if _, ok := engines[d.engine]; !ok && d.engine != "" {
		r.fail(f.Engine.at, policy.BadValue, "postgres, mysql (MariaDB too) or sqlite", "engine is none that is known")
	}
	switch {
	case d.engine == "postgres":
		d.schema = cmp.Or(d.schema, "public")
	case d.schema != "":
		r.fail(f.Schema.at, policy.UnknownKey, "the dsn says which database", "schema is for postgres")
	}
	for key, words := range map[string][]word{"private": f.Private, "data": f.Data, "takes": f.Takes} {
		if len(words) > 0 {
			r.fail(words[0].at, policy.UnknownKey, "remove it", "%s is for connectors of kind webhook", key)
		}
	}
	if len(f.Tables) == 0 || len(f.Tables) > maxTables {
		r.fail(at, policy.OverBound, "map those that hold people's data", "a database has 1 to %d tables here", maxTables)
		return d
	}
	for i := range f.Tables {
		t := r.table(&f.Tables[i], at)
		if slices.ContainsFunc(d.tables, func(o table) bool { return o.name == t.name }) {
			r.fail(t.at, policy.DuplicateKey, "a row that is the person's in several ways has a list of links as its subject", "this table was mapped above")
		}
		d.tables = append(d.tables, t)
	}
	for i := range f.Tables {
		d.tables[i].links = r.links(d, &f.Tables[i])
	}
	if len(r.problems) == 0 {
		r.circles(d)
	}
	return d
}

func (r *parser) table(f *tabled, beside policy.Pos) table {
	at := cmp.Or(f.Table.at, f.Data.at, beside)
	t := table{name: r.name(f.Table, "table", beside), key: r.name(f.Key, "key", at), data: r.dataSet(f.Data, at), at: at}
	if len(f.Columns) == 0 {
		r.fail(at, policy.MissingKey, "column: field, for what an access shows", "columns is missing")
	}
	var known []string
	for _, field := range t.data.Fields {
		known = append(known, field.ID)
	}
	for _, p := range f.Columns {
		column := r.name(p.key, "a column", at)
		if slices.ContainsFunc(t.columns, func(o pair) bool { return o.column == column || o.field == p.value.value }) {
			r.fail(p.key.at, policy.DuplicateKey, "each column is one field", "this column or field was mapped above")
		}
		if !slices.Contains(known, p.value.value) && t.data.ID != "" {
			r.fail(p.value.at, policy.Dangling, policy.Advise(p.value.value, known), "the data set %s has no such field", t.data.ID)
		}
		t.columns = append(t.columns, pair{column, p.value.value})
	}
	switch {
	case f.Erase.value == "delete":
	case len(f.Erase.null) > 0:
		for _, w := range f.Erase.null {
			t.null = append(t.null, r.name(w, "empty", at))
			if w.value == t.key {
				r.fail(w.at, policy.Contradiction, "delete the row, or keep its key", "the key cannot be emptied")
			}
		}
	default:
		r.fail(cmp.Or(f.Erase.at, at), policy.BadValue, "delete, or {empty: [columns]}", "erase does not say what to do")
	}
	switch {
	case f.Correct.at.Line == 0:
	case f.Correct.value == "all":
		t.correct.all = true
	case f.Correct.record.value != "":
		t.correct.record = r.name(f.Correct.record, "record", at)
	default:
		r.fail(f.Correct.at, policy.BadValue, "all, or {record: column}", "correct does not say which rows a correction is of")
	}
	return t
}

// links are a table's ways to the person.
func (r *parser) links(d *database, f *tabled) (out []link) {
	at := cmp.Or(f.Table.at, f.Data.at)
	if len(f.Subject) == 0 {
		r.fail(at, policy.MissingKey, "{column: …}, or {table: …, from: …, to: …}", "subject is missing")
	}
	var known []string
	for _, t := range d.tables {
		known = append(known, t.name)
	}
	for _, l := range f.Subject {
		direct, through := l.Column.value != "", l.Table.value != "" || l.From.value != "" || l.To.value != ""
		if direct == through {
			r.fail(cmp.Or(l.Column.at, l.Table.at, l.From.at, at), policy.BadValue, "{column: …}, or {table: …, from: …, to: …}", "subject is neither a column nor a way through a table")
			continue
		}
		if direct {
			out = append(out, link{column: r.name(l.Column, "column", at), parent: -1})
			continue
		}
		one := link{column: r.name(l.From, "from", at), to: r.name(l.To, "to", at), parent: slices.Index(known, l.Table.value)}
		if one.parent < 0 {
			r.fail(cmp.Or(l.Table.at, at), policy.Dangling, policy.Advise(l.Table.value, known), "there is no such table here")
			continue
		}
		out = append(out, one)
	}
	return out
}

// circles refuses links that lead back, and more ways to the person than a statement should hold.
func (r *parser) circles(d *database) {
	if d.order() == nil {
		for _, t := range d.tables {
			if d.inCircle(t.name) {
				r.fail(t.at, policy.Contradiction, "a way must end at a column that holds the person's external id", "the links of table %s lead back to it", t.name)
				return
			}
		}
	}
	for i, t := range d.tables {
		if n := d.ways(i); n > maxLinks {
			r.fail(t.at, policy.OverBound, "", "there are more than %d ways from table %s to the person", maxLinks, t.name)
			return
		}
	}
}

// inCircle reports whether a table's links lead back to it.
func (d *database) inCircle(name string) bool {
	seen := map[int]bool{}
	var leads func(t int) bool
	leads = func(t int) bool {
		for _, l := range d.tables[t].links {
			if l.parent < 0 || seen[l.parent] {
				continue
			}
			if d.tables[l.parent].name == name {
				return true
			}
			seen[l.parent] = true
			if leads(l.parent) {
				return true
			}
		}
		return false
	}
	return leads(slices.IndexFunc(d.tables, func(t table) bool { return t.name == name }))
}
