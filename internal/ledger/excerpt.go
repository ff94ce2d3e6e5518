package ledger

import (
	"bytes"
	"context"
	"io"

	"golang.org/x/mod/sumdb/tlog"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

// excerptRows is how many chunks of the log are looked through at a time, at most; excerptFound how many
// entries found end a look.
const (
	excerptRows  = 64
	excerptFound = 512
)

// Excerpt writes the entries about a subject's alias to w, the oldest first, each with the proof that it
// is in the log, as a proof.Excerpt. It looks through the whole log once and holds a part of it in memory.
// What is appended meanwhile is not in it.
func (l *Log) Excerpt(ctx context.Context, tenant, alias string, w io.Writer) error {
	const op = "ledger.Excerpt"
	signed, err := l.Checkpoint(ctx, tenant)
	if err != nil {
		return fault.Wrap(op, err)
	}
	vkey := l.VerifierKey(tenant)
	c, err := proof.OpenCheckpoint(signed, vkey)
	if err != nil {
		return fault.As(op, fault.Other, err)
	}
	out, err := proof.NewExcerptWriter(w, alias, vkey, signed)
	if err != nil {
		return fault.As(op, fault.Unavailable, err)
	}
	e := excerpt{tenant: tenant, alias: alias, size: c.Size, mark: []byte(`,"subject":"` + alias + `"`), known: map[int64]tlog.Hash{}}
	for e.next < e.size {
		err := l.db.Read(ctx, tenant, e.look)
		if err != nil {
			return fault.Wrap(op, err)
		}
		for i := range e.found {
			if err := out.Add(e.found[i].entry, e.found[i].index, e.found[i].path); err != nil {
				return fault.As(op, fault.Unavailable, err)
			}
		}
	}
	return fault.As(op, fault.Unavailable, out.Close())
}

// excerpt is one walk through a log.
type excerpt struct {
	tenant, alias string
	size          int64  // of the log when it began
	mark          []byte // what the bytes of an entry about the alias hold
	next          int64  // entries below were looked at
	found         []excerptEntry
	known         map[int64]tlog.Hash // stored hashes that were read: neighbours share most of theirs
}

type excerptEntry struct {
	index int64
	entry []byte
	path  []proof.Hash
}

// maxKnown bounds the hashes kept.
const maxKnown = 1 << 16

// look finds the next entries about the alias, and proves them.
func (e *excerpt) look(tx *db.Tx) error {
	e.found = e.found[:0]
	next := e.next
	err := tx.Each(`SELECT first, count, entries FROM ledger_chunks WHERE tenant_id = $1 AND first >= $2 AND first < $3 ORDER BY first LIMIT $4`,
		[]any{e.tenant, next, e.size, int64(excerptRows)}, func(scan func(...any) error) error {
			if len(e.found) >= excerptFound {
				return nil
			}
			var p part
			if err := scan(&p.first, &p.count, &p.data); err != nil {
				return err
			}
			if p.first != next {
				return errDamaged("ledger.excerpt", "it has no entry %d", next)
			}
			next = p.first + p.count
			return e.row(p)
		})
	if err == nil && next == e.next {
		err = errDamaged("ledger.excerpt", "it has no entry %d", next)
	}
	if err != nil {
		return err
	}
	e.next = next
	return e.prove(tx)
}

// row finds the entries about the alias in one chunk.
func (e *excerpt) row(p part) error {
	if !bytes.Contains(p.data, e.mark) {
		return nil
	}
	rest := p.data
	for i := p.first; i < p.first+p.count && i < e.size; i++ {
		entry, after, err := proof.NextFrame(rest)
		if err != nil {
			return errDamaged("ledger.excerpt", "the row of entry %d is malformed", p.first)
		}
		rest = after
		if !bytes.Contains(entry, e.mark) {
			continue
		}
		parsed, err := proof.Parse(entry)
		if err != nil {
			return errDamaged("ledger.excerpt", "entry %d is malformed", i)
		}
		if parsed.Subject == e.alias {
			e.found = append(e.found, excerptEntry{index: i, entry: bytes.Clone(entry)})
		}
	}
	return nil
}

func (e *excerpt) prove(tx *db.Tx) error {
	if len(e.known) > maxKnown {
		clear(e.known)
	}
	hashes := remembering{&hashReader{tx: tx, tenant: e.tenant}, e.known}
	for i := range e.found {
		path, err := tlog.ProveRecord(e.size, e.found[i].index, hashes)
		if err != nil {
			return fault.Wrap("ledger.prove", err)
		}
		for _, h := range path {
			e.found[i].path = append(e.found[i].path, proof.Hash(h))
		}
	}
	return nil
}

// remembering reads each hash once.
type remembering struct {
	hashes tlog.HashReader
	known  map[int64]tlog.Hash
}

// ReadHashes implements tlog.HashReader.
func (r remembering) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if h, ok := r.known[index]; ok {
			out[i] = h
			continue
		}
		read, err := r.hashes.ReadHashes(indexes[i : i+1])
		if err != nil {
			return nil, err
		}
		out[i], r.known[index] = read[0], read[0]
	}
	return out, nil
}
