// Package notify tells people and staff what happened: an outbox in the transaction of its cause, and
// the channels by which its messages leave.
package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// Channel is a way to tell somebody.
type Channel string

// The channels.
const (
	Email   Channel = "email"
	InApp   Channel = "in-app"  // shown by the company's application, which asks for it
	Letter  Channel = "letter"  // printed and posted by somebody
	Webhook Channel = "webhook" // to the company's own systems
	Pager   Channel = "pager"   // calls whoever is on duty
)

// Message is something to tell one person, or the staff of one role. It holds no personal data: who the
// person is and where they are reached is read from the vault when it is sent.
type Message struct {
	Event    string // what happened, an id that is the same whenever it is told again: nobody is told twice
	Channel  Channel
	Subject  string            // the person it is for, or
	Owner    string            // the role of the staff it is for
	Template string            // which words, such as breach-notice
	Language string            // BCP 47; "en" if empty
	Details  map[string]string // ids and figures for the words
}

// id is the same for the same event, reader and channel.
func (m *Message) id() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{m.Event, string(m.Channel), m.Subject, m.Owner}, "\x00")))
	return "msg_" + hex.EncodeToString(sum[:16])
}

// The states of a message.
const (
	Waiting = "waiting"
	Sent    = "sent"
	Seen    = "seen"   // an in-app message that was shown
	Failed  = "failed" // given up: its outcome says why
)

// Enqueue puts a message into the outbox, in tx: it is sent if and only if tx commits. A message about
// the same event for the same reader by the same channel is told once, however often it is enqueued.
func Enqueue(tx *db.Tx, m Message) error {
	const op = "notify.Enqueue"
	switch {
	case m.Event == "" || m.Template == "" || (m.Subject == "") == (m.Owner == ""):
		return fault.New(op, fault.Invalid, "a message needs an event, a template, and a person or a role to go to")
	case !slices.Contains([]Channel{Email, InApp, Letter, Webhook, Pager}, m.Channel):
		return fault.New(op, fault.Invalid, "there is no such channel")
	}
	if m.Language == "" {
		m.Language = "en"
	}
	details, err := json.Marshal(m.Details)
	if err != nil {
		return fault.As(op, fault.Other, err)
	}
	now := tx.Now().UnixMicro()
	_, err = tx.Exec(`INSERT INTO outbox (tenant_id, message_id, event, channel, subject_id, owner, template, language, details, state, tries, created_at, next_at, ended_at, outcome)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $11, 0, '') ON CONFLICT DO NOTHING`,
		tx.Tenant(), m.id(), m.Event, string(m.Channel), m.Subject, m.Owner, m.Template, m.Language, string(details), Waiting, now)
	return fault.Wrap(op, err)
}
