package db

import (
	"context"

	"clause.dev/clause/internal/fault"
)

// Node is what answers for the store: the same until another takes over.
type Node struct {
	Address  string // of the database server, "local" behind a socket
	Timeline string // of the history of writes: a standby that takes over begins a new one
}

// Node asks which node answers for the store now. A store in one file has no second one: Invalid.
func (d *DB) Node(ctx context.Context) (n Node, err error) {
	const op = "db.Node"
	if d.Dialect() != Postgres {
		return n, fault.New(op, fault.Invalid, "the store is one file, and has no second node").WithHint("use PostgreSQL with a standby: docs/store.md")
	}
	err = d.Get(ctx, "", `SELECT COALESCE(host(inet_server_addr()) || ':' || inet_server_port()::text, 'local'), substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)`,
		nil, &n.Address, &n.Timeline)
	return n, fault.Wrap(op, err)
}
