package notify

import (
	"context"
	"encoding/json"
	"slices"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// noConsent is the outcome of a notice by electronic means to somebody who does not consent to them.
const noConsent = "no-consent"

// notices are the words of what people are told on the company's own account. Answers to what people ask go
// the way they asked.
var notices = []string{"breach-people", "disclosure-notice", "legal-demand", "policy-change"}

// consented refuses a notice by electronic means, where those rest on consent, to who does not consent.
func (o *Outbox) consented(ctx context.Context, d *Dispatch) error {
	if o.Electronic == nil || d.Subject == "" || d.Channel != Email && d.Channel != InApp || !slices.Contains(notices, d.Template) {
		return nil
	}
	err := o.DB.Read(ctx, d.Tenant, func(tx *db.Tx) error {
		yes, err := o.Electronic(tx, d.Subject)
		if err == nil && !yes {
			return &Refusal{Reason: noConsent}
		}
		return err
	})
	if fault.Is(err, fault.Erased) || fault.Is(err, fault.NotFound) {
		return &Refusal{Reason: "nobody-there"}
	}
	return err
}

// ended does what follows from the end of a message, in its transaction. Who consents to nothing electronic is
// told by letter: by however many channels they were to be told, it is one.
func (o *Outbox) ended(tx *db.Tx, d *Dispatch, state, outcome string) error {
	switch {
	case state == Failed && outcome == noConsent:
		m := d.Message
		m.Channel = Letter
		return Enqueue(tx, m)
	case state == Sent && d.Channel == Letter && o.OnPosted != nil:
		return o.OnPosted(tx, d.Event)
	}
	return nil
}

// Told is what a person was told by electronic means about an event, or with none named the newest.
func Told(tx *db.Tx, subject, event string) (m Message, err error) {
	const op = "notify.Told"
	var details string
	err = tx.One(`SELECT event, template, language, details FROM outbox WHERE tenant_id = $1 AND subject_id = $2 AND channel IN ($3, $4) AND (event = $5 OR $5 = '')
		ORDER BY created_at DESC, message_id LIMIT 1`, []any{tx.Tenant(), subject, string(Email), string(InApp), event}, &m.Event, &m.Template, &m.Language, &details)
	if fault.Is(err, fault.NotFound) {
		return m, fault.New(op, fault.NotFound, "the person was sent no such notice")
	}
	if err == nil && json.Unmarshal([]byte(details), &m.Details) != nil {
		err = fault.New(op, fault.Other, "the details of a message are damaged")
	}
	m.Subject = subject
	return m, fault.Wrap(op, err)
}
