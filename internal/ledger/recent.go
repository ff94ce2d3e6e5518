package ledger

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger/proof"
)

// maxPage bounds how many entries one page holds.
const maxPage = 1000

// maxScan bounds how many entries are looked through for one page.
const maxScan = 1 << 16

// Page is part of a log, newest entry first.
type Page struct {
	Entries []proof.Entry
	// Before is the cursor of the next page, 0 if there is none. A page may hold fewer entries
	// than asked for, even none, and have a next one: what is looked through is bounded.
	Before int64
}

// Recent returns the newest entries about a subject's alias ("" for all entries), newest first, at
// most limit.
func (l *Log) Recent(ctx context.Context, tenant, alias string, limit int) ([]proof.Entry, error) {
	var all []proof.Entry
	for before := int64(0); ; {
		p, err := l.Page(ctx, tenant, alias, before, limit-len(all))
		if err != nil {
			return nil, fault.Wrap("ledger.Recent", err)
		}
		all = append(all, p.Entries...)
		if before = p.Before; before == 0 || len(all) >= limit {
			return all, nil
		}
	}
}

// Page returns the entries about a subject's alias ("" for all entries) whose index is below before
// (0 for the newest), newest first, at most limit and at most 1000.
func (l *Log) Page(ctx context.Context, tenant, alias string, before int64, limit int) (Page, error) {
	p, err := l.Search(ctx, tenant, Filter{Subject: alias}, before, limit)
	return p, fault.Wrap("ledger.Page", err)
}

// Filter says which entries are looked for: those that have each of what is set.
type Filter struct {
	Subject string // alias
	Kind    string // or the beginning of one, up to a dot: record finds record.read
	Actor   string
	Clause  string // that it rests on
	Answer  string
}

// marks are what the bytes of every entry that passes hold; in those of others they may stand too.
func (f *Filter) marks() (all [][]byte) {
	for _, m := range []struct{ before, value, after string }{
		{`,"subject":"`, f.Subject, `"`}, {`,"kind":"`, f.Kind, ``}, {`,"actor":"`, f.Actor, `"`}, {`"`, f.Clause, `"`}, {`,"answer":"`, f.Answer, `"`},
	} {
		if m.value != "" {
			all = append(all, []byte(m.before+m.value+m.after))
		}
	}
	return all
}

func (f *Filter) passes(e *proof.Entry) bool {
	rest, begins := strings.CutPrefix(e.Kind, f.Kind)
	return (f.Subject == "" || e.Subject == f.Subject) && (f.Actor == "" || e.Actor == f.Actor) && (f.Answer == "" || e.Answer == f.Answer) &&
		(f.Clause == "" || slices.Contains(e.Clauses, f.Clause)) && (f.Kind == "" || begins && (rest == "" || rest[0] == '.'))
}

// Search is Page of the entries that pass a filter.
func (l *Log) Search(ctx context.Context, tenant string, by Filter, before int64, limit int) (Page, error) {
	const op = "ledger.Search"
	if before < 0 || limit < 0 {
		return Page{}, fault.New(op, fault.Invalid, "the cursor and the limit must not be negative")
	}
	var p Page
	err := l.db.Read(ctx, tenant, func(tx *db.Tx) error {
		h, err := readHead(tx, tenant, "")
		if fault.Is(err, fault.NotFound) {
			p = Page{}
			return nil
		}
		if err != nil {
			return err
		}
		s := scan{tenant: tenant, by: by, marks: by.marks(), limit: min(limit, maxPage), next: h.edge.size}
		if before > 0 {
			s.next = min(before, s.next)
		}
		err = s.run(tx)
		p = Page{s.found, s.next}
		return err
	})
	return p, fault.Wrap(op, err)
}

// scan walks a log backwards, chunk by chunk.
type scan struct {
	tenant string
	by     Filter
	marks  [][]byte
	limit  int
	next   int64 // entries below are still to be seen
	seen   int
	found  []proof.Entry
}

func (s *scan) run(tx *db.Tx) error {
	for s.next > 0 && len(s.found) < s.limit && s.seen < maxScan {
		p, err := partAt(tx, s.tenant, entriesColumn, s.next-1)
		if err != nil {
			return err
		}
		if err := s.row(p); err != nil {
			return err
		}
	}
	return nil
}

// row looks through one chunk from its end.
func (s *scan) row(r part) error {
	const op = "ledger.scan"
	var entries [][]byte
	for rest := r.data; len(rest) > 0 && int64(len(entries)) < s.next-r.first; {
		entry, after, err := proof.NextFrame(rest)
		if err != nil {
			return errDamaged(op, "the row of entry %d is malformed", r.first)
		}
		entries, rest = append(entries, entry), after
	}
	if int64(len(entries)) != s.next-r.first {
		return errDamaged(op, "the row of entry %d lacks entries", r.first)
	}
	for len(entries) > 0 && len(s.found) < s.limit {
		last := entries[len(entries)-1]
		entries = entries[:len(entries)-1]
		s.next = r.first + int64(len(entries))
		s.seen++
		if slices.ContainsFunc(s.marks, func(mark []byte) bool { return !bytes.Contains(last, mark) }) {
			continue
		}
		e, err := proof.Parse(last)
		if err != nil {
			return errDamaged(op, "entry %d is malformed", s.next)
		}
		if s.by.passes(&e) { // a detail may hold the marks too
			s.found = append(s.found, e)
		}
	}
	return nil
}
