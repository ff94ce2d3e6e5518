package connect

import (
	"regexp"
	"strconv"
	"strings"

	"clause.dev/clause/internal/fault"
)

// statement is SQL being written: names come from the catalogue and are quoted, values are arguments.
type statement struct {
	engine
	schema string
	text   strings.Builder
	args   []any
}

func (s *statement) add(parts ...string) *statement {
	for _, p := range parts {
		s.text.WriteString(p)
	}
	return s
}

// table names a table.
func (s *statement) table(name string) string {
	if s.schema != "" {
		return s.quote(s.schema) + "." + s.quote(name)
	}
	return s.quote(name)
}

// column names a column with its table: where a table lacks one, an outer query's must not be taken for it.
func (s *statement) column(table, column string) string {
	return s.quote(table) + "." + s.quote(column)
}

// arg adds an argument and returns its place.
func (s *statement) arg(v any) string {
	s.args = append(s.args, v)
	return s.place(len(s.args))
}

// begin begins a statement of the system.
func (d *sqlSystem) begin(parts ...string) *statement {
	return (&statement{engine: d.engine, schema: d.schema}).add(parts...)
}

// theirs adds the condition that a row of table t is the person's.
func (d *sqlSystem) theirs(s *statement, found []*catalogued, t int, ids []string) error {
	table := &d.tables[t]
	s.add("(")
	for i, l := range table.links {
		if i > 0 {
			s.add(" OR ")
		}
		if l.parent < 0 {
			if err := s.named(table.name, l.column, found[t].columns[l.column].class, ids); err != nil {
				return err
			}
			continue
		}
		parent := d.tables[l.parent].name
		s.add(s.column(table.name, l.column), " IN (SELECT ", s.column(parent, l.to), " FROM ", s.table(parent), " WHERE ")
		if err := d.theirs(s, found, l.parent, ids); err != nil {
			return err
		}
		s.add(")")
	}
	s.add(")")
	return nil
}

var (
	wholeForm = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,18})$`)
	uuidForm  = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// named adds the condition that a column holds one of the ids, and nothing that a database only takes
// for one: MySQL finds the number 42 by the text "42nd", and ADA by "ada".
func (s *statement) named(table, column string, c class, ids []string) error {
	name := s.column(table, column)
	values, err := valuesOf(c, ids)
	if err != nil {
		return err
	}
	s.add(name, " IN (")
	for i, v := range values {
		s.add(comma(i), s.arg(v))
	}
	s.add(")")
	if c != textual {
		return nil
	}
	for i, v := range values {
		left, right := s.exact(name, s.arg(v))
		if i == 0 {
			s.add(" AND ", left, " IN (", right)
		} else {
			s.add(", ", right)
		}
	}
	s.add(")")
	return nil
}

// valuesOf are ids as a column of the class holds them.
func valuesOf(c class, ids []string) (out []any, err error) {
	wrong := fault.New("connect.ids", fault.Invalid, "an external id is not of the column's type")
	for _, id := range ids {
		switch c {
		case textual:
			out = append(out, id)
		case uuids:
			if !uuidForm.MatchString(id) {
				return nil, wrong
			}
			out = append(out, strings.ToLower(id))
		default:
			n, err := strconv.ParseInt(id, 10, 64)
			if err != nil || !wholeForm.MatchString(id) {
				return nil, wrong
			}
			out = append(out, n)
		}
	}
	return out, nil
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ", "
}

// left adds the condition that there is something to do in a row, or still something left.
func (s *statement) left(t *table) {
	for i, c := range t.null {
		if i == 0 {
			s.add(" AND (")
		} else {
			s.add(" OR ")
		}
		s.add(s.column(t.name, c), " IS NOT NULL")
	}
	if len(t.null) > 0 {
		s.add(")")
	}
}

// counting is the statement that counts what is left of the person in a table.
func (d *sqlSystem) counting(found []*catalogued, t int, ids []string) (*statement, error) {
	s := d.begin()
	s.add("SELECT COUNT(*) FROM ", s.table(d.tables[t].name), " WHERE ")
	err := d.theirs(s, found, t, ids)
	s.left(&d.tables[t])
	return s, err
}

// keying is the statement that reads some of the keys of what is left.
func (d *sqlSystem) keying(found []*catalogued, t int, ids []string) (*statement, error) {
	s, one := d.begin(), &d.tables[t]
	s.add("SELECT ", s.column(one.name, one.key), " FROM ", s.table(one.name), " WHERE ")
	err := d.theirs(s, found, t, ids)
	s.left(one)
	s.add(" LIMIT ", strconv.Itoa(keysKept))
	return s, err
}

// recounting is the statement that counts what is left of rows by their keys.
func (d *sqlSystem) recounting(t int, keys []any) *statement {
	s, one := d.begin(), &d.tables[t]
	s.add("SELECT COUNT(*) FROM ", s.table(one.name), " WHERE ", s.column(one.name, one.key), " IN (")
	for i, k := range keys {
		s.add(comma(i), s.arg(k))
	}
	s.add(")")
	s.left(one)
	return s
}

// erasing is the statement that erases.
func (d *sqlSystem) erasing(found []*catalogued, t int, ids []string) (*statement, error) {
	s, one := d.begin(), &d.tables[t]
	if len(one.null) == 0 {
		s.add("DELETE FROM ", s.table(one.name), " WHERE ")
		return s, d.theirs(s, found, t, ids)
	}
	s.add("UPDATE ", s.table(one.name), " SET ")
	for i, c := range one.null {
		s.add(comma(i), s.quote(c), " = NULL")
	}
	s.add(" WHERE ")
	err := d.theirs(s, found, t, ids)
	s.left(one)
	return s, err
}

// reading is the statement that reads the person's rows: their keys, then the mapped columns.
func (d *sqlSystem) reading(found []*catalogued, t int, ids []string) (*statement, error) {
	s, one := d.begin(), &d.tables[t]
	s.add("SELECT ", s.column(one.name, one.key))
	for _, p := range one.columns {
		s.add(", ", s.column(one.name, p.column))
	}
	s.add(" FROM ", s.table(one.name), " WHERE ")
	err := d.theirs(s, found, t, ids)
	s.add(" ORDER BY ", s.column(one.name, one.key))
	return s, err
}
