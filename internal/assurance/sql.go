package assurance

import (
	"encoding/json"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// kind tells the sorts of rows apart.
type kind string

const (
	testKind     kind = "test"
	findingKind  kind = "finding"
	exerciseKind kind = "exercise"
	reportKind   kind = "report"
	switchKind   kind = "switch-over"
)

// row is an item as stored.
type row struct {
	kind                        kind
	id, state, about, reference string
	opened, wake                int64
	details                     string
	epoch                       int64
	sealed                      []byte
}

const columns = `kind, item_id, state, about, reference, opened_at, wake_at, details, epoch, sealed`

func (r *row) dest() []any {
	return []any{(*string)(&r.kind), &r.id, &r.state, &r.about, &r.reference, &r.opened, &r.wake, &r.details, &r.epoch, &r.sealed}
}

func (r *row) openedAt() time.Time { return time.UnixMicro(r.opened).UTC() }

// item is a row with what its details hold.
type item interface{ base() *row }

func (r *row) base() *row { return r }

// encode puts what is not in columns into the details.
func encode(i item) {
	out, err := json.Marshal(i)
	if err != nil {
		panic(err) // strings, numbers and times only
	}
	i.base().details = string(out)
}

func decode(r *row, into item) error {
	*into.base() = *r
	if err := json.Unmarshal([]byte(r.details), into); err != nil {
		return fault.New("assurance.decode", fault.Other, "the record of %s is damaged", r.id)
	}
	return nil
}

// load reads an item, locked if the transaction writes.
func load(tx *db.Tx, k kind, id string, into item) error {
	lock := ""
	if tx.Writing() {
		lock = tx.LockRow()
	}
	var r row
	err := tx.One(`SELECT `+columns+` FROM assurance WHERE tenant_id = $1 AND item_id = $2 AND kind = $3`+lock, []any{tx.Tenant(), id, string(k)}, r.dest()...)
	if fault.Is(err, fault.NotFound) {
		return fault.New("assurance.load", fault.NotFound, "there is no such %s", k)
	}
	if err != nil {
		return err
	}
	return decode(&r, into)
}

// insert stores a new item, whose reference, if it has one, no other of its kind has.
func insert(tx *db.Tx, i item) error {
	encode(i)
	r := i.base()
	if r.reference != "" {
		var id string
		err := tx.One(`SELECT item_id FROM assurance WHERE tenant_id = $1 AND kind = $2 AND reference = $3 LIMIT 1`, []any{tx.Tenant(), string(r.kind), r.reference}, &id)
		if err == nil {
			return fault.New("assurance.insert", fault.Conflict, "it is entered already, as %s", id).WithField("reference")
		}
		if !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	if err := wakes.By(tx, r.wake); err != nil {
		return err
	}
	if r.sealed == nil {
		r.sealed = []byte{}
	}
	_, err := tx.Exec(`INSERT INTO assurance (tenant_id, `+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		tx.Tenant(), string(r.kind), r.id, r.state, r.about, r.reference, r.opened, r.wake, r.details, r.epoch, r.sealed)
	return err
}

func save(tx *db.Tx, i item) error {
	encode(i)
	r := i.base()
	if err := wakes.By(tx, r.wake); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE assurance SET state = $3, wake_at = $4, details = $5, epoch = $6, sealed = $7 WHERE tenant_id = $1 AND item_id = $2`,
		tx.Tenant(), r.id, r.state, r.wake, r.details, r.epoch, r.sealed)
	return err
}

func remove(tx *db.Tx, id string) error {
	if _, err := tx.Exec(`DELETE FROM assurance WHERE tenant_id = $1 AND item_id = $2`, tx.Tenant(), id); err != nil {
		return err
	}
	return wakes.Settle(tx)
}

// each goes through rows.
func each(tx *db.Tx, where string, args []any, do func(r *row) error) error {
	return tx.Each(`SELECT `+columns+` FROM assurance WHERE tenant_id = $1 AND `+where, append([]any{tx.Tenant()}, args...), func(scan func(...any) error) error {
		var r row
		if err := scan(r.dest()...); err != nil {
			return err
		}
		return do(&r)
	})
}

// page returns rows, the newest first, and the cursor of the next page. What is sealed stays closed.
func page(tx *db.Tx, k kind, cursor string, limit int) (all []row, next string, err error) {
	before, err := db.ParseCursor(cursor, db.Newest)
	if err != nil {
		return nil, "", err
	}
	err = each(tx, `kind = $2 AND (opened_at, item_id) < ($3, $4) ORDER BY opened_at DESC, item_id DESC LIMIT $5`,
		[]any{string(k), before.At, before.ID, int64(limit + 1)}, func(r *row) error {
			all = append(all, *r)
			return nil
		})
	if err == nil && len(all) > limit {
		all = all[:limit]
		next = db.Cursor{At: all[limit-1].opened, ID: all[limit-1].id}.String()
	}
	return all, next, err
}

// wakes says when each tenant's items are to be looked at.
var wakes = db.Wakes{Kind: "assurance", Table: "assurance", Column: "wake_at"}
