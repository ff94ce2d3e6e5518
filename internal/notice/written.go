package notice

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/vault"
)

// Posted is what discharges the clock of a notice that was asked for on paper.
const Posted = "letter-posted"

// writtenPrefix begins the id of a notice that was asked for on paper.
const writtenPrefix = "wn_"

// Written is a notice that a person asked for on paper.
type Written struct {
	ID     string             `json:"id"`
	About  string             `json:"about"` // the event that the notice is about
	Asked  time.Time          `json:"asked"`
	Posted time.Time          `json:"posted,omitzero"` // zero until the letter was posted
	Clocks []obligation.Clock `json:"-"`
}

// Write has a person sent on paper what they were told by electronic means: the notice about an event, or
// with none named the newest. It is free of charge. Asked again before the letter was posted, it is the same.
func (d *Desk) Write(ctx context.Context, c vault.Caller, tenant, subject, about string) (w Written, err error) {
	const op = "notice.Write"
	if err := d.Vault.Admit(ctx, c, "written-notice.ask", tenant, vault.ScopeSubjects); err != nil {
		return w, err
	}
	promised, err := d.Promised(d.Policy)
	if err != nil {
		return w, fault.Wrap(op, err)
	}
	if len(promised.Papers) == 0 {
		return w, fault.New(op, fault.Conflict, "no clause of the policy promises notices on paper").WithHint("keep one by electronic-notice")
	}
	err = d.Engine.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		w, err = d.write(tx, c.Credential.ID, subject, about, promised.Papers)
		return err
	})
	return w, fault.Wrap(op, err)
}

func (d *Desk) write(tx *db.Tx, who, subject, about string, papers []obligation.Duty) (w Written, err error) {
	person, err := d.Vault.DataSubject(tx, subject)
	if err != nil {
		return w, err
	}
	m, err := notify.Told(tx, subject, about)
	if err != nil {
		return w, err
	}
	open, err := d.writtenWhere(tx, `subject_id = $2 AND about = $3 AND posted_at = 0`, subject, m.Event)
	if err != nil || len(open) > 0 {
		if err == nil {
			w = open[0]
		}
		return w, err
	}
	w = Written{ID: writtenPrefix + strings.ToLower(rand.Text()), About: m.Event, Asked: tx.Now()}
	_, err = tx.Exec(`INSERT INTO written_notices (tenant_id, request_id, subject_id, about, asked_at, posted_at) VALUES ($1, $2, $3, $4, $5, 0)`,
		tx.Tenant(), w.ID, subject, w.About, db.Micros(w.Asked))
	if err != nil {
		return w, err
	}
	m.Channel, m.Event = notify.Letter, w.ID
	if err := notify.Enqueue(tx, m); err != nil {
		return w, err
	}
	var clauses []string
	for _, p := range papers {
		clock, err := d.Engine.Open(tx, p, w.ID)
		if err != nil {
			return w, err
		}
		w.Clocks, clauses = append(w.Clocks, clock), append(clauses, p.Clause)
	}
	return w, ledger.Append(tx, proof.Entry{Kind: "written-notice.asked", Actor: who, Subject: person.Alias, Clauses: clauses, Detail: map[string]string{"notice": w.ID, "about": w.About}})
}

// WrittenOf returns the notices that a person asked for on paper, the oldest first.
func (d *Desk) WrittenOf(ctx context.Context, c vault.Caller, tenant, subject string) (all []Written, err error) {
	const op = "notice.WrittenOf"
	if err := d.Vault.Admit(ctx, c, "written-notice.list", tenant, vault.ScopeSubjects); err != nil {
		return nil, err
	}
	err = d.Engine.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		if err := d.Vault.Lives(tx, subject); err != nil {
			return err
		}
		all, err = d.WrittenTo(tx, subject)
		return err
	})
	return all, fault.Wrap(op, err)
}

// WrittenTo are those that a person asked for, to a duty that has admitted its caller.
func (d *Desk) WrittenTo(tx *db.Tx, subject string) ([]Written, error) {
	all, err := d.writtenWhere(tx, `subject_id = $2`, subject)
	return all, fault.Wrap("notice.WrittenTo", err)
}

func (d *Desk) writtenWhere(tx *db.Tx, where string, args ...any) (all []Written, err error) {
	err = tx.Each(`SELECT request_id, about, asked_at, posted_at FROM written_notices WHERE tenant_id = $1 AND `+where+` ORDER BY asked_at, request_id`,
		append([]any{tx.Tenant()}, args...), func(scan func(...any) error) error {
			var w Written
			var asked, posted int64
			err := scan(&w.ID, &w.About, &asked, &posted)
			w.Asked, w.Posted = db.Moment(asked), db.Moment(posted)
			all = append(all, w)
			return err
		})
	for i := range all {
		if err == nil {
			all[i].Clocks, err = d.Engine.Of(tx, all[i].ID)
		}
	}
	return all, err
}

// LetterPosted takes note, in the transaction that says so, that the letter about an event was posted: of a
// notice asked for on paper it discharges the clocks.
func LetterPosted(e *obligation.Engine, tx *db.Tx, event string) error {
	const op = "notice.LetterPosted"
	if !strings.HasPrefix(event, writtenPrefix) {
		return nil
	}
	n, err := tx.Exec(`UPDATE written_notices SET posted_at = $3 WHERE tenant_id = $1 AND request_id = $2 AND posted_at = 0`, tx.Tenant(), event, db.Micros(tx.Now()))
	if err != nil || n == 0 {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, e.DischargeOf(tx, event, Posted, event))
}

// Gone ends what is owed to a person who was erased, in the transaction that ends the sweep: there is
// nobody to write to. What was late stays late. It returns what was owed.
func Gone(e *obligation.Engine, tx *db.Tx, subject string) (owed []string, err error) {
	const op = "notice.Gone"
	if subject == "" { // the tenant and all its clocks went
		return nil, nil
	}
	owed, err = ids(tx, `SELECT request_id FROM written_notices WHERE tenant_id = $1 AND subject_id = $2`, tx.Tenant(), subject)
	if err != nil {
		return owed, fault.Wrap(op, err)
	}
	for _, id := range owed {
		if err := e.VoidOf(tx, id, "person-erased", "person-erased"); err != nil {
			return owed, fault.Wrap(op, err)
		}
	}
	_, err = tx.Exec(`DELETE FROM written_notices WHERE tenant_id = $1 AND subject_id = $2`, tx.Tenant(), subject)
	return owed, fault.Wrap(op, err)
}
