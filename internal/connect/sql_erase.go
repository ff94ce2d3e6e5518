package connect

import (
	"context"
	"database/sql"
	"fmt"
)

// erasure is one under way in one database.
type erasure struct {
	*sqlSystem
	task
	found []*catalogued
	order []int
	rows  []int64 // the person's by table, as counted before anything was erased
	keys  [][]any
}

// erase counts, has the figures kept, erases in one transaction, and reads back. Begun again after a
// crash it finds either all rows there or none: what was counted before still tells how many they were.
func (d *sqlSystem) erase(ctx context.Context, t task, found []*catalogued, order []int) []Line {
	e := &erasure{sqlSystem: d, task: t, found: found, order: order, rows: make([]int64, len(d.tables)), keys: make([][]any, len(d.tables))}
	if err := e.count(ctx); err != nil {
		return e.all(Failed, d.why(ctx, err))
	}
	if err := t.save(e.all(Working, "begun")); err != nil {
		return e.all(Open, "what is begun could not be recorded, so it was not begun")
	}
	if failed, err := e.run(ctx); err != nil {
		return e.undone(ctx, failed, d.why(ctx, err))
	}
	return e.readBack(ctx)
}

func (e *erasure) all(s State, why string) (out []Line) {
	for _, t := range e.order {
		out = append(out, e.line(e.Action, t, s, e.rows[t], why))
	}
	return out
}

// count counts what there is of the person, and remembers by which keys.
func (e *erasure) count(ctx context.Context) error {
	for _, t := range e.order {
		n, err := e.remaining(ctx, e.db, t)
		if err != nil {
			return err
		}
		e.rows[t] = max(n, e.earlier(e.tables[t].name))
		if n == 0 {
			continue
		}
		s, err := e.keying(e.found, t, e.ids)
		if err != nil {
			return err
		}
		err = rows(ctx, e.db, func(scan func(...any) error) error {
			var key any
			err := scan(&key)
			e.keys[t] = append(e.keys[t], e.again(t, key))
			return err
		}, s.text.String(), s.args...)
		if err != nil {
			return err
		}
	}
	return nil
}

// again is a key as an argument: drivers hand texts out as bytes, which they do not take for texts.
func (e *erasure) again(t int, key any) any {
	if b, ok := key.([]byte); ok && e.found[t].columns[e.tables[t].key].class != binary {
		return string(b)
	}
	return key
}

func (e *erasure) remaining(ctx context.Context, q queryer, t int) (n int64, err error) {
	s, err := e.counting(e.found, t, e.ids)
	if err != nil {
		return 0, err
	}
	err = q.QueryRowContext(ctx, s.text.String(), s.args...).Scan(&n)
	return n, err
}

// run erases in one transaction. failed is the table at which it did not go on, -1 for the commit.
func (e *erasure) run(ctx context.Context) (failed int, err error) {
	tx, err := e.db.BeginTx(ctx, nil)
	if err != nil {
		return e.order[0], err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	for _, t := range e.order {
		if err := e.table(ctx, tx, t); err != nil {
			return t, err
		}
	}
	return -1, tx.Commit()
}

// table erases in one table, and looks at once: while the parents are there, their rows can be found.
func (e *erasure) table(ctx context.Context, tx *sql.Tx, t int) error {
	s, err := e.erasing(e.found, t, e.ids)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, s.text.String(), s.args...); err != nil {
		return err
	}
	n, err := e.remaining(ctx, tx, t)
	if err == nil && n > 0 {
		err = remain(n)
	}
	return err
}

// undone tells where things stand after a failure: what a transaction took back, and what it could not,
// because the table has none.
func (e *erasure) undone(ctx context.Context, failed int, why string) []Line {
	lines := e.all(Open, "undone, because another table of the system failed")
	for i, t := range e.order {
		l := &lines[i]
		switch {
		case t == failed || failed < 0:
			l.State, l.Why = Failed, why
		case !e.found[t].undoes && e.rows[t] > 0:
			n, err := e.remaining(ctx, e.db, t)
			switch {
			case err != nil:
				l.State, l.Why = Failed, "not known: the table has no transactions, and cannot be read now"
			case n == 0:
				l.State, l.Why = Done, ""
			case n < e.rows[t]:
				l.State, l.Why = Failed, remain(n).Error()
			}
		}
	}
	return lines
}

type remain int64

func (n remain) Error() string {
	return fmt.Sprintf("the database says it was done, but reading back finds %d rows", int64(n))
}

// readBack looks, after the commit, for all that was to go: by the person's ids, and by the keys of the
// rows, since nothing leads from the person to a child whose parent is gone.
func (e *erasure) readBack(ctx context.Context) []Line {
	lines := e.all(Done, "")
	for i, t := range e.order {
		n, err := e.remaining(ctx, e.db, t)
		if err == nil && n == 0 {
			n, err = e.recount(ctx, t)
		}
		switch {
		case err != nil:
			lines[i].State, lines[i].Why = Failed, "erased, but not read back: "+e.why(ctx, err)
		case n > 0:
			lines[i].State, lines[i].Why = Failed, remain(n).Error()
		}
	}
	return lines
}

// recount counts rows by the keys remembered, some hundred at a time.
func (e *erasure) recount(ctx context.Context, t int) (total int64, err error) {
	const most = 500
	for keys := e.keys[t]; len(keys) > 0; {
		some := keys[:min(most, len(keys))]
		keys = keys[len(some):]
		s, n := e.recounting(t, some), int64(0)
		if err := e.db.QueryRowContext(ctx, s.text.String(), s.args...).Scan(&n); err != nil {
			return 0, err
		}
		total += n
	}
	return total, nil
}

// verify counts what is left, and changes nothing.
func (d *sqlSystem) verify(ctx context.Context, t task, found []*catalogued, order []int) (out []Line) {
	e := &erasure{sqlSystem: d, task: t, found: found, order: order}
	for _, table := range order {
		n, err := e.remaining(ctx, d.db, table)
		switch {
		case err != nil:
			out = append(out, d.line(t.Action, table, Failed, 0, d.why(ctx, err)))
		case n > 0 && t.name == "verify":
			out = append(out, d.line(t.Action, table, Failed, n, fmt.Sprintf("%d rows are there", n)))
		default:
			out = append(out, d.line(t.Action, table, Done, n, ""))
		}
	}
	return out
}
