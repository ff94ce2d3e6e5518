// Package notify tells people and staff what happened: an outbox in the transaction of its cause, the
// words, in English and Arabic, and the channels by which messages leave.
package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
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
	Owner    string            // the role of the staff it is for, or
	Template string            // which words, such as breach-people
	Language string            // BCP 47; "en" if empty
	Details  map[string]string // ids, days and figures for the words, see docs/operations.md
}

// id is the same for the same event, reader and channel.
func (m *Message) id() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{m.Event, string(m.Channel), m.Subject, m.Owner}, "\x00")))
	return "msg_" + hex.EncodeToString(sum[:16])
}

// The states of a message.
const (
	Waiting = "waiting"
	Printed = "printed" // a letter that lies in the folder of letters, to be posted
	Sent    = "sent"
	Seen    = "seen"   // an in-app message that was shown
	Failed  = "failed" // given up: its outcome says why
)

// maxDetails bounds what a message carries, in bytes.
const maxDetails = 32 << 10

var (
	idForm       = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,127}$`)
	languageForm = regexp.MustCompile(`^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)
	keyForm      = regexp.MustCompile(`^[a-z][a-z_]{0,63}$`)
)

// Enqueue puts a message into the outbox, in tx: it is sent if and only if tx commits. A message about
// the same event for the same reader by the same channel is told once, however often it is enqueued.
func Enqueue(tx *db.Tx, m Message) error {
	const op = "notify.Enqueue"
	if m.Language == "" {
		m.Language = "en"
	}
	if err := m.check(); err != nil {
		return fault.Wrap(op, err)
	}
	details, err := json.Marshal(m.Details)
	if err != nil {
		return fault.As(op, fault.Other, err)
	}
	if len(details) > maxDetails {
		return fault.New(op, fault.TooLarge, "the details of a message are at most %d bytes", maxDetails)
	}
	now := tx.Now().UnixMicro()
	next := now
	if m.Channel == Phone { // somebody of the staff calls, and says so
		next = 0
	}
	fresh, err := tx.Exec(`INSERT INTO outbox (tenant_id, message_id, event, channel, subject_id, owner, template, language, details, state, tries, created_at, next_at, ended_at, outcome)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, $12, 0, '') ON CONFLICT DO NOTHING`,
		tx.Tenant(), m.id(), m.Event, string(m.Channel), m.Subject, m.Owner, m.Template, m.Language, string(details), Waiting, now, next)
	if err != nil || fresh == 0 || next == 0 {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, wakes.By(tx, now))
}

// check finds a message that nobody could be told: a mistake must be seen where it is made, not when
// the message would leave.
func (m *Message) check() error {
	const op = "notify.Message"
	switch {
	case !idForm.MatchString(m.Event) || (m.Subject == "") == (m.Owner == ""):
		return fault.New(op, fault.Invalid, "a message needs the id of an event, and a person or a role to go to")
	case !idForm.MatchString(m.Subject + m.Owner):
		return fault.New(op, fault.Invalid, "whom a message is for is named by an id")
	case !slices.Contains([]Channel{Email, InApp, Letter, Phone, Webhook, Pager}, m.Channel):
		return fault.New(op, fault.Invalid, "there is no channel %q", m.Channel)
	case m.Subject != "" && m.Channel == Pager || m.Owner != "" && (m.Channel == InApp || m.Channel == Letter || m.Channel == Phone):
		return fault.New(op, fault.Invalid, "nobody of that sort is reached by %s", m.Channel)
	case !languageForm.MatchString(m.Language) || len(m.Language) > 35:
		return fault.New(op, fault.Invalid, "a language is one of BCP 47, such as ar")
	}
	for key, value := range m.Details {
		if !keyForm.MatchString(key) || strings.ContainsRune(value, 0) {
			return fault.New(op, fault.Invalid, "a detail's name is small letters and _")
		}
	}
	lacks, ok := needs(m.Template, m.Details)
	switch {
	case !ok:
		return fault.New(op, fault.Invalid, "there are no words for %q", m.Template).WithHint("one of %s", strings.Join(Templates(), ", "))
	case len(lacks) > 0:
		return fault.New(op, fault.Invalid, "the words of %s need %s", m.Template, strings.Join(lacks, ", "))
	}
	return nil
}

// Address is how a person is reached; what is not known is empty.
type Address struct {
	Name, Email, Phone, Postal string
}

// Sender is what a channel sends by. The error is a *Refusal where the message will never be taken, a
// *Outage where nothing can be sent at the moment, and anything else where this message may be taken later.
type Sender interface {
	Send(ctx context.Context, d *Dispatch) error
}

// Dispatch is a message on its way.
type Dispatch struct {
	Message
	ID     string // the same at every try
	Tenant string
	Try    int64 // from 1
	To     []Address
	Words  Words
	Sent   int64 // when it was enqueued and is tried, in microseconds
	Now    int64

	by string // who settles it, if not the outbox itself
}

// Key names a dispatch among those of all tenants and tells nothing about it.
func (d *Dispatch) Key() string {
	sum := sha256.Sum256([]byte(d.Tenant + "\x00" + d.ID))
	return hex.EncodeToString(sum[:16])
}

// Refusal is why a message will never be taken: a fixed word such as smtp-550, no text of others,
// which would repeat the address.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return "refused for good: " + r.Reason }

// Delay is why a message was not taken this time.
type Delay struct{ Reason string }

func (d *Delay) Error() string { return "not taken now: " + d.Reason }

// Outage is why nothing can be sent by a channel at the moment.
type Outage struct {
	Reason string
	Err    error // for the log of the operator; it names no reader
}

func (o *Outage) Error() string {
	if o.Err == nil {
		return "nothing can be sent: " + o.Reason
	}
	return "nothing can be sent: " + o.Reason + ": " + o.Err.Error()
}

// Unwrap returns the cause.
func (o *Outage) Unwrap() error { return o.Err }
