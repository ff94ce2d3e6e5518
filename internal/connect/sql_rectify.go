package connect

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// correctable are the tables that hold fields to be corrected.
func (d *sqlSystem) correctable(a Action) (out []Line) {
	for _, t := range d.order() {
		if !slices.ContainsFunc(a.fixes, func(f Fix) bool { return len(d.assigned(t, &f)) > 0 }) {
			continue
		}
		l := d.line(a, t, Open, 0, "")
		if !d.tables[t].correct.mapped() {
			l.State, l.Why = ByHand, "the mapping does not say which rows a correction is of: staff correct it there"
		}
		out = append(out, l)
	}
	return out
}

// assigned are the columns that a correction changes, with their fields.
func (d *sqlSystem) assigned(t int, f *Fix) (out []pair) {
	if d.tables[t].data.ID != f.DataSet {
		return nil
	}
	for _, p := range d.tables[t].columns {
		if _, ok := f.Fields[p.field]; ok {
			out = append(out, p)
		}
	}
	return out
}

// rectify writes corrections in one transaction, and reads back before it commits and after.
func (d *sqlSystem) rectify(ctx context.Context, t task, found []*catalogued) []Line {
	lines := d.lines(t.Action)
	tx, err := d.db.BeginTx(ctx, nil)
	if err != nil {
		return unlessByHand(lines, Failed, d.why(ctx, err))
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	for i := range lines {
		l := &lines[i]
		if l.State == ByHand {
			continue
		}
		l.Rows, err = d.correct(ctx, tx, t, found, d.index(l.Table), true)
		if why, ok := isByHand(err); ok {
			l.State, l.Why = ByHand, why
			continue
		}
		if err != nil {
			why := d.why(ctx, err)
			lines = unlessByHand(lines, Open, "undone, because another table of the system failed")
			lines[i].State, lines[i].Why = Failed, why
			return lines
		}
	}
	if err := tx.Commit(); err != nil {
		return unlessByHand(lines, Failed, d.why(ctx, err))
	}
	for i := range lines {
		l := &lines[i]
		if l.State == ByHand {
			continue
		}
		l.State = Done
		if _, err := d.correct(ctx, d.db, t, found, d.index(l.Table), false); err != nil {
			l.State, l.Why = Failed, "written, but not read back: "+d.why(ctx, err)
		}
	}
	return lines
}

func (d *sqlSystem) index(name string) int {
	return slices.IndexFunc(d.tables, func(t table) bool { return t.name == name })
}

// stale is a value that reading back finds unchanged.
type stale struct{ remain }

func (s stale) Error() string {
	return fmt.Sprintf("the database says it was done, but reading back finds other values in %d rows", int64(s.remain))
}

// correct writes what is to be corrected in a table, if told to, and reads it back. n is how many rows are
// meant. Corrections come one after another: of two of one field the second counts, so they are merged first.
func (d *sqlSystem) correct(ctx context.Context, q queryer, t task, found []*catalogued, i int, write bool) (n int64, err error) {
	for _, f := range merged(t.fixes, d.tables[i].correct.all) {
		columns := d.assigned(i, &f)
		if len(columns) == 0 {
			continue
		}
		if write {
			s, err := d.correcting(found, i, t.ids, columns, &f)
			if err != nil {
				return n, err
			}
			if _, err := q.ExecContext(ctx, s.text.String(), s.args...); err != nil {
				return n, err
			}
		}
		some, wrong, err := d.corrected(ctx, q, t, found, i, columns, &f)
		n += some
		if err == nil && wrong > 0 {
			err = stale{remain(wrong)}
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// merged are corrections, one for each record, or where all rows are meant one for each data set.
func merged(fixes []Fix, all bool) (out []Fix) {
	for _, f := range fixes {
		i := slices.IndexFunc(out, func(o Fix) bool { return o.DataSet == f.DataSet && (all || o.Record == f.Record) })
		if i < 0 {
			out = append(out, Fix{DataSet: f.DataSet, Record: f.Record, Fields: maps.Clone(f.Fields)})
			continue
		}
		maps.Copy(out[i].Fields, f.Fields)
	}
	return out
}

// meant adds the condition of the rows that a correction is of.
func (d *sqlSystem) meant(s *statement, found []*catalogued, i int, ids []string, record string) error {
	t := &d.tables[i]
	if err := d.theirs(s, found, i, ids); err != nil || t.correct.all {
		return err
	}
	s.add(" AND ")
	class := found[i].columns[t.correct.record].class
	if class != textual && class != numeric && class != uuids {
		return byHand("column " + t.correct.record + " cannot hold a record's id: staff correct it there")
	}
	return s.named(t.name, t.correct.record, class, []string{record})
}

// correcting is the statement that corrects.
func (d *sqlSystem) correcting(found []*catalogued, i int, ids []string, columns []pair, f *Fix) (*statement, error) {
	s := d.begin()
	s.add("UPDATE ", s.table(d.tables[i].name), " SET ")
	for n, p := range columns {
		v, err := argument(found[i].columns[p.column], p.column, f.Fields[p.field])
		if err != nil {
			return nil, err
		}
		s.add(comma(n), s.quote(p.column), " = ", s.arg(v))
	}
	s.add(" WHERE ")
	return s, d.meant(s, found, i, ids, f.Record)
}

// corrected reads the rows that a correction is of, and counts those that hold other values.
func (d *sqlSystem) corrected(ctx context.Context, q queryer, t task, found []*catalogued, i int, columns []pair, f *Fix) (n, wrong int64, err error) {
	s := d.begin("SELECT ")
	for n, p := range columns {
		s.add(comma(n), s.column(d.tables[i].name, p.column))
	}
	s.add(" FROM ", s.table(d.tables[i].name), " WHERE ")
	if err := d.meant(s, found, i, t.ids, f.Record); err != nil {
		return 0, 0, err
	}
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for n := range values {
		into[n] = &values[n]
	}
	err = rows(ctx, q, func(scan func(...any) error) error {
		if err := scan(into...); err != nil {
			return err
		}
		n++
		for k, p := range columns {
			if !same(jsonOf(found[i].columns[p.column].class, values[k]), f.Fields[p.field]) {
				wrong++
				break
			}
		}
		return nil
	}, s.text.String(), s.args...)
	return n, wrong, err
}

// argument is a value as a column takes it.
func argument(c described, name string, value json.RawMessage) (any, error) {
	odd := byHand(fmt.Sprintf("a correction is not written to column %s of type %s: staff correct it there", name, c.typ))
	var v any
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	if decoder.Decode(&v) != nil {
		return nil, odd
	}
	if c.class != textual && c.class != numeric && c.class != boolean {
		return nil, odd
	}
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		if c.class == textual {
			return v, nil
		}
	case bool:
		if c.class == boolean {
			return v, nil
		}
		if c.class == numeric {
			return map[bool]int64{true: 1}[v], nil
		}
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil && c.class == numeric {
			return n, nil
		}
		if n, err := v.Float64(); err == nil && c.class == numeric {
			return n, nil
		}
	}
	return nil, odd
}

// same compares two values as JSON: numbers by what they are, whatever the database writes of them.
func same(a, b json.RawMessage) bool {
	var x, y string
	if json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && a[0] == b[0] { // null is "" here
		return x == y
	}
	p, ok := rational(a)
	q, alike := rational(b)
	return ok && alike && p.Cmp(q) == 0
}

// rational is a number, also one that a driver hands out as a text, and true and false as 1 and 0.
func rational(v json.RawMessage) (*big.Rat, bool) {
	text := strings.Trim(string(v), `"`)
	switch text {
	case "true":
		text = "1"
	case "false":
		text = "0"
	}
	if len(text) > 64 || strings.ContainsAny(text, "/eE") { // 1e999999999 would take for ever
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// trialOfCorrecting is a correction that check has the database judge; nil where none is mapped.
func (d *sqlSystem) trialOfCorrecting(found []*catalogued, i int, ids []string) (*statement, error) {
	t := &d.tables[i]
	if !t.correct.mapped() || len(t.columns) == 0 {
		return nil, nil
	}
	f := Fix{DataSet: t.data.ID, Record: "0", Fields: map[string]json.RawMessage{}}
	if t.correct.record != "" && found[i].columns[t.correct.record].class == uuids {
		f.Record = "00000000-0000-0000-0000-000000000000"
	}
	var columns []pair
	for _, p := range t.columns {
		sample := map[class]string{textual: `""`, numeric: "0", boolean: "false"}[found[i].columns[p.column].class]
		if sample != "" {
			f.Fields[p.field] = json.RawMessage(sample)
			columns = append(columns, p)
		}
	}
	if len(columns) == 0 {
		return nil, nil
	}
	return d.correcting(found, i, ids, columns, &f)
}
