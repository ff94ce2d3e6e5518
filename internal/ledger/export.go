package ledger

import (
	"context"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

// Export writes a tenant's whole log to w as a file that `clause ledger verify` checks offline: a
// tar file of the checkpoint, the verifier key, and the bundles and leaf tiles that the checkpoint
// covers. It holds one bundle in memory. What is appended meanwhile is not in it. It fails if the
// log was altered: then there is nothing whole to export.
func (l *Log) Export(ctx context.Context, tenant string, w io.Writer) error {
	const op = "ledger.Export"
	signed, err := l.Checkpoint(ctx, tenant)
	if err != nil {
		return fault.Wrap(op, err)
	}
	c, err := proof.OpenCheckpoint(signed, l.VerifierKey(tenant))
	if err != nil {
		return fault.As(op, fault.Other, err)
	}
	out := proof.NewExportWriter(w)
	add := func(name string, data []byte, err error) error {
		if err != nil {
			return fault.Wrap(op, err)
		}
		return fault.As(op, fault.Unavailable, out.Add(name, data))
	}
	if err := add("checkpoint", signed, nil); err != nil {
		return err
	}
	if err := add("key", []byte(l.VerifierKey(tenant)+"\n"), nil); err != nil {
		return err
	}
	for first := int64(0); first < c.Size; first += proof.BundleWidth {
		index, width := first/proof.BundleWidth, int(min(c.Size-first, proof.BundleWidth))
		bundle, err := l.Bundle(ctx, tenant, index, width)
		if err := add(proof.BundlePath(index, width), bundle, err); err != nil {
			return err
		}
		tile, err := l.Tile(ctx, tenant, 0, index, width)
		if err := add(proof.TilePath(0, index, width), tile, err); err != nil {
			return err
		}
	}
	return fault.As(op, fault.Unavailable, out.Close())
}

// Inclusion returns an entry's bytes and the proof that it is in the log (c2sp.org/tlog-proof), both
// of which can be kept and checked without the log.
func (l *Log) Inclusion(ctx context.Context, tenant string, index int64) (entry, inclusion []byte, err error) {
	const op = "ledger.Inclusion"
	signed, err := l.Checkpoint(ctx, tenant)
	if err != nil {
		return nil, nil, fault.Wrap(op, err)
	}
	c, err := proof.OpenCheckpoint(signed, l.VerifierKey(tenant))
	if err != nil {
		return nil, nil, fault.As(op, fault.Other, err)
	}
	if index < 0 || index >= c.Size {
		return nil, nil, fault.New(op, fault.NotFound, "the ledger has no entry %d", index)
	}
	p := proof.Inclusion{Index: index, Signed: signed}
	err = l.db.Read(ctx, tenant, func(tx *db.Tx) error {
		err := eachEntry(tx, tenant, index, index+1, func(_ int64, data []byte) error {
			entry = append(entry[:0], data...)
			return nil
		})
		if err != nil {
			return err
		}
		path, err := tlog.ProveRecord(c.Size, index, &hashReader{tx: tx, tenant: tenant})
		p.Path = p.Path[:0]
		for _, h := range path {
			p.Path = append(p.Path, proof.Hash(h))
		}
		return err
	})
	if err != nil {
		return nil, nil, fault.Wrap(op, err)
	}
	return entry, p.Marshal(), nil
}
