package connect

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"clause.dev/clause/internal/fault"
)

// sqlSystem is a SQL database.
type sqlSystem struct {
	*database
	engine
	id string
	db *sql.DB
}

// keysKept is how many of a table's keys an erasure remembers, to look for those rows once nothing
// leads to them any more. Beyond, what was counted before the commit must do.
const keysKept = 10_000

func (c *Connector) system(now func() time.Time) (system, error) {
	const op = "connect.New"
	roots, ok := rootsOf(c.CA)
	if !ok {
		return nil, fault.New(op, fault.Invalid, "%s: the ca file holds no certificate", c.ID)
	}
	if c.hook != nil {
		return newHook(c, roots, now), nil
	}
	d := &sqlSystem{database: c.sql, engine: engines[c.sql.engine], id: c.ID}
	var err error
	switch d.db, err = d.open(c.sql.dsn, roots, c.Timeout); {
	case errors.Is(err, errTLS):
		return nil, fault.New(op, fault.Invalid, "%s: %s", c.ID, err.Error()).
			WithHint("sslmode=verify-full for postgres, tls=true or a ca for mysql; only this machine may be reached without")
	case err != nil:
		return nil, fault.New(op, fault.Invalid, "%s: the dsn cannot be used: not of the form that %s has, or no such file", c.ID, c.sql.engine).
			WithHint("docs/connectors.md")
	}
	d.db.SetMaxIdleConns(1)
	d.db.SetConnMaxIdleTime(time.Minute)
	return d, nil
}

func (d *sqlSystem) close() error { return d.db.Close() }

// lines are the tables in the order they are taken, so far as the links alone say it.
func (d *sqlSystem) lines(a Action) (out []Line) {
	if passed(a.name) {
		return []Line{{System: d.id, Did: a.name, State: ByHand, Why: "a database takes none: staff see to it that the data is not used there"}}
	}
	if a.name == "rectification" {
		return d.correctable(a)
	}
	for _, t := range d.order() {
		out = append(out, d.line(a, t, Open, 0, ""))
	}
	return out
}

func (d *sqlSystem) line(a Action, t int, s State, rows int64, why string) Line {
	did := a.name
	if a.name == "erase" {
		did = d.tables[t].did()
	}
	return Line{System: d.id, Table: d.tables[t].name, Did: did, Rows: rows, State: s, Why: why}
}

func (d *sqlSystem) walk(ctx context.Context, t task) []Line {
	found, order, err := d.look(ctx, d.db)
	if err != nil {
		return all(d.lines(t.Action), Failed, 0, d.why(ctx, err))
	}
	switch t.name {
	case "export":
		return d.export(ctx, t, found, order)
	case "erase":
		return d.erase(ctx, t, found, order)
	case "rectification":
		return d.rectify(ctx, t, found)
	}
	return d.verify(ctx, t, found, order)
}

// why tells a failure in our words.
func (d *sqlSystem) why(ctx context.Context, err error) string {
	var f *fault.Error
	var n remain
	switch {
	case errors.As(err, &n):
		return n.Error()
	case errors.As(err, &f):
		return fault.Public(err)
	case errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, context.DeadlineExceeded):
		return "it took longer than the connector's timeout"
	case ctx.Err() != nil:
		return "it was interrupted"
	}
	if s := d.trouble(err); s != "" {
		return s
	}
	return "the database cannot be reached, or broke the connection off"
}

// look reads the catalogue and checks the mapping against it: a statement is only made of names that the
// database itself has told. The order is that of the links, and of foreign keys where the links leave it free.
func (d *sqlSystem) look(ctx context.Context, q queryer) (found []*catalogued, order []int, err error) {
	found = make([]*catalogued, len(d.tables))
	for i := range d.tables {
		if found[i], err = d.engine.table(ctx, q, d.schema, d.tables[i].name); err != nil {
			return nil, nil, err
		}
		if wrong := d.misfits(found, i); len(wrong) > 0 {
			return nil, nil, fault.New("connect.look", fault.Invalid, "%s", wrong[0])
		}
	}
	for i := range d.tables {
		if wrong := d.mislinked(found, i); len(wrong) > 0 {
			return nil, nil, fault.New("connect.look", fault.Invalid, "%s", wrong[0])
		}
	}
	keys, err := d.references(ctx, q, d.schema)
	if err != nil {
		return nil, nil, err
	}
	return found, d.orderWith(keys), nil
}

// orderWith is the order in which rows can be erased: also of foreign keys that are no links, unless
// they and the links want the opposite of each other.
func (d *sqlSystem) orderWith(keys []reference) []int {
	links := func(a, b int) bool {
		return slices.ContainsFunc(d.tables[a].links, func(l link) bool { return l.parent == b })
	}
	refers := func(a, b int) bool {
		return a != b && slices.ContainsFunc(keys, func(r reference) bool {
			return r.schema == "" && r.table == d.tables[a].name && r.parent == d.tables[b].name
		})
	}
	if order := topological(len(d.tables), func(a, b int) bool { return links(a, b) || refers(a, b) }); order != nil {
		return order
	}
	return d.order()
}

// misfits are what a table's mapping names and the table has not.
func (d *sqlSystem) misfits(found []*catalogued, i int) (wrong []string) {
	t, c := &d.tables[i], found[i]
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	if c == nil {
		return []string{fmt.Sprintf("there is no table %s, or the account may not know", t.name)}
	}
	if c.view {
		say("%s is no table of its own: map those it shows", t.name)
	}
	names := append([]string{t.key}, t.null...)
	if t.correct.record != "" {
		names = append(names, t.correct.record)
	}
	for _, p := range t.columns {
		names = append(names, p.column)
	}
	for _, l := range t.links {
		names = append(names, l.column)
	}
	for _, n := range slices.Compact(slices.Sorted(slices.Values(names))) {
		if _, ok := c.columns[n]; !ok {
			say("table %s has no column %s", t.name, n)
		}
	}
	if len(wrong) == 0 && !c.unique[t.key] {
		say("the key %s of table %s is shared by several rows: it is neither its primary key nor unique", t.key, t.name)
	}
	for _, n := range t.null {
		if column, ok := c.columns[n]; ok && !column.nullable {
			say("column %s of table %s cannot be emptied: it is NOT NULL", n, t.name)
		}
	}
	return wrong
}

// mislinked are links that compare what cannot be compared.
func (d *sqlSystem) mislinked(found []*catalogued, i int) (wrong []string) {
	t := &d.tables[i]
	for _, l := range t.links {
		mine := found[i].columns[l.column]
		if l.parent < 0 {
			if mine.class != textual && mine.class != numeric && mine.class != uuids {
				wrong = append(wrong, fmt.Sprintf("column %s of table %s cannot hold an external id: it is of type %q", l.column, t.name, mine.typ))
			}
			continue
		}
		parent := d.tables[l.parent].name
		theirs, ok := found[l.parent].columns[l.to]
		switch {
		case !ok:
			wrong = append(wrong, fmt.Sprintf("table %s has no column %s", parent, l.to))
		case mine.class != theirs.class:
			wrong = append(wrong, fmt.Sprintf("columns %s.%s and %s.%s are of different types, %s and %s: they cannot be compared safely", t.name, l.column, parent, l.to, mine.typ, theirs.typ))
		}
	}
	return wrong
}
