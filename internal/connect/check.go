package connect

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"clause.dev/clause/internal/policy"
)

// Remark is something that a check of a system found.
type Remark struct {
	System string `json:"system"`
	Table  string `json:"table,omitempty"`
	Fails  bool   `json:"fails"` // the connector cannot do its work; else it works, but see
	Msg    string `json:"message"`
}

// Check connects to every system and compares it with the configuration. It changes nothing.
func (s *Set) Check(ctx context.Context) (all []Remark) {
	for _, m := range s.members {
		within, cancel := context.WithTimeout(ctx, m.Timeout)
		for _, r := range m.check(within) {
			r.System = m.ID
			all = append(all, r)
		}
		cancel()
	}
	return all
}

func (h *hookSystem) check(ctx context.Context) []Remark {
	err := h.insist(ctx, func(ctx context.Context) error {
		return h.call(ctx, task{person: &Person{Ref: "ping"}}, "ping", func(body io.Reader) error {
			_, err := io.Copy(io.Discard, io.LimitReader(body, maxAnswer))
			return err
		})
	})
	if err != nil {
		return []Remark{{Fails: true, Msg: h.why(ctx, err)}}
	}
	return nil
}

func (d *sqlSystem) check(ctx context.Context) (all []Remark) {
	fails := func(table, why string) { all = append(all, Remark{Table: table, Fails: true, Msg: why}) }
	if err := d.db.PingContext(ctx); err != nil {
		fails("", d.why(ctx, err))
		return all
	}
	found := make([]*catalogued, len(d.tables))
	for i := range d.tables {
		var err error
		if found[i], err = d.engine.table(ctx, d.db, d.schema, d.tables[i].name); err != nil {
			fails(d.tables[i].name, d.why(ctx, err))
			return all
		}
		for _, m := range d.misfits(found, i) {
			fails(d.tables[i].name, m)
		}
	}
	if len(all) > 0 {
		return all
	}
	for i := range d.tables {
		for _, m := range d.mislinked(found, i) {
			fails(d.tables[i].name, m)
		}
	}
	if len(all) > 0 {
		return all
	}
	return append(all, d.checkWithin(ctx, found)...)
}

// checkWithin looks at rights, keys and types of a mapping that fits.
func (d *sqlSystem) checkWithin(ctx context.Context, found []*catalogued) (all []Remark) {
	for i := range d.tables {
		if err := d.tryOn(ctx, found, i); err != nil {
			all = append(all, Remark{Table: d.tables[i].name, Fails: true, Msg: d.why(ctx, err)})
		}
		for _, m := range d.surprises(found[i], &d.tables[i]) {
			all = append(all, Remark{Table: d.tables[i].name, Msg: m})
		}
	}
	keys, err := d.references(ctx, d.db, d.schema)
	if err != nil {
		return append(all, Remark{Fails: true, Msg: d.why(ctx, err)})
	}
	all = append(all, d.uncovered(keys)...)
	doubts, err := d.account(ctx, d.db)
	if err != nil {
		return append(all, Remark{Fails: true, Msg: d.why(ctx, err)})
	}
	for _, m := range doubts {
		all = append(all, Remark{Msg: m})
	}
	return all
}

// tryOn has the database judge whether the account may read and erase, without doing so.
func (d *sqlSystem) tryOn(ctx context.Context, found []*catalogued, i int) error {
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing was done
	for _, make := range []func([]*catalogued, int, []string) (*statement, error){d.reading, d.erasing, d.trialOfCorrecting} {
		s, err := make(found, i, d.sample(found, i))
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		err = rows(ctx, tx, func(func(...any) error) error { return nil }, d.trial(s.text.String()), s.args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// sample is an id that each of the columns a table's ways end at could hold, if they are of one type.
func (d *sqlSystem) sample(found []*catalogued, i int) []string {
	for _, l := range d.tables[i].links {
		if l.parent >= 0 {
			return d.sample(found, l.parent)
		}
		if found[i].columns[l.column].class == uuids {
			return []string{"00000000-0000-0000-0000-000000000000"}
		}
	}
	return []string{"0"}
}

// surprises are what works, but perhaps not as meant.
func (d *sqlSystem) surprises(c *catalogued, t *table) (all []string) {
	if !c.undoes {
		all = append(all, "the table has no transactions: an erasure that fails midway leaves the part that it did")
	}
	for _, p := range t.columns {
		f, ok := t.data.Field(p.field)
		if column := c.columns[p.column]; ok && !fits(f.Type, column.class) {
			all = append(all, fmt.Sprintf("column %s is of type %s, and the field %s a %s", p.column, column.typ, p.field, f.Type))
		}
	}
	return all
}

// fits reports whether a column can hold what the policy says of a field.
func fits(t policy.Type, c class) bool {
	switch t {
	case policy.Integer:
		return c == numeric
	case policy.Bool:
		return c == boolean || c == numeric
	case policy.Date:
		return c == moment || c == textual
	}
	return true
}

// uncovered are foreign keys by which rows that are to go are held, or others go with them.
func (d *sqlSystem) uncovered(keys []reference) (all []Remark) {
	index := func(name string) int {
		return slices.IndexFunc(d.tables, func(t table) bool { return t.name == name })
	}
	order := d.orderWith(keys)
	for _, r := range keys {
		p := index(r.parent)
		if p < 0 || d.tables[p].did() != "delete" {
			continue
		}
		c := -1
		if r.schema == "" {
			c = index(r.table)
		}
		say := func(format string, args ...any) {
			all = append(all, Remark{Table: r.parent, Msg: fmt.Sprintf(format, args...)})
		}
		by := fmt.Sprintf("table %s (%s)", r.name(), strings.Join(r.columns, ", "))
		switch {
		case c == p:
			say("rows refer to others of the table by %s: an erasure fails where another's row refers to one of the person's", strings.Join(r.columns, ", "))
		case c >= 0 && slices.Index(order, c) < slices.Index(order, p) && d.lets(c, r):
			// gone, or let go of, before its parent
		case r.rule == "CASCADE":
			say("%s refers to it, and its rows would go too, without being exported or counted: map it", by)
		case r.rule == "SET NULL" || r.rule == "SET DEFAULT":
			if c < 0 {
				say("%s refers to it, and is not mapped: its rows would stay, referring to nobody", by)
			}
		default:
			say("%s refers to it, and would keep its rows from being deleted", by)
		}
	}
	return all
}

// lets reports whether the erasure in a child ends its hold on the parent.
func (d *sqlSystem) lets(child int, r reference) bool {
	t := &d.tables[child]
	return t.did() == "delete" || slices.ContainsFunc(r.columns, func(c string) bool { return slices.Contains(t.null, c) })
}
