package ledger

import (
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// head is a row of ledger_heads: the end of a log.
type head struct {
	edge    edge
	updated time.Time // of the newest entry
}

// errDamaged is the failure of a log whose rows contradict each other: nothing is appended to it
// and nothing of it is signed.
func errDamaged(op, format string, args ...any) *fault.Error {
	return fault.New(op, fault.Other, "the ledger was altered: "+format, args...).
		WithHint("clause ledger verify says where; restore the store from a backup made before")
}

// readHead returns fault.NotFound for a tenant whose log has no entry yet.
func readHead(tx *db.Tx, tenant, lock string) (head, error) {
	var size, updated int64
	var blob []byte
	err := tx.One(`SELECT size, edge, updated_at FROM ledger_heads WHERE tenant_id = $1`+lock, []any{tenant}, &size, &blob, &updated)
	if err != nil {
		return head{}, fault.Wrap("ledger.readHead", err)
	}
	e, err := parseEdge(size, blob)
	if err != nil {
		return head{}, errDamaged("ledger.readHead", "%v", err)
	}
	return head{edge: e, updated: time.UnixMicro(updated).UTC()}, nil
}

// lockHead reads the head so that no other transaction appends until this one ends. The first
// entry of a log makes the row; of two servers that do so at once, one waits for the other.
func lockHead(tx *db.Tx, tenant string) (head, error) {
	h, err := readHead(tx, tenant, tx.LockRow())
	if !fault.Is(err, fault.NotFound) {
		return h, err
	}
	_, err = tx.Exec(`INSERT INTO ledger_heads (tenant_id, size, edge, updated_at) VALUES ($1, 0, $2, 0) ON CONFLICT DO NOTHING`,
		tenant, []byte{})
	if err != nil {
		return head{}, fault.Wrap("ledger.lockHead", err)
	}
	return readHead(tx, tenant, tx.LockRow())
}

// moveHead writes the new end of a log. The old size in the WHERE is a second guard behind the
// lock: a head that another moved is never overwritten.
func moveHead(tx *db.Tx, tenant string, before int64, e edge, last time.Time) error {
	const op = "ledger.moveHead"
	n, err := tx.Exec(`UPDATE ledger_heads SET size = $3, edge = $4, updated_at = $5 WHERE tenant_id = $1 AND size = $2`,
		tenant, before, e.size, e.marshal(), last.UnixMicro())
	if err != nil {
		return fault.Wrap(op, err)
	}
	if n != 1 {
		return fault.New(op, fault.Unavailable, "the ledger moved on meanwhile").WithHint("try again")
	}
	return nil
}
