package drp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
)

// wakes says when what agents asked is to be looked at: a status that they are yet to be told, one that is
// over, a row that is kept no longer.
var wakes = db.Wakes{Kind: "agent", Table: "agent_requests", Column: "next_at"}

const (
	batch    = 8
	lease    = 3 * time.Minute // longer than a batch can take
	patience = 15 * time.Second
	firstTry = 30 * time.Second // the pause after the first try that failed; it doubles each time
	longest  = time.Hour
	maxTries = 125 // five days
	// kept is how long what came to an end can be asked for: the protocol (section 3.02) asks for 7 to 60 days.
	kept = 60 * 24 * time.Hour
	// keptOfDrills is how long what nobody real asked for is.
	keptOfDrills = time.Hour
)

// Changed hears that a request went a step further: if an agent asked for it, it is told. It is for
// rights.Desk.Changed.
func Changed(tx *db.Tx, request string) error {
	now := tx.Now().UnixMicro()
	n, err := tx.Exec(`UPDATE agent_requests SET next_at = $3, tries = 0 WHERE tenant_id = $1 AND (request_id = $2 OR other_id = $2)`, tx.Tenant(), request, now)
	if err != nil || n == 0 {
		return fault.Wrap("drp.Changed", err)
	}
	return fault.Wrap("drp.Changed", wakes.By(tx, now))
}

// Run tells agents what is due by now. It may be interrupted anywhere, and two servers may run it at a time:
// each row is leased first. An agent hears the newest status, once; it may miss one in between.
func (d *Desk) Run(ctx context.Context, now time.Time) error {
	const op = "drp.Run"
	down := map[string]bool{}
	var wrong error
	for after := ""; ; {
		due, err := wakes.Due(ctx, d.Rights.Vault.DB, now, after)
		if err != nil || len(due) == 0 {
			return fault.Wrap(op, errors.Join(wrong, err))
		}
		for _, tenant := range due {
			wrong = errors.Join(wrong, d.runTenant(ctx, tenant, now, down))
		}
		after = due[len(due)-1]
	}
}

func (d *Desk) runTenant(ctx context.Context, tenant string, now time.Time, down map[string]bool) error {
	for ctx.Err() == nil {
		var taken []asked
		err := d.Rights.Vault.DB.Write(ctx, tenant, func(tx *db.Tx) (err error) {
			if taken, err = lend(tx, now); err != nil || len(taken) == batch {
				return err
			}
			return wakes.Settle(tx)
		})
		if err != nil {
			return err
		}
		for i := range taken {
			if err := d.attend(ctx, tenant, &taken[i], down); err != nil {
				return err
			}
		}
		if len(taken) < batch {
			return nil
		}
	}
	return ctx.Err()
}

// lend leases rows that are due: whoever dies over them leaves them to the next.
func lend(tx *db.Tx, now time.Time) ([]asked, error) {
	due, err := askedWhere(tx, `next_at > 0 AND next_at <= $2 ORDER BY next_at, exercise_id LIMIT $3`+tx.LockRow(), now.UnixMicro(), int64(batch))
	if err != nil {
		return nil, err
	}
	for i := range due {
		due[i].next = tx.Now().Add(lease)
		if _, err := tx.Exec(`UPDATE agent_requests SET next_at = $3 WHERE tenant_id = $1 AND exercise_id = $2`, tx.Tenant(), due[i].id, db.Micros(due[i].next)); err != nil {
			return nil, err
		}
		due[i].next = db.Moment(db.Micros(due[i].next))
	}
	return due, nil
}

// attend tells an agent of one row, and says when it is looked at next.
func (d *Desk) attend(ctx context.Context, tenant string, row *asked, down map[string]bool) error {
	v := d.Rights.Vault
	agent, err := d.registration(ctx, row)
	if err != nil {
		return err
	}
	var s api.ExerciseStatus
	var again time.Time
	err = v.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		s, again, err = d.status(tx, &agent, row)
		return err
	})
	if err != nil {
		return err
	}
	s.ResultsURL = "" // it leads nowhere without the token, and the agent asks for the status with that
	body, err := json.Marshal(s)
	if err != nil {
		return fault.As("drp.attend", fault.Other, err)
	}
	digest := sha256.Sum256(body)
	came := nothing
	if string(row.told) != string(digest[:]) && agent.mayCall(row.callback) { // the operator may have removed the agent
		came = arrived
		if !d.post(ctx, row.callback, body, down) {
			came = failed
		}
		if ctx.Err() != nil {
			return ctx.Err() // the lease runs out
		}
	}
	return v.DB.Write(context.WithoutCancel(ctx), tenant, func(tx *db.Tx) error {
		return row.settle(tx, &s, digest[:], again, came, d.kept(tenant))
	})
}

// outcome is what came of a look at a row.
type outcome int

const (
	nothing outcome = iota // was to be told
	arrived
	failed
)

// registration is the agent that asked; one that was removed since is called back no more.
func (d *Desk) registration(ctx context.Context, row *asked) (Agent, error) {
	known, err := d.Book.Of(ctx, row.agent)
	for i := range known {
		if known[i].ID == row.registration {
			return known[i], err
		}
	}
	return Agent{Agent: row.agent}, err
}

// settle records what came of a look, unless the row has changed meanwhile: then it is due again.
func (row *asked) settle(tx *db.Tx, s *api.ExerciseStatus, digest []byte, next time.Time, came outcome, kept time.Duration) error {
	if !row.ended.IsZero() && !tx.Now().Before(row.ended.Add(kept)) {
		_, err := tx.Exec(`DELETE FROM agent_requests WHERE tenant_id = $1 AND exercise_id = $2 AND next_at = $3`, tx.Tenant(), row.id, db.Micros(row.next))
		return err
	}
	leased := db.Micros(row.next)
	switch {
	case !final(s):
		row.ended = time.Time{}
	case row.ended.IsZero():
		row.ended = tx.Now()
	}
	if end := row.ended.Add(kept); !row.ended.IsZero() && (next.IsZero() || end.Before(next)) {
		next = end
	}
	if came == failed {
		if row.tries++; row.tries < maxTries {
			next = tx.Now().Add(min(longest, firstTry<<min(row.tries-1, 7)))
		}
	} else {
		row.told, row.tries = digest, 0
	}
	n, err := tx.Exec(`UPDATE agent_requests SET told = $3, tries = $4, ended_at = $5, next_at = $6 WHERE tenant_id = $1 AND exercise_id = $2 AND next_at = $7`,
		tx.Tenant(), row.id, notNil(row.told), row.tries, db.Micros(row.ended), db.Micros(next), leased)
	if err == nil && n == 1 {
		err = wakes.By(tx, db.Micros(next))
	}
	if err != nil || came != arrived {
		return err
	}
	return ledger.Append(tx, proof.Entry{Kind: "agent.told", Actor: maintenance, Detail: map[string]string{"exercise": row.id, "registration": row.registration, "status": s.Status}})
}

// kept is how long what came to an end is kept in a tenant.
func (d *Desk) kept(tenant string) time.Duration {
	if d.Drill != nil && d.Drill(tenant) {
		return keptOfDrills
	}
	return kept
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// post sends a status once. A host that does not answer is left alone for the rest of a run.
func (d *Desk) post(ctx context.Context, address string, body []byte, down map[string]bool) bool {
	u, err := url.Parse(address)
	if err != nil || down[u.Host] {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return false
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Clause")
	answer, err := d.client().Do(r)
	if err != nil {
		down[u.Host] = true
		return false
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection can be used again
	return answer.StatusCode >= 200 && answer.StatusCode < 300
}

// client follows no redirection: what is told goes where the operator said, or nowhere.
func (d *Desk) client() *http.Client {
	own := http.Client{}
	if d.HTTP != nil {
		own = *d.HTTP
	}
	own.Timeout = patience
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}
