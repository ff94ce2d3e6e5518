package app

import (
	"strings"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/identity"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/ledger"
	"clause.dev/clause/internal/notify"
	"clause.dev/clause/internal/rights"
	"clause.dev/clause/internal/rights/drp"
	"clause.dev/clause/internal/vault"
)

// stored is what is kept of people beside the records of the policy's data sets, as the package of the right of access
// hands it out (GDPR art. 15). Secrets are said to be there, and no more. A table that concerns people is handed out,
// or its reason stands in stored_test.go.
func (a *App) stored(v *vault.Vault, log *ledger.Log) []rights.Part {
	// Also where the policy lets nobody sign in any more: what is stored is stored.
	accounts := &identity.Accounts{DB: v.DB, People: directory{a, v}, Sessions: &session.Sessions{DB: v.DB}}
	if a.Accounts != nil && v == a.Vault {
		accounts = a.Accounts
	}
	outside := a.outside(v)
	return []rights.Part{
		rights.PartOf("account", accounts.AccountOf),
		rights.PartOf("account_codes", accounts.CodesOf),
		rights.PartOf("sessions", sessionRows(accounts.Sessions)),
		rights.PartOf("passkeys", accounts.PasskeysOf),
		rights.PartOf("identity_providers", providerRows(v)),
		rights.PagedPart("messages", a.messageRows),
		rights.PartOf("written_notices", a.notices(v).WrittenTo),
		rights.PartOf("agent_requests", drp.AskedFor),
		rights.PartOf("minor_reports", a.incidents(v, log).MinorReports),
		rights.PartOf("external_ids", outside.KnownBy),
		rights.PartOf("systems_told", outside.WalksOf),
	}
}

type sessionRow struct {
	Began        time.Time `json:"began"`
	Seen         time.Time `json:"used"`
	SecondFactor time.Time `json:"second_factor_proven,omitzero"`
	Awaits       bool      `json:"second_factor_awaited"`
	Until        time.Time `json:"until"`
	Address      string    `json:"address,omitempty"`
	Browser      string    `json:"browser,omitempty"`
}

func sessionRows(of *session.Sessions) func(*db.Tx, string) ([]sessionRow, error) {
	return func(tx *db.Tx, subject string) (rows []sessionRow, err error) {
		all, err := of.Stored(tx, subject)
		for _, s := range all {
			rows = append(rows, sessionRow{s.Began, s.Seen, s.Strong, s.Half, s.Until, s.Device.Address, s.Device.Browser})
		}
		return rows, err
	}
}

type providerRow struct {
	Issuer  string    `json:"provider"`
	KnownAs string    `json:"known_as"`
	Added   time.Time `json:"added"`
}

func providerRows(v *vault.Vault) func(*db.Tx, string) ([]providerRow, error) {
	return func(tx *db.Tx, subject string) (rows []providerRow, err error) {
		all, err := v.AllHandles(tx, subject)
		for _, h := range all { // there is no other kind
			issuer, known, _ := strings.Cut(h.Value, "\n")
			rows = append(rows, providerRow{issuer, known, h.Made})
		}
		return rows, err
	}
}

type messageRow struct {
	At       time.Time         `json:"at"`
	Channel  notify.Channel    `json:"channel"`
	Kind     string            `json:"kind"`
	Subject  string            `json:"subject,omitempty"`
	Language string            `json:"language,omitempty"`
	About    string            `json:"about,omitempty"`
	Details  map[string]string `json:"details,omitempty"`
	State    string            `json:"state"`
	Ended    time.Time         `json:"ended,omitzero"`
	Outcome  string            `json:"outcome,omitempty"`
}

func (a *App) messageRows(tx *db.Tx, subject, after string) (rows []messageRow, next string, err error) {
	page, next, err := a.Outbox.Words.Told(tx, subject, after, rights.PartRows)
	for i := range page {
		n := &page[i]
		rows = append(rows, messageRow{n.Created, n.Channel, n.Template, n.Words.Subject, n.Language, n.Event, n.Details(), n.State, n.Ended, n.Outcome})
	}
	return rows, next, err
}
