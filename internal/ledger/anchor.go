package ledger

import (
	"context"
	"encoding/binary"
	"errors"

	"golang.org/x/mod/sumdb/tlog"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

// KindTenantHead is the kind of the entries that Anchor writes.
const KindTenantHead = proof.KindTenantHead

// anchor is the head of a tenant's log that the organisation's log holds last.
type anchor struct {
	size int64
	root tlog.Hash
}

func anchorKey(tenant string) string { return "ledger.anchor." + tenant }

// readAnchor returns the zero anchor for a tenant that was never anchored.
func readAnchor(tx *db.Tx, tenant string) (anchor, error) {
	const op = "ledger.readAnchor"
	var value []byte
	err := tx.One(`SELECT value FROM meta WHERE key = $1`, []any{anchorKey(tenant)}, &value)
	if fault.Is(err, fault.NotFound) {
		return anchor{}, nil
	}
	if err != nil {
		return anchor{}, fault.Wrap(op, err)
	}
	if len(value) != 8+tlog.HashSize {
		return anchor{}, errDamaged(op, "what was anchored of it is malformed")
	}
	return anchor{int64(binary.BigEndian.Uint64(value)), tlog.Hash(value[8:])}, nil
}

func writeAnchor(tx *db.Tx, tenant string, a anchor) error {
	value := binary.BigEndian.AppendUint64(nil, uint64(a.size))
	value = append(value, a.root[:]...)
	_, err := tx.Exec(`INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
		anchorKey(tenant), value)
	return fault.Wrap("ledger.writeAnchor", err)
}

// Anchor writes the head of every tenant's log that has grown into the organisation's log. It
// anchors only a log that has grown out of what was anchored before; of the others it returns one
// fault.Other each, joined, after the rest was anchored. fault.Unavailable ends it at once.
func (l *Log) Anchor(ctx context.Context) error {
	const op = "ledger.Anchor"
	tenants, err := l.tenants(ctx)
	if err != nil {
		return fault.Wrap(op, err)
	}
	var failed []error
	for _, tenant := range tenants {
		err := l.anchorOne(ctx, tenant)
		switch {
		case err == nil, fault.Is(err, fault.NotFound):
		case fault.Is(err, fault.Unavailable):
			return fault.Wrap(op, err)
		default:
			failed = append(failed, err)
		}
	}
	return fault.Wrap(op, errors.Join(failed...))
}

func (l *Log) tenants(ctx context.Context) ([]string, error) {
	var tenants []string
	err := l.db.Read(ctx, "", func(tx *db.Tx) error {
		tenants = tenants[:0]
		return tx.Each(`SELECT tenant_id FROM tenants ORDER BY tenant_id`, nil, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			tenants = append(tenants, id)
			return err
		})
	})
	return tenants, err
}

func (l *Log) anchorOne(ctx context.Context, tenant string) error {
	var now, before anchor
	err := l.db.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		if before, err = readAnchor(tx, tenant); err != nil {
			return err
		}
		if now, err = latest(tx, tenant); err != nil || now == before {
			return err // most logs of a large organisation stand still
		}
		now, err = grown(tx, tenant, before)
		return err
	})
	if err != nil || now == before {
		return fault.Wrap("ledger.anchorOne", err)
	}
	return l.db.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		// Another server may have anchored meanwhile; an older head must not follow a newer one.
		newest, err := readAnchor(tx, tenant)
		if err != nil || newest.size >= now.size {
			return err
		}
		if err := writeAnchor(tx, tenant, now); err != nil {
			return err
		}
		detail := proof.TenantHeadDetail(tenant, now.size, proof.Hash(now.root))
		return Append(tx, proof.Entry{Kind: KindTenantHead, Actor: "clause", Detail: detail})
	})
}

// latest returns what the head says, unproven.
func latest(tx *db.Tx, tenant string) (anchor, error) {
	h, err := readHead(tx, tenant, "")
	if err != nil {
		return anchor{}, err
	}
	root, err := h.edge.root()
	return anchor{h.edge.size, root}, fault.As("ledger.latest", fault.Other, err)
}

// grown returns the head of a log, once it has shown that the log grew out of an earlier head: the
// earlier root comes again from the stored hashes.
func grown(tx *db.Tx, tenant string, before anchor) (anchor, error) {
	const op = "ledger.grown"
	h, err := provenHead(tx, tenant)
	if err != nil {
		return anchor{}, err
	}
	if h.edge.size < before.size {
		return anchor{}, errDamaged(op, "it has %d entries and had %d when it was anchored", h.edge.size, before.size)
	}
	if before.size > 0 {
		old, err := tlog.TreeHash(before.size, &hashReader{tx: tx, tenant: tenant})
		if err != nil {
			return anchor{}, fault.As(op, fault.Other, err)
		}
		if old != before.root {
			return anchor{}, errDamaged(op, "its first %d entries are not those that were anchored", before.size)
		}
	}
	root, err := h.edge.root()
	return anchor{h.edge.size, root}, fault.As(op, fault.Other, err)
}
