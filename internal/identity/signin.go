package identity

import (
	"context"
	"strings"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/session"
	"clause.dev/clause/internal/ledger/proof"
)

// SignedIn is a session that began. With Half, the second factor is still to be proven: see SignInSecond.
type SignedIn struct {
	Session session.Session
	Token   string // for the cookie, and nowhere else
	Half    bool
}

// fold is a log-in name as the guard counts it.
func fold(login string) string { return strings.ToLower(strings.TrimSpace(login)) }

func wrong() error {
	return fault.New("identity.SignIn", fault.Unauthenticated, "the address or the password is not right")
}

// SignIn begins a session for whoever knows the password. Nobody and a wrong password are one fault,
// Unauthenticated, and take as long. An address that was not verified is Refused with the clause, and is
// mailed a new code; only who knows the password learns that.
func (a *Accounts) SignIn(ctx context.Context, tenant, login, secret, source string, on session.Device) (in SignedIn, err error) {
	const op = "identity.SignIn"
	began := a.Now()
	known, err := a.guard.signIn(began, tenant, fold(login), source)
	if err != nil {
		return in, fault.Wrap(op, err)
	}
	by := a.Hasher.Verify
	if known {
		by = a.Hasher.VerifyKnown
	}
	since := began
	defer func() {
		if err != nil {
			a.level(ctx, since)
		}
	}()
	found, err := a.named(ctx, tenant, login)
	if err != nil {
		return in, fault.Wrap(op, err)
	}
	hash := ""
	if found != nil && found.state != expired {
		hash = found.proofs.Password
	}
	ok, stale, err := a.verify(ctx, &since, by, hash, secret)
	if err != nil {
		return in, fault.Wrap(op, err)
	}
	if !ok {
		return in, fault.Wrap(op, a.refuse(ctx, tenant, found))
	}
	a.guard.signedIn(began, tenant, fold(login), source)
	if found.state != active {
		return in, fault.Wrap(op, a.notYet(ctx, tenant, login, found))
	}
	better := ""
	if stale {
		// In a crowd it waits until the next time.
		if better, err = a.Hasher.Hash(ctx, secret); err != nil && !fault.Is(err, fault.TooMany) {
			return in, fault.Wrap(op, err)
		}
	}
	err = a.DB.Write(ctx, tenant, func(tx *db.Tx) (err error) {
		in, err = a.enter(tx, found, better, on)
		return err
	})
	return in, fault.Wrap(op, err)
}

// named returns the account with a log-in name, nil if there is none.
func (a *Accounts) named(ctx context.Context, tenant, login string) (*account, error) {
	subject, err := a.People.Named(ctx, tenant, login)
	if err == nil {
		var found *account
		if found, err = a.peek(ctx, tenant, subject); err == nil {
			return found, nil
		}
	}
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Erased) || fault.Is(err, fault.Invalid) {
		err = nil
	}
	return nil, err
}

// refuse notes a wrong password in the ledger of whoever's account it was tried on.
func (a *Accounts) refuse(ctx context.Context, tenant string, on *account) error {
	if on == nil {
		return wrong()
	}
	if err := a.noted(ctx, tenant, on, "wrong password"); err != nil {
		return err
	}
	return wrong()
}

// noted notes in the ledger of whoever's account it is why nobody was signed in.
func (a *Accounts) noted(ctx context.Context, tenant string, of *account, why string, clauses ...string) error {
	return a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		return of.tell(tx, "account.sign-in", proof.Refuse, why, clauses...)
	})
}

// notYet mails a new code to somebody who knows the password and has not verified the address.
func (a *Accounts) notYet(ctx context.Context, tenant, login string, found *account) error {
	if a.guard.allow(a.Now(), ofMail, "mail", tenant, fold(login)) {
		if err := a.ask(ctx, tenant, found.subject, nil); err != nil {
			return err
		}
	}
	if err := a.noted(ctx, tenant, found, "the address is not verified", clauses(a.Rules.SignIn)...); err != nil {
		return err
	}
	return fault.New("identity.SignIn", fault.Refused, "the email address is not verified yet").WithClause(a.Rules.SignIn).
		WithHint("a new code was mailed to it")
}

func clauses(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

// enter begins the session of somebody whose password was right a moment ago, and still is.
func (a *Accounts) enter(tx *db.Tx, was *account, better string, on session.Device) (SignedIn, error) {
	found, err := a.account(tx, was.subject)
	if err != nil {
		return SignedIn{}, err
	}
	if found.state != active || found.proofs.Password != was.proofs.Password {
		return SignedIn{}, wrong()
	}
	if better != "" {
		found.proofs.Password = better
		if err := a.save(tx, found); err != nil {
			return SignedIn{}, err
		}
	}
	proven := session.First
	if len(found.proofs.TOTP) > 0 {
		proven = session.Half
	}
	return a.let(tx, found, proven, on)
}

// let begins a session of somebody with a password, and tells.
func (a *Accounts) let(tx *db.Tx, of *account, proven session.Proof, on session.Device) (in SignedIn, err error) {
	how := "password"
	switch proven {
	case session.Half:
		how = "password, second factor awaited"
	case session.Second:
		how = "second factor"
	}
	return a.letBy(tx, of, proven, on, how)
}

// letBy begins a session, and tells by what.
func (a *Accounts) letBy(tx *db.Tx, of *account, proven session.Proof, on session.Device, how string) (in SignedIn, err error) {
	in.Half = proven == session.Half
	if in.Session, in.Token, err = a.Sessions.Begin(tx, of.subject, proven, on); err != nil {
		return SignedIn{}, err
	}
	if err := tidyLater(tx); err != nil {
		return SignedIn{}, err
	}
	return in, of.tell(tx, "account.sign-in", proof.Allow, how)
}

// SignInSecond ends the half of a session and begins a whole one, for whoever has the authenticator app's
// code or a recovery code. Unauthenticated if it is not right, TooMany after some wrong ones.
func (a *Accounts) SignInSecond(ctx context.Context, tenant, token, code string, on session.Device) (in SignedIn, err error) {
	const op = "identity.SignInSecond"
	now := a.Now()
	half, err := a.Sessions.CheckHalf(ctx, tenant, token, now)
	if err != nil {
		return in, fault.Wrap(op, err)
	}
	if !a.guard.allow(now, ofProof, "second", tenant, half.Subject) {
		return in, fault.Wrap(op, tooMany())
	}
	good := false
	err = a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		found, err := a.account(tx, half.Subject)
		if err != nil {
			return err
		}
		if good = found.state == active && found.spend(code, tx.Now()); !good {
			return found.tell(tx, "account.sign-in", proof.Refuse, "wrong second factor")
		}
		if err := a.save(tx, found); err != nil {
			return err
		}
		if err := a.Sessions.End(tx, half.Subject, half.ID); err != nil {
			return err // it was used in this moment
		}
		in, err = a.let(tx, found, session.Second, on)
		return err
	})
	if err == nil && !good {
		err = fault.New(op, fault.Unauthenticated, "the code is not right").WithHint("wait for the app's next one, or take a recovery code")
	}
	return in, fault.Wrap(op, err)
}

// SignOut ends a session.
func (a *Accounts) SignOut(ctx context.Context, tenant string, s session.Session) error {
	return fault.Wrap("identity.SignOut", a.EndSession(ctx, tenant, s, s.ID))
}

// EndSession ends one of the sessions of whoever is signed in.
func (a *Accounts) EndSession(ctx context.Context, tenant string, s session.Session, id string) error {
	return fault.Wrap("identity.EndSession", a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		p, err := a.People.Person(tx, s.Subject)
		if err != nil {
			return err
		}
		if err := a.Sessions.End(tx, s.Subject, id); err != nil {
			return err
		}
		return (&account{person: p}).tell(tx, "account.sign-out", "", "")
	}))
}

// List returns the sessions of whoever is signed in, the newest first.
func (a *Accounts) List(ctx context.Context, tenant string, s session.Session) (all []session.Session, err error) {
	err = a.DB.Read(ctx, tenant, func(tx *db.Tx) (err error) {
		all, err = a.Sessions.Of(tx, s.Subject)
		return err
	})
	return all, fault.Wrap("identity.List", err)
}
