package evidence

import (
	"context"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/vault"
)

// Board is where members of staff look at what is known of the clauses: states, counts and times. Each call is
// admitted, and that recorded, before it does anything.
type Board struct {
	Vault    *vault.Vault
	Evidence *Evidence
	Now      func() time.Time
	// Tenants lists whose clocks and ledgers there are.
	Tenants func(context.Context) ([]string, error)
}

// Span is a time in which a control was seen one way, and each look confirmed it before the last was too old.
type Span struct {
	Outcome  Outcome
	From, To time.Time
	Looks    int
}

// Row is a clause on the board.
type Row struct {
	Status
	Lately []Span // the worst that was seen of its controls, since the board's beginning
}

// lately is how far back the board looks; Evidence.Keep bounds what there is to see.
const lately = 30 * 24 * time.Hour

// Clauses returns the status of every clause, and what was lately seen of it since a time.
func (b *Board) Clauses(ctx context.Context, c vault.Caller) (rows []Row, since time.Time, err error) {
	const op = "evidence.Clauses"
	now := b.Now()
	if since, err = now.Add(-lately), b.admit(ctx, c, "board.clauses"); err != nil {
		return nil, since, err
	}
	all, err := b.Evidence.Statuses(ctx, now)
	if err != nil {
		return nil, since, fault.Wrap(op, err)
	}
	seen, err := b.Evidence.spans(ctx, `probed_at >= $1`, []any{since.UnixMicro()}, now)
	if err != nil {
		return nil, since, fault.Wrap(op, err)
	}
	for _, s := range all {
		var lanes [][]Span
		for i := range s.Controls {
			lanes = append(lanes, seen[[2]string{s.Clause.ID, nameOf(s.Clause.Keep, i)}])
		}
		rows = append(rows, Row{s, worst(lanes)})
	}
	return rows, since, nil
}

// Seen is what is known of one clause: its status, what each control was seen to be since a time, and a page of
// what the probes said, the newest first.
type Seen struct {
	Status Status
	Since  time.Time
	Lanes  map[string][]Span // by the control's name
	Names  []string          // of controls, in the policy's order
	Found  []Record
	Before time.Time // where Found goes on; zero if it does not
}

// foundPage is how many findings a page holds.
const foundPage = 25

// Clause returns what is known of a clause; its findings before a time, the newest for none.
func (b *Board) Clause(ctx context.Context, c vault.Caller, id string, before time.Time) (out Seen, err error) {
	const op = "evidence.Clause"
	if err := b.admit(ctx, c, "board.clause"); err != nil {
		return out, err
	}
	now := b.Now()
	all, err := b.Evidence.Statuses(ctx, now)
	if err != nil {
		return out, fault.Wrap(op, err)
	}
	out.Since = now.Add(-b.Evidence.Keep)
	for _, s := range all {
		if s.Clause.ID == id {
			out.Status = s
		}
	}
	if out.Status.Clause.ID == "" {
		return out, fault.New(op, fault.NotFound, "the policy has no clause of that id")
	}
	seen, err := b.Evidence.spans(ctx, `probed_at >= $1 AND clause_id = $2`, []any{out.Since.UnixMicro(), id}, now)
	if err != nil {
		return out, fault.Wrap(op, err)
	}
	out.Lanes = map[string][]Span{}
	for i := range out.Status.Controls {
		name := nameOf(out.Status.Clause.Keep, i)
		out.Names, out.Lanes[name] = append(out.Names, name), seen[[2]string{id, name}]
	}
	out.Found, out.Before, err = b.Evidence.found(ctx, id, before)
	return out, fault.Wrap(op, err)
}

// Owed is how the clocks of each clause stand, over all tenants, in the policy's order; those that owe nothing are
// left out.
func (b *Board) Owed(ctx context.Context, c vault.Caller) (owed []Owed, err error) {
	const op = "evidence.Owed"
	if err := b.admit(ctx, c, "board.owed"); err != nil {
		return nil, err
	}
	if b.Evidence.Clocks == nil {
		return nil, nil
	}
	all, err := b.Evidence.Clocks(ctx, b.Now())
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	for _, clause := range b.Evidence.policy.Clauses {
		if s, ok := all[clause.ID]; ok {
			owed = append(owed, Owed{clause.ID, clause.Text, s})
		}
	}
	return owed, nil
}

// Owed is how the clocks of a clause stand.
type Owed struct {
	Clause, Text string
	obligation.Standing
}

// Reach lists the tenants that have clocks and ledgers, the organisation first. Which of them somebody may look into
// is decided when they do.
func (b *Board) Reach(ctx context.Context, c vault.Caller) ([]string, error) {
	if err := b.admit(ctx, c, "board.tenants"); err != nil {
		return nil, err
	}
	all, err := b.Tenants(ctx)
	return all, fault.Wrap("evidence.Reach", err)
}

func (b *Board) admit(ctx context.Context, c vault.Caller, act string) error {
	return b.Vault.Admit(ctx, c, act, "", vault.ScopeStaff)
}

// spans are what was seen of controls, by clause and control, joined while the outcome stays the same. A look counts
// until the next, and no longer than findings do: where nobody looked there is a gap.
func (e *Evidence) spans(ctx context.Context, where string, args []any, now time.Time) (all map[[2]string][]Span, err error) {
	err = e.db.Read(ctx, db.Organisation, func(tx *db.Tx) error {
		all = map[[2]string][]Span{}
		return tx.Each(`SELECT clause_id, control, probed_at, outcome FROM evidence WHERE `+where+` ORDER BY clause_id, control, probed_at`, args,
			func(scan func(...any) error) error {
				var id [2]string
				var at int64
				var outcome string
				if err := scan(&id[0], &id[1], &at, &outcome); err != nil {
					return err
				}
				all[id] = e.join(all[id], proper(control.Finding{Outcome: Outcome(outcome)}).Outcome, time.UnixMicro(at).UTC(), now)
				return nil
			})
	})
	return all, fault.Wrap("evidence.spans", err)
}

// join adds a look to the spans of a control.
func (e *Evidence) join(spans []Span, seen Outcome, at, now time.Time) []Span {
	until := at.Add(e.MaxAge)
	if until.After(now) {
		until = now
	}
	if n := len(spans); n > 0 {
		last := &spans[n-1]
		if last.To.After(at) {
			last.To = at
		}
		if last.Outcome == seen && last.To.Equal(at) {
			last.To, last.Looks = until, last.Looks+1
			return spans
		}
	}
	return append(spans, Span{seen, at, until, 1})
}

// found is a page of a clause's findings.
func (e *Evidence) found(ctx context.Context, clause string, before time.Time) (page []Record, next time.Time, err error) {
	limit := int64(1) << 62
	if !before.IsZero() {
		limit = before.UnixMicro()
	}
	err = e.db.Read(ctx, db.Organisation, func(tx *db.Tx) error {
		page, next = nil, time.Time{}
		return tx.Each(`SELECT control, probed_at, outcome, detail FROM evidence WHERE clause_id = $1 AND probed_at < $2 ORDER BY probed_at DESC, control LIMIT $3`,
			[]any{clause, limit, int64(foundPage + maxControls)}, func(scan func(...any) error) error {
				r := Record{Clause: clause}
				var at int64
				var outcome, text string
				if err := scan(&r.Control, &at, &outcome, &text); err != nil {
					return err
				}
				r.At = time.UnixMicro(at).UTC()
				if n := len(page); n >= foundPage && !r.At.Equal(page[n-1].At) { // those of one moment stand on one page
					next = page[n-1].At
					return nil
				}
				if !next.IsZero() {
					return nil
				}
				d, err := parseDetail(text)
				r.Finding = d.finding(outcome)
				page = append(page, r)
				return err
			})
	})
	return page, next, fault.Wrap("evidence.found", err)
}

// maxControls bounds how many controls of a clause are looked at in one moment.
const maxControls = 32
