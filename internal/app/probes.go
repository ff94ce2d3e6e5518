package app

import (
	"context"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/evidence"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// probes is the evidence in the terms of the interface.
type probes struct{ a *App }

// Run runs every probe through the server's own front door, and records who asked for it.
func (p probes) Run(ctx context.Context, actor string) ([]api.Finding, error) {
	const op = "app.Run"
	door := p.a.door.Load()
	if door == nil {
		return nil, fault.New(op, fault.Unavailable, "the front door is not open yet")
	}
	err := p.a.DB.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		return ledger.Append(tx, proof.Entry{Kind: "probes.run", Actor: actor})
	})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	records, err := p.a.Evidence.RunAll(ctx, p.a.System(*door), p.a.Now)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	return findings(records), fault.Wrap(op, p.a.watchClauses(ctx))
}

func findings(records []evidence.Record) []api.Finding {
	out := make([]api.Finding, 0, len(records))
	for _, r := range records {
		out = append(out, api.Finding{
			Clause: r.Clause, Control: r.Control, At: r.At,
			Outcome: string(r.Finding.Outcome), Summary: r.Finding.Summary, Facts: r.Finding.Facts,
		})
	}
	return out
}

// Statuses says of each clause whether it is kept.
func (p probes) Statuses(ctx context.Context) ([]api.ClauseStatus, error) {
	statuses, err := p.a.Evidence.Statuses(ctx, p.a.Now())
	if err != nil {
		return nil, fault.Wrap("app.Statuses", err)
	}
	return evidence.Wire(statuses), nil
}
