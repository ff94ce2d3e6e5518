package control

import (
	"context"
	"strconv"
	"strings"

	"clause.dev/clause/internal/db"
)

// rawStore reads a store through the database alone.
type rawStore struct {
	db     *db.DB
	settle func(context.Context) error
}

// StoreOf returns sight of a store from below. settle does what RawStore.Settle says.
func StoreOf(d *db.DB, settle func(context.Context) error) RawStore { return rawStore{d, settle} }

// Settle implements RawStore.
func (s rawStore) Settle(ctx context.Context) error { return s.settle(ctx) }

// Rows implements RawStore. The organisation's rows include its own log.
func (s rawStore) Rows(ctx context.Context, tenant string, row func(string, map[string][]byte) error) error {
	owner := tenant
	if owner == "" {
		owner = db.Organisation
	}
	return s.db.Read(ctx, owner, func(tx *db.Tx) error {
		for _, table := range db.Tables() {
			if !table.PerTenant && tenant != "" {
				continue
			}
			if err := rowsOfTable(tx, table, owner, row); err != nil {
				return err
			}
		}
		return nil
	})
}

func rowsOfTable(tx *db.Tx, table db.Table, owner string, row func(string, map[string][]byte) error) error {
	var names []string
	var dest []any
	for _, column := range table.Columns {
		names, dest = append(names, column.Name), append(dest, slotOf(column.Type))
	}
	query, args := "SELECT "+strings.Join(names, ", ")+" FROM "+table.Name, []any(nil)
	if table.PerTenant {
		query, args = query+" WHERE tenant_id = $1", []any{owner}
	}
	return tx.Each(query, args, func(scan func(...any) error) error {
		if err := scan(dest...); err != nil {
			return err
		}
		columns := map[string][]byte{}
		for i, name := range names {
			columns[name] = bytesIn(dest[i])
		}
		return row(table.Name, columns)
	})
}

func slotOf(t db.Type) any {
	switch t {
	case db.Integer:
		return new(int64)
	case db.Bytes:
		return new([]byte)
	}
	return new(string)
}

func bytesIn(slot any) []byte {
	switch value := slot.(type) {
	case *int64:
		return strconv.AppendInt(nil, *value, 10)
	case *[]byte:
		return *value
	case *string:
		return []byte(*value)
	}
	return nil
}
