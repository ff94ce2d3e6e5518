package vault

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"clause.dev/clause/internal/db"
)

// sweepRows is how many rows a sweep deletes in one transaction.
const sweepRows = 1000

// table removes the rows of a table, some at a time, in the order of their key. So no transaction comes past what
// those before it have deleted, which PostgreSQL keeps until the table is vacuumed: else a tenant would cost the
// square of its size.
func (s *sweep) table(ctx context.Context, t db.Table) error {
	where := s.concerns(t)
	if where == "" || len(t.Key) < 2 {
		return nil
	}
	for after := []any(nil); ; {
		n, last, err := s.remove(ctx, t, where, after)
		if err != nil || n < sweepRows {
			return err
		}
		after = last
	}
}

// remove deletes rows whose keys come after a key in one transaction, and notes in it how many of what they were.
// It returns the last of their keys.
func (s *sweep) remove(ctx context.Context, t db.Table, where string, after []any) (n int, last []any, err error) {
	label := `'` + t.Name + `'`
	if t.Name == "records" {
		label = `'records.' || data_set`
	}
	// By their keys: told two ends of a range, PostgreSQL takes it for a large part of the table, and reads it all.
	key := strings.Join(t.Key[1:], ", ")
	statement := `DELETE FROM ` + t.Name + ` WHERE tenant_id = $1 AND (` + key + `) IN (SELECT ` + key + ` FROM ` + t.Name +
		` WHERE tenant_id = $1 AND ` + where + beyond(key, after) + ` ORDER BY ` + key + ` LIMIT ` + strconv.Itoa(sweepRows) + `) RETURNING ` + label + `, ` + key
	args := append([]any{s.tenant, s.subject}, after...)
	dest := slots(keyColumns(t))
	err = s.v.DB.Write(ctx, s.tenant, func(tx *db.Tx) error {
		n, last = 0, nil
		removed := map[string]int64{}
		err := tx.Each(statement, args, func(scan func(...any) error) error {
			var label string
			err := scan(append([]any{&label}, dest...)...)
			removed[label]++
			n++
			if found := values(dest); err == nil && (last == nil || slices.CompareFunc(found, last, compare) > 0) {
				last = found
			}
			return err
		})
		if err != nil || n == 0 {
			return err
		}
		return s.note(tx, removed)
	})
	return n, last, err
}

// beyond is the condition that a key comes after another one, whose parts are the arguments from $3 on; "" if there
// is none.
func beyond(key string, after []any) string {
	if after == nil {
		return ""
	}
	var numbers []string
	for i := range after {
		numbers = append(numbers, `$`+strconv.Itoa(3+i))
	}
	return ` AND (` + key + `) > (` + strings.Join(numbers, ", ") + `)`
}

// keyColumns are the columns of a table's key but for the tenant.
func keyColumns(t db.Table) (columns []db.Column) {
	for _, name := range t.Key[1:] {
		columns = append(columns, t.Columns[slices.IndexFunc(t.Columns, func(c db.Column) bool { return c.Name == name })])
	}
	return columns
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

// compare tells which of two values of one column comes first in the order of the stores' keys.
func compare(a, b any) int {
	switch a := a.(type) {
	case string:
		return strings.Compare(a, b.(string))
	case int64:
		return cmp.Compare(a, b.(int64))
	default:
		return bytes.Compare(a.([]byte), b.([]byte))
	}
}
