package ledger

import (
	"bytes"
	"context"

	"github.com/transparency-dev/formats/log"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

// Resource is an answer of a log to an HTTP client.
type Resource struct {
	Body        []byte
	ContentType string
	Immutable   bool // may be cached for ever
}

// Serve answers for the path below a log's address: "checkpoint", "key" and the tiles of
// c2sp.org/tlog-tiles. fault.NotFound for anything else, and for what the log has not yet.
func (l *Log) Serve(ctx context.Context, tenant, path string) (Resource, error) {
	const op = "ledger.Serve"
	switch path {
	case "checkpoint":
		body, err := l.Checkpoint(ctx, tenant)
		return Resource{Body: body, ContentType: "text/plain; charset=utf-8"}, err
	case "key":
		return Resource{Body: []byte(l.VerifierKey(tenant) + "\n"), ContentType: "text/plain; charset=utf-8"}, nil
	}
	level, index, width, err := proof.ParsePath(path)
	if err != nil {
		return Resource{}, fault.New(op, fault.NotFound, "the ledger has nothing of that name")
	}
	r := Resource{ContentType: "application/octet-stream", Immutable: true}
	if level < 0 {
		r.Body, err = l.Bundle(ctx, tenant, index, width)
	} else {
		r.Body, err = l.Tile(ctx, tenant, level, index, width)
	}
	return r, err
}

// Checkpoint returns the signed head of a tenant's log (c2sp.org/tlog-checkpoint). It signs only
// what the stored hashes bear out: fault.Other if the head or the newest hashes were altered,
// fault.NotFound for a log without entries.
func (l *Log) Checkpoint(ctx context.Context, tenant string) ([]byte, error) {
	const op = "ledger.Checkpoint"
	s, err := l.signer(tenant)
	if err != nil {
		return nil, err
	}
	var size int64
	var root tlog.Hash
	err = l.db.Read(ctx, tenant, func(tx *db.Tx) error {
		h, err := provenHead(tx, tenant)
		if err != nil {
			return err
		}
		size = h.edge.size
		root, err = h.edge.root()
		return err
	})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	body := log.Checkpoint{Origin: l.Origin(tenant), Size: uint64(size), Hash: root[:]}.Marshal()
	signed, err := note.Sign(&note.Note{Text: string(body)}, s)
	return signed, fault.As(op, fault.Other, err)
}

// provenHead reads the head and holds it against the chunks: the last chunk ends where the head
// says, and the hashes of the right edge are those stored with their entries. It reads one chunk
// for each bit of the size at most.
func provenHead(tx *db.Tx, tenant string) (head, error) {
	const op = "ledger.provenHead"
	h, err := readHead(tx, tenant, "")
	if err != nil {
		return head{}, err
	}
	size := h.edge.size
	if size == 0 {
		return head{}, fault.New(op, fault.NotFound, "the ledger has no entries")
	}
	var end int64
	err = tx.One(`SELECT first + count FROM ledger_chunks WHERE tenant_id = $1 ORDER BY first DESC LIMIT 1`, []any{tenant}, &end)
	if fault.Is(err, fault.NotFound) || err == nil && end != size {
		return head{}, errDamaged(op, "its head says %d entries, its rows %d", size, end)
	}
	if err != nil {
		return head{}, fault.Wrap(op, err)
	}
	root, err := h.edge.root()
	if err != nil {
		return head{}, fault.As(op, fault.Other, err)
	}
	stored, err := tlog.TreeHash(size, &hashReader{tx: tx, tenant: tenant})
	if fault.Is(err, fault.NotFound) || err == nil && stored != root {
		return head{}, errDamaged(op, "its head and its stored hashes differ")
	}
	return h, fault.Wrap(op, err)
}

// Bundle returns width entries (1 to proof.BundleWidth) from index·256 on, framed.
func (l *Log) Bundle(ctx context.Context, tenant string, index int64, width int) ([]byte, error) {
	const op = "ledger.Bundle"
	first, err := tileBegin(op, 0, index, width)
	if err != nil {
		return nil, err
	}
	var bundle []byte
	err = l.db.Read(ctx, tenant, func(tx *db.Tx) error {
		bundle = bundle[:0]
		if err := within(tx, tenant, 0, first+int64(width)); err != nil {
			return err
		}
		return eachEntry(tx, tenant, first, first+int64(width), func(_ int64, entry []byte) error {
			bundle = proof.AppendFrame(bundle, entry)
			return nil
		})
	})
	return bundle, fault.Wrap(op, err)
}

// Tile returns width hashes (1 to proof.BundleWidth) of the tree's level 8·level from index·256 on.
func (l *Log) Tile(ctx context.Context, tenant string, level int, index int64, width int) ([]byte, error) {
	const op = "ledger.Tile"
	first, err := tileBegin(op, level, index, width)
	if err != nil {
		return nil, err
	}
	var tile bytes.Buffer
	err = l.db.Read(ctx, tenant, func(tx *db.Tx) error {
		tile.Reset()
		if err := within(tx, tenant, level, first+int64(width)); err != nil {
			return err
		}
		indexes := make([]int64, width)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(8*level, first+int64(i))
		}
		hashes, err := (&hashReader{tx: tx, tenant: tenant}).ReadHashes(indexes)
		for _, h := range hashes {
			tile.Write(h[:])
		}
		return err
	})
	return tile.Bytes(), fault.Wrap(op, err)
}

// tileBegin is the number of a tile's first hash at its level; it refuses what would overflow.
func tileBegin(op string, level int, index int64, width int) (int64, error) {
	if level < 0 || level > 7 || index < 0 || index > 1<<54 || width < 1 || width > proof.BundleWidth {
		return 0, fault.New(op, fault.NotFound, "the ledger has no such tile")
	}
	return index * proof.BundleWidth, nil
}

// within says fault.NotFound unless the log has grown to so many hashes at a tile's level.
func within(tx *db.Tx, tenant string, level int, end int64) error {
	h, err := readHead(tx, tenant, "")
	if err != nil {
		return err
	}
	if end > h.edge.size>>(8*level) {
		return fault.New("ledger.within", fault.NotFound, "the ledger has not grown to that tile")
	}
	return nil
}
