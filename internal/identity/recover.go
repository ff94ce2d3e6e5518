package identity

import (
	"context"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/session"
)

// mostCodes is how many codes for recovery a person is mailed in an hour, whoever asks for them.
const mostCodes = 3

// Recover mails a code by which a forgotten password can be replaced, if the address is of an account. The
// answer is the same if it is not. A code that was mailed before stays good while no new one is.
func (a *Accounts) Recover(ctx context.Context, tenant, login, source string) error {
	const op = "identity.Recover"
	began := a.Now()
	if !a.guard.allow(began, ofPlace, "place", session.Near(source)) || !a.guard.allow(began, ofMail, "mail", tenant, fold(login)) {
		return fault.Wrap(op, tooMany())
	}
	defer a.level(ctx, began)
	found, err := a.named(ctx, tenant, login)
	if err != nil || found == nil {
		return fault.Wrap(op, err)
	}
	if found.state != active {
		return fault.Wrap(op, a.ask(ctx, tenant, found.subject, nil))
	}
	return fault.Wrap(op, a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		n, err := lately(tx, found.subject, recoverCode, tx.Now().Add(-time.Hour))
		if err != nil || n >= mostCodes {
			return err
		}
		code, err := a.newCode(tx, found.subject, recoverCode)
		if err != nil {
			return err
		}
		if err := found.tell(tx, "account.recover", "", ""); err != nil {
			return err
		}
		return a.mail(tx, found, "account-recover", "recover-"+code, code)
	}))
}

// Reset replaces a password by the code that was mailed, ends every session, and says so by mail. It signs
// nobody in: a second factor is asked as ever.
func (a *Accounts) Reset(ctx context.Context, tenant, code, secret, source string) error {
	const op = "identity.Reset"
	if !a.guard.allow(a.Now(), ofCode, "code", session.Near(source)) {
		return fault.Wrap(op, tooMany())
	}
	hash, err := a.Hasher.Make(ctx, secret, a.Leaked)
	if err != nil {
		return fault.Wrap(op, err)
	}
	defer a.level(ctx, a.Now())
	done := false
	err = a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		done = false
		subject, wrong, err := a.whose(tx, recoverCode, code)
		if wrong || err != nil {
			return err
		}
		found, err := a.account(tx, subject)
		if err != nil || found.state != active {
			return err
		}
		done = true
		return a.replace(tx, found, hash, "")
	})
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased) {
		done, err = false, nil
	}
	if err == nil && !done {
		err = badCode()
	}
	return fault.Wrap(op, err)
}

// ChangePassword replaces the password of whoever is signed in and knows it, and ends the other sessions.
func (a *Accounts) ChangePassword(ctx context.Context, tenant string, s session.Session, old, secret string) error {
	const op = "identity.ChangePassword"
	if err := a.proves(ctx, tenant, s, old); err != nil {
		return fault.Wrap(op, err)
	}
	hash, err := a.Hasher.Make(ctx, secret, a.Leaked)
	if err != nil {
		return fault.Wrap(op, err)
	}
	return fault.Wrap(op, a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		found, err := a.account(tx, s.Subject)
		if err != nil {
			return err
		}
		return a.replace(tx, found, hash, s.ID)
	}))
}

// proves refuses whoever is signed in and does not know the password: somebody else at an open browser.
func (a *Accounts) proves(ctx context.Context, tenant string, s session.Session, secret string) error {
	if !a.guard.allow(a.Now(), ofProof, "proof", tenant, s.Subject) {
		return tooMany()
	}
	found, err := a.peek(ctx, tenant, s.Subject)
	if err != nil {
		return err
	}
	if found.proofs.Password == "" {
		return fault.New("identity.proves", fault.Refused, "the account has no password").WithField("password").WithHint("have a code mailed to you to set one")
	}
	ok, _, err := a.Hasher.VerifyKnown(ctx, found.proofs.Password, secret)
	if err == nil && !ok {
		err = fault.New("identity.proves", fault.Refused, "the password is not right").WithField("password")
	}
	return err
}

func (a *Accounts) replace(tx *db.Tx, of *account, hash, except string) error {
	of.proofs.Password = hash
	if err := a.save(tx, of); err != nil {
		return err
	}
	if err := voidCodes(tx, of.subject, recoverCode); err != nil {
		return err
	}
	if _, err := a.Sessions.EndOthers(tx, of.subject, except); err != nil {
		return err
	}
	if err := of.tell(tx, "account.password", "", ""); err != nil {
		return err
	}
	return a.mail(tx, of, "account-password", eventNow(tx, "password"), "")
}
