package ledger

import (
	"context"
	"errors"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

// Export writes a tenant's whole log to w as a file that `clause ledger verify` checks offline. It
// holds one bundle in memory. What is appended meanwhile is not in it. It fails if the log was
// altered: then there is nothing whole to export.
func (l *Log) Export(ctx context.Context, tenant string, w io.Writer) error {
	const op = "ledger.Export"
	err := proof.WriteExport(ctx, w, source{l, tenant})
	if inner := (*fault.Error)(nil); errors.As(err, &inner) {
		return fault.Wrap(op, err) // of the log
	}
	return fault.As(op, fault.Unavailable, err) // of w
}

// source is a log of this server as its verifier would read it.
type source struct {
	log    *Log
	tenant string
}

func (s source) Checkpoint(ctx context.Context) ([]byte, error) {
	return s.log.Checkpoint(ctx, s.tenant)
}

func (s source) Key(context.Context) (string, error) { return s.log.VerifierKey(s.tenant), nil }

func (s source) Bundle(ctx context.Context, index int64, width int) ([]byte, error) {
	return s.log.Bundle(ctx, s.tenant, index, width)
}

func (s source) Tile(ctx context.Context, level int, index int64, width int) ([]byte, error) {
	return s.log.Tile(ctx, s.tenant, level, index, width)
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
