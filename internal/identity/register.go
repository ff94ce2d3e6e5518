package identity

import (
	"context"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/identity/session"
)

var noTime time.Time // never

// Register makes an account, of no use until its address is verified, and mails a code for that. Somebody
// who has one already is mailed that instead, and the answer is the same: who asks learns nothing of who has
// an account. A password that is too weak, and somebody too young, are refused before anything is stored.
//
// Registered again before it was verified, what was given last counts: the code alone verifies nothing, the
// password of that registration is asked with it. So nobody can register an address ahead of its owner and
// have the owner verify a password that is not theirs.
func (a *Accounts) Register(ctx context.Context, tenant string, r Registration, source string) error {
	const op = "identity.Register"
	began := a.Now()
	if err := a.checkAge(&r); err != nil {
		return err
	}
	if !a.guard.allow(began, ofPlace, "place", session.Near(source)) || !a.guard.allow(began, ofMail, "mail", tenant, fold(r.Login)) {
		return fault.Wrap(op, tooMany())
	}
	hash, err := a.Hasher.Make(ctx, r.Password, a.Leaked, append(r.known(), r.Login)...)
	if err != nil {
		return fault.Wrap(op, err)
	}
	defer a.level(ctx, a.Now())
	return fault.Wrap(op, a.register(ctx, tenant, &r, hash))
}

// known are the short texts somebody gave, which a guesser would try as a password.
func (r *Registration) known() (words []string) {
	for _, fields := range r.Fields {
		for _, value := range fields {
			if len(value) > 2 && value[0] == '"' && len(value) < 200 {
				words = append(words, string(value[1:len(value)-1]))
			}
		}
	}
	return words
}

func (a *Accounts) register(ctx context.Context, tenant string, r *Registration, hash string) error {
	subject, err := a.People.Named(ctx, tenant, r.Login)
	if fault.Is(err, fault.NotFound) {
		if subject, err = a.enrol(ctx, tenant, r, hash); err != nil {
			return err
		}
		err = a.People.Fill(ctx, tenant, subject, r)
		if fault.Is(err, fault.Conflict) { // somebody was quicker
			return a.People.Erase(ctx, tenant, subject)
		}
		if err != nil {
			return a.undo(ctx, tenant, subject, err)
		}
		return a.ask(ctx, tenant, subject, nil)
	}
	if err != nil {
		return err
	}
	return a.again(ctx, tenant, subject, r, hash)
}

// enrol makes a person with an account, before anything that is personal is stored: whatever a crash cuts
// short expires with the account.
func (a *Accounts) enrol(ctx context.Context, tenant string, r *Registration, hash string) (subject string, err error) {
	if subject, err = a.People.Enrol(ctx, tenant); err != nil {
		return "", err
	}
	return subject, a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		p, err := a.People.Person(tx, subject)
		if err != nil {
			return err
		}
		made := &account{subject: subject, state: enrolling, person: p, expires: tx.Now().Add(verifyWithin), proofs: proofs{Password: hash, Language: r.Language}}
		if err := a.save(tx, made); err != nil {
			return err
		}
		return made.tell(tx, "account.register", "", "")
	})
}

// undo erases somebody whose registration failed, and returns why it did.
func (a *Accounts) undo(ctx context.Context, tenant, subject string, why error) error {
	if err := a.People.Erase(context.WithoutCancel(ctx), tenant, subject); err != nil {
		return err
	}
	return why
}

// again is a registration with an address that is in the vault already.
func (a *Accounts) again(ctx context.Context, tenant, subject string, r *Registration, hash string) error {
	found, err := a.peek(ctx, tenant, subject)
	given := proofs{Password: hash, Language: r.Language}
	switch {
	case fault.Is(err, fault.Erased):
		return nil
	case fault.Is(err, fault.NotFound):
		return a.ask(ctx, tenant, subject, &given) // nothing of theirs is changed before they prove to be them
	case err != nil:
		return err
	case found.state == active:
		return a.taken(ctx, tenant, subject)
	case found.state == expired:
		return nil
	case found.state != claimed:
		if err := a.People.Fill(ctx, tenant, subject, r); err != nil {
			return err
		}
	}
	return a.ask(ctx, tenant, subject, &given)
}

// ask mails a code that verifies the address, and keeps what proves the person from now on, if that is given.
func (a *Accounts) ask(ctx context.Context, tenant, subject string, given *proofs) error {
	return a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		found, err := a.account(tx, subject)
		switch {
		case fault.Is(err, fault.NotFound):
			p, err := a.People.Person(tx, subject)
			if err != nil {
				return err
			}
			found = &account{subject: subject, state: claimed, person: p, expires: tx.Now().Add(verifyWithin)}
		case err != nil:
			return err
		case found.state == active || found.state == expired:
			return nil
		case found.state == enrolling:
			found.state = unverified
		}
		if given != nil {
			found.proofs = *given
			if err := a.Sessions.EndAll(tx, subject); err != nil {
				return err
			}
		}
		if err := a.save(tx, found); err != nil {
			return err
		}
		code, err := a.newCode(tx, subject, verifyCode)
		if err != nil {
			return err
		}
		return a.mail(tx, found, "account-verify", "verify-"+code, code)
	})
}

// taken tells somebody who has an account that somebody tried to register with their address.
func (a *Accounts) taken(ctx context.Context, tenant, subject string) error {
	return a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		found, err := a.account(tx, subject)
		if err != nil {
			return err
		}
		if err := found.tell(tx, "account.register-again", "", ""); err != nil {
			return err
		}
		return a.mail(tx, found, "account-exists", "exists-"+tx.Now().Format("2006-01-02"), "") // one a day is enough
	})
}

// Verify proves that an address is the person's: with the code that was mailed and the password of the
// registration. It signs them in.
func (a *Accounts) Verify(ctx context.Context, tenant, code, secret, source string, on session.Device) (in SignedIn, err error) {
	const op = "identity.Verify"
	began := a.Now()
	if !a.guard.allow(began, ofCode, "code", session.Near(source)) {
		return in, fault.Wrap(op, tooMany())
	}
	since := began
	defer func() {
		if err != nil {
			a.level(ctx, since)
		}
	}()
	var found *account
	err = a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		found = nil
		subject, wrong, err := a.whose(tx, verifyCode, code)
		if wrong || err != nil {
			return err
		}
		found, err = a.account(tx, subject)
		return err
	})
	if err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Erased) {
		return in, fault.Wrap(op, err)
	}
	hash := ""
	if found != nil && (found.state == unverified || found.state == claimed) {
		hash = found.proofs.Password
	}
	ok, _, err := a.verify(ctx, &since, a.Hasher.Verify, hash, secret)
	if err != nil {
		return in, fault.Wrap(op, err)
	}
	if !ok {
		return in, fault.Wrap(op, badCode())
	}
	err = a.DB.Write(ctx, tenant, func(tx *db.Tx) error {
		now, err := a.account(tx, found.subject)
		if err != nil {
			return err
		}
		if now.state == active || now.state == expired || now.proofs.Password != hash { // another was quicker
			return badCode()
		}
		now.state, now.verified, now.expires = active, tx.Now(), noTime
		if err := voidCodes(tx, now.subject, verifyCode); err != nil {
			return err
		}
		if err := a.save(tx, now); err != nil {
			return err
		}
		if err := now.tell(tx, "account.verify", "", ""); err != nil {
			return err
		}
		in, err = a.let(tx, now, session.First, on)
		return err
	})
	return in, fault.Wrap(op, err)
}
