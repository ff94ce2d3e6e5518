package vault

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"clause.dev/clause/internal/db"
)

// sweepRows is how many rows a sweep deletes in one transaction.
const sweepRows = 1000

// table removes the rows of a table, some at a time.
func (s *sweep) table(ctx context.Context, t db.Table) error {
	where := s.concerns(t)
	switch {
	case where == "" || len(t.Key) < 2:
		return nil
	case s.subject == "":
		return s.inOrder(ctx, t, where)
	}
	key := strings.Join(t.Key[1:], ", ")
	where += ` AND (` + key + `) IN (SELECT ` + key + ` FROM ` + t.Name + ` WHERE tenant_id = $1 AND ` + where + ` LIMIT $3)`
	for {
		n, err := s.remove(ctx, t, where, sweepRows)
		if err != nil || n < sweepRows {
			return err
		}
	}
}

// inOrder removes a tenant's rows in the order of their key. So no transaction comes past what those before it have
// deleted, which PostgreSQL keeps until the table is vacuumed: else a tenant would cost the square of its size.
func (s *sweep) inOrder(ctx context.Context, t db.Table, where string) error {
	marks, err := s.marks(ctx, t, where)
	if err != nil {
		return err
	}
	key := strings.Join(t.Key[1:], ", ")
	for i := range len(marks) + 1 {
		within, args := where, []any(nil)
		bound := func(operator string, mark []any) {
			var numbers []string
			for _, v := range mark {
				args = append(args, v)
				numbers = append(numbers, `$`+strconv.Itoa(2+len(args)))
			}
			within += ` AND (` + key + `) ` + operator + ` (` + strings.Join(numbers, ", ") + `)`
		}
		if i > 0 {
			bound(">", marks[i-1])
		}
		if i < len(marks) {
			bound("<=", marks[i])
		}
		if _, err := s.remove(ctx, t, within, args...); err != nil {
			return err
		}
	}
	return nil
}

// marks are the keys that divide a tenant's rows into what one transaction removes.
func (s *sweep) marks(ctx context.Context, t db.Table, where string) (marks [][]any, err error) {
	key := strings.Join(t.Key[1:], ", ")
	query := `SELECT ` + key + ` FROM (SELECT ` + key + `, ROW_NUMBER() OVER (ORDER BY ` + key + `) AS place FROM ` + t.Name +
		` WHERE tenant_id = $1 AND ` + where + `) AS all_rows WHERE place % $3 = 0 ORDER BY place`
	var columns []db.Column
	for _, name := range t.Key[1:] {
		columns = append(columns, t.Columns[slices.IndexFunc(t.Columns, func(c db.Column) bool { return c.Name == name })])
	}
	dest := slots(columns)
	err = s.v.DB.Read(ctx, s.tenant, func(tx *db.Tx) error {
		marks = nil
		return tx.Each(query, []any{s.tenant, s.subject, sweepRows}, func(scan func(...any) error) error {
			err := scan(dest...)
			marks = append(marks, values(dest))
			return err
		})
	})
	return marks, err
}

// values are what was scanned into slots.
func values(dest []any) (all []any) {
	for _, d := range dest {
		switch v := d.(type) {
		case *string:
			all = append(all, *v)
		case *int64:
			all = append(all, *v)
		case *[]byte:
			all = append(all, *v)
		}
	}
	return all
}

// remove deletes rows in one transaction, and notes in it how many of what they were.
func (s *sweep) remove(ctx context.Context, t db.Table, where string, args ...any) (n int, err error) {
	label := `'` + t.Name + `'`
	if t.Name == "records" {
		label = `'records.' || data_set`
	}
	statement := `DELETE FROM ` + t.Name + ` WHERE tenant_id = $1 AND ` + where + ` RETURNING ` + label
	err = s.v.DB.Write(ctx, s.tenant, func(tx *db.Tx) error {
		n = 0
		removed := map[string]int64{}
		err := tx.Each(statement, append([]any{s.tenant, s.subject}, args...), func(scan func(...any) error) error {
			var label string
			err := scan(&label)
			removed[label]++
			n++
			return err
		})
		if err != nil || n == 0 {
			return err
		}
		return s.note(tx, removed)
	})
	return n, err
}
