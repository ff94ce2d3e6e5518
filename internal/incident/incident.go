// Package incident is the desk for what must not happen and does: breaches of personal data, the demands of
// courts and authorities for it, and people who are found to be too young. Each step is admitted and recorded before it has an effect,
// and what it stores holds ids, figures and words of fixed lists: no text that could be about somebody.
package incident

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"clause.dev/clause/api"
	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/ledger/proof"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/obligation"
	"clause.dev/clause/internal/policy"
	"clause.dev/clause/internal/vault"
)

// Rules are what the clauses of a policy promise about breaches and demands.
type Rules struct {
	Breach []Promise
	Demand Process
	Minor  []obligation.Duty // by when somebody who is found to be too young is erased
}

// Promise is what one clause promises of a breach.
type Promise struct {
	Clause            string
	Authority, People obligation.Duty  // of no kind where the clause does not promise it
	PeopleAt          string           // the least risk at which the people are told
	Channels          []notify.Channel // by which; none where the clause names none
}

// Process is what the clauses promise of legal demands. Review and notice are owed whatever they say.
type Process struct {
	Clauses []string
	Wait    policy.Term // between the notice and the release; zero for none
}

// The evidence that discharges the clocks of this desk.
const (
	AuthorityReceipt = "authority-receipt"
	PeopleTold       = "people-told"
)

// Desk works on breaches, demands and reports of minors for callers with the scope duties.
type Desk struct {
	Vault  *vault.Vault
	Engine *obligation.Engine
	Ledger *ledger.Log
	Policy *policy.Policy
	Rules  Rules
	// Erase erases somebody as if they had asked for it, here and in all connected systems, and returns the
	// id of that request. Again it goes on with the same.
	Erase func(ctx context.Context, tenant, subject string) (request string, err error)
}

func (d *Desk) db() *db.DB { return d.Engine.DB }

func (d *Desk) admit(ctx context.Context, c vault.Caller, act, tenant string) error {
	return d.Vault.Admit(ctx, c, act, tenant, vault.ScopeDuties)
}

// server is the caller for what the desk does by itself.
func (d *Desk) server(tenant string) vault.Caller {
	return vault.Caller{
		Credential: decision.Credential{ID: actor, Tenants: []string{tenant}, Environment: d.Vault.Environment},
		Scopes:     []string{vault.ScopeDuties},
	}
}

// actor is the server itself in the ledger.
const actor = "clause"

func newID(prefix string) string { return prefix + strings.ToLower(rand.Text()) }

// told writes an entry about an incident or a demand.
func told(tx *db.Tx, kind, by, id, reason string, clauses []string, more ...string) error {
	detail := ledger.Details(append([]string{"incident", id}, more...)...)
	return ledger.Append(tx, proof.Entry{Kind: kind, Actor: by, Reason: reason, Clauses: clauses, Detail: detail})
}

// channels are the ways by which people are told: those that clauses name, and where none does, those by
// which the policy says that people are reached, with the application itself.
func (d *Desk) channels(named []notify.Channel) (all []notify.Channel) {
	if len(named) > 0 {
		return named
	}
	if d.Policy.Contacts.Email != "" {
		all = append(all, notify.Email)
	}
	return append(all, notify.InApp)
}

func (d *Desk) language() string {
	if d.Policy.Language == "" {
		return "en"
	}
	return d.Policy.Language
}

// enqueue puts a notice for each of the people into the outbox, by every channel.
func (d *Desk) enqueue(tx *db.Tx, event, template string, people []string, channels []notify.Channel, details map[string]string) error {
	for _, subject := range people {
		for _, channel := range channels {
			m := notify.Message{Event: event, Channel: channel, Subject: subject, Template: template, Language: d.language(), Details: details}
			if err := notify.Enqueue(tx, m); err != nil {
				return err
			}
		}
	}
	return nil
}

func tallies(tx *db.Tx, event string) ([]api.ChannelTally, error) {
	found, err := notify.Tallies(tx, event)
	all := make([]api.ChannelTally, 0, len(found))
	for _, t := range found {
		all = append(all, api.ChannelTally{Channel: string(t.Channel), State: t.State, Count: t.Count})
	}
	return all, err
}

// wrong is a request that does not fit where a thing stands.
func wrong(op, state, what string) error {
	return fault.New(op, fault.Conflict, "it is %s: %s", state, what)
}

func invalid(op, field, format string, args ...any) *fault.Error {
	return fault.New(op, fault.Invalid, format, args...).WithField(field)
}

// known finds words that are none of the desk's: they would go into records, forms and the ledger.
func known(op, field string, words ...string) error {
	for _, w := range words {
		if _, ok := phrases()[w]; !ok || strings.HasPrefix(w, "form-") {
			return invalid(op, field, "it is not one of the words that are understood")
		}
	}
	return nil
}

func sortedSet(all map[string]bool) []string {
	out := make([]string, 0, len(all))
	for id := range all {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}
