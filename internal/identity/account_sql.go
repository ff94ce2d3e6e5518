package identity

import (
	"context"
	"encoding/json"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
)

// accountWakes has tenants looked at when an account of theirs that was not verified expires, and while they
// have sessions or codes: see tidyWithin.
var accountWakes = db.Wakes{Kind: "accounts", Table: "accounts", Column: "expires_at"}

// tidyWithin is how soon a tenant is looked at in which a session began or a code was made: what is over of
// them is removed within that time.
const tidyWithin = time.Hour

// tidyLater has tx's tenant looked at within that time.
func tidyLater(tx *db.Tx) error { return accountWakes.By(tx, tx.Now().Add(tidyWithin).UnixMicro()) }

const accountColumns = `state, sealed, totp_step, verified_at, expires_at`

// account reads a person's account, locked if tx writes; NotFound if they have none.
func (a *Accounts) account(tx *db.Tx, subject string) (*account, error) {
	lock := ""
	if tx.Writing() {
		lock = tx.LockRow()
	}
	found := &account{subject: subject}
	var sealed []byte
	var verified, expires int64
	err := tx.One(`SELECT `+accountColumns+` FROM accounts WHERE tenant_id = $1 AND subject_id = $2`+lock,
		[]any{tx.Tenant(), subject}, &found.state, &sealed, &found.step, &verified, &expires)
	if err != nil {
		return nil, err
	}
	found.verified, found.expires = db.Moment(verified), db.Moment(expires)
	if found.person, err = a.People.Person(tx, subject); err != nil {
		return nil, err
	}
	plain, err := found.person.Open("account", subject, sealed)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(plain, &found.proofs); err != nil {
		return nil, fault.New("identity.account", fault.Other, "a stored account cannot be read")
	}
	return found, nil
}

// peek reads an account without locking it.
func (a *Accounts) peek(ctx context.Context, tenant, subject string) (found *account, err error) {
	err = a.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		found, err = a.account(tx, subject)
		return err
	})
	return found, err
}

// save writes an account, new or changed.
func (a *Accounts) save(tx *db.Tx, of *account) error {
	plain, err := json.Marshal(of.proofs)
	if err != nil {
		return fault.As("identity.save", fault.Other, err)
	}
	sealed, err := of.person.Seal("account", of.subject, plain)
	if err != nil {
		return err
	}
	if err := accountWakes.By(tx, db.Micros(of.expires)); err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO accounts (tenant_id, subject_id, `+accountColumns+`, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (tenant_id, subject_id) DO UPDATE SET state = excluded.state, sealed = excluded.sealed, totp_step = excluded.totp_step,
			verified_at = excluded.verified_at, expires_at = excluded.expires_at`,
		tx.Tenant(), of.subject, of.state, sealed, of.step, db.Micros(of.verified), db.Micros(of.expires), tx.Now().UnixMicro())
	return err
}

// Tidy erases who did not verify their address in time, and removes codes and sessions that are over.
func (a *Accounts) Tidy(ctx context.Context, now time.Time) error {
	const op = "identity.Tidy"
	after := ""
	for {
		due, err := accountWakes.Due(ctx, a.DB, now, after)
		if err != nil || len(due) == 0 {
			return fault.Wrap(op, err)
		}
		for _, tenant := range due {
			if err := a.tidy(ctx, tenant); err != nil {
				return fault.Wrap(op, err)
			}
		}
		after = due[len(due)-1]
	}
}

func (a *Accounts) tidy(ctx context.Context, tenant string) error {
	var late []string
	err := a.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		late = nil
		return tx.Each(`SELECT subject_id FROM accounts WHERE tenant_id = $1 AND expires_at > 0 AND expires_at <= $2 ORDER BY subject_id LIMIT 1000`,
			[]any{tenant, tx.Now().UnixMicro()}, func(scan func(...any) error) error {
				var subject string
				err := scan(&subject)
				late = append(late, subject)
				return err
			})
	})
	if err != nil {
		return err
	}
	for _, subject := range late {
		if err := a.expire(ctx, tenant, subject); err != nil {
			return err
		}
	}
	return a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		for _, table := range []string{"account_codes", "sign_ins", "spent_challenges"} {
			if _, err := tx.Exec(`DELETE FROM `+table+` WHERE tenant_id = $1 AND until_at <= $2`, tenant, tx.Now().UnixMicro()); err != nil {
				return err
			}
		}
		if err := a.Sessions.Tidy(tx); err != nil {
			return err
		}
		if err := accountWakes.Settle(tx); err != nil {
			return err
		}
		var one int64
		err := tx.One(`SELECT 1 FROM sessions WHERE tenant_id = $1 UNION ALL SELECT 1 FROM account_codes WHERE tenant_id = $1 LIMIT 1`, []any{tenant}, &one)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return tidyLater(tx)
	})
}

// expire erases somebody who never proved to be who they said; not one who did in this moment, and of one who
// was there before only the account. The row goes with the person: cut short, it is done again.
func (a *Accounts) expire(ctx context.Context, tenant, subject string) error {
	var due int64
	err := a.DB.Write(ctx, tenant, func(tx *db.Tx) (err error) {
		const late = ` WHERE tenant_id = $1 AND subject_id = $2 AND expires_at > 0 AND expires_at <= $3`
		if _, err = tx.Exec(`DELETE FROM accounts`+late+` AND state = $4`, tenant, subject, tx.Now().UnixMicro(), claimed); err != nil {
			return err
		}
		due, err = tx.Exec(`UPDATE accounts SET state = $4`+late+` AND state <> $5`, tenant, subject, tx.Now().UnixMicro(), expired, active)
		return err
	})
	if err != nil || due == 0 {
		return err
	}
	err = a.People.Erase(ctx, tenant, subject)
	if fault.Is(err, fault.Erased) || fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// PasswordHashes calls fn with the stored hash of every password of a tenant, for the probe that reads what
// they cost. It decides nothing: it is for the server itself.
func (a *Accounts) PasswordHashes(ctx context.Context, tenant string, fn func(hash string) error) error {
	return fault.Wrap("identity.PasswordHashes", a.DB.Read(ctx, tenant, func(tx *db.Tx) error {
		var subjects []string
		err := tx.Each(`SELECT subject_id FROM accounts WHERE tenant_id = $1 ORDER BY subject_id`, []any{tenant}, func(scan func(...any) error) error {
			var subject string
			err := scan(&subject)
			subjects = append(subjects, subject)
			return err
		})
		for _, subject := range subjects {
			if err != nil {
				return err
			}
			var found *account
			if found, err = a.account(tx, subject); err == nil && found.proofs.Password != "" { // "": they come by an identity provider
				err = fn(found.proofs.Password)
			}
			if fault.Is(err, fault.Erased) || fault.Is(err, fault.NotFound) {
				err = nil
			}
		}
		return err
	}))
}
