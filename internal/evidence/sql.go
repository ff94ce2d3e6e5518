package evidence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"clause.dev/clause/internal/control"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/policy"
)

// detail is what the store keeps of a finding beside its outcome.
type detail struct {
	Summary string   `json:"summary"`
	Facts   []string `json:"facts,omitempty"`
	Under   string   `json:"under"` // what was promised when it was seen: see Evidence.under
}

func parseDetail(text string) (d detail, err error) {
	return d, fault.As("evidence.detail", fault.Other, json.Unmarshal([]byte(text), &d))
}

// finding is what was stored of one.
func (d *detail) finding(outcome string) control.Finding {
	return proper(control.Finding{Outcome: Outcome(outcome), Summary: d.Summary, Facts: d.Facts})
}

// under digests what a finding is about: the control's parameters, and all that the policy says of
// data and its use. A finding under another digest proves nothing of the policy as it is now.
func (e *Evidence) under(keep policy.Keep) string {
	p := e.policy
	text, err := json.Marshal([]any{keep.Control, keep.Params, p.Regions, p.Environments, p.Backups, p.Data, p.Purposes, p.Recipients})
	if err != nil { // parameters are of a few plain types, all of which have a JSON form
		return ""
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// store keeps a finding, and an entry of the organisation's ledger that vouches for it.
func (e *Evidence) store(ctx context.Context, r Record, under string) error {
	const op = "evidence.store"
	text, err := json.Marshal(detail{r.Finding.Summary, r.Finding.Facts, under})
	if err != nil {
		return fault.As(op, fault.Other, err)
	}
	digest := sha256.Sum256(text)
	return fault.Wrap(op, e.db.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO evidence (clause_id, control, probed_at, outcome, detail) VALUES ($1, $2, $3, $4, $5)
 ON CONFLICT (clause_id, control, probed_at) DO UPDATE SET outcome = EXCLUDED.outcome, detail = EXCLUDED.detail`,
			r.Clause, r.Control, r.At.UnixMicro(), string(r.Finding.Outcome), string(text))
		if err != nil {
			return err
		}
		return ledger.Append(tx, proof.Entry{Kind: "evidence.found", Clauses: []string{r.Clause}, Detail: map[string]string{
			"control": logged(r.Control), "outcome": string(r.Finding.Outcome), "digest": hex.EncodeToString(digest[:]),
		}})
	}))
}

// logged is a control's name in the alphabet of a ledger's ids.
func logged(name string) string {
	b := []byte(name)
	for i := range b {
		if b[i] == '/' {
			b[i] = '.'
		}
	}
	return string(b)
}

// prune drops findings that are older than is kept, but never the newest of a control: that it was
// broken the last time anybody looked stays known.
func (e *Evidence) prune(ctx context.Context, now time.Time) error {
	return fault.Wrap("evidence.prune", e.db.Write(ctx, db.Organisation, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM evidence WHERE probed_at < $1 AND probed_at <
 (SELECT MAX(n.probed_at) FROM evidence n WHERE n.clause_id = evidence.clause_id AND n.control = evidence.control)`,
			now.Add(-e.Keep).UnixMicro())
		return err
	}))
}

// history is what the store knows of a control of a clause.
type history struct {
	newest Record
	under  string
	since  time.Time // when its outcome came about, as far back as findings are kept
	kept   time.Time // when it was last seen kept, zero if it never was
}

// historyOf reads a control's history; the zero history is that of one that was never probed.
func historyOf(tx *db.Tx, clause, name string) (h history, err error) {
	var at, since, kept int64
	var outcome, text string
	err = tx.One(`SELECT probed_at, outcome, detail FROM evidence WHERE clause_id = $1 AND control = $2 ORDER BY probed_at DESC LIMIT 1`,
		[]any{clause, name}, &at, &outcome, &text)
	if fault.Is(err, fault.NotFound) {
		return history{}, nil
	}
	if err != nil {
		return history{}, err
	}
	d, err := parseDetail(text)
	if err != nil {
		return history{}, err
	}
	err = tx.One(`SELECT MIN(e.probed_at), COALESCE((SELECT MAX(k.probed_at) FROM evidence k WHERE k.clause_id = $1 AND k.control = $2 AND k.outcome IN ($4, $5)), 0)
 FROM evidence e WHERE e.clause_id = $1 AND e.control = $2 AND e.probed_at >
 COALESCE((SELECT MAX(o.probed_at) FROM evidence o WHERE o.clause_id = $1 AND o.control = $2 AND o.outcome <> $3), 0)`,
		[]any{clause, name, outcome, string(control.Kept), string(control.Attested)}, &since, &kept)
	if err != nil {
		return history{}, err
	}
	h = history{under: d.Under, since: time.UnixMicro(since).UTC()}
	h.newest = Record{clause, name, time.UnixMicro(at).UTC(), d.finding(outcome)}
	if kept != 0 {
		h.kept = time.UnixMicro(kept).UTC()
	}
	return h, nil
}
