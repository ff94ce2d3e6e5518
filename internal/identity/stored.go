package identity

import (
	"time"

	"clause.dev/clause/internal/db"
)

// What is stored of somebody who signs in, as they are told of it (GDPR art. 15): what proves them is said to be
// there, and never handed out. The functions decide nothing: a duty has admitted its caller.

// Facts are what an account holds.
type Facts struct {
	State        string    `json:"state"`
	Created      time.Time `json:"created"`
	Verified     time.Time `json:"verified,omitzero"` // its address
	Expires      time.Time `json:"expires,omitzero"`
	Language     string    `json:"language,omitempty"`
	Password     bool      `json:"password"`
	SecondFactor bool      `json:"second_factor"`
	Recovery     int       `json:"recovery_codes"` // left
}

// AccountOf is a person's account; NotFound if they have none.
func (a *Accounts) AccountOf(tx *db.Tx, subject string) ([]Facts, error) {
	found, err := a.account(tx, subject)
	if err != nil {
		return nil, err
	}
	var created int64
	err = tx.One(`SELECT created_at FROM accounts WHERE tenant_id = $1 AND subject_id = $2`, []any{tx.Tenant(), subject}, &created)
	return []Facts{{
		State: found.state, Created: db.Moment(created), Verified: found.verified, Expires: found.expires, Language: found.proofs.Language,
		Password: found.proofs.Password != "", SecondFactor: len(found.proofs.TOTP) > 0, Recovery: len(found.proofs.Recovery),
	}}, err
}

// PasskeysOf are a person's passkeys, the oldest first; NotFound if they have no account.
func (a *Accounts) PasskeysOf(tx *db.Tx, subject string) (list []Passkey, err error) {
	found, err := a.account(tx, subject)
	if err != nil {
		return nil, err
	}
	all, err := passkeysOf(tx, found)
	for _, k := range all {
		list = append(list, Passkey{ID: k.id, Name: k.Name, Added: k.Added, Used: k.Used, Synced: k.Synced, Copied: k.Copied})
	}
	return list, err
}

// MailedCode is a code that was mailed, without what it is.
type MailedCode struct {
	Kind  string    `json:"kind"`
	Made  time.Time `json:"at"`
	Until time.Time `json:"until"`
	Tries int64     `json:"tries"`
}

// CodesOf are those that a person was mailed, the oldest first.
func (a *Accounts) CodesOf(tx *db.Tx, subject string) (all []MailedCode, err error) {
	err = tx.Each(`SELECT kind, tries, made_at, until_at FROM account_codes WHERE tenant_id = $1 AND subject_id = $2 ORDER BY made_at, code_id`,
		[]any{tx.Tenant(), subject}, func(scan func(...any) error) error {
			var c MailedCode
			var made, until int64
			err := scan(&c.Kind, &c.Tries, &made, &until)
			c.Made, c.Until = db.Moment(made), db.Moment(until)
			all = append(all, c)
			return err
		})
	return all, err
}
