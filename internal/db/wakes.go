package db

import (
	"context"
	"strings"
	"time"

	"clause.dev/clause/internal/fault"
)

// Wakes says for each tenant when something of one kind next has to be done, so that an idle look at a
// store of any size reads one row. A kind's work stands in a table of its own.
type Wakes struct {
	Kind   string // such as clocks; no two kinds begin alike
	Table  string // of the work
	Column string // when a row of it is due, in microseconds; 0 for never
}

func (w Wakes) name(tenant string) string { return w.Kind + "/" + tenant }

// By makes sure that tx's tenant is looked at by a time in microseconds; 0 asks for nothing.
func (w Wakes) By(tx *Tx, at int64) error {
	if at == 0 {
		return nil
	}
	_, err := tx.Exec(`INSERT INTO wakes (name, next_at) VALUES ($1, $2)
		ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at WHERE excluded.next_at < wakes.next_at`, w.name(tx.Tenant()), at)
	return err
}

// Settle sets when tx's tenant is to be looked at again, or that it need not be. Writes of a tenant come
// one after another, so nothing is added in between.
func (w Wakes) Settle(tx *Tx) error {
	var next int64
	err := tx.One(`SELECT COALESCE(MIN(`+w.Column+`), 0) FROM `+w.Table+` WHERE tenant_id = $1 AND `+w.Column+` > 0`, []any{tx.Tenant()}, &next)
	if err != nil {
		return err
	}
	if next == 0 {
		_, err = tx.Exec(`DELETE FROM wakes WHERE name = $1`, w.name(tx.Tenant()))
		return err
	}
	_, err = tx.Exec(`UPDATE wakes SET next_at = $2 WHERE name = $1`, w.name(tx.Tenant()), next)
	return err
}

// Due returns tenants that are to be looked at by now, in order, those after a tenant: at most a thousand.
func (w Wakes) Due(ctx context.Context, d *DB, now time.Time, after string) (due []string, err error) {
	err = d.Read(ctx, "", func(tx *Tx) error {
		due = nil
		return tx.Each(`SELECT name FROM wakes WHERE next_at <= $1 AND name > $2 AND name < $3 ORDER BY name LIMIT 1000`,
			[]any{now.UnixMicro(), w.name(after), w.name("~")}, func(scan func(...any) error) error {
				var name string
				err := scan(&name)
				due = append(due, strings.TrimPrefix(name, w.name("")))
				return err
			})
	})
	return due, fault.Wrap("db.Wakes", err)
}
